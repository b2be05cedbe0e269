"""One LiteRT model behind float arrays. The only file that knows the LiteRT interpreter."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import BundleError, DataError, DrsnError, UsageError, mismatch
from drsn_keras.model_card import TensorSpec

MISSING = "the LiteRT interpreter is not installed: pip install ai-edge-litert"
QUANTIZED = ("int8", "uint8", "int16")


def quantize(values: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Real numbers to the integers of a tensor.

    The quotient is computed in float32 and halves are rounded away from zero, as the TFLite kernel
    QUANTIZE and C's ``roundf`` do; what lies outside the type's range is clipped before the cast.

    Parameters
    ----------
    values : np.ndarray [any shape], finite
    spec : TensorSpec
        With an integer ``dtype`` and ``scale`` above 0.

    Returns
    -------
    np.ndarray [same shape, dtype=spec.dtype]

    Examples
    --------
    >>> quantize(np.array([0.25, -0.25, 0.74, 99.0]), TensorSpec((4,), "int8", 0.5, 1)).tolist()
    [2, 0, 2, 127]
    """
    steps = np.asarray(values, dtype=np.float32) / np.float32(spec.scale)
    # float64 from here on: 0.49999997 + 0.5 is 1 in float32.
    rounded = np.copysign(np.floor(np.abs(steps.astype(np.float64)) + 0.5), steps) + spec.zero_point
    limits = np.iinfo(spec.dtype)
    return np.clip(rounded, limits.min, limits.max).astype(spec.dtype)


def dequantize(integers: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """Integers of a tensor back to real numbers [same shape, float32]: scale * (integer - zero_point)."""
    return (integers.astype(np.int32) - spec.zero_point).astype(np.float32) * np.float32(spec.scale)


def to_tensor(values: np.ndarray, spec: TensorSpec, what: str) -> np.ndarray:
    """Real numbers as an input tensor takes them: its shape, and its integers where it has any.

    Parameters
    ----------
    values : np.ndarray
        The tensor's shape; axes of length one do not matter.
    what : str
        Their name in errors.

    Raises
    ------
    DataError
        On another shape, NaN or infinity.
    """
    values = np.asarray(values, dtype=np.float32)
    expected = tuple(n for n in spec.shape if n != 1)
    if tuple(n for n in values.shape if n != 1) != expected:
        raise DataError(mismatch(what, f"shape {expected}", values.shape))
    if not np.isfinite(values).all():
        raise DataError(mismatch(what, "finite numbers", "NaN or infinity"))
    values = values.reshape(spec.shape)
    return quantize(values, spec) if spec.dtype in QUANTIZED else values


def from_tensor(values: np.ndarray, spec: TensorSpec) -> np.ndarray:
    """An output tensor's values as real numbers [same shape]."""
    return dequantize(values, spec) if spec.dtype in QUANTIZED else values


class Interpreter:
    """A model file with one input and one output, of float or integer tensors.

    Parameters
    ----------
    model_path : path
        A ``.tflite`` file.
    threads : int
        Threads that the kernels may use, at least 1.
    reference : bool
        Use LiteRT's reference kernels: slower, and bit for bit what a microcontroller computes.

    Attributes
    ----------
    input, output : TensorSpec
        Shape, dtype, scale and zero point as the file has them.

    Raises
    ------
    DrsnError
        If LiteRT is not installed.
    BundleError
        If the file is missing, damaged or not of this kind.
    """

    def __init__(self, model_path: str | os.PathLike[str], threads: int = 1, reference: bool = False) -> None:
        self.model_path = Path(model_path)
        self._model = open_model(self.model_path, threads, reference)
        inputs, outputs = self._model.get_input_details(), self._model.get_output_details()
        if len(inputs) != 1 or len(outputs) != 1:
            raise BundleError(mismatch(model_path, "one input and one output", f"{len(inputs)} and {len(outputs)}"))
        self._input_index, self._output_index = inputs[0]["index"], outputs[0]["index"]
        self.input = tensor_spec(inputs[0], f"{model_path}, input")
        self.output = tensor_spec(outputs[0], f"{model_path}, output")

    def run(self, features: np.ndarray) -> np.ndarray:
        """One evaluation.

        Parameters
        ----------
        features : np.ndarray [shape=(n_frames, n_features), float32]
            The input's shape; axes of length one do not matter.

        Returns
        -------
        np.ndarray [shape=(n_labels,), float32]

        Raises
        ------
        DataError
            On another shape, NaN or infinity.
        """
        self._model.set_tensor(self._input_index, to_tensor(features, self.input, "features"))
        self._model.invoke()
        return from_tensor(self._model.get_tensor(self._output_index).reshape(-1), self.output)

    def run_batch(self, features: np.ndarray) -> np.ndarray:
        """Evaluations one after the other: [shape=(n, n_frames, n_features)] to [shape=(n, n_labels), float32]."""
        results = np.zeros((len(features), int(np.prod(self.output.shape))), dtype=np.float32)
        for row, one in zip(results, features, strict=True):
            row[:] = self.run(one)
        return results


def open_model(path: Path, threads: int, reference: bool) -> Any:
    """The LiteRT object with its tensors allocated."""
    if threads < 1:
        raise UsageError(mismatch("threads", "at least 1", threads))
    if not path.is_file():
        raise BundleError(mismatch(path, "a model file", "nothing there"))
    try:
        from ai_edge_litert.interpreter import Interpreter as LiteRt
        from ai_edge_litert.interpreter import OpResolverType
    except ImportError as error:
        # An import that failed for another reason (a wrong architecture, a missing library) says which.
        found = isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("ai_edge_litert")
        raise DrsnError(MISSING if found else f"{MISSING} ({error})") from None
    try:
        # Not by its path: LiteRT would map the file, and the model that runs would change with it.
        content = path.read_bytes()
        with _native_stderr_muted():
            kernels = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
            model = LiteRt(model_content=content, num_threads=threads, experimental_op_resolver_type=kernels)
            model.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise BundleError(mismatch(path, "a LiteRT model", f"a file it refuses ({reason})")) from None
    return model


def tensor_spec(details: dict[str, Any], what: str) -> TensorSpec:
    """LiteRT's description of a tensor as a :class:`TensorSpec`, checked."""
    scale, zero_point = details["quantization"]
    dtype = np.dtype(details["dtype"]).name
    if dtype != "float32" and dtype not in QUANTIZED:
        raise BundleError(mismatch(what, f"float32, {', '.join(QUANTIZED)}", dtype))
    if dtype in QUANTIZED and not scale > 0:
        raise BundleError(mismatch(what, "one scale above 0", scale))
    shape = tuple(int(n) for n in details["shape"])
    return TensorSpec(shape, dtype, float(scale), int(zero_point))


@contextlib.contextmanager
def _native_stderr_muted() -> Iterator[None]:
    """Keep what the C++ side prints while loading (its news and its errors, which it also raises) off stderr."""
    try:
        kept = os.dup(2)
    except OSError:  # No stderr at all: nothing to mute.
        yield
        return
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
