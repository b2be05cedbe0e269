"""Training pairs: clean examples, spoiled anew at every step."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from drsn_keras.frontend import as_model_input

from ..step_batches import step_dataset
from .config import DenoiseConfig
from .task import DenoiseTask


@dataclasses.dataclass(frozen=True)
class TrainingPairs:
    """Endless batches of (noisy, clean) whose content depends on (seed, step) alone.

    Parameters
    ----------
    task : DenoiseTask
    config : DenoiseConfig
    seed : int
        Of the draws.
    """

    task: DenoiseTask
    config: DenoiseConfig
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        """As configured, or as many as show the training part once."""
        return self.config.steps_per_epoch or max(1, -(-self.task.material.size // self.config.batch_size))

    def batch(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        """Noisy and clean of a step [both shape=(batch, *spec.shape), float32]."""
        rng = np.random.default_rng([self.seed, 3, step])
        clean = self.task.material.draw(rng, self.config.batch_size)
        noisy, clean = self.task.corruption.spoil(clean, rng)
        return as_model_input(noisy, self.task.spec), as_model_input(clean, self.task.spec)

    def dataset(self, first_step: int = 0) -> tf.data.Dataset:
        """(noisy, clean) from ``first_step`` on, without end."""
        shape = (self.config.batch_size, *self.task.spec.shape)
        return step_dataset(self.batch, (shape, shape), first_step)
