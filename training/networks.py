"""The untrained network of a configuration, whatever its task."""

from __future__ import annotations

import keras

from drsn_keras.models import keyword_network, vibration_network

from .config import KeywordConfig
from .vibration.config import VibrationConfig


def build_model(config: KeywordConfig | VibrationConfig, classes: int) -> keras.Model:
    """Features of ``config.spec`` to class probabilities."""
    if isinstance(config, VibrationConfig):
        spectral = "signal" not in config.spec.channels
        return vibration_network(config.spec.shape, classes, config.model, width=config.width, spectral=spectral)
    return keyword_network(config.spec.shape, classes, config.model, width=config.width)
