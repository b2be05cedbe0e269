"""Lowering: a Keras 3 model to a tf_keras twin of integer-friendly primitives."""

from .registry import lowers
from .streaming import StreamTwin, lower_stream
from .targets import TARGETS
from .twin import PARITY, Twin, check_parity, lower, lower_thresholds

__all__ = [
    "PARITY",
    "TARGETS",
    "StreamTwin",
    "Twin",
    "check_parity",
    "lower",
    "lower_stream",
    "lower_thresholds",
    "lowers",
]
