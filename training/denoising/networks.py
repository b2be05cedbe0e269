"""The untrained network of a configuration: every denoiser of the library by the name that asks for it."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable

import keras

from drsn_keras import models
from drsn_keras.errors import UsageError, first_line, mismatch
from drsn_keras.frontend import SignalSpec

from .config import DenoiseConfig

#: Arguments of a builder that the task decides.
_DECIDED = frozenset({"input_shape", "rank", "name"})


@dataclasses.dataclass(frozen=True)
class Denoiser:
    """A builder, and what it can be asked for.

    Parameters
    ----------
    builder : str
        Its name in :mod:`drsn_keras.models`.
    images : bool
        It takes images too.
    framed : bool
        It takes signals in frames.
    """

    builder: str
    images: bool = True
    framed: bool = False


MODELS = {
    "frame-drsn": Denoiser("frame_denoiser", images=False, framed=True),
    "dncnn": Denoiser("dncnn"),
    "dran": Denoiser("dran"),
    "prior-guided": Denoiser("prior_guided"),
    "spike-shrinkage": Denoiser("shrinkage_denoiser"),
}


def build_denoiser(config: DenoiseConfig, *, flexible: bool = False) -> keras.Model:
    """Noisy to clean, of the shape that training sees; ``flexible``: of images of any size.

    Raises
    ------
    UsageError
        An unknown model, one that does not take images, an argument that its builder does not know or refuses.
    """
    check_model(config)
    spec = config.spec
    shape = (None, None, 1) if flexible and spec.is_image else spec.shape
    build = _builder(config.model)
    given = dict(config.network)
    if not MODELS[config.model].framed:
        given["input_shape"] = shape
    if "rank" in inspect.signature(build).parameters:
        given["rank"] = 2 if spec.is_image else 1
    try:
        return build(**given)
    except (ValueError, TypeError) as error:
        raise UsageError(f"--network of {config.model}: {first_line(error)}") from None


def with_known_shape(model: keras.Model, spec: SignalSpec) -> keras.Model:
    """The same network and weights, over inputs of the shape that training saw: what is saved, counted, converted."""
    if None not in model.input_shape[1:]:
        return model
    copy = keras.models.clone_model(model, input_tensors=keras.Input(spec.shape, name=model.inputs[0].name))
    copy.set_weights(model.get_weights())
    return copy


def check_model(config: DenoiseConfig) -> None:
    """Refuse a model or an argument of it that is unknown; nothing is built."""
    if config.model not in MODELS:
        raise UsageError(mismatch("--model", ", ".join(MODELS), repr(config.model)))
    if config.kind == "images" and not MODELS[config.model].images:
        able = ", ".join(name for name, one in MODELS.items() if one.images)
        raise UsageError(mismatch("--model with --task images", able, config.model))
    known = [n for n in inspect.signature(_builder(config.model)).parameters if n not in _DECIDED]
    for name in config.network:
        if name not in known:
            raise UsageError(mismatch(f"--network of {config.model}", ", ".join(known), name))


def _builder(name: str) -> Callable[..., keras.Model]:
    return getattr(models, MODELS[name].builder)
