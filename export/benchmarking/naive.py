"""The conversions that one gets without this project: TensorFlow's converter on the Keras model as it is."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from drsn_keras.errors import mismatch
from drsn_keras.layers import Shrinkage, SoftThreshold, soft_threshold
from drsn_keras.training.quiet import native_stderr_aside

#: Modules whose layers call ``soft_threshold``.
_CALLERS = tuple(sys.modules[cls.__module__] for cls in (Shrinkage, SoftThreshold))
SCHEMES = ("int8", "dynamic", "float32")


def _textbook(x: Any, tau: Any) -> Any:
    """sign(x) * max(|x| - tau, 0), operator by operator as in the public code of the paper's authors."""
    sub = ops.subtract(ops.abs(x), tau)
    zeros = ops.subtract(sub, sub)
    return ops.multiply(ops.sign(x), ops.maximum(sub, zeros))


def _two_relus(x: Any, tau: Any) -> Any:
    """relu(x - tau) - relu(-x - tau), the form of most re-implementations."""
    return ops.relu(x - tau) - ops.relu(-x - tau)


#: How the shrinkage may be written; ``direct`` is how this project's layers train it.
FORMS: dict[str, Callable[[Any, Any], Any]] = {"textbook": _textbook, "two-relus": _two_relus, "direct": soft_threshold}


def naive_conversions(model: keras.Model, calibration: np.ndarray) -> dict[str, bytes]:
    """The same weights through TensorFlow's converter, without lowering.

    Parameters
    ----------
    model : keras.Model
    calibration : np.ndarray [shape=(n, ...)]
        Inputs of the model, for the ranges of int8.

    Returns
    -------
    dict
        Flatbuffers named ``FORM-SCHEME``: every form in int8, the first also in the other schemes. A model without
        shrinkage has the form ``direct`` only.
    """
    layers = model._flatten_layers(include_self=False, recursive=True)
    forms = list(FORMS) if any(isinstance(layer, Shrinkage | SoftThreshold) for layer in layers) else ["direct"]
    found = {}
    for form in forms:
        schemes = SCHEMES if form == forms[0] else ("int8",)
        for scheme, content in convert_naively(model, form, schemes, calibration).items():
            found[f"{form}-{scheme}"] = content
    return found


def convert_naively(
    model: keras.Model, form: str, schemes: Sequence[str], calibration: np.ndarray | None = None
) -> dict[str, bytes]:
    """Conversions of one form with the converter's default settings.

    Parameters
    ----------
    form : {"textbook", "two-relus", "direct"}
    schemes : some of {"int8", "dynamic", "float32"}
        ``int8``: integers wherever TensorFlow has an operator for them, float elsewhere; input and output stay float.
        ``dynamic``: weights in int8, activations in float.
    calibration : np.ndarray [shape=(n, ...)]
        Needed for ``int8``.

    Returns
    -------
    dict
        ``{scheme: flatbuffer}``

    Raises
    ------
    ValueError
        For another form or scheme, or int8 without calibration inputs.
    """
    for name, values, known in (("form", [form], FORMS), ("scheme", schemes, SCHEMES)):
        for value in values:
            if value not in known:
                raise ValueError(mismatch(name, f"one of {', '.join(known)}", repr(value)))
    if "int8" in schemes and calibration is None:
        raise ValueError(mismatch("scheme int8", "calibration inputs", "none"))
    with tempfile.TemporaryDirectory() as folder, native_stderr_aside(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Statistics for quantized inputs were expected")
        with _shrinkage_as(form):
            # What TFLiteConverter.from_keras_model does by itself, without its page of news on stdout.
            model.export(folder, verbose=False)
        return {scheme: _convert(folder, scheme, calibration) for scheme in schemes}


def _convert(folder: str, scheme: str, calibration: np.ndarray | None) -> bytes:
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    if scheme != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if scheme == "int8":
        inputs = np.asarray(calibration, np.float32)
        converter.representative_dataset = lambda: ([x[None]] for x in inputs)
    return converter.convert()


@contextlib.contextmanager
def _shrinkage_as(form: str) -> Iterator[None]:
    """Let the layers write soft thresholding in another form while they are traced.

    The layers have no option for it, for nobody should train or ship the others; they call a function of their module.
    """
    for module in _CALLERS:
        module.soft_threshold = FORMS[form]
    try:
        yield
    finally:
        for module in _CALLERS:
            module.soft_threshold = soft_threshold
