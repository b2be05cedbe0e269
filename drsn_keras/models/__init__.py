"""Model builders, and what can be asked of a model: its cost, its thresholds."""

from .catalogue import catalogue
from .cost import count_macs, count_parameters
from .drsn import residual_network
from .keywords import keyword_network
from .kinds import KINDS
from .thresholds import thresholds

__all__ = ["KINDS", "catalogue", "count_macs", "count_parameters", "keyword_network", "residual_network", "thresholds"]
