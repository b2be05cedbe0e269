"""A job's network: front, body, classes."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from .bodies import BODIES
from .fronts import FRONTS
from .jobs import Job
from .network import Pass
from .spectrum import BANDS, FRAMES

#: Weights and moving statistics by name.
Weights = tuple[dict[str, jax.Array], dict[str, jax.Array]]


def apply(job: Job, classes: int, net: Pass, power: jax.Array) -> jax.Array:
    """Logits [shape=(batch, classes)] of mel powers [shape=(batch, frames, bands)]."""
    x = net.batch_norm("input_norm", FRONTS[job.front](net, power, job))
    x = net.dropout(BODIES[job.body](net, x, job), job.head_dropout)
    return net.dense("classes", x, classes)


def logits(job: Job, classes: int, weights: Weights, power: jax.Array) -> jax.Array:
    """As a trained network is used."""
    return apply(job, classes, Pass(*weights), power)


def start(job: Job, classes: int, key: jax.Array) -> Weights:
    """Untrained weights."""
    net = Pass({}, {}, key=key, makes=True)
    apply(job, classes, net, _example())
    return net.parameters, net.statistics


def cost(job: Job, classes: int) -> tuple[int, int]:
    """Trained parameters, and multiply-accumulates of one clip; nothing is computed."""
    found = {}

    def trace(key):
        net = Pass({}, {}, key=key, makes=True)
        apply(job, classes, net, _example())
        found["macs"] = net.macs
        return net.parameters

    parameters = jax.eval_shape(trace, jax.random.PRNGKey(0))
    return sum(p.size for p in parameters.values()), found["macs"]


def _example() -> jax.Array:
    return jnp.ones((2, FRAMES, BANDS))
