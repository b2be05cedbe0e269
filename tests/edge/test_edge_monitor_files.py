"""What files say, in every format, and how bad ones are refused."""

import struct
import zipfile

import numpy as np
import pytest

from drsn_keras.edge.vibration_file import read_vibration_file
from drsn_keras.edge.vibration_file_units import SignalFacts, measurement
from drsn_keras.errors import DataError
from drsn_keras.training.vibration import open_recordings

Y = np.round(np.sin(np.arange(200) / 3.0), 4)
COUNTS = np.round(Y * 1000).astype(np.int16)
CWRU = {"file_number": 97, "load_hp": 0}


def test_wav_of_integers_and_of_floats(tmp_path, wav_bytes, s16):
    path = tmp_path / "a.WAV"
    path.write_bytes(wav_bytes(s16(Y), rate_hz=25600))
    found = read_vibration_file(path)
    assert (found.sample_rate_hz, found.unit, found.rpm, found.is_wav, found.is_share) == (
        25600,
        None,
        None,
        True,
        True,
    )
    scaled = measurement(found, SignalFacts(unit="g", full_scale=16.0))
    assert scaled.unit == "g"
    np.testing.assert_allclose(scaled.signal, 16.0 * Y, atol=16 / 32768 * 2)
    path.write_bytes(wav_bytes(np.stack([Y, 50 * Y], 1).astype("<f4").tobytes(), channels=2, bits=32, tag=3))
    found = read_vibration_file(path, "1")
    assert not found.is_share
    np.testing.assert_allclose(measurement(found, SignalFacts(unit="m/s^2")).signal, 50 * Y, rtol=1e-6)


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
@pytest.mark.parametrize("header", ["", "# a comment\n\n", "names"])
def test_tables(tmp_path, mark, header):
    t = np.arange(200) / 12000.0
    text = mark.join(["time_s", '"acc"', "temp"]) + "\n" if header == "names" else header
    text += "".join(f"{a:.7f}{mark}{b}{mark}20\n" for a, b in zip(t, Y, strict=True))
    path = tmp_path / "a.csv"
    path.write_text(text)
    found = read_vibration_file(path, "acc" if header == "names" else "1")
    np.testing.assert_array_equal(found.signal, Y)
    assert found.sample_rate_hz == (12000.0 if header == "names" else None)


