"""Which rule lowers which layer, and what to say of a layer that has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from drsn_keras.errors import UsageError

from .builder import Builder
from .ir import Op

#: (layer, builder, inputs...) -> result
Rule = Callable[..., Op]

_RULES: dict[type, Rule] = {}
#: What to use instead, by class name: none of these has an integer kernel on every target.
_INSTEAD = {
    "FrontEnd": "features as the model's input; the front end's own code computes them (an FFT is no integer operator)",
    "STFTSpectrogram": "compute features outside the model with a FrontEndSpec",
    "MelSpectrogram": "compute features outside the model with a FrontEndSpec",
    "LSTM": "strided convolutions and shrinkage units",
    "GRU": "strided convolutions and shrinkage units",
    "SimpleRNN": "strided convolutions and shrinkage units",
    "Bidirectional": "strided convolutions and shrinkage units",
    "LayerNormalization": "BatchNormalization, which folds into the convolution before it",
    "MultiHeadAttention": "shrinkage or squeeze-and-excitation units",
    "Conv1DTranspose": "UpSampling and a convolution",
    "Conv2DTranspose": "UpSampling and a convolution",
    "Lambda": "a layer class of its own with a rule (drsn_keras.export.lowering.lowers)",
}


def lowers(*classes: type) -> Callable[[Rule], Rule]:
    """Register a rule for layer classes; subclasses use it unless they have one of their own."""

    def register(rule: Rule) -> Rule:
        for one in classes:
            _RULES[one] = rule
        return rule

    return register


def supported() -> tuple[type, ...]:
    """Classes that have a rule."""
    return tuple(_RULES)


def lower_layer(layer: Any, to: Builder, *inputs: Op) -> Op:
    """Lower one layer under its own name.

    Raises
    ------
    UsageError
        Naming the place, the class, and what to use instead.
    """
    with to.enter(layer.name):
        rule = next((_RULES[cls] for cls in type(layer).__mro__ if cls in _RULES), None)
        if rule is None:
            raise unsupported(layer, to.place)
        return rule(layer, to, *inputs)


def unsupported(layer: Any, place: str, what: str = "") -> UsageError:
    """The error for a layer, or an option of it, that has no integer form."""
    kind = type(layer).__name__
    known = ", ".join(sorted(cls.__name__ for cls in _RULES if issubclass(cls, keras.layers.Layer)))
    instead = _INSTEAD.get(kind, f"one of {known}" if not what else "another setting, or a rule of its own")
    return UsageError(f"{place}: cannot be lowered: {kind}{' with ' + what if what else ''}; use {instead}")
