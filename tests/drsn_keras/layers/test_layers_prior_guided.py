"""The layers of the prior-guided network: the contract, values by hand, SciPy's Wiener filter."""

import keras
import numpy as np
import pytest
from scipy.signal import wiener

from drsn_keras import layers
from drsn_keras.layers import fourier
from layer_contract import check_layer

SHAPES = pytest.mark.parametrize("shape", [(3, 13, 2), (2, 9, 8, 2)], ids=["signal", "image"])


def _np(x):
    return keras.ops.convert_to_numpy(x)


def _normal(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


@keras.saving.register_keras_serializable("tests")
class ModulatedByItsInput(layers.ModulatedConv):
    """As many filters as channels; the prior is the input's beginning: a layer of one input, as the contract wants."""

    def _both(self, shape):
        return [shape, (shape[0], *(self.kernel_size,) * self.rank, shape[-1])]

    def build(self, input_shape):
        super().build(self._both(input_shape))

    def call(self, x):
        return super().call([x, x[(slice(None), *(slice(self.kernel_size),) * self.rank)]])

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(self._both(input_shape))


@keras.saving.register_keras_serializable("tests")
class JoinedToItself(layers.PaddedConcat):
    """The second map is the first without its last position."""

    def build(self, input_shape):
        super().build([input_shape, (input_shape[0], *(n - 1 for n in input_shape[1:-1]), input_shape[-1])])

    def call(self, x):
        return super().call([x, x[(slice(None), *(slice(0, -1),) * (len(x.shape) - 2))]])

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * input_shape[-1])


@SHAPES
@pytest.mark.parametrize("kind", ["wiener", "prior", "upsample", "pool", "concat", "sample", "batch"])
def test_contract(kind, shape):
    layer = {
        "wiener": lambda: layers.LocalWiener(5),
        "prior": lambda: layers.PriorKernel(3, guard=1e-3),
        "upsample": layers.LinearUpsample,
        "pool": lambda: layers.TapPool(3),
        "concat": JoinedToItself,
        "sample": lambda: ModulatedByItsInput(2, 3, 0.5, "sample", rank=len(shape) - 2),
        "batch": lambda: ModulatedByItsInput(2, 3, 0.25, "batch", rank=len(shape) - 2),
    }[kind]()
    check_layer(layer, shape, has_weights=kind in {"sample", "batch"})


@pytest.mark.parametrize("window", [3, 5])
@SHAPES
def test_wiener_is_scipys_of_each_channel_of_each_sample(shape, window):
    x = _normal(shape)
    expected = np.stack(
        [np.stack([wiener(c.astype(float), window) for c in np.moveaxis(one, -1, 0)], axis=-1) for one in x]
    )
    np.testing.assert_allclose(_np(layers.local_wiener(x, window)), expected, atol=2e-6)


def test_prior_of_an_impulse_is_what_the_filter_makes_of_it():
    """FFT(x) of an impulse has magnitude 9 everywhere, so h0 is the filtered signal over 9, from the impulse on."""
    x = np.zeros((1, 7, 1), "float32")
    x[0, 3] = 9.0
    # Means 0 0 3 3 3 0 0, variances 0 0 18 18 18 0 0, noise 54/7: gain 4/7.
    np.testing.assert_allclose(_np(layers.local_wiener(x))[0, :, 0], [0, 0, 9 / 7, 45 / 7, 9 / 7, 0, 0], atol=1e-6)
    expected = np.array([45, 9, 0, 0, 0, 0, 9]) / 63
    np.testing.assert_allclose(_np(layers.PriorKernel()(x))[0, :, 0], expected, atol=1e-6)


def test_prior_is_finite_where_the_signal_has_no_power():
    x = np.stack([np.zeros(16), np.ones(16), np.sin(np.pi * np.arange(16) / 4)])[..., None].astype("float32")
    h0 = _np(layers.PriorKernel()(x))
    assert np.isfinite(h0).all()
    assert not h0[0].any()
    assert h0.max() < 2.0


@pytest.mark.parametrize("shape", [(2, 3, 1, 5), (3, 1, 8), (2, 6, 7)])
def test_fourier_by_matrices_is_the_fft(shape, monkeypatch):
    planes = _normal(shape)
    expected = np.fft.fft2(planes)
    found = {}
    for longest in (256, 0):
        monkeypatch.setattr(fourier, "LONGEST_MATRIX", longest)
        re, im = fourier.spectrum(planes)
        np.testing.assert_allclose(_np(re) + 1j * _np(im), expected, atol=2e-5)
        found[longest] = _np(fourier.inverse_real(re, im))
    np.testing.assert_allclose(found[256], planes, atol=1e-5)
    np.testing.assert_allclose(found[0], planes, atol=1e-5)


