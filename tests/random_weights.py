"""Weights as no network starts with: every batch normalisation does something, some gains are negative."""

from __future__ import annotations

import numpy as np


def randomise(model, seed: int = 0):
    """Set biases and batch normalisation of a Keras model; kernels stay as they were drawn. Returns the model."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        name, shape = weight.path.rsplit("/", 1)[-1], tuple(weight.shape)
        if name == "gamma":
            weight.assign(rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1, 1, 1], shape))
        elif name == "moving_variance":
            weight.assign(rng.uniform(0.5, 2.0, shape))
        elif name in {"beta", "bias", "moving_mean"}:
            weight.assign(rng.normal(0.0, 0.3, shape))
        else:
            weight.assign(rng.normal(0.0, 1.0 / np.sqrt(max(1, np.prod(shape[:-1]))), shape))
    return model
