import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.resample import Resampler
from drsn_keras.errors import UsageError


def _tone(frequency_hz, rate_hz, n):
    return np.sin(2 * np.pi * frequency_hz * np.arange(n) / rate_hz)


def _whole(source_hz, target_hz, y):
    resampler = Resampler(source_hz, target_hz)
    return np.concatenate([resampler.push(y), resampler.flush()])


@pytest.mark.parametrize("source_hz", [8000, 11025, 22050, 32000, 44100, 48000, 96000, 15999])
@pytest.mark.parametrize("part", [0.01, 0.2, 0.44])
def test_tone_comes_out_as_the_exact_sine(source_hz, part):
    frequency_hz = part * min(source_hz, 16000)
    y = _whole(source_hz, 16000, _tone(frequency_hz, source_hz, source_hz))
    assert len(y) == 16000
    inside = slice(200, -200)  # The ends see the silence outside.
    # -74 dB; 15999 Hz rounds its times to 1/4096 sample: -68 dB.
    bound = 4e-4 if source_hz == 15999 else 2e-4
    assert np.abs(y - _tone(frequency_hz, 16000, len(y)))[inside].max() < bound


@pytest.mark.parametrize("source_hz", [48000, 44100, 96000])
@pytest.mark.parametrize("frequency_hz", [8001.0, 9000.0, 12000.0, 15990.0, 20000.0])
def test_tones_above_half_the_rate_do_not_fold_back(source_hz, frequency_hz):
    y = _whole(source_hz, 16000, _tone(frequency_hz, source_hz, source_hz // 2))
    assert np.abs(y[300:-300]).max() < 1e-3 / np.sqrt(2)


def test_upsampling_leaves_no_image():
    y = _whole(8000, 16000, _tone(3000, 8000, 8000))[400:-400]
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    frequency_hz = np.fft.rfftfreq(len(y), 1 / 16000)
    assert spectrum[frequency_hz > 4000].max() < 1e-3 * spectrum.max()


def test_constant_stays_constant():
    for source_hz in (8000, 44100, 48000):
        y = _whole(source_hz, 16000, np.full(source_hz // 4, 0.5))
        np.testing.assert_allclose(y[200:-200], 0.5, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([(8000, 16000), (44100, 16000), (48000, 16000), (16001, 16000), (16000, 7)]),
    st.lists(st.integers(0, 700), max_size=8),
)
def test_output_is_bit_for_bit_independent_of_the_chunks(rates, chunks):
    y = np.random.default_rng(3).standard_normal(sum(chunks)).astype(np.float32)
    resampler = Resampler(*rates)
    whole = np.concatenate([resampler.push(y), resampler.flush()])
    ends = np.cumsum([0, *chunks])
    parts = [resampler.push(y[a:b]) for a, b in itertools.pairwise(ends)]
    np.testing.assert_array_equal(np.concatenate([*parts, resampler.flush()]), whole)
    assert len(whole) == -(-len(y) * rates[1] // rates[0])


def test_no_more_than_three_milliseconds_are_held_back():
    resampler = Resampler(48000, 16000)
    assert len(resampler.push(np.zeros(48000))) >= 16000 - 49


def test_rate_of_nothing_is_refused():
    with pytest.raises(UsageError, match="at least 1 Hz"):
        Resampler(0, 16000)
