"""Signal front end. NumPy only: the Keras layer is in :mod:`drsn_keras.frontend.layer` and not imported here."""

from .from_card import features_of, front_end_from_dict
from .reference import compute_features, frame_features
from .signal import SignalSpec, as_model_input, from_model_output
from .specification import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM, FrontEndSpec
from .streaming import StreamingFrontEnd
from .window import WindowSpec, window_features

__all__ = [
    "LOG_MEL_40",
    "MFCC_MLPERF",
    "ROOT_MEL_40",
    "WAVEFORM",
    "FrontEndSpec",
    "SignalSpec",
    "StreamingFrontEnd",
    "WindowSpec",
    "as_model_input",
    "compute_features",
    "features_of",
    "frame_features",
    "from_model_output",
    "front_end_from_dict",
    "window_features",
]
