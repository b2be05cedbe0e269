"""Model builders, and what can be asked of a model: its cost, its thresholds."""

from .bc_resnet import bc_resnet
from .catalogue import catalogue
from .cost import count_macs, count_parameters
from .dncnn import DNCNN_VARIANTS, dncnn
from .dran import dran
from .drsn import residual_network
from .ds_cnn import ds_cnn
from .frame_denoiser import frame_denoiser
from .keyword_models import KEYWORD_MODELS, PEERS
from .keywords import keyword_network
from .kinds import KINDS
from .matchboxnet import matchboxnet
from .prior_guided import prior_guided
from .raw_m5 import raw_m5
from .receptive_field import receptive_field
from .shrinkage_denoiser import shrinkage_denoiser
from .streaming_keywords import STREAMING_KINDS, streaming_keyword_network
from .tc_resnet import tc_resnet8
from .thresholds import thresholds
from .vibration import VIBRATION_MODELS, vibration_network
from .wdcnn import wdcnn

__all__ = [
    "DNCNN_VARIANTS",
    "KEYWORD_MODELS",
    "KINDS",
    "PEERS",
    "STREAMING_KINDS",
    "VIBRATION_MODELS",
    "bc_resnet",
    "catalogue",
    "count_macs",
    "count_parameters",
    "dncnn",
    "dran",
    "ds_cnn",
    "frame_denoiser",
    "keyword_network",
    "matchboxnet",
    "prior_guided",
    "raw_m5",
    "receptive_field",
    "residual_network",
    "shrinkage_denoiser",
    "streaming_keyword_network",
    "tc_resnet8",
    "thresholds",
    "vibration_network",
    "wdcnn",
]
