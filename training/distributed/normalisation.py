"""Statistics of batch normalisation over the whole batch, wherever its rows are computed."""

from __future__ import annotations

import keras

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.layers import SubSpectralNormalization


def synchronise(model: keras.Model) -> None:
    """Let every batch normalisation of a model take its statistics over all replicas of the strategy in force.

    So several devices or workers train as one does on the same batch. The layers' configuration is that of the model
    that trains; the saved one is built anew.

    Raises
    ------
    UsageError
        For a model with sub-spectral normalisation, which knows its own rows only.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, SubSpectralNormalization):
            expected = "a model without sub-spectral normalisation"
            raise UsageError(mismatch("--model with several devices or workers", expected, model.name))
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True
