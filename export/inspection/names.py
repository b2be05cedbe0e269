"""From a tensor's name to the layer that it came from: the converter writes ``model/layer/Operation;...``."""

from __future__ import annotations

from collections.abc import Iterable

#: What tensorflow-model-optimization puts before the name of a layer that it wraps.
_WRAPPED = "quant_"


def layers_in(tensor_name: str) -> list[str]:
    """Names of twin layers that a tensor was made of, its own first.

    Examples
    --------
    >>> layers_in("net/unit1.conv/Relu;net/unit1.conv/Conv2D;net/stem/BiasAdd/ReadVariableOp1")
    ['unit1.conv', 'unit1.conv', 'stem']
    """
    parts = (segment.split("/") for segment in tensor_name.split(";"))
    return [names[1].removeprefix(_WRAPPED) for names in parts if len(names) > 2]


def place_of(tensor_name: str) -> str:
    """Where in the network a tensor was made, for people; the name itself where it says nothing.

    Examples
    --------
    >>> place_of("net/unit1.shrinkage.tau/mul")
    'unit1/shrinkage/tau'
    >>> place_of("functional_1/net_1/unit1_1/conv_1_1/convolution;functional_1/net_1/stem_1/convolution")
    'net_1/unit1_1/conv_1_1'
    """
    for segment in tensor_name.split(";"):
        names = segment.split("/")
        if len(names) > 2:
            return "/".join(names[1:-1]).removeprefix(_WRAPPED).replace(".", "/")
    return tensor_name


def first_known(tensor_name: str, known: Iterable[str]) -> str | None:
    """The first of the layers in a tensor's name that is one of ``known``."""
    return next((name for name in layers_in(tensor_name) if name in known), None)
