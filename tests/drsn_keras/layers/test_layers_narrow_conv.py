"""The fast form of a narrow convolution is the convolution."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from drsn_keras.layers import NarrowConv1D
from layer_contract import check_layer


@pytest.mark.parametrize("length", [1, 2, 7, 16])
@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("channels", "size"), [(1, 3), (4, 3), (8, 5), (4, 1), (3, 2), (9, 3), (4, 6)])
def test_equals_the_plain_convolution(length, strides, padding, channels, size):
    if padding == "valid" and length < size:
        pytest.skip("no output")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, length, channels)).astype("float32")
    plain = keras.layers.Conv1D(5, size, strides, padding)
    narrow = NarrowConv1D(5, size, strides, padding)
    expected = keras.ops.convert_to_numpy(plain(x))
    narrow.build(x.shape)
    narrow.set_weights(plain.get_weights())
    np.testing.assert_allclose(keras.ops.convert_to_numpy(narrow(x)), expected, atol=2e-6)


@pytest.mark.parametrize(
    "options", [{"dilation_rate": 2}, {"padding": "causal"}, {"groups": 2}, {"activation": "relu"}]
)
def test_other_options_are_kept(options):
    x = np.random.default_rng(0).standard_normal((2, 9, 4)).astype("float32")
    plain, narrow = keras.layers.Conv1D(6, 3, **options), NarrowConv1D(6, 3, **options)
    expected = keras.ops.convert_to_numpy(plain(x))
    narrow.build(x.shape)
    narrow.set_weights(plain.get_weights())
    np.testing.assert_allclose(keras.ops.convert_to_numpy(narrow(x)), expected, atol=2e-6)


def test_contract():
    check_layer(NarrowConv1D(4, 3, 2, "same"), (2, 16, 4))


def test_unknown_length():
    inputs = keras.Input((None, 4))
    assert keras.Model(inputs, NarrowConv1D(4, 3, padding="same")(inputs)).output_shape == (None, None, 4)


def test_a_narrow_one_is_a_product(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a convolution was called")

    layer = NarrowConv1D(4, 3, padding="same")
    layer.build((2, 16, 4))
    monkeypatch.setattr(keras.ops, "conv", refuse)
    monkeypatch.setattr("keras.src.ops.conv", refuse)
    assert layer(np.ones((2, 16, 4), "float32")).shape == (2, 16, 4)
    wide = NarrowConv1D(4, 3, padding="same")
    wide.build((2, 16, 9))
    with pytest.raises(AssertionError, match="called"):
        wide(np.ones((2, 16, 9), "float32"))
