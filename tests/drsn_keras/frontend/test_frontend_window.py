"""Windows of raw samples: specification and reference."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.frontend import LOG_MEL_40, FrontEndSpec, WindowSpec, front_end_from_dict, window_features

EIGHT = WindowSpec(n_samples=8, hop_length=4)


def test_golden_window():
    y = np.array([3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 5.0, 7.0]) / 8
    # Mean 3, population variance (0 + 4 + 0 + 4 + 0 + 4 + 4 + 16) / 8 = 4.
    np.testing.assert_array_equal(window_features(y, EIGHT), [0, -1, 0, -1, 0, -1, 1, 2])


def test_real_units():
    spec = WindowSpec(n_samples=2, hop_length=2, standardize=False, full_scale=16.0)
    np.testing.assert_array_equal(window_features(np.array([0.5, -1.0]), spec), [8.0, -16.0])


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


def test_card_round_trip():
    for spec in (EIGHT, LOG_MEL_40):
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
    with pytest.raises(UsageError, match="front end, kind"):
        FrontEndSpec.from_dict({**LOG_MEL_40.to_dict(), "kind": "windows"})
