"""Model builders, and what can be asked of a model: its cost, its thresholds."""

from .cost import count_macs, count_parameters
from .drsn import residual_network
from .keywords import keyword_network
from .kinds import KINDS
from .thresholds import thresholds

__all__ = ["KINDS", "count_macs", "count_parameters", "keyword_network", "residual_network", "thresholds"]
