"""Windows of raw samples: specification and reference."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.frontend import LOG_MEL_40, FrontEndSpec, WindowSpec, front_end_from_dict, window_features

EIGHT = WindowSpec(n_samples=8, hop_length=4)
#: Bins of 1 Hz.
SPECTRA = WindowSpec(
    sample_rate_hz=32, n_samples=32, hop_length=32, channels=("spectrum", "envelope_spectrum"), band_hz=(4.0, 12.0)
)
ALL = dataclasses.replace(SPECTRA, channels=("signal", "spectrum", "envelope_spectrum"))


def test_golden_window():
    y = np.array([3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 5.0, 7.0]) / 8
    # Mean 3, population variance (0 + 4 + 0 + 4 + 0 + 4 + 4 + 16) / 8 = 4.
    np.testing.assert_array_equal(window_features(y, EIGHT)[:, 0], [0, -1, 0, -1, 0, -1, 1, 2])


def test_real_units():
    spec = WindowSpec(n_samples=2, hop_length=2, standardize=False, full_scale=16.0)
    np.testing.assert_array_equal(window_features(np.array([0.5, -1.0]), spec), [[8.0], [-16.0]])


@given(arrays(np.int16, 8), st.integers(1, 3))
def test_standardized_whatever_the_scale(samples, factor):
    y = samples / 32768
    z = window_features(y, EIGHT)
    if samples.min() == samples.max():
        assert not z.any()
    else:
        np.testing.assert_allclose(z.mean(dtype=np.float64), 0, atol=1e-6)
        np.testing.assert_allclose(np.std(z, dtype=np.float64), 1, atol=1e-6)
    np.testing.assert_allclose(window_features(y * factor + 0.25, EIGHT), z, atol=1e-5)


def test_equal_samples_are_zeros_where_their_mean_is_rounded():
    spec = WindowSpec(n_samples=3, hop_length=3)
    assert not window_features(np.full((2, 3), 0.1), spec).any()


@pytest.mark.parametrize("y", [np.zeros(7), np.zeros((8, 1)), np.full(8, np.nan), np.array(1.0)])
def test_refuses_bad_windows(y):
    with pytest.raises(DataError, match=r"^window: expected"):
        window_features(y, EIGHT)


def _logarithm(powers, n_points):
    """Nepers of a spectrum that has these powers, from bin 0 on, and none elsewhere."""
    powers = np.pad(np.array(powers, np.float64), (0, n_points - len(powers)))
    return 0.5 * np.log(powers / powers.mean() + 1e-4)


@pytest.mark.parametrize("gain", [1.0, 3e-5])
def test_golden_spectrum_of_a_sine(gain):
    spec = WindowSpec(n_samples=16, hop_length=16, channels=("spectrum",))
    y = gain * np.cos(2 * np.pi * 4 * np.arange(16) / 16) + 0.25
    # A Hann window makes three lines of one: -1/2, 1, -1/2.
    expected = _logarithm([0, 0, 0, 1, 4, 1], 8)
    np.testing.assert_allclose(window_features(y, spec)[:, 0], expected, atol=1e-5)
    assert expected[0] == pytest.approx(-4.60517, abs=1e-5)  # 40 dB below the mean


@pytest.mark.parametrize("gain", [1.0, 3e-5])
def test_golden_spectrum_of_an_envelope(gain):
    t = np.arange(32) / 32
    y = gain * (1 + 0.5 * np.cos(2 * np.pi * 2 * t)) * np.cos(2 * np.pi * 8 * t)
    # (1 + c / 2)^2 = 1 + c + c^2 / 4: 1 at 2 Hz, 1/8 at 4 Hz; the window makes -1/4, 1/2, -1/4 of each.
    amplitudes = np.array([0, -1 / 4, 1 / 2, -1 / 4 - 1 / 32, 1 / 16, -1 / 32])
    np.testing.assert_allclose(window_features(y, SPECTRA)[:, 1], _logarithm(amplitudes**2, 16), atol=1e-5)


def test_the_envelope_sees_its_band_only():
    t = np.arange(32) / 32
    carrier = (1 + 0.5 * np.cos(2 * np.pi * 2 * t)) * np.cos(2 * np.pi * 8 * t)
    outside = np.cos(2 * np.pi * 3 * t) + np.sin(2 * np.pi * 13 * t) + 5
    found = window_features(carrier + outside, SPECTRA)[:, 1]
    np.testing.assert_allclose(found, window_features(carrier, SPECTRA)[:, 1], atol=1e-5)


@given(st.integers(0, 2**16), st.floats(1e-3, 1e3), st.floats(-1e3, 1e3))
def test_spectra_whatever_gain_and_offset(seed, gain, offset):
    y = np.random.default_rng(seed).standard_normal(32)
    np.testing.assert_allclose(window_features(gain * y + offset, ALL), window_features(y, ALL), atol=1e-3)


def test_flat_windows_are_zeros_in_all_channels():
    assert window_features(np.full((3, 32), 0.1), ALL).shape == (3, 32, 3)
    assert not window_features(np.full((3, 32), 0.1), ALL).any()


def test_stacked_spectra_are_padded_with_zeros():
    y = np.random.default_rng(1).standard_normal(32)
    stacked, alone = window_features(y, ALL), window_features(y, SPECTRA)
    assert (stacked.shape, alone.shape, ALL.shape, SPECTRA.shape) == ((32, 3), (16, 2), (32, 3), (16, 2))
    np.testing.assert_array_equal(stacked[:, 0], window_features(y, dataclasses.replace(EIGHT, n_samples=32))[:, 0])
    for channel in (0, 1):
        # Every second bin is one of the shorter spectrum; only the mean of the powers is another.
        powers = np.exp(2 * stacked[::2, channel + 1].astype(np.float64)) - 1e-4
        shorter = np.exp(2 * alone[:, channel].astype(np.float64)) - 1e-4
        np.testing.assert_allclose(powers / powers.sum(), shorter / shorter.sum(), atol=1e-6)


def test_channels_in_the_order_asked_for():
    y = np.random.default_rng(2).standard_normal((2, 32))
    turned = dataclasses.replace(ALL, channels=ALL.channels[::-1])
    np.testing.assert_array_equal(window_features(y, turned), window_features(y, ALL)[..., ::-1])


def test_card_round_trip():
    for spec in (EIGHT, SPECTRA, ALL, LOG_MEL_40):
        read = front_end_from_dict(json.loads(json.dumps(spec.to_dict())))
        assert read == spec
        assert type(read) is type(spec)
        assert read.fingerprint == spec.fingerprint
    assert EIGHT.fingerprint != WindowSpec(n_samples=8, hop_length=5).fingerprint
    assert (EIGHT.shape, EIGHT.duration_s, EIGHT.hop_s) == ((8, 1), 8 / 12000, 4 / 12000)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"n_samples": 0}, "n_samples"),
        ({"n_samples": 2_000_000}, "n_samples"),
        ({"hop_length": 2000}, "hop_length"),
        ({"sample_rate_hz": -1}, "sample_rate_hz"),
        ({"standardize": 1}, "standardize"),
        ({"full_scale": float("inf")}, "full_scale"),
        ({"kind": "log_mel"}, "kind"),
        ({"channels": ()}, "channels"),
        ({"channels": ("signal", "signal")}, "channels"),
        ({"channels": ("cepstrum",)}, "channels"),
        ({"channels": ("spectrum",), "n_samples": 8, "hop_length": 8}, "n_samples"),
        ({"channels": ("envelope_spectrum",)}, "band_hz"),
        ({"band_hz": (1000.0, 3000.0)}, "band_hz"),
        *(
            ({"channels": ("envelope_spectrum",), "band_hz": band}, "band_hz")
            for band in [(3000.0, 1000.0), (1000.0, 6001.0), (-1.0, 3000.0), (1000.0, 1080.0), (1000.0, 2000.0, 3000.0)]
        ),
    ],
)
def test_bad_specifications_name_the_field(change, name):
    with pytest.raises(UsageError, match=f"^window, {name}: expected"):
        WindowSpec(**change)


@pytest.mark.parametrize("values", [None, [], {"kind": "window"}, {**EIGHT.to_dict(), "more": 1}])
def test_from_dict_refuses_odd_names(values):
    with pytest.raises(UsageError, match="names"):
        front_end_from_dict(values)


def test_from_dict_refuses_odd_types():
    with pytest.raises(BundleError, match="hop_length"):
        front_end_from_dict({**EIGHT.to_dict(), "hop_length": "far"})
    with pytest.raises(BundleError, match="channels"):
        front_end_from_dict({**EIGHT.to_dict(), "channels": "signal"})
    with pytest.raises(BundleError, match="band_hz"):
        front_end_from_dict({**SPECTRA.to_dict(), "band_hz": [4.0, "high"]})
    with pytest.raises(UsageError, match="front end, kind"):
        FrontEndSpec.from_dict({**LOG_MEL_40.to_dict(), "kind": "windows"})
