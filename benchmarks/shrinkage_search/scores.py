"""Accuracy of a trained job on the validation clips, clean and in noise."""

from __future__ import annotations

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .data import DRAWS, SNRS_DB, Validation
from .jobs import Job
from .model import Weights, logits

#: Columns: clean, then the SNRs.
CONDITIONS = ("clean", *(f"{snr_db} dB" for snr_db in SNRS_DB))
#: The columns whose mean ranks a job: 0, -5, -10 dB.
LOW = slice(3, 6)


def accuracies(job: Job, classes: int, candidates: Sequence[Weights], validation: Validation) -> list[np.ndarray]:
    """Percent right of each of several weights of a job [shape=(conditions, seeds)]."""

    @jax.jit
    def evaluate(weights: Weights, validation: Validation) -> jax.Array:
        def right(power):
            said = jax.vmap(lambda w: logits(job, classes, w, power))(weights)
            return (said.argmax(-1) == validation.labels).mean(-1) * 100

        found = lax.map(right, validation.power)
        noisy = [found[1 + DRAWS * i : 1 + DRAWS * (i + 1)].mean(0) for i in range(len(SNRS_DB))]
        return jnp.stack([found[0], *noisy])

    return [np.asarray(evaluate(weights, validation)) for weights in candidates]
