"""Training of a job, all seeds at once: AdamW, warm-up and cosine, an average of the weights beside them."""

from __future__ import annotations

import functools
import sys
import time
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from . import model
from .data import Training
from .jobs import Job
from .loss import Teacher, make_loss
from .model import Weights

PEAK_RATE = 8e-3
WARM_UP_EPOCHS = 2
#: Adam's.
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7
#: Of the averaged weights, after a beginning in which they follow faster.
AVERAGE_DECAY = 0.998
#: Times that a training says how far it is.
_LINES = 5


class Trained(NamedTuple):
    """Weights [shape=(seeds, ...)], as they ended and averaged; loss and accuracy [%] of the last ten steps."""

    weights: Weights
    averaged: Weights
    loss: float
    accuracy: float
    seconds: float


class _State(NamedTuple):
    parameters: dict
    statistics: dict
    first_moment: dict
    second_moment: dict
    #: Of parameters and statistics.
    averaged: dict


def train(job: Job, data: Training, classes: int, teacher: Teacher | None = None) -> Trained:
    """Train; seed i of every job begins with the same key."""
    count = len(data.clips)
    steps = -(-count // job.batch)
    keys = jnp.stack([jax.random.PRNGKey(seed) for seed in range(job.seeds)])
    parameters, statistics = jax.jit(jax.vmap(functools.partial(model.start, job, classes)))(keys)
    step_of_all = jax.vmap(_make_step(job, classes, teacher, steps), in_axes=(0, None, None, 0, 0))

    @functools.partial(jax.jit, donate_argnums=(0,))
    def run_epoch(state: _State, epoch: jax.Array, data: Training):
        order = jax.vmap(lambda key: jax.random.permutation(jax.random.fold_in(key, epoch), count))(keys)
        # The last batch is filled up from the front.
        order = order[:, jnp.arange(steps * job.batch) % count].reshape(job.seeds, steps, job.batch).transpose(1, 0, 2)

        def one_step(state, numbered):
            i, rows = numbered
            step = epoch * steps + i
            step_keys = jax.vmap(lambda key: jax.random.fold_in(key, step + 7))(keys)
            state, loss, accuracy = step_of_all(state, data, step, step_keys, rows)
            return state, (loss.mean(), accuracy.mean())

        return lax.scan(one_step, state, (jnp.arange(steps), order))

    zeros = functools.partial(jax.tree.map, jnp.zeros_like)
    # Each its own memory, for a step gives back what it was given.
    averaged = jax.tree.map(jnp.copy, {**parameters, **statistics})
    state = _State(parameters, statistics, zeros(parameters), zeros(parameters), averaged)
    began = time.monotonic()
    said = {round(job.epochs * i / _LINES) for i in range(1, _LINES)}
    for epoch in range(job.epochs):
        state, (loss, accuracy) = run_epoch(state, epoch, data)
        if epoch + 1 in said:
            seconds = time.monotonic() - began
            print(f"  epoch {epoch + 1}/{job.epochs}: loss {float(loss.mean()):.3f}, {seconds:.0f} s", file=sys.stderr)
    averaged = tuple({name: state.averaged[name] for name in part} for part in (state.parameters, state.statistics))
    last = float(loss[-10:].mean()), 100 * float(accuracy[-10:].mean())
    return Trained((state.parameters, state.statistics), averaged, *last, time.monotonic() - began)


def _make_step(job: Job, classes: int, teacher: Teacher | None, steps: int):
    """One seed's step: (state, data, step, key, rows) -> state, loss, accuracy."""
    gradient_of = jax.value_and_grad(make_loss(job, classes, teacher), has_aux=True)
    total = job.epochs * steps
    warm = min(WARM_UP_EPOCHS, job.epochs // 4) * steps

    def rate_at(step):
        cosine = PEAK_RATE * 0.5 * (1 + jnp.cos(jnp.pi * (step - warm) / (total - warm)))
        return jnp.where(step < warm, PEAK_RATE * step / max(warm, 1), cosine)

    def one_step(state: _State, data: Training, step: jax.Array, key: jax.Array, rows: jax.Array):
        found, gradient = gradient_of(state.parameters, state.statistics, data, key, rows)
        loss, (statistics, accuracy) = found
        done, rate = step + 1, rate_at(step.astype(jnp.float32))
        m = {k: BETA_1 * state.first_moment[k] + (1 - BETA_1) * g for k, g in gradient.items()}
        v = {k: BETA_2 * state.second_moment[k] + (1 - BETA_2) * g**2 for k, g in gradient.items()}
        m_share, v_share = 1 - BETA_1**done, 1 - BETA_2**done
        parameters = {}
        for k, p in state.parameters.items():
            # Only what multiplies decays: no biases, no normalisation.
            decay = job.weight_decay if k.endswith("/kernel") else 0.0
            parameters[k] = p * (1 - rate * decay) - rate * (m[k] / m_share) / (jnp.sqrt(v[k] / v_share) + EPSILON)
        d = jnp.minimum(AVERAGE_DECAY, (1 + done) / (10 + done))
        averaged = {k: d * state.averaged[k] + (1 - d) * now for k, now in {**parameters, **statistics}.items()}
        return _State(parameters, statistics, m, v, averaged), loss, accuracy

    return one_step
