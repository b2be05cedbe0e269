"""The untrained network of a configuration, whatever its task."""

from __future__ import annotations

import keras

from drsn_keras.keyword_model_names import STREAMING
from drsn_keras.layers import SpectralShrinkage
from drsn_keras.models import PEERS, keyword_network, vibration_network
from drsn_keras.models.streaming_keywords import over_streams, streaming_keyword_network

from .config import KeywordConfig
from .vibration.config import VibrationConfig

#: Before the kind, in the names of models for streams.
_STREAMING = "streaming-"
#: A step of a stream [s].
_STEP_S = 0.04


def streams(config: KeywordConfig | VibrationConfig) -> bool:
    """Whether a configuration's network hears a stream step by step, its past in states."""
    return config.model in STREAMING


def build_model(config: KeywordConfig | VibrationConfig, classes: int) -> keras.Model:
    """Features of ``config.spec`` to class probabilities."""
    if isinstance(config, VibrationConfig):
        spectral = "signal" not in config.spec.channels
        return vibration_network(config.spec.shape, classes, config.model, width=config.width, spectral=spectral)
    if streams(config):
        return _streaming(config, classes)
    if config.model in PEERS:
        return PEERS[config.model](config.spec.shape, classes, width=config.width)
    return keyword_network(config.spec.shape, classes, config.model, width=config.width, spectral=config.spectral)


def to_train(model: keras.Model, config: KeywordConfig | VibrationConfig) -> keras.Model:
    """The network, for clips of any length where training puts something before them (:class:`.pipeline.Batches`)."""
    return over_streams(model) if streams(config) else model


def _streaming(config: KeywordConfig, classes: int) -> keras.Model:
    """Steps of 40 ms and means over a clip's length, whatever the front end's hop."""
    spec = config.spec
    stride = max(1, round(_STEP_S / spec.hop_s))
    window = round(spec.duration_s / spec.hop_s)
    front = SpectralShrinkage(window=window, name="spectral") if config.spectral else None
    return streaming_keyword_network(
        spec.shape,
        classes,
        config.model.removeprefix(_STREAMING),
        width=config.width,
        stride=stride,
        stem_kernel=2 * stride,
        window_frames=window,
        front=front,
    )
