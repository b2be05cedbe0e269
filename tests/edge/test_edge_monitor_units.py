"""From a measurement's unit and rate to the model's."""

import numpy as np
import pytest

from drsn_keras.edge.monitor_rate import at_model_rate
from drsn_keras.edge.monitor_unit import unit_factor
from drsn_keras.errors import DataError


def test_units_of_acceleration_are_converted_others_not():
    assert unit_factor("a", "m/s^2", "g") == pytest.approx(1 / 9.80665)
    assert unit_factor("a", "g", "m/s^2") == 9.80665
    assert unit_factor("a", "FS", "FS") == 1.0
    for unit, wanted in (("mm/s", "g"), ("g", "mm/s"), ("m/s2", "m/s^2")):
        with pytest.raises(DataError, match=r"^a\.csv, unit: expected .* \(the model's\)"):
            unit_factor("a.csv", unit, wanted)


def test_rate_is_brought_down_without_folding():
    t = np.arange(48000) / 48000.0
    y = np.sin(2 * np.pi * 100.0 * t) + np.sin(2 * np.pi * 9000.0 * t)
    samples, clipped = at_model_rate(y, 48000.0, 12000)
    assert samples.shape == clipped.shape == (12000,) and not clipped.any()
    spectrum = np.abs(np.fft.rfft(samples[1000:5000] * np.hanning(4000)))
    assert spectrum[1000] < 1e-3 * spectrum.max() and spectrum.argmax() == 33  # 3 kHz, where 9 kHz would fold to
    same, _ = at_model_rate(y, 12000.4, 12000)
    assert same is y
    assert len(at_model_rate(y, 12500.25, 12000)[0]) == int(np.ceil(48000 * 12000 / 12500.25))
    with pytest.raises(DataError, match=r"a.wav: expected 12000 Hz \(the model's\) or more, got 8000 Hz"):
        at_model_rate(y, 8000.0, 12000, "a.wav")
    with pytest.raises(DataError, match="at most 768000 Hz, got 1e"):
        at_model_rate(y, 1e11, 12000, "a.wav")


def test_marks_move_with_the_rate():
    y = np.random.default_rng(0).standard_normal(48000)
    y[20000:20008] = 9.0
    y[36000] = np.nan
    samples, clipped = at_model_rate(y, 48000.0, 12000)
    assert np.flatnonzero(clipped).tolist() == [5000, 5001]
    gap = np.flatnonzero(np.isnan(samples))
    assert gap[0] < 9000 < gap[-1] and len(gap) < 110  # the filter's reach, 48 to either side
