"""Soft thresholding: values by hand, the paper's derivative, properties."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.layers import soft_threshold

# TensorFlow flushes subnormal numbers to zero.
finite = st.floats(-1e3, 1e3, width=32, allow_subnormal=False)


def _np(x):
    return keras.ops.convert_to_numpy(x)


def test_values_by_hand():
    x = np.array([-3.0, -1.0, -0.999, 0.0, 0.5, 1.0, 1.25, 4.0], "float32")
    expected = np.array([-2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.25, 3.0], "float32")
    np.testing.assert_array_equal(_np(soft_threshold(x, 1.0)), expected)


def test_threshold_per_sample_and_channel():
    x = np.array([[[4.0, 4.0], [-4.0, 1.0]], [[4.0, 4.0], [-1.0, -5.0]]], "float32")
    tau = np.array([[[1.0, 2.0]], [[3.0, 0.0]]], "float32")
    expected = np.array([[[3.0, 2.0], [-3.0, 0.0]], [[1.0, 4.0], [0.0, -5.0]]], "float32")
    np.testing.assert_array_equal(_np(soft_threshold(x, tau)), expected)


def test_derivative_is_the_papers():
    """dy/dx is 1 outside the dead zone and 0 inside; dy/dtau is -sign(x) outside and 0 inside."""
    tf = pytest.importorskip("tensorflow")
    x = tf.constant([-3.0, -1.5, -0.5, 0.0, 0.5, 1.5, 3.0, 1.0, -1.0])
    tau = tf.ones_like(x)
    with tf.GradientTape() as tape:
        tape.watch([x, tau])
        y = soft_threshold(x, tau)
    dx, dtau = tape.gradient(y, [x, tau])
    np.testing.assert_array_equal(dx, [1, 1, 0, 0, 0, 1, 1, 0, 0])
    np.testing.assert_array_equal(dtau[:7], [1, 1, 0, 0, 0, -1, -1])


@settings(deadline=None, max_examples=200)
@given(st.lists(finite, min_size=1, max_size=20), st.floats(0, 1e3, width=32, allow_subnormal=False))
def test_shrinks_keeps_sign_is_odd(values, tau):
    x = np.array(values, "float32")
    y = _np(soft_threshold(x, tau))
    assert (np.abs(y) <= np.abs(x)).all()
    assert (np.sign(y) * np.sign(x) >= 0).all()
    assert (y[np.abs(x) <= np.float32(tau)] == 0).all()
    np.testing.assert_array_equal(_np(soft_threshold(-x, tau)), -y)
    np.testing.assert_array_equal(_np(soft_threshold(x, 0.0)), x)


@settings(deadline=None, max_examples=200)
@given(finite, finite, st.floats(0, 1e3, width=32, allow_subnormal=False))
def test_is_1_lipschitz(a, b, tau):
    ya, yb = _np(soft_threshold(np.array([a, b], "float32"), tau))
    assert abs(float(ya) - float(yb)) <= abs(a - b) * (1 + 1e-6) + 1e-4


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_dead_zone_is_exactly_zero_in_half_precision(dtype):
    x = keras.ops.cast(np.linspace(-2, 2, 401, dtype="float32"), dtype)
    y = keras.ops.cast(soft_threshold(x, 0.7371), "float32")
    inside = np.abs(_np(keras.ops.cast(x, "float32"))) < 0.73
    assert (_np(y)[inside] == 0).all()
    assert _np(y)[~inside].any()
