"""The prior-guided network in NumPy alone equals the Keras model within 1e-5, and needs no TensorFlow."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from drsn_keras.denoising import prior_guided_forward
from drsn_keras.denoising.reference_layers import average_pool, max_pool
from drsn_keras.errors import DataError, UsageError
from drsn_keras.layers import PriorKernel
from drsn_keras.models import prior_guided

SMALL = {"filters": (2, 4)}


def _np(x):
    return keras.ops.convert_to_numpy(x)


def _noisy(shape, n=4):
    """Spikes of up to 1 and noise of 0.3: the task in units of its largest amplitude."""
    rng = np.random.default_rng(0)
    clean = rng.random((n, *shape)) * (rng.random((n, *shape)) < 0.2)
    return (clean + 0.3 * rng.standard_normal(clean.shape)).astype("float32")


def _model(shape, **options):
    """A network in which every weight does something, and its weights by name."""
    keras.utils.set_random_seed(3)
    model = prior_guided(shape, rank=len(shape) - 1, **options)
    rng = np.random.default_rng(1)
    for w in model.weights:
        name, size = w.path.rsplit("/", 1)[-1], tuple(w.shape)
        if name in {"gamma", "moving_variance"}:
            w.assign(rng.uniform(0.5, 1.5, size))
        elif name in {"beta", "bias", "moving_mean"}:
            w.assign(rng.normal(0.1, 0.1, size))
    if options.get("norm") == "instance":
        # It forgets the input's scale, so untrained it answers ten times too large.
        kernel = model.get_layer("noise").kernel
        kernel.assign(0.1 * _np(kernel))
    return model, {w.path: _np(w) for w in model.weights}


def _check(model, x, reference, training=False):
    y = _np(model(x, training=training))
    assert y.dtype == reference.dtype == np.float32
    assert (x - y).std(axis=1).min() > 1e-3, "the network does something"
    np.testing.assert_allclose(reference, y, atol=1e-5, rtol=0)


@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_equals_keras(norm):
    model, weights = _model((100, 1), norm=norm)
    x = _noisy((100, 1))
    _check(model, x, prior_guided_forward(x, weights))


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((53, 2), {"modulation": "batch", "beta": 2.0}),
        ((30, 2), {"norm": "shrinkage"}),
        ((30, 1), {"norm": None}),
        ((40, 1), {"prior": False, "residual": False}),
        ((40, 1), {"window": 5, "filters": (3,)}),
        ((15, 22, 1), {"norm": "instance"}),
        ((12, 13, 2), {"modulation": "batch"}),
    ],
)
def test_equals_keras_with_every_option(shape, options):
    model, weights = _model(shape, **{**SMALL, **options})
    x = _noisy(shape)
    known = {name: options[name] for name in ("beta", "modulation", "window") if name in options}
    _check(model, x, prior_guided_forward(x, weights, **known))


def test_unfixed_statistics_are_those_of_a_training_step_at_batch_size_one():
    model, weights = _model((40, 1), norm="batch", **SMALL)
    x = _noisy((40, 1), 1)
    fixed, unfixed = (prior_guided_forward(x, weights, statistics=s) for s in ("moving", "signal"))
    assert np.abs(fixed - unfixed).max() > 0.01
    _check(model, x, fixed)
    _check(model, x, unfixed, training=True)


@pytest.mark.parametrize("shape", [(100, 1), (17, 2), (9, 12, 1)])
def test_prior_equals_keras(shape):
    from drsn_keras.denoising import prior_kernel

    x = _noisy(shape)
    np.testing.assert_allclose(prior_kernel(x), _np(PriorKernel()(x)), atol=2e-6)


def test_pools_equal_keras():
    x = _noisy((11, 2))
    np.testing.assert_array_equal(max_pool(x, 3), _np(keras.layers.MaxPooling1D(3)(x)))
    np.testing.assert_allclose(average_pool(x, 3), _np(keras.layers.AveragePooling1D(3)(x)), atol=1e-6)
    image = _noisy((7, 9, 2))
    np.testing.assert_array_equal(max_pool(image, (2, 4)), _np(keras.layers.MaxPooling2D((2, 4))(image)))
    np.testing.assert_allclose(average_pool(image, 2), _np(keras.layers.AveragePooling2D(2)(image)), atol=1e-6)


def test_what_does_not_fit_is_refused():
    _, weights = _model((40, 1), **SMALL)
    with pytest.raises(DataError, match=r"expected 3 axes, the last of 1 channels, got shape \(40, 1\)"):
        prior_guided_forward(np.zeros((40, 1)), weights)
    with pytest.raises(DataError, match="weights: expected one named dec1_conv1/kernel"):
        prior_guided_forward(np.zeros((1, 40, 1)), {k: v for k, v in weights.items() if not k.startswith("dec1")})
    with pytest.raises(UsageError, match="statistics: expected moving or signal, got 'batch'"):
        prior_guided_forward(np.zeros((1, 40, 1)), weights, statistics="batch")


def test_it_imports_neither_keras_nor_tensorflow():
    program = "import sys, drsn_keras.denoising\nsys.exit(bool({'keras', 'tensorflow', 'scipy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