def test_modulated_convolution_by_hand():
    """K = (1, 2, 3), h = (2, 0, 4), beta = 1/2: taps 1 * 2, 2 * 1, 3 * 3."""
    layer = layers.ModulatedConv(1, 3, beta=0.5)
    x, h = np.array([1.0, 10.0, 100.0]).reshape(1, 3, 1), np.array([2.0, 0.0, 4.0]).reshape(1, 3, 1)
    layer.build([x.shape, h.shape])
    layer.set_weights([np.array([1.0, 2.0, 3.0]).reshape(3, 1, 1), np.array([0.5])])
    y = [2 * 1 + 9 * 10, 2 * 1 + 2 * 10 + 9 * 100, 2 * 10 + 2 * 100]
    for modulation in ("sample", "batch"):
        layer.modulation = modulation
        np.testing.assert_allclose(_np(layer([x, h]))[0, :, 0], np.array(y) + 0.5, rtol=1e-6)


@pytest.mark.parametrize("rank", [1, 2])
def test_modulation_never_compounds_and_is_each_samples_own(rank):
    x, h = _normal((3, *(7,) * rank, 4)), np.abs(_normal((3, *(3,) * rank, 5), 1))
    layer = layers.ModulatedConv(5, 3, rank=rank)
    first = _np(layer([x, h]))
    kernel = _np(layer.kernel)
    for _ in range(3):
        np.testing.assert_array_equal(_np(layer([x, h])), first)
    np.testing.assert_array_equal(_np(layer.kernel), kernel)

    plain = (keras.layers.Conv1D if rank == 1 else keras.layers.Conv2D)(5, 3, padding="same")
    plain.build(x.shape)
    for i in range(3):
        plain.set_weights([kernel * (1.0 + 0.5 * h[i])[..., None, :], _np(layer.bias)])
        np.testing.assert_allclose(_np(plain(x[i : i + 1]))[0], first[i], atol=1e-5)

    layer.modulation = "batch"
    plain.set_weights([kernel * (1.0 + 0.5 * h.mean(axis=0))[..., None, :], _np(layer.bias)])
    np.testing.assert_allclose(_np(layer([x, h])), _np(plain(x)), atol=1e-5)
    layer.beta = 0.0
    plain.set_weights([kernel, _np(layer.bias)])
    np.testing.assert_allclose(_np(layer([x, h])), _np(plain(x)), atol=1e-5)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_upsampling_keeps_corners_and_straight_lines(n):
    line = np.linspace(3.0, 7.0, n, dtype="float32")
    up = _np(layers.LinearUpsample()(line.reshape(1, n, 1)))[0, :, 0]
    expected = np.linspace(3.0, 7.0, 2 * n) if n > 1 else [3.0, 3.0]
    np.testing.assert_allclose(up, expected, rtol=1e-6)
    x = _normal((2, n, 3))
    places = np.linspace(0, n - 1, 2 * n)
    expected = np.stack([np.interp(places, np.arange(n), x[1, :, c]) for c in range(3)], axis=-1)
    np.testing.assert_allclose(_np(layers.LinearUpsample()(x))[1], expected, atol=1e-6)


def test_tap_pool_of_12_positions_is_max_pooling_of_4():
    x = _normal((2, 12, 3))
    np.testing.assert_array_equal(_np(layers.TapPool(3)(x)), _np(keras.layers.MaxPooling1D(4)(x)))
    image = _normal((1, 7, 9, 1))
    expected = [[image[0, i : i + 2, j : j + 3].max() for j in (0, 3, 6)] for i in (0, 2, 4)]
    np.testing.assert_array_equal(_np(layers.TapPool(3)(image))[0, :, :, 0], expected)


def test_shorter_map_gets_a_zero_behind():
    y = _np(layers.PaddedConcat()([np.ones((1, 3, 1), "float32"), np.full((1, 2, 2), 5.0, "float32")]))
    np.testing.assert_array_equal(y[0], [[1, 5, 5], [1, 5, 5], [1, 0, 0]])


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: layers.LocalWiener(4), "odd window >= 3, got 4"),
        (lambda: layers.PriorKernel(1), "odd window >= 3, got 1"),
        (lambda: layers.PriorKernel(guard=0.0), r"guard > 0, got 0\.0"),
        (lambda: layers.TapPool(0), "taps >= 1, got 0"),
        (lambda: layers.TapPool(3)(np.ones((1, 2, 1))), "at least 3 positions"),
        (lambda: layers.ModulatedConv(0), "filters >= 1, got 0"),
        (lambda: layers.ModulatedConv(2, 4), "odd kernel_size >= 1, got 4"),
        (lambda: layers.ModulatedConv(2, modulation="mean"), "sample or batch, got 'mean'"),
        (lambda: layers.ModulatedConv(2)([np.ones((1, 5, 2)), np.ones((1, 3, 1))]), r"shape \('batch', 3, 2\), got"),
        (lambda: layers.PaddedConcat()([np.ones((1, 5, 2)), np.ones((1, 3, 2))]), "or one position shorter, got"),
    ],
)
def test_errors_name_fault_expectation_and_value(make, fault):
    with pytest.raises(ValueError, match=fault):
        make()
