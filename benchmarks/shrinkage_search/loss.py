"""What a job's training makes small: cross-entropy, and what some jobs add to it or put in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from .augmentation import augment
from .data import Training
from .fronts import EXPONENT
from .jobs import Job
from .masks import mask, warp_bands
from .model import Weights, apply, logits
from .network import Pass
from .spectrum import mel_power

#: Of what a teacher says: softening, its share of the loss, and what brings it to the height of the labels' share.
TEMPERATURE, TEACHER_SHARE, TEACHER_SCALE = 2.0, 0.7, 0.5
#: A usual distance between thresholds and a noise's mean spectrum.
_TAU_SCALE = 0.3


class Teacher(NamedTuple):
    """A trained job; weights of all of its seeds [shape=(seeds, ...)] speak together."""

    job: Job
    weights: Weights


def make_loss(job: Job, classes: int, teacher: Teacher | None) -> Callable:
    """The loss of a batch: (parameters, statistics, data, key, rows) -> loss, (moved statistics, accuracy)."""
    logarithmic = job.front.startswith("log-mel")

    def loss_of(parameters: dict, statistics: dict, data: Training, key: jax.Array, rows: jax.Array):
        for_mix, for_mask, for_dropout, for_mixup, for_warp, for_clean = jax.random.split(key, 6)
        speech, noise = augment(data, job, for_mix, rows)
        labels = jax.nn.one_hot(data.labels[rows], classes)
        labels = labels * (1 - job.label_smoothing) + job.label_smoothing / classes
        heard = speech + noise
        if job.mixup:
            share = jax.random.beta(for_mixup, job.mixup, job.mixup, (len(rows),))
            share = jnp.maximum(share, 1 - share)[:, None]
            heard, labels = (share * a + (1 - share) * a[::-1] for a in (heard, labels))
        power = mel_power(heard)
        if job.warp:
            power = warp_bands(for_warp, power, job.warp)
        # As in the library features are masked, not powers: the mean that fills a mask is one of features.
        if logarithmic:
            power = jnp.exp(mask(for_mask, jnp.log(power)))
        else:
            power = mask(for_mask, power**EXPONENT) ** (1 / EXPONENT)
        net = Pass(parameters, statistics, training=True, key=for_dropout)
        said = apply(job, classes, net, power)
        likelihood = jax.nn.log_softmax(said)
        loss = _cross_entropy(labels, likelihood)
        if job.noise_supervision:
            loss = loss + job.noise_supervision * _distance_to_noise(net.tau, noise)
        if teacher is not None:
            loss = (1 - TEACHER_SHARE) * loss + TEACHER_SHARE * _distance_to_teacher(teacher, classes, said, power)
        if job.consistency:
            clean_net = Pass(parameters, statistics, training=True, key=for_dropout)
            of_clean = apply(job, classes, clean_net, mask(for_clean, mel_power(speech) ** EXPONENT) ** (1 / EXPONENT))
            believed = lax.stop_gradient(jax.nn.softmax(of_clean))
            loss = loss + 0.5 * _cross_entropy(labels, jax.nn.log_softmax(of_clean))
            loss = loss + job.consistency * _cross_entropy(believed, likelihood)
        accuracy = (said.argmax(-1) == data.labels[rows]).mean()
        return loss, ({**statistics, **net.moved}, accuracy)

    return loss_of


def _cross_entropy(shares: jax.Array, likelihood: jax.Array) -> jax.Array:
    return -(shares * likelihood).sum(-1).mean()


def _distance_to_noise(tau: jax.Array, noise: jax.Array) -> jax.Array:
    """Of thresholds [shape=(batch, 1 or frames, bands)] to the mean root-mel spectrum of the noise mixed in."""
    known = (mel_power(noise) ** EXPONENT).mean(1)
    return jnp.abs(tau.mean(1) - known).mean() / _TAU_SCALE


def _distance_to_teacher(teacher: Teacher, classes: int, said: jax.Array, power: jax.Array) -> jax.Array:
    answers = jax.vmap(lambda weights: logits(teacher.job, classes, weights, power))(teacher.weights)
    taught = lax.stop_gradient(jax.nn.softmax(answers / TEMPERATURE, -1).mean(0))
    return _cross_entropy(taught, jax.nn.log_softmax(said / TEMPERATURE)) * TEMPERATURE**2 * TEACHER_SCALE
