"""The twins of a run's network: what the shrinkage costs is seen beside the same network without it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from drsn_keras.models import KINDS
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.networks import build_model

from ..lowering import lower
from ..quantize import quantize
from ..recipe import Recipe

_INT8 = Recipe()


def untrained_rivals(
    config: KeywordConfig,
    classes: int,
    inputs: np.ndarray,
    *,
    kinds: Sequence[str] | None = None,
    recipe: Recipe = _INT8,
    seed: int = 0,
) -> dict[str, bytes]:
    """Networks of a configuration's size and other kinds of unit, untrained: for latency and size only.

    Parameters
    ----------
    config : KeywordConfig
        Of the run to compare with.
    classes : int
    inputs : np.ndarray [shape=(n, frames, channels)]
        For the ranges of integer schemes.
    kinds : some of :data:`drsn_keras.models.KINDS`
        All but the configuration's own by default.
    recipe : Recipe
        How they are converted, without any fine-tuning; int8 for LiteRT by default.
    seed : int
        Decides the weights, of each kind the same whichever others are asked for.

    Returns
    -------
    dict
        ``{kind: flatbuffer}``
    """
    kinds = [kind for kind in KINDS if kind != config.model] if kinds is None else kinds
    found = {}
    for kind in kinds:
        model = build_model(dataclasses.replace(config, model=kind), classes)
        randomise(model, np.random.default_rng([seed, list(KINDS).index(kind)]))
        found[kind] = quantize(lower(model, recipe.target), recipe, inputs)
    return found


def randomise(model: keras.Model, rng: np.random.Generator) -> None:
    """Give every weight a random value, in place, as if it had been trained.

    Biases of zero and batch normalisations of one would fold into a smaller graph than a trained network's.
    """
    for weight in model.weights:
        kind = weight.path.rsplit("/", 1)[-1]
        if kind == "moving_variance":
            values = rng.uniform(0.5, 2.0, weight.shape)
        elif kind == "gamma":
            values = rng.normal(1.0, 0.2, weight.shape)
        elif kind in {"beta", "bias", "moving_mean"}:
            values = rng.normal(0.0, 0.2, weight.shape)
        else:
            values = rng.normal(0.0, np.sqrt(2.0 / np.prod(weight.shape[:-1])), weight.shape)
        weight.assign(values)
