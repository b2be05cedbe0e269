"""Lowering: a Keras 3 model to a tf_keras twin of integer-friendly primitives."""

from .registry import lowers
from .targets import TARGETS
from .twin import PARITY, Twin, check_parity, lower, lower_thresholds

__all__ = ["PARITY", "TARGETS", "Twin", "check_parity", "lower", "lower_thresholds", "lowers"]
