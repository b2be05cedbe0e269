"""A keyword network for streams becomes a step: what it is proved and measured on, and what its conversion has not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.models.cost import count_macs
from drsn_keras.models.streaming_keywords import over_streams, step_frames

from .denoiser_inputs import some_steps
from .lowering import StreamTwin, Twin, lower, lower_stream
from .recipe import Recipe
from .stream_card import stream_card

_SCHEMES = ("float32", "float16", "dynamic", "int8")


def check_stream(model: keras.Model, name: str, recipe: Recipe) -> None:
    """Refuse what the conversion of a network for streams has not; nothing for one of windows.

    Raises
    ------
    UsageError
    """
    if step_frames(model) is None:
        return
    if recipe.scheme not in _SCHEMES:
        raise UsageError(mismatch("--scheme", f"one of {', '.join(_SCHEMES)} for {name}", recipe.scheme))
    for option in ("prune", "cluster", "keep"):
        if getattr(recipe, option):
            raise UsageError(mismatch(f"--{option}", "a network of windows", f"one of streams ({name})"))


def lower_classifier(model: keras.Model, target: str, features: np.ndarray | None = None) -> Twin | StreamTwin:
    """Lower a network that tells classes apart, as a whole or, one for streams, as a step.

    Parameters
    ----------
    features : np.ndarray [shape=(n, n_frames, n_features)], optional
        Clips that the twin is proved on; for streams two by two, one behind the other.

    Raises
    ------
    UsageError, CheckFailed
        As :func:`~drsn_keras.export.lowering.lower` and :func:`~drsn_keras.export.lowering.lower_stream`.
    """
    frames = step_frames(model)
    if frames is None:
        return lower(model, target, features)
    examples = None if features is None else behind_each_other(features, frames)
    return lower_stream(over_streams(model), target, frames, examples)


def calibration_inputs(twin: Twin | StreamTwin, features: np.ndarray, recipe: Recipe) -> Any:
    """What integer ranges are measured on: clips, or steps of streams of two of them; floats need none."""
    if isinstance(twin, Twin) or recipe.scheme != "int8":
        return features
    return some_steps(twin, behind_each_other(features, twin.frames))


def behind_each_other(features: np.ndarray, frames: int) -> np.ndarray:
    """Clips two by two as streams of whole steps: in the second one states are as they are long after the start.

    Parameters
    ----------
    features : np.ndarray [shape=(n, n_frames, n_features)]
        An odd last clip is heard twice.
    frames : int
        Of a step.

    Returns
    -------
    np.ndarray [shape=((n + 1) // 2, 2 * n_frames // frames * frames, n_features)]
    """
    first, second = features[0::2], features[1::2]
    if len(second) < len(first):
        second = np.concatenate([second, first[-1:]])
    both = np.concatenate([first, second], axis=1)
    return both[:, : both.shape[1] // frames * frames]


def open_file(path: Path, twin: Twin | StreamTwin) -> Interpreter | StepInterpreter:
    """The interpreter of a twin's file."""
    return (StepInterpreter if isinstance(twin, StreamTwin) else Interpreter)(path)


def stream_facts(
    model: keras.Model, spec: FrontEndSpec, twin: Twin | StreamTwin, interpreter: Interpreter | StepInterpreter
) -> dict[str, Any]:
    """For a card: ``stream``, and ``macs`` of a step instead of a clip; nothing for a network of windows."""
    if not isinstance(twin, StreamTwin):
        return {}
    stream = stream_card(interpreter, twin.frames, spec.hop_length)
    return {"stream": stream, "macs": count_macs(over_streams(model, n_frames=twin.frames))}
