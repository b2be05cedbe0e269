"""Own data: folders and manifests of WAV, CSV, NPZ, Parquet; nothing is guessed, what is bad is one line."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.vibration import VibrationRecording, open_recordings
from drsn_keras.training.vibration.layouts import LayoutOptions
from drsn_keras.training.vibration.recording import require_one_unit, require_rpm

N = 500
Y = np.sin(0.3 * np.arange(N)) * np.linspace(0.2, 0.9, N)
GIVEN = LayoutOptions(sample_rate_hz=2000, unit="g")


def message_of(path: Path, layout: str, options: LayoutOptions | None = None) -> str:
    """The line with which a layout refuses a path."""
    with pytest.raises((DataError, UsageError)) as caught:
        open_recordings(path, layout, options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def write_csv(path: Path, *columns: np.ndarray, header: str = "", delimiter: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.stack(columns or (Y,), axis=1), delimiter=delimiter, header=header, comments="", fmt="%.9g")
    return path


def write_npz(path: Path, **fields: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{"signal": Y, **fields})
    return path


def test_a_folder_a_state_of_several_formats(tmp_path: Path) -> None:
    write_csv(tmp_path / "worn" / "pump2_900rpm.csv")
    write_npz(tmp_path / "worn" / "day 2" / "pump1_1500rpm.npz", sample_rate_hz=2000, unit="g", load="3 kW")
    (tmp_path / "good").mkdir()
    soundfile.write(tmp_path / "good" / "pump1_1500rpm.wav", Y, 2000, subtype="FLOAT")
    (tmp_path / "good" / "README.txt").write_text("not a recording")
    options = LayoutOptions(sample_rate_hz=2000, unit="g", name_regex=r"(?P<machine>pump\d)_(?P<rpm>\d+)rpm")
    found = open_recordings(tmp_path, "folder", options)
    assert [(r.recording_id, r.label, r.machine, r.rpm, r.load) for r in found] == [
        ("good/pump1_1500rpm.wav", "good", "pump1", 1500, None),
        ("worn/day 2/pump1_1500rpm.npz", "worn", "pump1", 1500, "3 kW"),
        ("worn/pump2_900rpm.csv", "worn", "pump2", 900, None),
    ]
    for r in found:
        np.testing.assert_allclose(r.signal, Y, atol=1e-7)
        assert (r.unit, r.sample_rate_hz) == ("g", 2000)


def test_rate_and_unit_are_never_guessed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "good" / "a.csv")
    unit, rate = LayoutOptions(unit="g"), LayoutOptions(sample_rate_hz=2000)
    assert message_of(tmp_path, "folder", unit) == (
        f"{path}, sample rate: expected --rate HZ (the file does not say it), got none"
    )
    assert message_of(tmp_path, "folder", rate) == (
        f"{path}, unit: expected --unit (g, m/s^2, mm/s ...; the file does not say it), got none"
    )


def test_what_file_and_user_say_must_agree(tmp_path: Path) -> None:
    path = write_npz(tmp_path / "good" / "a.npz", sample_rate_hz=2000, unit="mm/s", rpm=900, machine="m1")
    (r,) = open_recordings(tmp_path, "folder")
    assert (r.unit, r.sample_rate_hz, r.rpm, r.machine) == ("mm/s", 2000, 900, "m1")
    got = message_of(tmp_path, "folder", LayoutOptions(sample_rate_hz=1000))
    assert got == f"{path}, sample rate: expected 2000 Hz as the file says, got 1000 Hz"
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}, unit: expected mm/s as the file says, got g"
    got = message_of(tmp_path, "folder", LayoutOptions(name_regex=r"(?P<machine>a)\.npz"))
    assert got == f"{path}, machine: expected m1 as the file says, got a"
    path = path.rename(path.with_name("m1_1500rpm.npz"))
    got = message_of(tmp_path, "folder", LayoutOptions(name_regex=r"(?P<machine>m1)_(?P<rpm>\d+)rpm"))
    assert got == f"{path}, rpm: expected 900 rpm as the file says, got 1500 rpm"
    got = message_of(tmp_path, "folder", LayoutOptions(name_regex=r"_(?P<rpm>.+)\."))
    assert got == f"{path}, rpm: expected a number, got '1500rpm'"


def test_an_npz_says_its_rate_and_signal_in_either_form(tmp_path: Path) -> None:
    counts = np.rint(1000 * Y).astype(np.int16)
    path = tmp_path / "good" / "a.npz"
    path.parent.mkdir()
    np.savez(path, x=counts, scale=1e-3, fs=2000, unit=b"g", load=" ", bearing=2)
    (r,) = open_recordings(tmp_path, "folder")
    assert (r.sample_rate_hz, r.unit, r.sensor, r.load, r.bearing) == (2000, "g", "x", None, "2")
    np.testing.assert_allclose(r.signal, counts / 1000, rtol=1e-6)
    np.savez(path, x=counts, fs=2000, unit="g")
    assert message_of(tmp_path, "folder") == f"{path}: expected a scale (the signal is x * scale), got x, fs, unit"


def test_time_column_says_the_rate(tmp_path: Path) -> None:
    time_s = np.arange(N) / 2000
    path = write_csv(tmp_path / "good" / "a.csv", time_s, Y, header="time_s;x", delimiter=";")
    (r,) = open_recordings(tmp_path, "folder", LayoutOptions(unit="g"))
    assert (r.sample_rate_hz, r.sensor) == (2000, "x")
    np.testing.assert_allclose(r.signal, Y, rtol=1e-6)
    write_csv(path, np.where(np.arange(N) > 99, time_s + 0.01, time_s), Y, header="time_s;x", delimiter=";")
    assert "column time_s: expected steps of 0.00052004 s, got 0.0105 s after sample 99" in message_of(
        tmp_path, "folder", LayoutOptions(unit="g")
    )


def test_several_channels_have_to_be_chosen(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "good" / "a.csv", Y, 2 * Y, header="x,y")
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}, channel: expected a choice of x, y (--channel), got none"
    for channel in ("y", "1"):
        (r,) = open_recordings(tmp_path, "folder", LayoutOptions(sample_rate_hz=2000, unit="g", channel=channel))
        np.testing.assert_allclose(r.signal, 2 * Y, rtol=1e-6)
    got = message_of(tmp_path, "folder", LayoutOptions(sample_rate_hz=2000, unit="g", channel="z"))
    assert got == f"{path}, channel: expected one of x, y, got 'z'"


def test_wav_of_integers_needs_its_full_scale(tmp_path: Path) -> None:
    path = tmp_path / "good" / "a.wav"
    path.parent.mkdir()
    soundfile.write(path, np.stack([Y, -Y], axis=1), 2000, subtype="PCM_16")
    options = {"unit": "g", "channel": "1"}
    assert message_of(tmp_path, "folder", LayoutOptions(**options)) == (
        f"{path}, a WAV of integers: expected --full-scale VALUE (what 1.0 stands for, in the unit), or --unit FS, "
        "got unit g alone"
    )
    (r,) = open_recordings(tmp_path, "folder", LayoutOptions(**options, full_scale=50.0))
    np.testing.assert_allclose(r.signal, -50 * Y, atol=50 / 32768)
    (r,) = open_recordings(tmp_path, "folder", LayoutOptions(unit="FS", channel="0"))
    np.testing.assert_allclose(r.signal, Y, atol=1 / 32768)
    # A converter of +-10 V and a sensor of 100 mV/g: full scale is 100 g.
    volts = LayoutOptions(**options, full_scale=10.0, file_unit="V", sensitivity_mv_per_unit=100)
    (r,) = open_recordings(tmp_path, "folder", volts)
    np.testing.assert_allclose(r.signal, -100 * Y, atol=100 / 32768)
    path.write_bytes(path.read_bytes()[:-400])
    assert "bytes of samples (its header), got 1600: the file is truncated" in message_of(tmp_path, "folder", volts)


def test_sensitivity_needs_both_units(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "good" / "a.csv")
    options = {"sample_rate_hz": 2000, "unit": "g", "sensitivity_mv_per_unit": 50.0}
    assert message_of(tmp_path, "folder", LayoutOptions(**options)).startswith(
        f"{path}, sensitivity: expected --unit (of the vibration) and --file-unit (V or mV"
    )
    for file_unit, factor in (("mV", 1 / 50), ("V", 20.0)):
        (r,) = open_recordings(tmp_path, "folder", LayoutOptions(**options, file_unit=file_unit))
        np.testing.assert_allclose(r.signal, factor * Y, rtol=1e-6)
        assert r.unit == "g"
    del options["sensitivity_mv_per_unit"]
    got = message_of(tmp_path, "folder", LayoutOptions(**options, file_unit="V"))
    assert got == f"{path}, file unit: expected --sensitivity-mv-per-unit with it, got none"
    write_npz(tmp_path / "good" / "a.npz", unit="mm/s")
    path.unlink()
    sensitive = LayoutOptions(sample_rate_hz=2000, unit="g", sensitivity_mv_per_unit=50.0)
    assert "with a sensitivity: expected samples in V or mV, got mm/s" in message_of(tmp_path, "folder", sensitive)


def test_bad_files_are_one_line(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "good" / "a.csv", np.where(np.arange(N) == 7, np.nan, Y))
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}: expected finite samples, got NaN or infinity in 1 of 500"
    write_csv(path, np.full(N, 0.25))
    got = "a signal that changes, got 500 samples of 0.25 (sensor not connected?)"
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}: expected {got}"
    write_csv(path, Y[:20])
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}: expected at least 24 samples, got 20"
    write_csv(path, 1e300 * Y)
    assert message_of(tmp_path, "folder", GIVEN).startswith(f"{path}: expected finite samples, got NaN or infinity in")
    path.write_text("")
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}: expected a recording, got a file of 0 bytes"
    path.write_text("x,y\n")
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}: expected numbers below 1 lines of header, got none"
    path.write_text("0,5;1,5\n" * 30)
    assert message_of(tmp_path, "folder", GIVEN) == f"{path} line 2: expected numbers, got '0,5;1,5'"
    path.unlink()
    assert "got none in the folder" in message_of(tmp_path, "folder", GIVEN)
    assert message_of(tmp_path / "none", "folder", GIVEN).endswith("a folder for every state, got nothing there")
    loose = write_csv(tmp_path / "b.csv")
    assert message_of(tmp_path, "folder", GIVEN).startswith(f"{loose}: expected a file in a folder of {tmp_path}")


def write_parquet(path: Path, **columns: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_parquet(tmp_path: Path) -> None:
    # A folder named so is no column, text is none that holds a signal.
    path = write_parquet(tmp_path / "load=2" / "a.parquet", time_s=np.arange(N) / 2000, x=Y, note=["ok"] * N)
    (r,) = open_recordings(tmp_path, "folder", LayoutOptions(unit="g"))
    assert (r.sample_rate_hz, r.sensor, r.label) == (2000, "x", "load=2")
    np.testing.assert_allclose(r.signal, Y, atol=1e-7)
    counts = np.rint(1000 * Y).astype(np.int16)
    write_parquet(path, x=Y, y=counts)
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}, channel: expected a choice of x, y (--channel), got none"
    manifest = write_manifest(
        tmp_path, "file,label,channel,sensitivity_mv_per_unit,file_unit\nload=2/a.parquet,worn,y,50,mV\n"
    )
    (r,) = open_recordings(manifest, "manifest", GIVEN)
    np.testing.assert_allclose(r.signal, counts / 50, rtol=1e-6)


def test_bad_parquet_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_parquet(tmp_path / "good" / "a.parquet", x=[None, *Y[1:].tolist()])
    assert message_of(tmp_path, "folder", GIVEN) == f"{path}: expected finite samples, got NaN or infinity in 1 of 500"
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert message_of(tmp_path, "folder", GIVEN) == (
        f'{path}: expected the package pyarrow to read Parquet (pip install "drsn-keras[parquet]"), got not installed'
    )


def write_manifest(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text)
    return path


def test_manifest(tmp_path: Path) -> None:
    write_csv(tmp_path / "data" / "a.csv", Y, 2 * Y, header="x,y")
    write_npz(tmp_path / "b.npz")
    path = write_manifest(
        tmp_path,
        "file,label,machine,bearing,load,fault_size,rpm,unit,sample_rate_hz,sensitivity_mv_per_unit,file_unit,channel\n"
        "data/a.csv,worn,m1,b1,2 kW,1 mm,1480,g,2000,100,mV,y\n"
        "data/a.csv,worn,m1,b1,2 kW,1 mm,1480,g,2000,,,x\n"
        "b.npz,good,m2,,,,,,,,,\n",
    )
    found = open_recordings(path, "manifest", LayoutOptions(unit="m/s^2", sample_rate_hz=4000))
    assert [(r.recording_id, r.label, r.machine, r.bearing, r.rpm, r.unit, r.sample_rate_hz) for r in found] == [
        ("data/a.csv:y", "worn", "m1", "b1", 1480, "g", 2000),
        ("data/a.csv:x", "worn", "m1", "b1", 1480, "g", 2000),
        ("b.npz", "good", "m2", None, None, "m/s^2", 4000),
    ]
    np.testing.assert_allclose(found[0].signal, 2 * Y / 100, rtol=1e-6)
    assert (found[0].load, found[0].fault_size, found[2].load) == ("2 kW", "1 mm", None)
    with pytest.raises(DataError, match=r"b\.npz, rpm: expected the speed of the shaft .*, got none$"):
        require_rpm(found)
    with pytest.raises(DataError, match=r"b\.npz, unit: expected g as in .*a\.csv, got m/s\^2$"):
        require_one_unit(found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", ": expected a manifest CSV, got a file of 0 bytes"),
        ("file,lable\na.csv,good\n", " line 1, columns: expected file, label and of "),
        ("file,label\n", ": expected lines below the header, got none"),
        ("file,label\na.csv\n", " line 2: expected 2 fields, got 1"),
        ("file,label\na.csv,\n", " line 2: expected a file and a label, got a.csv, (none)"),
        ("file,label\na.csv,x\na.csv,y\n", " line 3: expected a file (and channel) once, got a.csv also in line 2"),
        ("file,label,rpm\na.csv,x,fast\n", " line 2, rpm: expected a number, got 'fast'"),
        ("file,label,rpm\na.csv,x,-3\n", "a.csv, rpm: expected a positive number of turns a minute, got -3.0"),
        ("file,label,sample_rate_hz\na.csv,x,2k\n", " line 2, sample_rate_hz: expected a number, got '2k'"),
        ("file,label,sample_rate_hz\na.csv,x,0\n", " line 2, sample_rate_hz: expected a positive number, got 0.0"),
        ("file,label\nb.csv,x\n", "b.csv: expected a recording, got nothing there"),
        ("file,label\nmanifest.csv,x\n", "manifest.csv line 2: expected numbers, got 'manifest.csv,x'"),
    ],
)
def test_bad_manifests_are_one_line(tmp_path: Path, text: str, wanted: str) -> None:
    write_csv(tmp_path / "a.csv")
    assert wanted in message_of(write_manifest(tmp_path, text), "manifest", GIVEN)


def test_clipped_share() -> None:
    t = np.arange(1000)
    y = 2.0 * np.sin(2 * np.pi * t / 100)
    clean = VibrationRecording(y, "g", 1000, "a", "clean")
    clipped = VibrationRecording(np.clip(y, -1, 1), "g", 1000, "a", "clipped")
    assert clean.clipped_share == 0.0
    assert clipped.clipped_share == np.count_nonzero(np.abs(y) >= 1) / 1000
    # Two equal samples at a peak are quantisation, three are clipping.
    z = np.tile([0.0, 0.5, 1.0, 1.0, 0.5, -0.5], 10)
    assert VibrationRecording(z, "g", 1000, "a", "z").clipped_share == 0.0
    z[20:23] = 1.0
    assert VibrationRecording(z, "g", 1000, "a", "z").clipped_share == 3 / 60


def test_a_recording_is_its_own_copy_and_checked() -> None:
    y = Y.copy()
    r = VibrationRecording(y, "g", 2000, "a", "r")
    y[:] = 0
    assert r.signal.dtype == np.float32
    assert float(np.abs(r.signal).max()) > 0.5
    with pytest.raises(ValueError, match="read-only"):
        r.signal[0] = 1
    assert r.duration_s == N / 2000
    with pytest.raises(DataError, match=r"^recording r, unit: expected a unit, got nothing$"):
        VibrationRecording(Y, " ", 2000, "a", "r")
    with pytest.raises(DataError, match=r"^recording r, sample rate: expected a positive number of Hz, got nan$"):
        VibrationRecording(Y, "g", float("nan"), "a", "r")
    with pytest.raises(
        DataError, match=r"^recording r: expected numbers of one channel, got shape \(250, 2\), float64$"
    ):
        VibrationRecording(Y.reshape(250, 2), "g", 2000, "a", "r")
