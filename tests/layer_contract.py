"""The contract that every layer of the project keeps: one function, called by each layer's test."""

from __future__ import annotations

import keras
import numpy as np


def check_layer(layer: keras.layers.Layer, input_shape: tuple[int, ...], *, has_weights: bool = True) -> None:
    """Run a layer through shapes, serialisation, a saved model, mixed precision and a training step."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(input_shape).astype("float32")

    y = keras.ops.convert_to_numpy(layer(x))
    assert y.shape == tuple(layer.compute_output_shape(input_shape)), "compute_output_shape"
    assert np.isfinite(y).all(), "finite output"
    assert bool(layer.weights) == has_weights, "weights"

    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config, "get_config round trip"
    again.build(input_shape)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(again(x)), y, err_msg="same weights, same output")

    inputs = keras.Input(input_shape[1:])
    model = keras.Model(inputs, type(layer).from_config(config)(inputs))
    text = model.to_json()
    assert keras.models.model_from_json(text).to_json() == text, "JSON round trip of a model that holds it"

    for policy in ("mixed_float16", "mixed_bfloat16"):
        half = type(layer).from_config({**config, "dtype": policy})
        out = half(x)
        assert keras.backend.standardize_dtype(out.dtype) == half.compute_dtype, f"{policy}: output dtype"
        assert np.isfinite(keras.ops.convert_to_numpy(keras.ops.cast(out, "float32"))).all(), f"{policy}: finite"
        assert all(v.dtype == "float32" for v in half.trainable_weights), f"{policy}: float32 weights"

    if has_weights:
        before = [np.array(w) for w in model.trainable_weights]
        model.compile(keras.optimizers.SGD(0.1), "mse")
        target = rng.standard_normal((input_shape[0], *model.output_shape[1:])).astype("float32")
        loss = model.train_on_batch(x, target)
        assert np.isfinite(loss), "finite loss"
        changed = [not np.array_equal(a, np.array(w)) for a, w in zip(before, model.trainable_weights, strict=True)]
        names = [w.path for w in model.trainable_weights]
        assert all(changed), f"a training step reaches {[n for n, c in zip(names, changed, strict=True) if not c]}"
