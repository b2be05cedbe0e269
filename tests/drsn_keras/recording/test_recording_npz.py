"""NPZ in both forms and CWRU's own; what is twice, missing or no number is one line."""

import struct
import zipfile

import numpy as np
import pytest

from drsn_keras.errors import DataError
from drsn_keras.recording import SignalFacts, as_text, measurement

Y = np.round(np.sin(np.arange(200) / 3.0), 4)
COUNTS = np.round(Y * 1000).astype(np.int16)
CWRU = {"file_number": 97, "load_hp": 0}


@pytest.fixture
def save(tmp_path):
    """Call with arrays: an NPZ file of them."""

    def write(**arrays):
        np.savez(tmp_path / "a.npz", **arrays)
        return tmp_path / "a.npz"

    return write


def test_both_forms(save, read):
    full = read(save(signal=Y[:, None], sample_rate_hz=12000, unit="m/s^2", rpm=1500.0))
    assert (full.unit, full.sample_rate_hz, full.rpm, full.channel) == ("m/s^2", 12000.0, 1500.0, "signal")
    np.testing.assert_array_equal(full.signal, Y)
    path = save(x=COUNTS, scale=0.002, fs=48000, rpm=1797, **CWRU)
    cwru = read(path)
    assert (cwru.unit, cwru.sample_rate_hz, cwru.rpm, cwru.channel) == ("g", 48000.0, 1797.0, "x")
    np.testing.assert_allclose(cwru.signal, 0.002 * COUNTS, rtol=1e-12)
    np.testing.assert_array_equal(read(path, "x").signal, cwru.signal)
    np.testing.assert_array_equal(read(save(x=COUNTS, scale=-0.5)).signal, -0.5 * COUNTS)
    assert read(save(signal=Y, unit=b" g ")).unit == "g"


def test_an_array_by_its_name_and_the_only_one(save, read, refusal):
    path = save(left=Y, right=2 * Y)
    np.testing.assert_array_equal(read(path, "right").signal, 2 * Y)
    assert refusal(path) == ": expected an array signal or x, got left, right"
    assert refusal(path, "up") == ": expected an array up, got left, right"
    found = read(save(acc=COUNTS, fs=12000, unit="g"))
    assert (found.channel, found.sample_rate_hz) == ("acc", 12000.0)
    np.testing.assert_array_equal(found.signal, COUNTS)
    np.testing.assert_array_equal(read(save(x=COUNTS), "x").signal, COUNTS)  # asked for as it is
    assert refusal(save(acc=COUNTS, scale=2.0)) == ": expected an array signal or x, got acc, scale"


def test_only_cwrus_own_npz_is_in_g_without_saying_so(save, read):
    for facts in ({}, {"file_number": 97}, {"load_hp": 0}):
        assert read(save(x=COUNTS, scale=0.002, fs=12000, **facts)).unit is None
    assert read(save(x=COUNTS, scale=0.002, fs=12000, unit="m/s^2", **CWRU)).unit == "m/s^2"
    assert read(save(x=COUNTS, scale=0.002, fs=12000, unit=" ", **CWRU)).unit == "g"
    assert read(save(signal=Y, fs=12000, **CWRU)).unit is None


def test_facts_are_texts_that_were_asked_for(save, read):
    path = save(signal=Y, machine=b"m1", bearing=2, load=" ", odd=Y)
    assert read(path).facts == {}
    assert read(path, facts=("machine", "bearing", "load", "fault_size")).facts == {"machine": "m1", "bearing": "2"}
    assert as_text(np.array(["x"]), "a") == "x"


@pytest.mark.parametrize("signal", [{"signal": Y, "unit": "g"}, {"x": COUNTS, "scale": 0.001, **CWRU}])
@pytest.mark.parametrize(
    ("said", "says"),
    [
        (SignalFacts(sample_rate_hz=25600), ", sample rate: expected 12000 Hz as the file says, got 25600 Hz"),
        (SignalFacts(unit="m/s^2"), ", unit: expected g as the file says, got m/s^2"),
    ],
)
def test_options_that_contradict_the_file_are_one_line(save, read, signal, said, says):
    path = save(fs=12000, **signal)
    with pytest.raises(DataError) as caught:
        measurement(read(path), said)
    assert str(caught.value) == f"{path}{says}"


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"y": Y, "z": Y}, ": expected an array signal or x, got y, z"),
        ({"fs": 12000}, ": expected an array signal or x, got fs"),
        ({}, ": expected an array signal or x, got no arrays"),
        ({"signal": Y, "x": Y, "scale": 2.0}, ": expected an array signal or x, got signal and x"),
        ({"signal": Y, "scale": 2.0}, ": expected x with the scale, or signal without, got signal, scale"),
        ({"x": Y}, ": expected a scale (the signal is x * scale), got x"),
        ({"x": Y, "scale": 0}, ", scale: expected a number other than 0, got 0"),
        ({"x": Y, "scale": "2"}, ", scale: expected a number other than 0, got 2"),
        ({"x": Y, "scale": np.nan}, ", scale: expected a number other than 0, got nan"),
        (
            {"signal": Y, "sample_rate_hz": 12000, "fs": 12000},
            ": expected an array sample_rate_hz or fs, got sample_rate_hz and fs",
        ),
        ({"x": Y, "scale": 2.0, "fs": -1}, ", fs: expected a number above 0, got -1"),
        ({"signal": Y, "unit": ["g", "g"]}, ", unit: expected one text, got shape (2,), <U1"),
        ({"signal": np.zeros((5, 2))}, ", signal: expected numbers of one channel, got shape (5, 2), float64"),
        ({"signal": np.array(["a"])}, ", signal: expected numbers of one channel, got shape (1,), <U1"),
        ({"signal": np.zeros(0)}, ", signal: expected samples, got none"),
        ({"signal": Y, "sample_rate_hz": 0.0}, ", sample_rate_hz: expected a number above 0, got 0.0"),
        ({"signal": Y, "rpm": np.array([1.0, 2.0])}, ", rpm: expected a number above 0, got shape (2,), float64"),
        ({"signal": Y, "rpm": np.inf}, ", rpm: expected a number above 0, got inf"),
        ({"signal": np.array([None])}, ": expected an NPZ file of plain arrays, got a damaged or other file ("),
    ],
)
def test_bad_arrays_are_one_line(save, refusal, arrays, says):
    assert refusal(save(**arrays)).startswith(says)


def test_damaged_archives_are_one_line(tmp_path, refusal):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (5,"  # which NumPy meets with a TokenError
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n" + bytes(40)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("signal.npy", array)
    np.save(tmp_path / "b", Y)
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 not really")
    for name in ("a.npz", "b.npz", "c.npz"):
        says = ": expected an NPZ file of plain arrays, got a damaged or other file ("
        assert refusal(tmp_path / name).startswith(says)
