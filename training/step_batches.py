"""Batches that depend on their step alone, as an endless dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

#: Inputs and what is wanted of a step.
Batch = tuple[np.ndarray, np.ndarray]


def step_dataset(batch: Callable[[int], Batch], shapes: Sequence[tuple[int, ...]], first_step: int) -> tf.data.Dataset:
    """Batches from ``first_step`` on, without end, computed ahead of the training.

    Parameters
    ----------
    batch : of a step, float32
    shapes : of its two arrays
    first_step : int
    """

    def steps() -> Iterator[Batch]:
        step = first_step
        while True:
            yield batch(step)
            step += 1

    signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    return tf.data.Dataset.from_generator(steps, output_signature=signature).prefetch(4)
