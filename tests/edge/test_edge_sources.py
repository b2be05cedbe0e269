import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.edge.pcm import PcmStream
from drsn_keras.edge.source import conversions, mono
from drsn_keras.errors import DataError, UsageError


class Dribble(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data, self._sizes = data, sizes

    def read1(self, limit: int) -> bytes:
        size = self._sizes.pop() if self._sizes else limit
        part, self._data = self._data[:size], self._data[size:]
        return part


@given(
    st.integers(0, 40),
    st.lists(st.integers(1, 9), max_size=20),
    st.sampled_from(["u8", "s16le", "s24le", "s32le", "f32le"]),
    st.integers(1, 3),
)
def test_chunks_of_a_pipe_do_not_matter(n_bytes, sizes, sample_format, channels):
    data = bytes(np.random.default_rng(n_bytes).integers(0, 60, n_bytes, dtype=np.uint8))
    frame = channels * {"u8": 1, "s16le": 2, "s24le": 3}.get(sample_format, 4)
    whole = PcmStream(io.BytesIO(data), 16000, channels, sample_format)
    parts = PcmStream(Dribble(data, sizes), 16000, channels, sample_format)
    if n_bytes < frame:
        for stream in (whole, parts):
            with pytest.raises(DataError, match=f"samples of {frame} bytes, got {n_bytes} bytes and the end"):
                list(stream.blocks())
        return
    expected = np.concatenate(list(whole.blocks()))
    np.testing.assert_array_equal(np.concatenate(list(parts.blocks())), expected)
    assert expected.shape == (n_bytes // frame, channels)
    assert whole.leftover_bytes == parts.leftover_bytes == n_bytes % frame


def test_values_of_each_format():
    for sample_format, data in (
        ("u8", [192, 0]),
        ("s16le", [0, 64, 0, 128]),
        ("s24le", [0, 0, 64, 0, 0, 128]),
        ("s32le", [0, 0, 0, 64, 0, 0, 0, 128]),
        ("f32le", list(np.array([0.5, -1.0], "<f4").tobytes())),
    ):
        (block,) = PcmStream(io.BytesIO(bytes(data)), 16000, 1, sample_format).blocks()
        assert block.tolist() == [[0.5], [-1.0]], sample_format


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"sample_rate_hz": 0}, "1000 to 384000 Hz, got 0"),
        ({"channels": 0}, "channels: expected at least 1"),
        ({"sample_format": "mp3"}, "format: expected one of u8"),
    ],
)
def test_impossible_options(options, says):
    with pytest.raises(UsageError, match=says):
        PcmStream(io.BytesIO(), **{"sample_rate_hz": 16000, **options})


def test_channels_are_averaged_and_rates_converted_in_words_too():
    t = np.arange(8000) / 8000
    left = 0.5 * np.sin(2 * np.pi * 440 * t)
    data = np.stack([left, np.zeros(8000)], axis=1).astype("<f4").tobytes()
    stream = PcmStream(io.BytesIO(data), 8000, 2, "f32le")
    assert conversions(stream, 16000) == (
        "2 channels mixed down to 1, 8000 Hz converted to 16000 Hz, nothing in it above 4000 Hz"
    )
    y = np.concatenate(list(mono(stream, 16000)))
    expected = 0.25 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(y[200:-200], expected[200:-200], atol=1e-4)


def test_nothing_to_convert_changes_nothing():
    stream = PcmStream(io.BytesIO(bytes([0, 64])), 16000)
    assert conversions(stream, 16000) == ""
    assert np.concatenate(list(mono(stream, 16000))).tolist() == [0.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_is_named_with_its_time(bad):
    y = np.zeros((16000, 2), dtype="<f4")
    y[4000, 1] = bad
    stream = PcmStream(io.BytesIO(y.tobytes()), 16000, 2, "f32le", name="mic")
    with pytest.raises(DataError, match=r"mic: expected finite samples, got NaN or infinity at 0\.250 s"):
        list(mono(stream, 16000))


def test_double_beyond_float32_is_refused_not_warned_about():
    stream = PcmStream(io.BytesIO(np.array([1e300], "<f8").tobytes()), 16000, 1, "f64le")
    with pytest.raises(DataError, match="finite samples"):
        list(mono(stream, 16000))


def test_floats_that_are_no_sound_are_refused():
    stream = PcmStream(io.BytesIO(np.full(4, 3e38, "<f4").tobytes()), 16000, 1, "f32le")
    with pytest.raises(DataError, match=r"expected finite samples, got 3e\+38 at 0\.000 s"):
        list(mono(stream, 16000))
