"""The input of the published keyword networks: every band standardised, at no parameter's cost."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM


def standardised_input(
    input_shape: Sequence[int], momentum: float = BATCH_NORM_MOMENTUM
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """An input of features and its bands at mean 0 and deviation 1 over the training data.

    Parameters
    ----------
    input_shape : (n_frames, n_features)
    momentum : float
        Of the moving statistics.

    Returns
    -------
    inputs, x : tensors [shape=(batch, n_frames, n_features)]
        The standardisation has statistics and no parameters: published counts stay what they are.
    """
    inputs = keras.Input(tuple(input_shape), name="features")
    norm = keras.layers.BatchNormalization(
        momentum=momentum, epsilon=BATCH_NORM_EPSILON, center=False, scale=False, name="input_norm"
    )
    return inputs, norm(inputs)


def scaled(channels: float, width: float) -> int:
    """A number of channels at a width."""
    if not width > 0:
        raise ValueError(f"width: expected a number above 0, got {width!r}")
    return max(1, round(channels * width))
