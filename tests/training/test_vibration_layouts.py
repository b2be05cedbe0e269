"""Published layouts: every one loads as it is documented, and what does not fit is one line."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scipy.io

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.vibration import open_recordings
from drsn_keras.training.vibration.layouts import LAYOUTS, TASKS, LayoutOptions, layout_of
from drsn_keras.training.vibration.layouts.cwru_table import FILES
from drsn_keras.training.vibration.resample import to_one_rate


def load_helper() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vibration_layouts", Path(__file__).with_name("vibration_layouts.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


files = load_helper()
XJTU = LayoutOptions(
    unit="g", channel="Horizontal_vibration_signals", healthy_first_fraction=0.25, faulty_last_fraction=0.5
)
SEU = LayoutOptions(unit="V", sample_rate_hz=5120, channel="1")


def message_of(path: Path, layout: str, options: LayoutOptions | None = None) -> str:
    """The line with which a layout refuses a path."""
    with pytest.raises((DataError, UsageError)) as caught:
        open_recordings(path, layout, options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_real_cwru(shared_data: Path) -> None:
    recordings = open_recordings(shared_data / "vibration" / "cwru_12k_de", "cwru-npz")
    assert len(recordings) == 40
    assert {r.sample_rate_hz for r in recordings} == {12000}
    assert len({r.label for r in recordings}) == len({r.bearing for r in recordings}) == 10
    assert {r.load for r in recordings} == {"0 hp", "1 hp", "2 hp", "3 hp"}
    assert {r.fault_size for r in recordings} == {None, "0.007 in", "0.014 in", "0.021 in"}
    assert all(1720 <= r.rpm <= 1800 for r in recordings)
    # RMS in g as known of these recordings: a normal bearing near 0.07 g, OR007@6 near 0.6 g.
    rms_g = {(r.label, r.load): float(np.sqrt(np.mean(r.signal**2))) for r in recordings}
    assert rms_g["normal", "0 hp"] == pytest.approx(0.073, abs=0.005)
    assert rms_g["OR007@6", "0 hp"] > 5 * rms_g["normal", "0 hp"]
    elements = open_recordings(shared_data / "vibration" / "cwru_12k_de", "cwru-npz", LayoutOptions(classes="element"))
    assert {r.label for r in elements} == {"normal", "inner", "outer", "ball"}


def test_real_normals_at_48_khz_become_those_at_12_khz(shared_data: Path) -> None:
    """Our resampling of the original against the decimation that the shared recordings were made by."""
    (original,) = open_recordings(shared_data / "vibration/cwru_normal_48k/097_normal_load0.npz", "cwru-npz")
    (reference,) = open_recordings(shared_data / "vibration/cwru_12k_de/097_normal_load0.npz", "cwru-npz")
    (ours,), lines = to_one_rate([original], 12000)
    assert lines == ["1 of 1 recordings resampled from 48000 Hz to 12000 Hz (soxr, anti-aliased)"]
    # Below 4 kHz, away from either filter's edge, the spectra agree.
    n = 60000
    power = [np.abs(np.fft.rfft(y[:n] * np.hanning(n)))[: n // 3] ** 2 for y in (ours.signal, reference.signal)]
    bands = [p.reshape(20, -1).sum(axis=1) for p in power]
    assert np.max(np.abs(10 * np.log10(bands[0] / bands[1]))) < 0.1


def test_cwru_npz(tmp_path: Path) -> None:
    path = files.write_cwru_npz(tmp_path / "a" / "105.npz")
    (r,) = open_recordings(tmp_path, "cwru-npz")
    with np.load(path) as arrays:
        np.testing.assert_allclose(r.signal, arrays["x"] * 1e-4, rtol=1e-6)
    assert (r.unit, r.sample_rate_hz, r.rpm, r.label) == ("g", 12000, 1797, "IR007")
    assert (r.bearing, r.load, r.fault_size, r.path) == ("IR007", "0 hp", "0.007 in", path)


def test_cwru_npz_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    files.write_cwru_npz(path, rpm=None)
    assert message_of(path, "cwru-npz").startswith(f"{path}: expected a field rpm, got file_number, fs, ")
    files.write_cwru_npz(path, rpm=0)
    assert message_of(path, "cwru-npz") == f"{path}, rpm: expected a positive number of turns a minute, got 0.0"
    files.write_cwru_npz(path, label="B007")
    assert message_of(path, "cwru-npz") == f"{path}, file 105: expected IR007 at 0 hp, got B007 at 0 hp"
    files.write_cwru_npz(path, label="broken")
    assert message_of(path, "cwru-npz").endswith("expected normal, or a state like IR007, B014, OR021@6, got 'broken'")
    files.write_cwru_npz(path, x=np.zeros((30, 2), np.int16))
    assert message_of(path, "cwru-npz").endswith("x: expected numbers of one channel, got shape (30, 2), int16")
    files.write_cwru_npz(path, x=np.full(3000, 7, np.int16))
    assert "expected a signal that changes, got 3000 samples of 0.0007" in message_of(path, "cwru-npz")
    files.write_cwru_npz(path, number=3001, label="IR007")
    assert "file 3001: expected the number of a normal" in message_of(path, "cwru-npz")
    files.write_cwru_npz(path)
    path.write_bytes(path.read_bytes()[:5000])
    assert "expected an NPZ file of plain arrays, got a damaged or other file" in message_of(path, "cwru-npz")
    path.write_bytes(b"")
    assert message_of(path, "cwru-npz") == f"{path}: expected NPZ files of CWRU, got a file of 0 bytes"
    path.unlink()
    assert message_of(tmp_path, "cwru-npz") == f"{tmp_path}: expected NPZ files of CWRU, got none in the folder"
    assert message_of(path, "cwru-npz").endswith("got nothing there")


def test_two_files_of_one_number_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        files.write_cwru_npz(tmp_path / f"{name}.npz")
    assert message_of(tmp_path, "cwru-npz").endswith(f"an id of its own, got cwru:105 also for {tmp_path / 'a.npz'}")


def test_cwru_table_is_the_catalogue() -> None:
    assert len(FILES) == 56
    assert (FILES[158].state, FILES[158].load_hp) == ("OR007@12", 1)
    assert 157 not in FILES
    assert {n for n, f in FILES.items() if f.sample_rate_hz == 48000} == {97, 98, 99, 100}


def test_cwru_mat(tmp_path: Path) -> None:
    files.write_cwru_mat(tmp_path / "105.mat", 105, rpm=1796)
    files.write_cwru_mat(tmp_path / "12k_Drive_End_OR014@6_2_199.mat", 199)
    files.write_cwru_mat(tmp_path / "IR007_1.mat", 106)
    files.write_cwru_mat(tmp_path / "normal_2_99.mat", 99, rpm=None, also=(98,))
    found = {r.recording_id: r for r in open_recordings(tmp_path, "cwru-mat")}
    assert set(found) == {"cwru:105", "cwru:199", "cwru:106", "cwru:99"}
    np.testing.assert_allclose(found["cwru:99"].signal, files.tone(seed=99), rtol=1e-6)
    assert [(r.label, r.load, r.rpm, r.sample_rate_hz) for r in found.values()] == [
        ("IR007", "0 hp", 1796, 12000),
        ("OR014@6", "2 hp", 1797, 12000),
        ("IR007", "1 hp", 1797, 12000),
        ("normal", "2 hp", 1750, 48000),
    ]
    with pytest.raises(DataError, match=r"expected one sample rate, .* got 3 at 12000 Hz, 1 at 48000 Hz$"):
        to_one_rate(list(found.values()))


def test_cwru_mat_refused(tmp_path: Path) -> None:
    path = files.write_cwru_mat(tmp_path / "109.mat", 109)
    assert message_of(path, "cwru-mat").endswith("its number in the name, got X109_DE_time")
    path = files.write_cwru_mat(tmp_path / "105.mat", 106)
    assert message_of(path, "cwru-mat").startswith(f"{path}: expected a field X105_DE_time, got X106RPM, X106_DE_time")
    path = files.write_cwru_mat(tmp_path / "normal.mat", 99, also=(98,))
    assert message_of(path, "cwru-mat").endswith("got X098_DE_time, X099_DE_time")
    path.write_bytes(files.write_cwru_mat(tmp_path / "97.mat", 97).read_bytes()[:9000])
    assert "expected a MATLAB file, got a damaged or other file" in message_of(path, "cwru-mat")
    path.write_text("hello")
    assert "expected a MATLAB file, got a damaged or other file" in message_of(path, "cwru-mat")


def test_paderborn(tmp_path: Path) -> None:
    for stem in ("N15_M07_F10_KA01_1", "N09_M07_F04_KI14_20", "N15_M01_F10_K001_2", "N15_M07_F10_KB23_1"):
        files.write_paderborn(tmp_path / stem.split("_")[3], stem)
    found = open_recordings(tmp_path, "paderborn", LayoutOptions(unit="m/s^2"))
    assert [(r.bearing, r.label, r.rpm, r.load) for r in found] == [
        ("K001", "normal", 1500, "0.1 Nm, 1000 N"),
        ("KA01", "outer", 1500, "0.7 Nm, 1000 N"),
        ("KB23", "inner and outer", 1500, "0.7 Nm, 1000 N"),
        ("KI14", "inner", 900, "0.7 Nm, 400 N"),
    ]
    assert {(r.sample_rate_hz, r.unit, r.sensor) for r in found} == {(64000, "m/s^2", "vibration_1")}
    np.testing.assert_allclose(found[1].signal, files.tone(seed=18), rtol=1e-6)


def test_paderborn_refused(tmp_path: Path) -> None:
    options = LayoutOptions(unit="m/s^2")
    path = files.write_paderborn(tmp_path, "N15_M07_F10_KA01_1", channel="vibration_2")
    got = "force, phase_current_1, vibration_2"
    assert message_of(path, "paderborn", options) == f"{path}: expected a channel vibration_1, got {got}"
    assert message_of(path, "paderborn").startswith(
        "layout paderborn, unit: expected a value (the files do not say it)"
    )
    other = path.rename(tmp_path / "KA01_1.mat")
    assert message_of(other, "paderborn", options).endswith("a name like N15_M07_F10_KA01_1.mat, got KA01_1.mat")
    other.rename(tmp_path / "N15_M07_F10_KA01_2.mat")
    assert "expected a field N15_M07_F10_KA01_2, got N15_M07_F10_KA01_1" in message_of(tmp_path, "paderborn", options)


def test_mfpt(tmp_path: Path) -> None:
    files.write_mfpt(tmp_path / "1 - Three Baseline Conditions" / "baseline_1.mat")
    files.write_mfpt(tmp_path / "4 - Seven" / "InnerRaceFault_vload_3.mat", 48828, load=100)
    files.write_mfpt(tmp_path / "6 - Real World Examples" / "OilPumpShaftBearing.mat")
    found = open_recordings(tmp_path, "mfpt")
    assert [(r.label, r.sample_rate_hz, r.load, r.rpm, r.unit) for r in found] == [
        ("normal", 97656, "270 lbf", 1500, "g"),
        ("inner", 48828, "100 lbf", 1500, "g"),
    ]
    converted, lines = to_one_rate(found, 48828)
    assert [len(r.signal) for r in converted] == [1500, 3000]
    assert lines == ["1 of 2 recordings resampled from 97656 Hz to 48828 Hz (soxr, anti-aliased)"]


def test_mfpt_refused(tmp_path: Path) -> None:
    path = files.write_mfpt(tmp_path / "baseline_1.mat", rate=None)
    assert message_of(path, "mfpt") == f"{path}: expected a field rate, got gs, load, sr"
    files.write_mfpt(path, gs=np.where(np.arange(99) == 5, np.nan, 1.0 * np.arange(99)))
    assert message_of(path, "mfpt") == f"{path}: expected finite samples, got NaN or infinity in 1 of 99"
    scipy.io.savemat(path, {"bearing": 3.0})
    assert message_of(path, "mfpt") == f"{path}: expected a field sr, got float"


def test_xjtu(tmp_path: Path) -> None:
    files.write_xjtu(tmp_path / "35Hz12kN" / "Bearing1_1", range(1, 9))
    files.write_xjtu(tmp_path / "37.5Hz11kN" / "Bearing2_1", range(1, 5))
    found = open_recordings(tmp_path, "xjtu", XJTU)
    assert [(r.recording_id.removeprefix("xjtu:"), r.label) for r in found] == [
        *((f"Bearing1_1/{m}", "normal") for m in (1, 2)),
        *((f"Bearing1_1/{m}", "outer") for m in (5, 6, 7, 8)),
        ("Bearing2_1/1", "normal"),
        *((f"Bearing2_1/{m}", "inner") for m in (3, 4)),
    ]
    assert {(r.bearing, r.rpm, r.load) for r in found} == {("Bearing1_1", 2100, "12 kN"), ("Bearing2_1", 2250, "11 kN")}
    assert {(r.sample_rate_hz, r.unit, len(r.signal)) for r in found} == {(25600, "g", 32768)}


def test_xjtu_refused(tmp_path: Path) -> None:
    folder = files.write_xjtu(tmp_path / "35Hz12kN" / "Bearing1_1", range(1, 5))
    wanted = "layout xjtu, healthy_first_fraction: expected a value (the files do not say it), got none"
    assert message_of(tmp_path, "xjtu", LayoutOptions(unit="g")) == wanted
    both = LayoutOptions(unit="g", healthy_first_fraction=0.6, faulty_last_fraction=0.6)
    assert "expected at most 1, got 1.2" in message_of(tmp_path, "xjtu", both)
    (folder / "2.csv").rename(folder / "5.csv")
    assert (
        message_of(tmp_path, "xjtu", XJTU) == f"{folder}: expected every minute of a life from 1.csv on, got no 2.csv"
    )
    (folder / "5.csv").rename(folder / "2.csv")
    text = (folder / "4.csv").read_text()
    (folder / "4.csv").write_text(text[: len(text) // 2].rpartition("\n")[0])
    assert message_of(tmp_path, "xjtu", XJTU).startswith(f"{folder / '4.csv'}: expected 32768 samples, got 16")
    (folder / "4.csv").write_text(text[: len(text) // 2].rpartition(",")[0])
    assert "expected 2 numbers in every line, got" in message_of(tmp_path, "xjtu", XJTU)
    folder.rename(folder.with_name("Bearing9_9"))
    assert message_of(tmp_path, "xjtu", XJTU).endswith("a folder Bearing1_1 to Bearing3_5, got Bearing9_9")


def test_seu(tmp_path: Path) -> None:
    files.write_seu(tmp_path / "bearingset" / "ball_20_0.csv", ",")
    files.write_seu(tmp_path / "bearingset" / "health_30_2.csv")
    files.write_seu(tmp_path / "gearset" / "Chipped_20_0.csv")
    found = open_recordings(tmp_path, "seu", SEU)
    assert [(r.label, r.rpm, r.load, r.sensor) for r in found] == [
        ("ball", 1200, "0 V", "channel 1"),
        ("normal", 1800, "2 V", "channel 1"),
        ("gear chipped", 1200, "0 V", "channel 1"),
    ]
    for r in found:
        np.testing.assert_allclose(r.signal, 2 * files.tone(400), atol=2e-6)


def test_seu_refused(tmp_path: Path) -> None:
    path = files.write_seu(tmp_path / "ball_20_0.csv", header_lines=12)
    assert message_of(path, "seu", SEU) == f"{path} line 16: expected the last line of the header, got numbers"
    files.write_seu(path, header_lines=18)
    assert message_of(path, "seu", SEU).startswith(f"{path} line 17: expected numbers, got 'Line 16")
    files.write_seu(path)
    assert "sample_rate_hz: expected a value" in message_of(path, "seu", LayoutOptions(unit="V", channel="1"))
    assert "channel: expected one of 0, 1, 2, 3, 4, 5, 6, 7, got '8'" in message_of(
        path, "seu", LayoutOptions(unit="V", sample_rate_hz=5120, channel="8")
    )
    path.write_text(path.read_text()[:-40])
    assert "expected 8 numbers in every line, got" in message_of(path, "seu", SEU)
    path.write_text("\n".join(path.read_text().splitlines()[:16]))
    assert message_of(path, "seu", SEU) == f"{path}: expected numbers below 16 lines of header, got none"
    other = files.write_seu(tmp_path / "gear.csv")
    assert message_of(other, "seu", SEU) == f"{other}: expected a name like ball_20_0.csv, got gear.csv"


def test_layouts_and_options_are_named(tmp_path: Path) -> None:
    assert message_of(tmp_path, "cwru").startswith("layout: expected cwru-npz, cwru-mat, paderborn")
    got = message_of(tmp_path, "mfpt", LayoutOptions(unit="g", sample_rate_hz=100))
    assert got == "layout mfpt: expected no options, got sample_rate_hz, unit"
    for name, value in (("sample_rate_hz", 0.0), ("full_scale", float("nan")), ("healthy_first_fraction", 1.0)):
        with pytest.raises(UsageError, match=f"^{name}: expected"):
            LayoutOptions(**{name: value})
    with pytest.raises(UsageError, match=r"^file_unit: expected V or mV, got 'uV'"):
        LayoutOptions(file_unit="uV")
    with pytest.raises(UsageError, match=r"^name_regex: expected named groups .* got person$"):
        LayoutOptions(name_regex="(?P<person>x)")


def test_task_names_its_layout(tmp_path: Path) -> None:
    for task in TASKS:
        if task not in ("cwru", "simulated"):
            assert layout_of(task, tmp_path) in LAYOUTS
    assert layout_of("csv", tmp_path / "list.csv") == "manifest"
    with pytest.raises(UsageError, match=r"^task: expected cwru, paderborn, .*, got 'manifest'$"):
        layout_of("manifest", tmp_path)
    with pytest.raises(
        UsageError, match=r"^task simulated: expected no data \(its recordings are made, not read\), got "
    ):
        layout_of("simulated", tmp_path)


def test_cwru_is_told_by_its_files(tmp_path: Path) -> None:
    path = files.write_cwru_npz(tmp_path / "a" / "105.npz")
    assert layout_of("cwru", tmp_path) == layout_of("cwru", path) == "cwru-npz"
    matlab = files.write_cwru_mat(tmp_path / "b" / "106.mat", 106)
    assert layout_of("cwru", tmp_path / "b") == layout_of("cwru", matlab) == "cwru-mat"
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "readme.txt").write_text("nothing to read")
    for data, got in (
        (tmp_path, "NPZ or MATLAB files of CWRU, not both, got both"),
        (tmp_path / "c", "NPZ or MATLAB files of CWRU, got none in the folder"),
        (tmp_path / "d", "NPZ or MATLAB files of CWRU, got nothing there"),
        (tmp_path / "c" / "readme.txt", "NPZ or MATLAB files of CWRU, got a file .txt"),
    ):
        with pytest.raises(DataError) as caught:
            layout_of("cwru", data)
        assert str(caught.value) == f"{data}: expected {got}"
