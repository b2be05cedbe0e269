"""Metrics of denoising, and the prior-guided network without Keras. NumPy only."""

from .metrics import prd, psnr, rmse, segmental_snr, si_sdr, slide_psnr
from .prior_guided_reference import prior_guided_forward
from .structural_similarity import ssim
from .wiener_prior import local_wiener, prior_kernel

__all__ = [
    "local_wiener",
    "prd",
    "prior_guided_forward",
    "prior_kernel",
    "psnr",
    "rmse",
    "segmental_snr",
    "si_sdr",
    "slide_psnr",
    "ssim",
]
