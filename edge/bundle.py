"""A bundle, opened and held against its model file."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec, SignalSpec, WindowSpec, front_end_from_dict
from drsn_keras.model_card import CARD_NAME, ModelCard, TensorSpec, read_bundle
from drsn_keras.stream_spec import StreamSpec

from .interpreter import Interpreter
from .step_interpreter import StepInterpreter


@dataclasses.dataclass(frozen=True)
class Bundle:
    """What a device needs: the card, the running model, the front end that feeds it.

    ``interpreter`` is a :class:`.step_interpreter.StepInterpreter` where the card says a ``stream``.
    """

    card: ModelCard
    interpreter: Interpreter | StepInterpreter
    front_end: FrontEndSpec | WindowSpec | SignalSpec
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
    reference = card.target == "tflm"
    kind = StepInterpreter if card.stream else Interpreter
    interpreter = kind(model_path, threads, reference=reference)
    for name in ("input", "output"):
        _agree(f"{card_path}, {name}", getattr(interpreter, name), getattr(card, name))
    shape = front_end.shape
    if isinstance(interpreter, StepInterpreter):
        shape = (_agreed_stream(card, interpreter, front_end, card_path).frames, *shape[1:])
    wanted = tuple(n for n in shape if n != 1)
    if tuple(n for n in interpreter.input.shape if n != 1) != wanted:
        raise BundleError(mismatch(f"{card_path}, front_end", f"the model's input {interpreter.input.shape}", wanted))
    if not card.is_denoiser and math.prod(interpreter.output.shape) != len(card.labels):
        raise BundleError(mismatch(f"{card_path}, labels", f"{math.prod(interpreter.output.shape)}", len(card.labels)))
    return Bundle(card, interpreter, front_end, folder)


def keyword_front_end(bundle: Bundle) -> FrontEndSpec:
    """The front end of a bundle that hears words; a :class:`BundleError` for another one."""
    if not isinstance(bundle.front_end, FrontEndSpec):
        raise _wrong_kind(bundle, "log_mel, mfcc or root_mel of a sound")
    return bundle.front_end


def window_front_end(bundle: Bundle) -> WindowSpec:
    """The front end of a bundle that watches a machine; a :class:`BundleError` for another one."""
    if not isinstance(bundle.front_end, WindowSpec):
        raise _wrong_kind(bundle, "windows of a vibration signal")
    return bundle.front_end


def denoiser_signal(bundle: Bundle) -> SignalSpec:
    """What a bundle cleans; a :class:`BundleError` for one that does not clean signals."""
    if not isinstance(bundle.front_end, SignalSpec) or bundle.front_end.is_image:
        raise _wrong_kind(bundle, "pieces of a signal to clean")
    return bundle.front_end


def _wrong_kind(bundle: Bundle, expected: str) -> BundleError:
    """What the bundle is for, and the command that takes it."""
    front_end = bundle.front_end
    if isinstance(front_end, SignalSpec):
        got = "images to clean" if front_end.is_image else "a signal to clean (use drsn-edge denoise)"
    elif isinstance(front_end, WindowSpec):
        got = "windows of a vibration signal (use drsn-edge monitor)"
    else:
        got = f"{front_end.kind} of a sound (use drsn-edge listen)"
    return BundleError(mismatch(f"{bundle.folder / CARD_NAME}, front_end", expected, got))


def _agreed_stream(
    card: ModelCard, interpreter: StepInterpreter, spec: FrontEndSpec | SignalSpec, card_path: Path
) -> StreamSpec:
    """What the card says of a step, held against the model file."""
    stream = StreamSpec.from_dict(card.stream, f"{card_path}, stream")
    for name, found in (
        ("states", interpreter.n_states),
        ("state_bytes", interpreter.state_bytes),
        ("delay_samples", stream.frames * spec.hop_length),
    ):
        if getattr(stream, name) != found:
            what = f"{card_path}, stream, {name}"
            raise BundleError(mismatch(what, f"{found} (the model file)", getattr(stream, name)))
    return stream


def _agree(what: str, model: TensorSpec, card: TensorSpec) -> None:
    """Compare field by field; scales went through JSON and float32."""
    for field in ("shape", "dtype", "zero_point"):
        found, said = getattr(model, field), getattr(card, field)
        if found != said:
            raise BundleError(mismatch(f"{what} {field}", f"{found} (the model file)", said))
    if not math.isclose(model.scale, card.scale, rel_tol=1e-6):
        raise BundleError(mismatch(f"{what} scale", f"{model.scale:.9g} (the model file)", card.scale))
