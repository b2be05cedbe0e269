"""DnCNN: the published parameter counts, structure and initial weights; any length."""

import math

import keras
import numpy as np
import pytest

from drsn_keras.models import (
    DNCNN_VARIANTS,
    count_macs,
    count_parameters,
    dncnn,
    receptive_field,
    residual_network,
)

IMAGE, SIGNAL = (None, None, 1), (None, 1)


@pytest.mark.parametrize(("name", "parameters"), [("dncnn-s", 556_097), ("dncnn-b", 667_073), ("dncnn-3", 667_073)])
def test_parameters_are_the_papers(name, parameters):
    assert count_parameters(dncnn(IMAGE, **DNCNN_VARIANTS[name])) == parameters


def test_a_signal_network_has_the_promised_size_reach_and_cost():
    model = dncnn((16_000, 1), rank=1)
    assert count_parameters(model) == 186_689
    assert receptive_field(model) == (35,)
    assert round(count_macs(model) / 1e9, 2) == 2.96


def test_without_batch_normalisation_the_convolutions_have_biases():
    """64 biases in place of gamma and beta, in each of the 15 layers between."""
    assert count_parameters(dncnn(IMAGE)) - count_parameters(dncnn(IMAGE, batch_norm=False)) == 15 * 64
    plain = dncnn(IMAGE, depth=4, width=8, batch_norm=False)
    assert not any(isinstance(layer, keras.layers.BatchNormalization) for layer in plain.layers)
    with_norm = dncnn(IMAGE, depth=4, width=8)
    biased = [f"conv{i}" for i in range(1, 4) if with_norm.get_layer(f"conv{i}").use_bias]
    assert (biased, with_norm.get_layer("noise").use_bias) == (["conv1"], True)
    norm = with_norm.get_layer("norm2")
    assert (norm.momentum, norm.epsilon) == (0.9, 1e-4)


@pytest.mark.parametrize(("rank", "shape"), [(1, (2, 21, 3)), (2, (2, 7, 9, 3))])
def test_the_residual_network_takes_the_estimate_from_its_input(rank, shape):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    residual, direct = (dncnn((*[None] * rank, 3), depth=3, width=4, residual=r, rank=rank) for r in (True, False))
    direct.set_weights(residual.get_weights())
    clean, estimate = (keras.ops.convert_to_numpy(model(x)) for model in (residual, direct))
    assert np.ptp(estimate) > 0.1
    np.testing.assert_allclose(clean, x - estimate, atol=1e-6)


def test_a_network_of_zeros_changes_nothing():
    model = dncnn(SIGNAL, depth=3, width=4, rank=1)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    x = np.random.default_rng(0).standard_normal((2, 13, 1)).astype("float32")
    np.testing.assert_array_equal(model(x), x)


@pytest.mark.parametrize(("rank", "shape", "kernel_size"), [(2, IMAGE, 3), (1, SIGNAL, 9)])
def test_initial_kernels_have_the_papers_deviation(rank, shape, kernel_size):
    keras.utils.set_random_seed(0)
    model = dncnn(shape, depth=4, kernel_size=kernel_size, rank=rank)
    first, second = (np.asarray(model.get_layer(f"conv{i}").kernel) for i in (2, 3))
    np.testing.assert_allclose([first.std(), second.std()], math.sqrt(2 / (kernel_size**rank * 64)), rtol=0.03)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05, "every layer draws its own"


def test_orthogonal_kernels():
    kernel = np.asarray(dncnn(SIGNAL, depth=3, width=8, rank=1, initializer="orthogonal").get_layer("conv2").kernel)
    np.testing.assert_allclose(kernel.reshape(-1, 8).T @ kernel.reshape(-1, 8), np.eye(8), atol=1e-5)


def test_dilations_reach_further_at_equal_cost():
    keras.utils.set_random_seed(0)
    plain, wide = (dncnn((64, 1), depth=5, width=4, dilations=d, rank=1) for d in (1, (1, 2, 4, 2, 1)))
    assert (receptive_field(plain), receptive_field(wide)) == ((11,), (1 + 2 * 10,))
    assert count_macs(plain) == count_macs(wide)
    # What the figure says: an impulse changes outputs up to 10 positions away, and none beyond.
    x = np.zeros((1, 64, 1), "float32")
    moved = x.copy()
    moved[0, 32] = 100.0
    changed = np.flatnonzero(np.abs(wide(moved) - wide(x))[0, :, 0] > 0)
    assert changed.min() >= 22
    assert changed.max() <= 42
    assert changed.max() - changed.min() > 10


def test_receptive_fields_of_strides_and_images():
    x = keras.Input((32, 32, 1))
    y = keras.layers.Conv2D(2, (3, 5), strides=2)(x)
    y = keras.layers.Add()([keras.layers.Conv2D(2, 3, padding="same")(y), keras.layers.ReLU()(y)])
    assert receptive_field(keras.Model(x, y)) == (3 + 2 * 2, 5 + 2 * 2)
    with pytest.raises(ValueError, match=r"^stage1_unit1: expected convolutions and layers that work position by posi"):
        receptive_field(residual_network((64, 1), 2, filters=(4,), units_per_stage=1))


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"depth": 1}, "depth: expected at least 2, got 1"),
        ({"dilations": (1, 2)}, "dilations: expected one number or 17, got 2"),
        ({"initializer": "zeros"}, "initializer: expected one of normal, orthogonal, got 'zeros'"),
        ({"rank": 1}, r"input_shape: expected \(n_samples, channels\), got \(None, None, 1\)"),
        ({"rank": 3}, "dncnn: expected rank 1 .* got 3"),
    ],
)
def test_errors_name_fault_expectation_and_value(options, fault):
    with pytest.raises(ValueError, match=fault):
        dncnn(IMAGE, **options)
