"""One rule an operator; a new operator gets a rule here and a kernel in edge/firmware/engine."""

from . import convolution, elementwise, maps, mirror, unary
from .registry import RULES, Scope, check_operator
from .shrinkage import fuse

__all__ = ["RULES", "Scope", "check_operator", "convolution", "elementwise", "fuse", "maps", "mirror", "unary"]
