"""Model builders, and what can be asked of a model: its cost, its thresholds."""

from .catalogue import catalogue
from .cost import count_macs, count_parameters
from .dncnn import DNCNN_VARIANTS, dncnn
from .dran import dran
from .drsn import residual_network
from .frame_denoiser import frame_denoiser
from .keywords import keyword_network
from .kinds import KINDS
from .prior_guided import prior_guided
from .receptive_field import receptive_field
from .shrinkage_denoiser import shrinkage_denoiser
from .thresholds import thresholds
from .vibration import VIBRATION_MODELS, vibration_network
from .wdcnn import wdcnn

__all__ = [
    "DNCNN_VARIANTS",
    "KINDS",
    "VIBRATION_MODELS",
    "catalogue",
    "count_macs",
    "count_parameters",
    "dncnn",
    "dran",
    "frame_denoiser",
    "keyword_network",
    "prior_guided",
    "receptive_field",
    "residual_network",
    "shrinkage_denoiser",
    "thresholds",
    "vibration_network",
    "wdcnn",
]
