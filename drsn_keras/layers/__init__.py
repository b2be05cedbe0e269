"""Keras layers of the DRSN, in ``keras.ops`` only: they run on the TensorFlow and JAX backends alike."""

from .band_mean import BandMean
from .dynamic_branch import DynamicBranch
from .dynamic_conv import DynamicConv
from .gate_network import GateNetwork
from .kernel_attention import KernelAttention
from .linear_upsample import LinearUpsample
from .local_wiener import LocalWiener, local_wiener
from .magnitude import Magnitude
from .modulated_conv import ModulatedConv
from .narrow_conv import NarrowConv1D
from .noise_gate import NoiseGate
from .padded_concat import PaddedConcat
from .padded_shortcut import PaddedShortcut
from .prior_kernel import PriorKernel
from .residual_unit import ResidualUnit
from .running_mean import RunningMean
from .shrink_at import ShrinkAt
from .shrinkage import Shrinkage, recorded_thresholds
from .soft_threshold import SoftThreshold, soft_threshold
from .spectral_shrinkage import SpectralShrinkage
from .squeeze_excitation import SqueezeExcitation
from .step_conv import StepConv1D
from .sub_spectral_norm import SubSpectralNormalization
from .tap_pool import TapPool
from .uneven_depthwise import UnevenDepthwise2D

__all__ = [
    "BandMean",
    "DynamicBranch",
    "DynamicConv",
    "GateNetwork",
    "KernelAttention",
    "LinearUpsample",
    "LocalWiener",
    "Magnitude",
    "ModulatedConv",
    "NarrowConv1D",
    "NoiseGate",
    "PaddedConcat",
    "PaddedShortcut",
    "PriorKernel",
    "ResidualUnit",
    "RunningMean",
    "ShrinkAt",
    "Shrinkage",
    "SoftThreshold",
    "SpectralShrinkage",
    "SqueezeExcitation",
    "StepConv1D",
    "SubSpectralNormalization",
    "TapPool",
    "UnevenDepthwise2D",
    "local_wiener",
    "recorded_thresholds",
    "soft_threshold",
]
