"""Model builders, and what can be asked of a model: its cost, its thresholds."""

from .catalogue import catalogue
from .cost import count_macs, count_parameters
from .drsn import residual_network
from .keywords import keyword_network
from .kinds import KINDS
from .thresholds import thresholds
from .vibration import VIBRATION_MODELS, vibration_network
from .wdcnn import wdcnn

__all__ = [
    "KINDS",
    "VIBRATION_MODELS",
    "catalogue",
    "count_macs",
    "count_parameters",
    "keyword_network",
    "residual_network",
    "thresholds",
    "vibration_network",
    "wdcnn",
]
