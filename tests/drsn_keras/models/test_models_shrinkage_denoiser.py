"""The shrinkage denoiser: size, any length, what a kernel of 1 sees."""

import keras
import numpy as np
import pytest

from drsn_keras.models import count_parameters, shrinkage_denoiser, thresholds


def _np(x):
    return keras.ops.convert_to_numpy(x)


def _normal(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype("float32")


def test_size_counted_by_hand():
    """Stem, per unit two convolutions, two normalisations and a gate, head normalisation, 1x1 convolution."""
    c, k = 6, 3
    unit = 2 * (k * c * c + c) + 2 * (2 * c) + (2 * (c * c + c) + 2 * c)
    expected = (k * c + c) + 2 * unit + 2 * c + (c + 1)
    assert count_parameters(shrinkage_denoiser((50, 1), filters=c, units=2)) == expected


@pytest.mark.parametrize("shape", [(20, 2), (9, 7, 2)])
def test_same_shape_of_any_length_and_a_threshold_in_every_unit(shape):
    flexible = shrinkage_denoiser((*(None,) * (len(shape) - 1), 2), filters=4, units=2, rank=len(shape) - 1)
    fixed = shrinkage_denoiser(shape, filters=4, units=2, rank=len(shape) - 1)
    fixed.set_weights(flexible.get_weights())
    x = _normal(3, *shape)
    np.testing.assert_allclose(_np(flexible(x)), _np(fixed(x)), atol=1e-5)
    assert set(thresholds(fixed, x)) == {"unit1", "unit2"}
    assert thresholds(shrinkage_denoiser((20, 2), filters=4, units=1, attention=None), _normal(1, 20, 2)) == {}


def test_kernels_of_one_see_no_neighbours():
    """A shuffled signal gives the shuffled output: only the thresholds look at all positions, and they are a mean."""
    model = shrinkage_denoiser((30, 1), filters=4, units=2, kernel_size=1)
    x, order = _normal(1, 30, 1), np.random.default_rng(1).permutation(30)
    np.testing.assert_allclose(_np(model(x[:, order])), _np(model(x))[:, order], atol=1e-5)


def test_residual_starts_from_the_input():
    model = shrinkage_denoiser((30, 1), filters=4, units=1)
    model.get_layer("noise").set_weights([np.zeros((1, 4, 1)), np.zeros(1)])
    x = _normal(2, 30, 1)
    np.testing.assert_array_equal(_np(model(x)), x)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"units": 0}, "units: expected 1 or more, got 0"),
        ({"filters": 0}, "filters: expected 1 or more, got 0"),
        ({"rank": 2}, r"input_shape: expected 3 entries at rank 2, got \(20, 1\)"),
        ({"attention": "cbam"}, "got 'cbam'"),
    ],
)
def test_errors_name_fault_expectation_and_value(arguments, fault):
    with pytest.raises(ValueError, match=fault):
        shrinkage_denoiser((20, 1), **arguments)
