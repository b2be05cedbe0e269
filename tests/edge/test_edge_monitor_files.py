"""Files of the monitor: WAV by the device's own reader, all else as training reads it."""

import json
import sys

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from vibration_bundle_file import machine

from drsn_keras.edge.cli import main
from drsn_keras.edge.monitor_file import read_recording
from drsn_keras.errors import DataError
from drsn_keras.recording import SignalFacts, measurement
from drsn_keras.training.vibration import open_recordings
from drsn_keras.training.vibration.layouts import LayoutOptions

Y = np.round(np.sin(np.arange(200) / 3.0), 4)
COUNTS = np.round(Y * 1000).astype(np.int16)


@pytest.fixture
def float_wav(wav_bytes):
    """Samples [shape=(n, channels)] to the bytes of a WAV file of 32-bit floats."""
    return lambda y: wav_bytes(y.astype("<f4").tobytes(), channels=y.shape[1], bits=32, tag=3, rate_hz=25600)


def test_wav_of_integers_and_of_floats(tmp_path, wav_bytes, s16, float_wav):
    path = tmp_path / "a.WAV"
    path.write_bytes(wav_bytes(s16(Y), rate_hz=25600))
    found = read_recording(path)
    assert (found.sample_rate_hz, found.unit, found.rpm, found.channel) == (25600, None, None, "0")
    assert found.is_wav and found.is_share
    scaled = measurement(found, SignalFacts(unit="g", full_scale=16.0))
    assert scaled.unit == "g"
    np.testing.assert_allclose(scaled.signal, 16.0 * Y, atol=16 / 32768 * 2)
    path.write_bytes(float_wav(np.stack([Y, 50 * Y], 1)))
    found = read_recording(path, "1")
    assert found.is_wav and not found.is_share
    np.testing.assert_allclose(measurement(found, SignalFacts(unit="m/s^2")).signal, 50 * Y, rtol=1e-6)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", ": expected a recording, got a file of 0 bytes"), (b"RIFFxxxxWAVE", r": expected .*truncated")],
)
def test_bad_wav_files_are_one_line(tmp_path, content, says):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_recording(path)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


def test_absent_file_folder_and_channel(tmp_path, wav_bytes, s16):
    for path, got in ((tmp_path / "no.wav", "nothing there"), (tmp_path, "a folder")):
        with pytest.raises(DataError, match=f"expected a recording, got {got}$"):
            read_recording(path)
    (tmp_path / "a.wav").write_bytes(wav_bytes(s16(Y)))
    with pytest.raises(DataError, match=r"a\.wav, channel: expected one of 0, got '1'$"):
        read_recording(tmp_path / "a.wav", "1")


@pytest.mark.parametrize("signal", [{"signal": Y}, {"x": COUNTS, "scale": 0.001}, {"x": COUNTS, "scale": -0.001}])
@pytest.mark.parametrize("rate", ["sample_rate_hz", "fs"])
@pytest.mark.parametrize("unit", ["m/s^2", b"g", "mm/s"])
def test_npz_that_training_takes_is_read_alike(tmp_path, signal, rate, unit):
    path = tmp_path / "worn" / "a.npz"
    path.parent.mkdir()
    np.savez(path, **signal, **{rate: 25600}, unit=unit, label="worn", rpm=1480)
    found = measurement(read_recording(path), SignalFacts())
    assert (found.unit, found.sample_rate_hz, found.rpm) == ("g" if unit == b"g" else unit, 25600.0, 1480.0)
    for trained in (*open_recordings(path, "npz"), *open_recordings(tmp_path, "folder")):
        assert (trained.unit, trained.sample_rate_hz, trained.rpm) == (found.unit, 25600.0, 1480.0)
        np.testing.assert_allclose(found.signal, trained.signal, rtol=1e-6)


@pytest.mark.parametrize("suffix", [".wav", ".csv", ".parquet", ".npz"])
def test_training_and_monitor_read_the_same(tmp_path, float_wav, suffix):
    """The second of two columns, in volts, by the times in the file."""
    path = tmp_path / "good" / f"a{suffix}"
    path.parent.mkdir()
    time_s = np.arange(200) / 25600
    if suffix == ".wav":
        path.write_bytes(float_wav(np.stack([time_s, Y], 1)))
    elif suffix == ".csv":
        np.savetxt(path, np.stack([time_s, Y], 1), delimiter=";", header="time_s;1", comments="")
    elif suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.table({"time_s": time_s, "1": Y}), path)
    else:
        np.savez(path, **{"1": Y, "0": time_s, "fs": 25600})
    said = {"unit": "g", "file_unit": "V", "sensitivity_mv_per_unit": 100.0}
    found = measurement(read_recording(path, "1"), SignalFacts(**said))
    (trained,) = open_recordings(tmp_path, "folder", LayoutOptions(**said, channel="1"))
    assert (found.unit, found.sample_rate_hz) == (trained.unit, trained.sample_rate_hz) == ("g", 25600.0)
    np.testing.assert_allclose(found.signal, 10 * Y, rtol=1e-6)
    np.testing.assert_array_equal(found.signal.astype(np.float32), trained.signal)


def test_monitor_judges_parquet_and_asks_for_pyarrow(vibration_bundle, tmp_path, capsys, monkeypatch):
    y = machine("fault", 2, 9)
    path, csv = tmp_path / "fan.parquet", tmp_path / "fan.csv"
    columns = {"time_s": np.arange(len(y)) / 12000, "acc": y, "note": [""] * len(y)}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    np.savetxt(csv, y, fmt="%.17g")
    command = ["monitor", str(vibration_bundle), "--unit", "g", "--rate", "12000", "--summary-only", "--json", "--file"]
    assert main([*command, str(path), str(csv)]) == 0
    out, err = capsys.readouterr()
    by_parquet, by_csv = map(json.loads, out.splitlines())
    assert err == "" and by_parquet["state"] == "fault" and by_parquet["source"] == str(path)
    assert {**by_parquet, "source": None} == {**by_csv, "source": None}
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main([*command, str(path), str(csv)]) == 1
    out, err = capsys.readouterr()
    expected = 'the package pyarrow to read Parquet (pip install "drsn-keras[parquet]")'
    assert err == f"drsn-edge: {path}: expected {expected}, got not installed\n"
    assert json.loads(out) == by_csv
