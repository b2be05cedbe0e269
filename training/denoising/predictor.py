"""A network as a function of whole signals and images."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from drsn_keras.frontend import SignalSpec, as_model_input, from_model_output

from ..backend import TENSORFLOW

#: Samples that go through a network at once: what its maps need stays below a few hundred MB.
_AT_ONCE = 1 << 18


class Predictor:
    """Noisy to clean, for examples of any shape that the network takes.

    Parameters
    ----------
    model : keras.Model
    spec : SignalSpec
    """

    def __init__(self, model: keras.Model, spec: SignalSpec) -> None:
        self._spec = spec
        self._call = _compiled(model)

    def __call__(self, noisy: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Clean estimates of examples [each shape=natural_shape, float32], in units of full scale."""
        found: list[np.ndarray | None] = [None] * len(noisy)
        by_shape: dict[tuple[int, ...], list[int]] = {}
        for row, y in enumerate(noisy):
            by_shape.setdefault(np.shape(y), []).append(row)
        for shape, rows in by_shape.items():
            size = max(1, _AT_ONCE // int(np.prod(shape)))
            for start in range(0, len(rows), size):
                part = rows[start : start + size]
                x = as_model_input(np.stack([noisy[row] for row in part]), self._spec)
                for row, y in zip(part, from_model_output(self._call(x), self._spec), strict=True):
                    found[row] = y
        return found


def _compiled(model: keras.Model) -> Callable[[np.ndarray], np.ndarray]:
    """The network as a function of arrays; what TensorFlow compiles once, JAX compiles for every shape."""
    if keras.backend.backend() != TENSORFLOW:
        return model.predict_on_batch
    import tensorflow as tf

    signature = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)
    call = tf.function(lambda x: model(x, training=False), input_signature=[signature])
    return lambda x: call(x).numpy()
