"""NPZ files that say everything themselves: what is missing, twice or unknown is one line that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.vibration import open_recordings
from drsn_keras.training.vibration.layouts import LayoutOptions

N = 500
Y = np.sin(0.3 * np.arange(N)) * np.linspace(0.2, 0.9, N)
SAID = {"sample_rate_hz": 2000, "unit": "g", "label": "worn"}


def message_of(path: Path, options: LayoutOptions | None = None) -> str:
    """The line with which the layout refuses a path."""
    with pytest.raises((DataError, UsageError)) as caught:
        open_recordings(path, "npz", options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def write_npz(path: Path, **fields: object) -> Path:
    np.savez(path, **{"signal": Y, **SAID, **fields})
    return path


def test_npz_files_that_say_everything(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", machine="m1", bearing=2, load="3 kW", fault_size="1 mm", rpm=1480)
    counts = np.rint(1000 * Y).astype(np.int16)
    said = {"x": counts, "scale": 1e-3, "fs": 2000.0, "unit": "m/s^2", "label": b"good", "recording_id": "monday"}
    (tmp_path / "day 2").mkdir()
    np.savez(tmp_path / "day 2" / "b.npz", **said, sensor="top")
    one, two = open_recordings(tmp_path, "npz")
    assert (one.recording_id, one.label, one.unit, one.sample_rate_hz) == ("a.npz", "worn", "g", 2000)
    assert (one.machine, one.bearing, one.load, one.fault_size, one.rpm) == ("m1", "2", "3 kW", "1 mm", 1480)
    np.testing.assert_allclose(one.signal, Y, atol=1e-7)
    assert (two.recording_id, two.label, two.unit, two.sensor) == ("monday", "good", "m/s^2", "top")
    assert (two.machine, two.bearing, two.load, two.fault_size, two.rpm) == (None,) * 5
    np.testing.assert_allclose(two.signal, counts / 1000, rtol=1e-6)
    (alone,) = open_recordings(tmp_path / "a.npz", "npz")
    assert alone.recording_id == "a.npz"


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"unit": None}, ": expected an array unit, got signal, sample_rate_hz, label"),
        ({"label": None}, ": expected an array label, got signal, sample_rate_hz, unit"),
        ({"signal": None}, ": expected an array signal or x, got sample_rate_hz, unit, label"),
        ({"sample_rate_hz": None}, ": expected an array sample_rate_hz or fs, got signal, unit, label"),
        ({"fs": 2000}, ": expected an array sample_rate_hz or fs, got sample_rate_hz and fs"),
        ({"x": Y, "scale": 2.0}, ": expected an array signal or x, got signal and x"),
        ({"scale": 2.0}, ": expected x with the scale, or signal without, got signal, "),
        ({"signal": None, "x": Y}, ": expected a scale (the signal is x * scale), got "),
        ({"signal": None, "x": Y, "scale": 0.0}, ", scale: expected a number other than 0, got 0"),
        ({"faultsize": "1 mm"}, ": expected arrays of signal, x, scale, "),
        ({"label": ""}, ", label: expected a label, got nothing"),
        ({"label": np.array(["a", "b"])}, ", label: expected one text, got shape (2,), <U1"),
        ({"sample_rate_hz": "2k"}, ", sample_rate_hz: expected a number above 0, got 2k"),
        ({"sample_rate_hz": -1}, ", sample_rate_hz: expected a number above 0, got -1"),
        ({"rpm": np.nan}, ", rpm: expected a number above 0, got nan"),
        ({"signal": np.stack([Y, Y])}, ", signal: expected numbers of one channel, got shape (2, 500), float64"),
        ({"signal": np.zeros(N)}, ": expected a signal that changes, got 500 samples of 0"),
        ({"label": np.array([None])}, ": expected an NPZ file of plain arrays, got a damaged or other file"),
    ],
)
def test_npz_that_does_not_say_everything_is_one_line(tmp_path: Path, changed: dict, wanted: str) -> None:
    path = tmp_path / "a.npz"
    fields = {"signal": Y, **SAID, **changed}
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})
    assert message_of(tmp_path).startswith(f"{path}{wanted}")


def test_npz_takes_no_options_and_no_names_twice(tmp_path: Path) -> None:
    assert "expected NPZ files with a signal, its rate, unit and label, got none" in message_of(tmp_path)
    write_npz(tmp_path / "a.npz", recording_id="r")
    assert (
        message_of(tmp_path, LayoutOptions(sample_rate_hz=2000, unit="g"))
        == "layout npz: expected no options, got sample_rate_hz, unit"
    )
    second = write_npz(tmp_path / "b.npz", recording_id="r")
    assert message_of(tmp_path) == (
        f"{second}, recording id: expected an id of its own, got r also for {tmp_path / 'a.npz'}"
    )
    second.write_bytes(second.read_bytes()[:-50])
    assert message_of(tmp_path).startswith(f"{second}: expected an NPZ file of plain arrays, got a damaged")
