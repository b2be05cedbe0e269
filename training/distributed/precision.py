"""Mixed precision: 16 bits for what a training computes, 32 for what it keeps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import keras
import tensorflow as tf

from drsn_keras.layers import SpectralShrinkage

#: From this compute capability on GPUs have bfloat16, whose range needs no scaling of the loss.
_BFLOAT16_CAPABILITY = (8, 0)


def mixed_policy() -> str:
    """``mixed_float16`` on GPUs that have nothing better, else ``mixed_bfloat16``."""
    if keras.backend.backend() != "tensorflow":
        return "mixed_bfloat16"
    for gpu in tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(gpu).get("compute_capability")
        if capability is not None and capability < _BFLOAT16_CAPABILITY:
            return "mixed_float16"
    return "mixed_bfloat16"


@contextlib.contextmanager
def building_in(policy: str) -> Iterator[None]:
    """Layers that are made inside compute in a policy's precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def keep_in_float32(model: keras.Model) -> None:
    """Compute in 32 bits what 16 are too few for: probabilities, and running means over a spectrum."""
    for layer in [*(layer for layer in model.layers if isinstance(layer, SpectralShrinkage)), model.layers[-1]]:
        for part in [layer, *layer._flatten_layers(include_self=False)]:
            part.dtype_policy = keras.DTypePolicy("float32")
