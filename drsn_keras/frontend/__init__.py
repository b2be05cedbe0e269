"""Signal front end. NumPy only: the Keras layer is in :mod:`drsn_keras.frontend.layer` and not imported here."""

from .reference import compute_features, frame_features
from .specification import LOG_MEL_40, MFCC_MLPERF, FrontEndSpec
from .streaming import StreamingFrontEnd

__all__ = [
    "LOG_MEL_40",
    "MFCC_MLPERF",
    "FrontEndSpec",
    "StreamingFrontEnd",
    "compute_features",
    "frame_features",
]
