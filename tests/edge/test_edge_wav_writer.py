"""What is written is what was there; half a file never is."""

import numpy as np
import pytest

from drsn_keras.edge import wav_writer
from drsn_keras.edge.sample_format import FORMATS
from drsn_keras.edge.wav import WavFile
from drsn_keras.edge.wav_writer import WavWriter
from drsn_keras.errors import DataError


@pytest.mark.parametrize("name", [n for n, f in FORMATS.items() if f.full_scale != 1.0 and n != "s32le"])
def test_integers_survive(name):
    data = np.random.default_rng(0).integers(0, 256, 1200, dtype=np.uint8).tobytes()
    assert FORMATS[name].encode(FORMATS[name].decode(data)) == data


@pytest.mark.parametrize(("name", "step"), [("u8", 2**-7), ("s16le", 2**-15), ("s24le", 2**-23), ("s32le", 2**-24)])
def test_integers_round_and_clip(name, step):
    y = np.array([0.123456789, -0.987654321, 3.0, -3.0, -1.0], np.float32)
    found = FORMATS[name].decode(FORMATS[name].encode(y))
    np.testing.assert_allclose(found, np.clip(y, -1.0, 1.0), atol=step)
    assert found.max() <= 1.0


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("n", [1, 1001])
def test_a_file_reads_back(tmp_path, name, n):
    y = np.random.default_rng(1).uniform(-0.9, 0.9, n).astype(np.float32)
    path = tmp_path / "a.wav"
    with WavWriter(path, 22050, name) as wav:
        for part in np.array_split(y, 3):
            wav.write(part)
        assert not path.exists()
    found = WavFile(path)
    assert (found.sample_rate_hz, found.channels, found.n_samples) == (22050, 1, n)
    assert found.sample_bytes == FORMATS[name].n_bytes
    samples = np.concatenate([block[:, 0] for block in found.blocks()])
    np.testing.assert_allclose(samples, y, atol=0.5 * 2**-7 if name == "u8" else 2**-15)
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"older")
    with pytest.raises(ZeroDivisionError), WavWriter(path, 16000, "s16le") as wav:
        wav.write(np.zeros(10))
        raise ZeroDivisionError
    assert path.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir()] == ["a.wav"]


def test_no_file_beyond_its_format(tmp_path, monkeypatch):
    monkeypatch.setattr(wav_writer, "_LARGEST", 100)
    with pytest.raises(DataError, match="less than 4 GiB"), WavWriter(tmp_path / "a.wav", 16000, "s16le") as wav:
        wav.write(np.zeros(51))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(OSError) as caught, WavWriter(tmp_path / "none" / "a.wav", 16000, "s16le"):
        pass
    assert str(caught.value.filename) == str(tmp_path / "none" / "a.wav")
