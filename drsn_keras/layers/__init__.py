"""Keras layers of the DRSN, in ``keras.ops`` only: they run on the TensorFlow and JAX backends alike."""

from .gate_network import GateNetwork
from .narrow_conv import NarrowConv1D
from .padded_shortcut import PaddedShortcut
from .residual_unit import ResidualUnit
from .shrinkage import Shrinkage, recorded_thresholds
from .soft_threshold import SoftThreshold, soft_threshold
from .squeeze_excitation import SqueezeExcitation

__all__ = [
    "GateNetwork",
    "NarrowConv1D",
    "PaddedShortcut",
    "ResidualUnit",
    "Shrinkage",
    "SoftThreshold",
    "SqueezeExcitation",
    "recorded_thresholds",
    "soft_threshold",
]
