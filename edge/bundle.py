"""A bundle, opened and held against its model file."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec, WindowSpec, front_end_from_dict
from drsn_keras.model_card import CARD_NAME, ModelCard, TensorSpec, read_bundle

from .interpreter import Interpreter


@dataclasses.dataclass(frozen=True)
class Bundle:
    """What a device needs: the card, the running model, the front end that feeds it."""

    card: ModelCard
    interpreter: Interpreter
    front_end: FrontEndSpec | WindowSpec
    folder: Path


def load_bundle(folder: str | os.PathLike[str], threads: int = 1) -> Bundle:
    """Open a bundle folder and check that its parts agree.

    A bundle for the target ``tflm`` is run by LiteRT's reference kernels, whose answers are those of TFLite-Micro and
    of the generated C; any other by its fast ones.

    Parameters
    ----------
    folder : path
        Holds ``card.json`` and ``model.tflite``.
    threads : int
        For the interpreter.

    Raises
    ------
    BundleError
        If a part is missing or damaged, or where the card and the model file disagree on shapes, types,
        quantisation or the front end.
    """
    folder = Path(folder)
    card, model_path = read_bundle(folder)
    card_path = folder / CARD_NAME
    try:
        front_end = front_end_from_dict(card.front_end)
    except (UsageError, BundleError) as error:
        raise BundleError(f"{card_path}: {error}") from None
    # What was made for a microcontroller answers here as it does there.
    interpreter = Interpreter(model_path, threads, reference=card.target == "tflm")
    for name in ("input", "output"):
        _agree(f"{card_path}, {name}", getattr(interpreter, name), getattr(card, name))
    wanted = tuple(n for n in front_end.shape if n != 1)
    if tuple(n for n in interpreter.input.shape if n != 1) != wanted:
        raise BundleError(mismatch(f"{card_path}, front_end", f"the model's input {interpreter.input.shape}", wanted))
    if math.prod(interpreter.output.shape) != len(card.labels):
        raise BundleError(mismatch(f"{card_path}, labels", f"{math.prod(interpreter.output.shape)}", len(card.labels)))
    return Bundle(card, interpreter, front_end, folder)


def keyword_front_end(bundle: Bundle) -> FrontEndSpec:
    """The front end of a bundle that hears words; a :class:`BundleError` for one that watches a machine."""
    if not isinstance(bundle.front_end, FrontEndSpec):
        what = "windows of a vibration signal (use drsn-edge monitor)"
        raise BundleError(mismatch(f"{bundle.folder / CARD_NAME}, front_end", "log_mel or mfcc of a sound", what))
    return bundle.front_end


def window_front_end(bundle: Bundle) -> WindowSpec:
    """The front end of a bundle that watches a machine; a :class:`BundleError` for one that hears words."""
    if not isinstance(bundle.front_end, WindowSpec):
        what = f"{bundle.front_end.kind} of a sound (use drsn-edge listen)"
        raise BundleError(mismatch(f"{bundle.folder / CARD_NAME}, front_end", "windows of a vibration signal", what))
    return bundle.front_end


def _agree(what: str, model: TensorSpec, card: TensorSpec) -> None:
    """Compare field by field; scales went through JSON and float32."""
    for field in ("shape", "dtype", "zero_point"):
        found, said = getattr(model, field), getattr(card, field)
        if found != said:
            raise BundleError(mismatch(f"{what} {field}", f"{found} (the model file)", said))
    if not math.isclose(model.scale, card.scale, rel_tol=1e-6):
        raise BundleError(mismatch(f"{what} scale", f"{model.scale:.9g} (the model file)", card.scale))
