"""What the user says beside the file: units and rates, and that nothing is guessed between them."""

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.recording import SignalFacts, SignalFile, measurement

Y = np.round(np.sin(np.arange(200) / 3.0), 4)
BARE = SignalFile("a.csv", Y)
WAV = SignalFile("a.wav", Y, 12000.0, is_wav=True, is_share=True)
FULL = SignalFile("a.npz", Y, 12000.0, "g", 1500.0)
HZ = {"sample_rate_hz": 12000.0}
SENSITIVE = {"sensitivity_mv_per_unit": 100.0}


@pytest.mark.parametrize(
    ("found", "facts", "says"),
    [
        (BARE, {"unit": "g"}, ", sample rate: expected --rate HZ (the file does not say it), got none"),
        (BARE, HZ, ", unit: expected --unit (g, m/s^2, mm/s ...; the file does not say it), got none"),
        (
            BARE,
            {**HZ, "unit": "g", "full_scale": 16.0},
            ", full scale: expected a WAV file, got one that holds real values",
        ),
        (
            BARE,
            {**HZ, "unit": "g", "file_unit": "V"},
            ", file unit: expected --sensitivity-mv-per-unit with it, got none",
        ),
        (
            BARE,
            {**HZ, **SENSITIVE, "unit": "g"},
            ", sensitivity: expected --unit (of the vibration) and --file-unit (V or mV, what the file holds), "
            "got no --file-unit",
        ),
        (
            BARE,
            {**HZ, **SENSITIVE, "file_unit": "V"},
            ", sensitivity: expected --unit (of the vibration) and --file-unit (V or mV, what the file holds), "
            "got no --unit",
        ),
        (
            WAV,
            {"unit": "g"},
            ", a WAV of integers: expected --full-scale VALUE (what 1.0 stands for, in the unit), or --unit FS, "
            "got unit g alone",
        ),
        (WAV, {"full_scale": 16.0}, ", unit: expected --unit (g, m/s^2, mm/s ...; the file does not say it), got none"),
        (
            WAV,
            {"unit": "g", "full_scale": 16.0, "sample_rate_hz": 8000.0},
            ", sample rate: expected 12000 Hz as the file says, got 8000 Hz",
        ),
        (FULL, {"unit": "m/s^2"}, ", unit: expected g as the file says, got m/s^2"),
        (FULL, {**SENSITIVE, "unit": "g", "file_unit": "V"}, ", file unit: expected g as the file says, got V"),
        (FULL, {**SENSITIVE, "unit": "m/s^2"}, ", with a sensitivity: expected samples in V or mV, got g"),
    ],
)
def test_nothing_is_guessed(found, facts, says):
    with pytest.raises(DataError) as caught:
        measurement(found, SignalFacts(**facts))
    assert str(caught.value) == f"{found.name}{says}"


def test_speed():
    assert measurement(FULL, SignalFacts()).rpm == 1500.0
    assert measurement(FULL, SignalFacts(), 1500.5).rpm == 1500.0
    assert measurement(BARE, SignalFacts(12000.0, "g"), 900.0).rpm == 900.0
    assert measurement(BARE, SignalFacts(12000.0, "g")).rpm is None
    for rpm in (1490.0, float("nan")):
        with pytest.raises(DataError, match=rf"^a\.npz, rpm: expected 1500 rpm as the file says, got {rpm:g} rpm$"):
            measurement(FULL, SignalFacts(), rpm)


def test_conversions():
    volts = measurement(BARE, SignalFacts(**HZ, **SENSITIVE, unit="g", file_unit="V"))
    np.testing.assert_allclose(volts.signal, 10.0 * Y)
    assert (volts.name, volts.unit, volts.sample_rate_hz) == ("a.csv", "g", 12000.0)
    millivolts = measurement(BARE, SignalFacts(**HZ, **SENSITIVE, unit="g", file_unit="mV"))
    np.testing.assert_allclose(millivolts.signal, Y / 100.0)
    said = measurement(SignalFile("a.npz", Y, 12000.0, "V"), SignalFacts(**SENSITIVE, unit="g"))
    np.testing.assert_allclose(said.signal, 10.0 * Y)
    # A converter of +-10 V and a sensor of 100 mV/g: full scale is 100 g.
    both = measurement(WAV, SignalFacts(**SENSITIVE, unit="g", full_scale=10.0, file_unit="V"))
    np.testing.assert_allclose(both.signal, 100.0 * Y)
    assert measurement(FULL, SignalFacts(sample_rate_hz=12001.0)).sample_rate_hz == 12000.0
    share = measurement(WAV, SignalFacts(unit="FS"))
    assert share.unit == "FS"
    np.testing.assert_array_equal(share.signal, Y)


def test_whole_numbers_become_float64_and_what_overflows_infinity():
    counts = measurement(SignalFile("a.npz", np.array([1, -2], np.int16), 100.0, "g"), SignalFacts()).signal
    assert counts.dtype == np.float64 and counts.tolist() == [1.0, -2.0]
    huge = SignalFile("a.wav", np.array([1e300, np.nan]), 100.0, is_wav=True)
    signal = measurement(huge, SignalFacts(unit="g", full_scale=1e30)).signal
    assert np.isinf(signal[0]) and np.isnan(signal[1])


@pytest.mark.parametrize("name", ["sample_rate_hz", "sensitivity_mv_per_unit", "full_scale"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_numbers_of_the_user_are_above_0(name, value):
    with pytest.raises(UsageError, match=f"^{name}: expected a positive number, got {value}$"):
        SignalFacts(**{name: value})


def test_the_unit_of_a_voltage_is_one_of_two():
    with pytest.raises(UsageError, match=r"^file_unit: expected V or mV, got 'uV'$"):
        SignalFacts(file_unit="uV")
