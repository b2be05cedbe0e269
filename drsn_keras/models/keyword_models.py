"""Every keyword spotter by the name that asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import keras

from .bc_resnet import bc_resnet
from .ds_cnn import ds_cnn
from .keywords import keyword_network
from .kinds import KINDS
from .matchboxnet import matchboxnet
from .raw_m5 import raw_m5
from .tc_resnet import tc_resnet8

#: Published networks: (input shape, classes, width=...) -> model.
PEERS: dict[str, Callable[..., keras.Model]] = {
    "ds-cnn": ds_cnn,
    "tc-resnet8": tc_resnet8,
    "bc-resnet-1": partial(bc_resnet, scale=1.0),
    "bc-resnet-3": partial(bc_resnet, scale=3.0),
    "matchboxnet": matchboxnet,
    "raw-m5": raw_m5,
}
#: Those and this project's own kinds.
KEYWORD_MODELS: dict[str, Callable[..., keras.Model]] = {
    **{kind: partial(keyword_network, kind=kind) for kind in KINDS},
    **PEERS,
}
