"""Layers of the published keyword networks: the contract, and what they compute."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import BandMean, SubSpectralNormalization, UnevenDepthwise2D
from layer_contract import check_layer
from random_weights import randomise

MAP = (4, 6, 10, 3)


@pytest.mark.parametrize(
    ("layer", "has_weights"),
    [
        (SubSpectralNormalization(5), True),
        (BandMean(), False),
        (UnevenDepthwise2D((1, 3), strides=(1, 2), padding="same", activation="relu", bias_initializer="ones"), True),
        (UnevenDepthwise2D((3, 1), padding="same", dilation_rate=(2, 1), use_bias=False), True),
    ],
    ids=["ssn", "mean", "uneven", "even"],
)
def test_contract(layer, has_weights):
    check_layer(layer, MAP, has_weights=has_weights)


def test_sub_spectral_normalisation_is_batch_normalisation_of_each_group():
    """Training and inference, against Keras's own on every group of bands by itself."""
    x = np.random.default_rng(0).normal(1.0, 2.0, MAP).astype("float32")
    layer = SubSpectralNormalization(5, momentum=0.6)
    layer.build(MAP)
    randomise(layer)
    for group in range(5):
        one = keras.layers.BatchNormalization(momentum=0.6, epsilon=layer.epsilon)
        part = x[:, :, 2 * group : 2 * group + 2]
        one.build(part.shape)
        one.set_weights([np.array(w)[group] for w in layer.weights])
        for training in (False, True):
            found = SubSpectralNormalization.from_config(layer.get_config())
            found.build(MAP)
            found.set_weights(layer.get_weights())
            y = np.array(found(x, training=training))[:, :, 2 * group : 2 * group + 2]
            np.testing.assert_allclose(y, one(part, training=training), atol=1e-5)
        moved = [np.array(w)[group] for w in (found.moving_mean, found.moving_variance)]
        np.testing.assert_allclose(moved, [np.array(one.moving_mean), np.array(one.moving_variance)], rtol=1e-4)


@pytest.mark.parametrize("shape", [(2, 6, 9, 3), (2, 6, 10), (2, 6, None, 3)])
def test_bands_must_divide(shape):
    with pytest.raises(ValueError, match="with bands a multiple of 5, got shape"):
        SubSpectralNormalization(5).build(shape)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("size", "strides"), [((1, 3), (1, 2)), ((3, 2), (2, 1)), ((3, 5), (3, 2))])
def test_uneven_strides_are_every_so_manieth_output(size, strides, padding):
    """Of the convolution by stride 1 over the input with the same zeros around it."""
    x = np.random.default_rng(0).standard_normal((2, 7, 10, 3)).astype("float32")
    layer = UnevenDepthwise2D(size, strides=strides, padding=padding)
    y = np.array(layer(x))
    plain = keras.layers.DepthwiseConv2D(size)
    plain.build(x.shape)
    plain.set_weights(layer.get_weights())
    if padding == "same":
        missing = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip((7, 10), size, strides, strict=True)]
        x = np.pad(x, ((0, 0), *((m // 2, m - m // 2) for m in missing), (0, 0)))
    np.testing.assert_allclose(y, np.array(plain(x))[:, :: strides[0], :: strides[1]], atol=1e-6)
    assert y.shape == layer.compute_output_shape((2, 7, 10, 3))
