"""What the user says beside the file, that nothing is guessed between them, and the model's rate."""

import numpy as np
import pytest

from drsn_keras.edge.monitor_rate import at_model_rate
from drsn_keras.edge.vibration_file import VibrationFile
from drsn_keras.edge.vibration_file_units import SignalFacts, measurement, unit_factor
from drsn_keras.errors import DataError

Y = np.round(np.sin(np.arange(200) / 3.0), 4)
BARE = VibrationFile("a.csv", Y)
WAV = VibrationFile("a.wav", Y, 12000.0, is_wav=True, is_share=True)
FULL = VibrationFile("a.npz", Y, 12000.0, "g", 1500.0)


@pytest.mark.parametrize(
    ("found", "facts", "says"),
    [
        (BARE, {"unit": "g"}, "sample rate: expected --rate HZ .*, got none"),
        (BARE, {"rate_hz": 12000.0}, "unit: expected --unit .*, got none"),
        (BARE, {"rate_hz": 12000.0, "unit": "g", "full_scale": 16.0}, "--full-scale: expected a WAV file"),
        (BARE, {"rate_hz": 12000.0, "unit": "g", "file_unit": "V"}, "--file-unit: expected --sensitivity"),
        (BARE, {"rate_hz": 12000.0, "unit": "g", "sensitivity_mv_per_unit": 100.0}, "no --file-unit"),
        (BARE, {"rate_hz": 12000.0, "file_unit": "V", "sensitivity_mv_per_unit": 100.0}, "no --unit"),
        (WAV, {"unit": "g"}, "a WAV of integers: expected --full-scale"),
        (WAV, {"full_scale": 16.0}, "unit: expected --unit"),
        (WAV, {"unit": "g", "full_scale": 16.0, "rate_hz": 8000.0}, "sample rate: expected 12000 Hz as the file says"),
        (FULL, {"unit": "m/s^2"}, "unit: expected g as the file says, got m/s"),
        (FULL, {"rpm": 1490.0}, "rpm: expected 1500 rpm as the file says, got 1490 rpm"),
        (
            FULL,
            {"unit": "g", "file_unit": "V", "sensitivity_mv_per_unit": 100.0},
            "--file-unit: expected g as the file",
        ),
        (FULL, {"unit": "m/s^2", "sensitivity_mv_per_unit": 100.0}, "samples in V or mV, got g"),
    ],
)
def test_nothing_is_guessed(found, facts, says):
    with pytest.raises(DataError, match=says) as caught:
        measurement(found, SignalFacts(**facts))
    assert str(caught.value).startswith(found.name) and "\n" not in str(caught.value)


def test_conversions():
    facts = SignalFacts(rate_hz=12000.0, unit="g", sensitivity_mv_per_unit=100.0, file_unit="V", rpm=900.0)
    volts = measurement(BARE, facts)
    np.testing.assert_allclose(volts.signal, 10.0 * Y)
    assert (volts.unit, volts.rpm) == ("g", 900.0)
    assert measurement(FULL, SignalFacts(rate_hz=12001.0, rpm=1500.5)).sample_rate_hz == 12000.0
    assert measurement(WAV, SignalFacts(unit="FS")).unit == "FS"
    assert unit_factor("a", "m/s^2", "g") == pytest.approx(1 / 9.80665)
    for unit, wanted in (("mm/s", "g"), ("g", "mm/s"), ("m/s2", "m/s^2")):
        with pytest.raises(DataError, match="unit: expected"):
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
