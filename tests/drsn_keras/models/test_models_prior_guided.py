"""The prior-guided network: its size counted by hand, what the prior does, any length, TFLite."""

import keras
import numpy as np
import pytest

from drsn_keras.models import count_parameters, prior_guided

#: Channels after every convolution of 3: encoder, deepest, decoder; the prior's network has the encoder's.
ENCODER, DEEPEST, DECODER = (2, 2, 4, 4, 8, 8, 16, 16), (16, 16), (16, 8, 8, 4, 4, 2, 2, 2)
SMALL = {"filters": (2, 4)}


def _np(x):
    return keras.ops.convert_to_numpy(x)


def _spikes(n=3, length=100, seed=0):
    rng = np.random.default_rng(seed)
    return (10 * (rng.random((n, length, 1)) < 0.2) + 3 * rng.standard_normal((n, length, 1))).astype("float32")


def _kernels(channels, inputs):
    return sum(3 * a * b for a, b in zip(inputs, channels, strict=True))


def test_size_is_the_one_counted_by_hand():
    convolved = (*ENCODER, *DEEPEST, *DECODER)
    inputs = (1, 2, 2, 4, 4, 8, 8, 16, 16, 16, 32, 16, 16, 8, 8, 4, 4, 2)
    unet = _kernels(convolved, inputs) + 3 * sum(convolved) + (2 + 1)
    prior = _kernels(ENCODER, inputs[:8]) + 3 * sum(ENCODER)
    assert (unet, prior) == (6_039, 1_710)
    assert count_parameters(prior_guided()) == unet + prior == 7_749
    assert count_parameters(prior_guided(prior=False, norm="instance")) == unet
    gates = sum(2 * c * c + 4 * c for c in (*convolved, *ENCODER))
    assert count_parameters(prior_guided(norm="shrinkage")) == unet + prior + gates


def test_maps_have_the_published_shapes():
    model = prior_guided()
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert [shapes[f"enc{i}_relu2"] for i in range(1, 5)] == [(100, 2), (50, 4), (25, 8), (12, 16)]
    assert shapes["deepest_relu2"] == (6, 16)
    assert [shapes[f"dec{i}_relu2"] for i in range(4, 0, -1)] == [(12, 8), (25, 4), (50, 2), (100, 2)]
    assert shapes["prior_taps"] == (3, 16)
    assert model.get_layer("deepest_conv1").kernel.shape == (3, 16, 16)


def test_the_prior_modulates_the_deepest_kernel_alone():
    """With beta = 0 it is the U-Net; with beta > 0 the same weights give another output."""
    x = _spikes()
    guided = prior_guided(**SMALL)
    weights = {w.path: w for w in guided.weights}
    for beta, same in ((0.0, True), (0.5, False)):
        guided.get_layer("deepest_conv1").beta = beta
        plain = prior_guided(prior=False, **SMALL)
        for w in plain.weights:
            w.assign(weights[w.path])
        assert np.allclose(_np(guided(x)), _np(plain(x)), atol=1e-5) == same


def test_a_signals_output_does_not_depend_on_the_batch():
    x = _spikes()
    own, mean = (prior_guided(norm="instance", modulation=m, **SMALL) for m in ("sample", "batch"))
    mean.set_weights(own.get_weights())
    np.testing.assert_allclose(_np(own(x))[:1], _np(own(x[:1])), atol=1e-5)
    np.testing.assert_allclose(_np(mean(x[:1])), _np(own(x[:1])), atol=1e-5)
    assert np.abs(_np(mean(x))[:1] - _np(mean(x[:1]))).max() > 1e-4


def test_unfixed_is_batch_normalisation_in_training_at_batch_size_one():
    x = _spikes(1)
    batch, instance = prior_guided(norm="batch", **SMALL), prior_guided(norm="instance", **SMALL)
    weights = {w.path: w for w in batch.weights}
    for w in instance.weights:
        w.assign(weights[w.path])
    np.testing.assert_allclose(_np(instance(x)), _np(batch(x, training=True)), atol=1e-4)


def test_any_length_and_size():
    flexible, fixed = prior_guided((None, 1), **SMALL), prior_guided((53, 1), **SMALL)
    flexible.set_weights(fixed.get_weights())
    x = _spikes(length=53)
    np.testing.assert_allclose(_np(flexible(x)), _np(fixed(x)), atol=1e-5)
    images = prior_guided((None, None, 3), rank=2, **SMALL)
    assert images(np.ones((2, 17, 30, 3), "float32")).shape == (2, 17, 30, 3)


@pytest.mark.parametrize("residual", [True, False])
def test_residual_subtracts_what_the_last_layer_found(residual):
    model = prior_guided(residual=residual, **SMALL)
    last = model.get_layer("noise" if residual else "clean")
    last.set_weights([np.zeros(last.kernel.shape), np.full(1, 0.25)])
    x = _spikes()
    np.testing.assert_allclose(_np(model(x)), x - 0.25 if residual else np.full_like(x, 0.25), atol=1e-6)


def test_every_kernel_learns_and_a_saved_network_is_the_same(tmp_path):
    """Biases do not: the normalisation behind them takes them out."""
    keras.utils.set_random_seed(0)
    x = _spikes(8)
    model = prior_guided(norm="shrinkage", filters=(2,))
    kernels = [w for w in model.trainable_weights if w.path.endswith("kernel")]
    before = [_np(w).copy() for w in kernels]
    model.compile(keras.optimizers.Adam(1e-2), "mse", run_eagerly=True)
    model.train_on_batch(x, np.zeros_like(x))
    assert [w.path for w, old in zip(kernels, before, strict=True) if np.array_equal(old, _np(w))] == []
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(_np(keras.models.load_model(tmp_path / "model.keras")(x)), _np(model(x)))


def test_instance_normalisation_and_the_prior_convert_to_tflite():
    tf = pytest.importorskip("tensorflow")
    from ai_edge_litert.interpreter import Interpreter

    model = prior_guided((40, 1), norm="instance", filters=(2,))
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 40, 1)))
    interpreter = Interpreter(model_content=tf.lite.TFLiteConverter.from_concrete_functions([function]).convert())
    interpreter.allocate_tensors()
    x = _spikes(1, 40)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], x)
    interpreter.invoke()
    got = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    np.testing.assert_allclose(got, _np(model(x)), atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"norm": "layer"}, "norm: expected one of 'batch', 'instance', 'shrinkage', None, got 'layer'"),
        ({"rank": 2}, r"input_shape: expected 3 entries at rank 2, got \(100, 1\)"),
        ({"rank": 3}, "rank 1 .* got 3"),
        ({"input_shape": (23, 1)}, r"input_shape: expected at least 24 positions on a side, got \(23, 1\)"),
        ({"input_shape": (15, 1), "prior": False}, "at least 16 positions"),
        ({"filters": ()}, r"filters: expected one entry a level, got \(\)"),
        ({"window": 2}, "odd window >= 3, got 2"),
    ],
)
def test_errors_name_fault_expectation_and_value(arguments, fault):
    with pytest.raises(ValueError, match=fault):
        prior_guided(**arguments)
