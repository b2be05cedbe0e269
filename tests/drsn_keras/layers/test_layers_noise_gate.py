"""The noise gate by hand, and the branch beside it."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import DynamicBranch, NoiseGate
from layer_contract import check_layer


def test_the_border_is_mirrored_and_the_gate_multiplies():
    """feature = the sum of three neighbours, gate open by 3/4 (its convolution gives ln 3 everywhere)."""
    layer = NoiseGate(1)
    x = np.array([[[1.0], [2.0], [-9.0]]], "float32")
    layer.build(x.shape)
    layer.set_weights([np.ones((3, 1, 1)), np.zeros(1), np.zeros((3, 1, 1)), np.full(1, np.log(3.0))])
    # Mirrored: 2 1 2 -9 2; the sums 5, -6, -5; below zero a fifth passes.
    np.testing.assert_allclose(layer(x).numpy().ravel(), [0.75 * 5, -0.75 * 6 * 0.2, -0.75 * 5 * 0.2], atol=1e-6)


def test_images_mirror_rows_and_columns():
    x = np.random.default_rng(0).standard_normal((2, 5, 6, 3)).astype("float32")
    layer = NoiseGate(4, kernel_size=5, slope=0.1, rank=2)
    found = keras.ops.convert_to_numpy(layer(x))
    p = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    passed = keras.ops.convert_to_numpy(layer.feature(p)) * keras.ops.convert_to_numpy(layer.gate(p))
    np.testing.assert_allclose(found, np.where(passed > 0, passed, 0.1 * passed), atol=1e-5)
    assert found.shape == (2, 5, 6, 4)


def test_the_branch_is_its_parts_in_a_row():
    layer = DynamicBranch(depth=2)
    x = np.random.default_rng(0).standard_normal((2, 9, 4)).astype("float32")
    found = layer(x)
    y = x
    for i in range(2):
        y = layer.relus[i](layer.norms[i](layer.convs[i](y)))
    np.testing.assert_array_equal(found, y)
    assert [part.filters for part in layer.convs] == [4, 4]


@pytest.mark.parametrize("shape", [(4, 10, 6), (4, 6, 5, 6)], ids=["signal", "image"])
def test_contracts(shape):
    keras.utils.set_random_seed(0)
    check_layer(NoiseGate(8, rank=len(shape) - 2), shape)
    # Behind a normalisation the shares of a high temperature learn by less than a float holds in one step.
    check_layer(DynamicBranch(depth=1, temperature=0.5, rank=len(shape) - 2), shape)


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: NoiseGate(0), "expected filters >= 1, got 0"),
        (lambda: NoiseGate(4, kernel_size=4), "expected an odd kernel_size, got 4"),
        (lambda: NoiseGate(4, kernel_size=7)(np.zeros((1, 3, 2))), r"expected sides above 3 .* got shape \(1, 3, 2\)"),
        (lambda: NoiseGate(4, rank=2)(np.zeros((1, 3, 2))), "an input of 4 axes"),
        (lambda: DynamicBranch(depth=0), "expected depth >= 1, got 0"),
        (lambda: DynamicBranch(rank=4), "expected rank 1 .* got 4"),
    ],
)
def test_errors_name_fault_expectation_and_value(make, fault):
    with pytest.raises(ValueError, match=fault):
        make()
