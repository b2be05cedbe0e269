"""WDCNN: a wide first kernel over the raw vibration signal, then narrow ones."""

from __future__ import annotations

from collections.abc import Sequence

import keras

from ..layers.defaults import BATCH_NORM_EPSILON, BATCH_NORM_MOMENTUM

#: (filters, kernel size, stride) of each convolution; a max pooling of 2 follows each.
STAGES = ((16, 64, 16), (32, 3, 1), (64, 3, 1), (64, 3, 1), (64, 3, 1))


def wdcnn(
    input_shape: Sequence[int],
    classes: int,
    *,
    stages: Sequence[tuple[int, int, int]] = STAGES,
    hidden: int = 100,
    activation: str | None = "softmax",
    name: str = "wdcnn",
) -> keras.Model:
    """Deep convolutional network with a wide first kernel.

    Five times convolution, batch normalisation, ReLU, max pooling of 2; then a fully connected layer with batch
    normalisation and ReLU, and the classes. The last convolution is unpadded, as in the paper, where there is room.

    Parameters
    ----------
    input_shape : (n_samples, channels)
        The paper's is (2048, 1).
    classes : int
    stages : (filters, kernel size, stride) of each convolution
    hidden : int
        Units of the fully connected layer.
    activation : of the last layer; None gives logits
    name : str

    Returns
    -------
    keras.Model
        (batch, n_samples, channels) -> (batch, classes)

    Raises
    ------
    ValueError
        From Keras: an ``input_shape`` of other than two axes; filters, ``hidden`` or ``classes`` below 1.

    References
    ----------
    W. Zhang, G. Peng, C. Li, Y. Chen, Z. Zhang, "A new deep learning model for fault diagnosis with good anti-noise and
    domain adaptation ability on raw vibration signals", Sensors 17(2):425, 2017, doi:10.3390/s17020425, table 1.

    Examples
    --------
    >>> wdcnn((2048, 1), 10).output_shape
    (None, 10)
    """
    norm = {"momentum": BATCH_NORM_MOMENTUM, "epsilon": BATCH_NORM_EPSILON}
    inputs = keras.Input(tuple(input_shape), name="signal")
    x = inputs
    for i, (filters, kernel_size, strides) in enumerate(stages, start=1):
        last = i == len(stages) and x.shape[1] >= kernel_size + 1
        padding = "valid" if last else "same"
        conv = keras.layers.Conv1D(
            filters, kernel_size, strides, padding=padding, kernel_initializer="he_normal", name=f"conv{i}"
        )
        x = keras.layers.BatchNormalization(**norm, name=f"norm{i}")(conv(x))
        x = keras.layers.ReLU(name=f"relu{i}")(x)
        if x.shape[1] > 1:
            x = keras.layers.MaxPooling1D(2, name=f"pool{i}")(x)
    x = keras.layers.Flatten(name="flat")(x)
    x = keras.layers.Dense(hidden, kernel_initializer="he_normal", name="hidden")(x)
    x = keras.layers.ReLU(name="hidden_relu")(keras.layers.BatchNormalization(**norm, name="hidden_norm")(x))
    outputs = keras.layers.Dense(classes, activation=activation, dtype="float32", name="classes")(x)
    return keras.Model(inputs, outputs, name=name)
