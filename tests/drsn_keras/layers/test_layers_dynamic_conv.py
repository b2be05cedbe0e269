"""Dynamic convolution: both forms are the definition; the attention's arithmetic by hand."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import DynamicConv, KernelAttention
from layer_contract import check_layer

FORMS = ("static", "mixed")


def made(form, shape, **options):
    """A layer whose shares differ from input to input, with biases."""
    layer = DynamicConv(5, rank=len(shape) - 2, temperature=0.5, hidden=3, form=form, **options)
    layer.build(shape)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.standard_normal(w.shape) * (0.3 if w.ndim > 1 else 1.0) for w in layer.get_weights()])
    return layer


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(3, 11, 4), (3, 6, 7, 4)], ids=["signal", "image"])
@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_it_is_the_sum_of_the_kernels_results_by_their_shares(form, shape, kernel_size):
    x = np.random.default_rng(0).standard_normal(shape) + np.arange(shape[0]).reshape(-1, *[1] * (len(shape) - 1))
    x = x.astype("float32")
    layer = made(form, shape, kernel_size=kernel_size)
    shares = keras.ops.convert_to_numpy(layer.attention(x))
    assert np.ptp(shares, axis=0).max() > 0.05, "equal shares would hide that each sample has its own"
    kernels = np.split(keras.ops.convert_to_numpy(layer.conv.kernel), 4, axis=-1)
    biases = np.split(keras.ops.convert_to_numpy(layer.conv.bias), 4)
    expected = 0.0
    for k, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        one = keras.ops.convert_to_numpy(keras.ops.conv(x, kernel, padding="same")) + bias
        expected = expected + one * shares[:, k].reshape(-1, *[1] * (len(shape) - 1))
    np.testing.assert_allclose(layer(x), expected, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 10, 4), (2, 5, 6, 4)], ids=["signal", "image"])
def test_both_forms_have_equal_gradients(shape):
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    updates = []
    for form in FORMS:
        layer = made(form, shape)
        model = keras.Sequential([keras.Input(shape[1:]), layer])
        before = layer.get_weights()
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.train_on_batch(x, np.ones((*shape[:-1], 5), "float32"))
        updates.append([a - b for a, b in zip(before, layer.get_weights(), strict=True)])
    for static, mixed in zip(*updates, strict=True):
        np.testing.assert_allclose(mixed, static, atol=1e-5)
        assert np.abs(static).max() > 1e-5


@pytest.mark.parametrize("form", FORMS)
def test_unknown_lengths(form):
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, DynamicConv(6, form=form)(inputs))
    assert model.output_shape == (None, None, 6)
    assert model(np.ones((2, 9, 4), "float32")).shape == (2, 9, 6)


def test_shares_by_hand():
    """Mean 2 -> hidden relu(2 * 1.5) = 3 -> logits 3 and 0 -> a softmax at temperature 3 / ln 3: shares 3/4 and 1/4."""
    layer = KernelAttention(kernels=2, hidden=1, temperature=3.0 / np.log(3.0))
    x = np.array([[[1.0], [3.0]]], "float32")
    layer.build(x.shape)
    layer.set_weights([np.full((1, 1), 1.5), np.array([[1.0, 0.0]])])
    np.testing.assert_allclose(layer(x), [[0.75, 0.25]], atol=1e-6)


def test_the_initial_bound_is_that_of_one_kernel():
    """He-uniform over 9 * 16 inputs: sqrt(6 / 144); with the four kernels counted it would be half as wide."""
    layer = DynamicConv(16, rank=2)
    layer.build((None, 8, 8, 16))
    bound = np.sqrt(6.0 / (9 * 16))
    largest = np.abs(keras.ops.convert_to_numpy(layer.conv.kernel)).max()
    assert 0.95 * bound < largest <= bound
    assert not np.any(keras.ops.convert_to_numpy(layer.conv.bias))
    assert layer.attention.squeeze.kernel.shape == (16, 4), "a quarter of the channels"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shape", [(4, 10, 6), (4, 6, 5, 6)], ids=["signal", "image"])
def test_contract(form, shape):
    keras.utils.set_random_seed(0)  # a hidden unit of the attention that is dead for every sample learns nothing
    check_layer(DynamicConv(8, hidden=8, temperature=1.0, form=form, rank=len(shape) - 2), shape)


def test_attention_contract():
    keras.utils.set_random_seed(0)
    check_layer(KernelAttention(3, hidden=8, temperature=2.0), (4, 10, 6))


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: DynamicConv(0), "expected filters >= 1, got 0"),
        (lambda: DynamicConv(4, form="fast"), "expected form mixed or static, got 'fast'"),
        (lambda: DynamicConv(4, kernels=0), "expected kernels >= 1, got 0"),
        (lambda: DynamicConv(4, temperature=0.0), r"expected temperature > 0, got 0\.0"),
        (lambda: DynamicConv(4, rank=3), "expected rank 1 .* got 3"),
        (lambda: DynamicConv(4)(np.zeros((1, 4, 4, 4))), "an input of 3 axes"),
    ],
)
def test_errors_name_fault_expectation_and_value(make, fault):
    with pytest.raises(ValueError, match=fault):
        make()