def test_one_column_needs_no_name(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n".join(map(str, Y)))
    np.testing.assert_array_equal(read_vibration_file(path).signal, Y)
    path.write_text("time_s,a\n" + "".join(f"{i / 100},{v}\n" for i, v in enumerate(Y)))
    assert read_vibration_file(path).sample_rate_hz == 100.0


def test_npz_of_both_forms(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, signal=Y[:, None], sample_rate_hz=12000, unit="m/s^2", rpm=1500.0)
    full = measurement(read_vibration_file(path), SignalFacts())
    assert (full.unit, full.sample_rate_hz, full.rpm) == ("m/s^2", 12000.0, 1500.0)
    np.testing.assert_array_equal(full.signal, Y)
    np.savez(path, x=COUNTS, scale=0.002, fs=48000, rpm=1797, **CWRU)
    cwru = measurement(read_vibration_file(path), SignalFacts())
    assert (cwru.unit, cwru.sample_rate_hz, cwru.rpm) == ("g", 48000.0, 1797.0)
    np.testing.assert_allclose(cwru.signal, 2.0 * Y, atol=1e-3)
    np.testing.assert_array_equal(read_vibration_file(path, "x").signal, cwru.signal)
    np.savez(path, left=Y, right=2 * Y)
    np.testing.assert_array_equal(read_vibration_file(path, "right").signal, 2 * Y)


@pytest.mark.parametrize("signal", [{"signal": Y}, {"x": COUNTS, "scale": 0.001}, {"x": COUNTS, "scale": -0.001}])
@pytest.mark.parametrize("rate", ["sample_rate_hz", "fs"])
@pytest.mark.parametrize("unit", ["m/s^2", b"g", "mm/s"])
def test_npz_that_training_takes_is_read_alike(tmp_path, signal, rate, unit):
    path = tmp_path / "a.npz"
    np.savez(path, **signal, **{rate: 25600}, unit=unit, label="worn", rpm=1480)
    (trained,) = open_recordings(path, "npz")
    found = measurement(read_vibration_file(path), SignalFacts())
    said = (trained.unit, trained.sample_rate_hz, trained.rpm)
    assert (found.unit, found.sample_rate_hz, found.rpm) == said
    assert said == ("g" if unit == b"g" else unit, 25600.0, 1480.0)
    np.testing.assert_allclose(found.signal, trained.signal, rtol=1e-6)


def test_only_cwrus_own_npz_is_in_g_without_saying_so(tmp_path):
    path = tmp_path / "a.npz"
    for facts in ({}, {"file_number": 97}, {"load_hp": 0}):
        np.savez(path, x=COUNTS, scale=0.002, fs=12000, **facts)
        with pytest.raises(DataError, match=r"unit: expected --unit \(the file does not say it\), got none"):
            measurement(read_vibration_file(path), SignalFacts())
        assert measurement(read_vibration_file(path), SignalFacts(unit="m/s^2")).unit == "m/s^2"
    np.savez(path, x=COUNTS, scale=0.002, fs=12000, unit="m/s^2", **CWRU)
    assert read_vibration_file(path).unit == "m/s^2"
    np.savez(path, signal=Y, fs=12000, **CWRU)
    assert read_vibration_file(path).unit is None


@pytest.mark.parametrize("signal", [{"signal": Y, "unit": "g"}, {"x": COUNTS, "scale": 0.001, **CWRU}])
@pytest.mark.parametrize(
    ("said", "says"),
    [
        (SignalFacts(rate_hz=25600), "sample rate: expected 12000 Hz as the file says, got 25600 Hz"),
        (SignalFacts(unit="m/s^2"), r"unit: expected g as the file says, got m/s\^2"),
    ],
)
def test_options_that_contradict_an_npz_are_one_line(tmp_path, signal, said, says):
    path = tmp_path / "a.npz"
    np.savez(path, fs=12000, **signal)
    with pytest.raises(DataError, match=says) as caught:
        measurement(read_vibration_file(path), said)
    assert str(caught.value).startswith(str(path)) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.wav", b"", "0 bytes"),
        ("a.mp3", b"x", "a file named .wav, .csv"),
        ("a.wav", b"RIFFxxxxWAVE", "truncated"),
        ("a.csv", b"# nothing\n", "numbers below"),
        ("a.csv", b"acc\n", "numbers below 1 lines of header, got none"),
        ("a.csv", b"a,b\nc,d\n", "numbers below 1 lines"),
        ("a.csv", b"a,b\n1,2\n3,4\n", "--channel: expected a choice of a, b, got none"),
        ("a.csv", b"a\n1\n2\nthree\n", "1 numbers in every line"),
        ("a.csv", b"1,2\n3\n", "2 numbers in every line"),
        ("a.csv", b"a,b,c\n1,2\n", "3 columns as in the header, got 2"),
        ("a.csv", b"time_s,a\n0,1\n1,2\n5,3\n", "time_s: expected steps of"),
        ("a.csv", b"time_s,a\n2,1\n1,2\n", "rising times"),
        ("a.csv", b"time_s,a\n0,1\n1e-310,2\n", "times in s, got steps of"),
        ("a.npz", b"PK\x03\x04 not really", "an NPZ file of plain arrays"),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, content, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as caught:
        read_vibration_file(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"y": Y}, "an array signal or x, got y"),
        ({"signal": Y, "x": Y, "scale": 2.0}, "an array signal or x, got signal and x"),
        ({"signal": Y, "scale": 2.0}, "x with the scale, or signal without, got signal, scale"),
        ({"x": Y}, r"a scale \(the signal is x \* scale\), got x"),
        ({"x": Y, "scale": 0}, "scale: expected a number other than 0, got 0"),
        ({"x": Y, "scale": "2"}, "scale: expected a number other than 0, got 2"),
        ({"signal": Y, "sample_rate_hz": 12000, "fs": 12000}, "sample_rate_hz or fs, got sample_rate_hz and fs"),
        ({"x": Y, "scale": 2.0, "fs": -1}, "fs: expected a number above 0, got -1"),
        ({"signal": Y, "unit": ["g", "g"]}, r"unit: expected one text, got shape \(2,\)"),
        ({"signal": np.zeros((5, 2))}, "numbers of one channel"),
        ({"signal": np.array(["a"])}, "numbers of one channel"),
        ({"signal": np.zeros(0)}, "samples, got none"),
        ({"signal": Y, "sample_rate_hz": 0.0}, "sample_rate_hz: expected a number above 0, got 0.0"),
        ({"signal": Y, "rpm": np.array([1.0, 2.0])}, "rpm: expected a number above 0, got shape"),
        ({"signal": np.array([None])}, "an NPZ file of plain arrays"),
    ],
)
def test_bad_arrays_are_one_line(tmp_path, arrays, says):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=says):
        read_vibration_file(tmp_path / "a.npz")


def test_absent_file_folder_and_channel(tmp_path, wav_bytes, s16):
    for path, got in ((tmp_path / "no.wav", "nothing there"), (tmp_path, "a folder")):
        with pytest.raises(DataError, match=got):
            read_vibration_file(path)
    (tmp_path / "a.wav").write_bytes(wav_bytes(s16(Y)))
    with pytest.raises(DataError, match="--channel: expected one of 0, got '1'"):
        read_vibration_file(tmp_path / "a.wav", "1")


def test_an_archive_with_a_damaged_header_is_one_line(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (5,"  # which NumPy meets with a TokenError
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n" + bytes(40)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("signal.npy", array)
    np.save(tmp_path / "b", Y)
    (tmp_path / "b.npy").rename(tmp_path / "b.npz")
    for name in ("a.npz", "b.npz"):
        with pytest.raises(
            DataError, match="expected an NPZ file of plain arrays, got a damaged or other file"
        ) as caught:
            read_vibration_file(tmp_path / name)
        assert "\n" not in str(caught.value)
