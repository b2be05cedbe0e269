import struct
import tracemalloc

import numpy as np
import pytest

from drsn_keras.edge.wav import WavFile
from drsn_keras.errors import DataError


@pytest.fixture
def written(tmp_path):
    """Write bytes to clip.wav; gives the path."""

    def write(data: bytes):
        path = tmp_path / "clip.wav"
        path.write_bytes(data)
        return path

    return write


def _read(path, **options):
    return np.concatenate(list(WavFile(path).blocks(**options)))


# Zero, half, minus one and the largest value of each encoding, written by hand.
@pytest.mark.parametrize(
    ("tag", "bits", "data", "largest"),
    [
        (1, 8, bytes([128, 192, 0, 255]), 1 - 2**-7),
        (1, 16, struct.pack("<4h", 0, 16384, -32768, 32767), 1 - 2**-15),
        (1, 24, bytes([0, 0, 0, 0, 0, 64, 0, 0, 128, 255, 255, 127]), 1 - 2**-23),
        (1, 32, struct.pack("<4i", 0, 2**30, -(2**31), 2**31 - 1), 1.0),
        (3, 32, struct.pack("<4f", 0, 0.5, -1.0, 1.5), 1.5),
        (3, 64, struct.pack("<4d", 0, 0.5, -1.0, 1.5), 1.5),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_encodings(written, wav_bytes, tag, bits, data, largest, extensible):
    path = written(wav_bytes(data, tag=tag, bits=bits, extensible=extensible))
    y = _read(path)
    assert y.dtype == np.float32 and y.shape == (4, 1)
    assert y[:, 0].tolist() == [0.0, 0.5, -1.0, np.float32(largest)]


def test_channels_rate_blocks_and_chunks_in_between(written, wav_bytes):
    frames = np.arange(20, dtype="<i2").reshape(10, 2)
    # A LIST chunk of odd length has a byte of padding behind it.
    before = b"LIST" + struct.pack("<I", 5) + b"INFO?\0"
    path = written(wav_bytes(frames.tobytes(), rate_hz=44100, channels=2, before=before) + b"trailing")
    wav = WavFile(path)
    assert (wav.sample_rate_hz, wav.channels, wav.n_samples) == (44100, 2, 10)
    blocks = list(wav.blocks(n=4))
    assert [len(block) for block in blocks] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate(blocks) * 32768, frames)


def test_data_size_of_a_pipe_means_to_the_end(written, wav_bytes):
    data = struct.pack("<3h", 1, 2, 3)
    for size in (0xFFFFFFFF, 0x7FFFF000):
        path = written(wav_bytes(data, data_size=size))
        assert (_read(path)[:, 0] * 32768).tolist() == [1, 2, 3]


def test_rf64_takes_the_size_from_its_ds64_chunk(written, wav_bytes):
    ds64 = b"ds64" + struct.pack("<IQQQI", 28, 0, 4, 2, 0)
    data = wav_bytes(struct.pack("<2h", 1, 2), before=ds64, data_size=0xFFFFFFFF)
    path = written(b"RF64" + data[4:] + b"more chunks")
    assert (_read(path)[:, 0] * 32768).tolist() == [1, 2]


def test_hours_take_no_more_memory_than_minutes(written, wav_bytes, tmp_path):
    path = tmp_path / "long.wav"
    n_bytes = 2 * 16000 * 3600
    with path.open("wb") as file:
        file.write(wav_bytes(b"", data_size=n_bytes))
        file.truncate(file.tell() + n_bytes)  # A hole: an hour of zeros without the disk space.
    tracemalloc.start()
    total = sum(len(block) for block in WavFile(path).blocks())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 16000 * 3600
    assert peak < 4 * 2**20


def test_bad_files_are_one_line_that_names_them(written, wav_bytes, tmp_path):
    good = wav_bytes(struct.pack("<100h", *range(100)))
    cases = [
        (b"", "got an empty file (0 bytes)"),
        (b"This is a text file.\n", "one that starts with b'This is a te'"),
        (b"RIFF", "one that starts with"),
        (b"fLaC" + bytes(50), "got FLAC; convert it: ffmpeg"),
        (b"OggS" + bytes(50), "got Ogg"),
        (b"ID3\x04" + bytes(50), "got MP3"),
        (b"\xff\xfb\x90\x00" + bytes(50), "got MP3"),
        (b"\0\0\0\x20ftypM4A ", "got MP4"),
        (good[:-50], "expected 200 bytes of samples, got 150 (truncated file)"),
        (good[:40], "expected a data chunk, got the end of the file"),
        (good[:20], "fmt chunk of at least 16 bytes"),
        (wav_bytes(b""), "expected samples, got none"),
        (wav_bytes(b"\0", bits=16), "expected samples, got none"),
        (wav_bytes(bytes(8), tag=7, bits=8), "mu-law of 8 bits"),
        (wav_bytes(bytes(8), tag=0x55, bits=8), "MP3 of 8 bits"),
        (wav_bytes(bytes(8), tag=0x1234, bits=8), "format 0x1234"),
        (wav_bytes(bytes(8), tag=3, bits=16), "float of 16 bits"),
        (wav_bytes(bytes(8), channels=0), "0 channels"),
        (wav_bytes(bytes(8), rate_hz=0), "1000 to 384000 Hz, got 0"),
        (b"RIFF\0\0\0\0WAVEdata\4\0\0\0\0\0\0\0", "a fmt chunk before the samples"),
    ]
    for data, says in cases:
        path = written(data)
        with pytest.raises(DataError) as caught:
            WavFile(path)
        text = str(caught.value)
        assert text.startswith(f"{path}: expected ") and says in text and "\n" not in text
    with pytest.raises(DataError, match="got nothing there"):
        WavFile(tmp_path / "absent.wav")
    with pytest.raises(DataError, match="got a folder"):
        WavFile(tmp_path)


def test_file_that_shrinks_while_it_is_read(written, wav_bytes):
    path = written(wav_bytes(bytes(200_000)))  # More than a file object reads ahead.
    blocks = WavFile(path).blocks(n=400)
    next(blocks)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(DataError, match="more bytes of samples"):
        list(blocks)


def test_damage_anywhere_in_the_header_is_a_data_error_or_harmless(written, wav_bytes):
    good = wav_bytes(bytes(64), channels=2, extensible=True)
    rng = np.random.default_rng(11)
    for _ in range(500):
        bad = bytearray(good)
        for at in rng.integers(0, len(good) - 64, rng.integers(1, 4)):
            bad[at] = rng.integers(0, 256)
        path = written(bytes(bad[: rng.integers(1, len(bad) + 1)]))
        try:
            blocks = list(WavFile(path).blocks())
        except DataError as error:
            assert "\n" not in str(error)
        else:
            assert sum(block.size for block in blocks) > 0
