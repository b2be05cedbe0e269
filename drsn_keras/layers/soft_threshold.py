"""Soft thresholding, as an operation and as a layer with a fixed threshold."""

from __future__ import annotations

import keras
from keras import ops


def soft_threshold(x, tau):
    """Shrink ``x`` towards zero by ``tau``: everything within [-tau, tau] becomes zero.

    ``y = x - tau`` for x > tau, ``0`` for \\|x\\| <= tau, ``x + tau`` for x < -tau, written as ``x`` minus ``x``
    clipped to [-tau, tau]. In this form the derivative is the paper's (dy/dx is 1 outside the dead zone and 0 inside;
    dy/dtau is -sign(x) outside and 0 inside), the dead zone is exactly zero in any precision, and every operator of it
    exists in integer arithmetic on the device.

    Parameters
    ----------
    x : tensor [any shape]
    tau : tensor or float >= 0, broadcast against ``x``, in the units of ``x``

    Returns
    -------
    tensor [shape of x]

    Notes
    -----
    On the border \\|x\\| = tau TensorFlow gives dy/dx = 0, JAX 1/2: both are subgradients.

    References
    ----------
    D. L. Donoho, "De-noising by soft-thresholding", IEEE Trans. Inf. Theory 41(3):613-627, 1995,
    doi:10.1109/18.382009; M. Zhao et al., IEEE Trans. Ind. Informatics 16(7):4681-4690, 2020, eq. 5-6.

    Examples
    --------
    >>> import numpy as np
    >>> np.asarray(soft_threshold(np.array([-3.0, -0.5, 0.0, 1.0, 2.5], dtype="float32"), 1.0)).tolist()
    [-2.0, 0.0, 0.0, 0.0, 1.5]
    """
    x = ops.convert_to_tensor(x)
    tau = ops.convert_to_tensor(tau, dtype=x.dtype)
    # tau * -1 rather than -tau: NEG has no integer kernel on the devices, MUL has.
    return x - ops.minimum(ops.maximum(x, tau * -1), tau)


@keras.saving.register_keras_serializable(package="drsn_keras")
class SoftThreshold(keras.layers.Layer):
    """Soft thresholding with one fixed threshold.

    Parameters
    ----------
    tau : float >= 0, in the units of the input
    """

    def __init__(self, tau: float = 1.0, **kwargs) -> None:
        super().__init__(**kwargs)
        if not tau >= 0:
            raise ValueError(f"SoftThreshold: expected tau >= 0, got {tau!r}")
        self.tau = float(tau)

    def call(self, x):
        return soft_threshold(x, self.tau)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict:
        return {**super().get_config(), "tau": self.tau}
