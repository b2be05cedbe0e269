"""The whole prior-guided network in NumPy alone: an independent account of what the Keras model computes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .reference_layers import batch_norm, conv, max_pool, shrinkage, spatial_axes, upsample
from .wiener_prior import prior_kernel

STATISTICS = ("moving", "signal")
MODULATIONS = ("sample", "batch")


def prior_guided_forward(
    x: np.ndarray,
    weights: Mapping[str, np.ndarray],
    *,
    beta: float = 0.5,
    modulation: str = "sample",
    window: int = 3,
    statistics: str = "moving",
) -> np.ndarray:
    """Output of :func:`drsn_keras.models.prior_guided` for the same weights.

    The weights' names tell the depth, the rank, the normalisation, whether there is a prior, and whether the network
    predicts the noise.

    Parameters
    ----------
    x : np.ndarray [shape=(batch, n, channels) or (batch, height, width, channels)]
        Noisy. Computed in its type if that is float32 or float64, else in float32.
    weights : mapping of str to np.ndarray
        ``{weight.path: weight.numpy() for weight in model.weights}``.
    beta, modulation, window
        As the model was built.
    statistics : {"moving", "signal"}
        Of a network with batch normalisation: its moving statistics ("fixed"), or those of the current signal
        ("unfixed"), which is what training at batch size 1 sees. One with instance normalisation has no moving ones.

    Returns
    -------
    np.ndarray [shape of x]
        Clean, in the unit of ``x``.

    Raises
    ------
    DataError
        A weight is missing, or ``x`` has another rank or number of channels.
    UsageError
        An unknown modulation or kind of statistics.
    """
    for name, value, known in (("modulation", modulation, MODULATIONS), ("statistics", statistics, STATISTICS)):
        if value not in known:
            raise UsageError(mismatch(name, " or ".join(known), repr(value)))
    x = np.asarray(x)
    x = x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    net = _Weights(weights, x.dtype, statistics == "signal")
    kernel = net["enc1_conv1/kernel"]
    if x.ndim != kernel.ndim or x.shape[-1] != kernel.shape[-2]:
        expected = f"{kernel.ndim} axes, the last of {kernel.shape[-2]} channels"
        raise DataError(mismatch("noisy signals", expected, f"shape {x.shape}"))
    levels = net.levels("enc")

    maps = [net.double(x, "enc1")]
    for level in range(2, levels + 1):
        maps.append(net.double(max_pool(maps[-1], 2), f"enc{level}"))
    gain = 1 + beta * _prior(net, x, window, modulation) if net.levels("prior") else None
    y = net.double(max_pool(maps[-1], 2), "deepest", gain)
    for level in range(levels, 0, -1):
        y = net.double(_join(maps[level - 1], upsample(y)), f"dec{level}")
    if "noise/kernel" in net:
        return x - net.conv(y, "noise")
    return net.conv(y, "clean")


def _prior(net: _Weights, x: np.ndarray, window: int, modulation: str) -> np.ndarray:
    """h [shape=(batch or 1, taps, channels), or with taps twice]."""
    h = net.double(prior_kernel(x, window), "prior1")
    for level in range(2, net.levels("prior") + 1):
        h = net.double(max_pool(h, 2), f"prior{level}")
    taps = net["deepest_conv1/kernel"].shape[0]
    h = max_pool(h, tuple(n // taps for n in h.shape[1:-1]))
    h = h[(slice(None), *(slice(taps),) * len(spatial_axes(h)))]
    return h.mean(axis=0, keepdims=True) if modulation == "batch" else h


def _join(skip: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The encoder's map before the decoder's, which gets zeros behind where it is shorter."""
    behind = [(0, n - m) for n, m in zip(skip.shape[1:-1], x.shape[1:-1], strict=True)]
    return np.concatenate([skip, np.pad(x, ((0, 0), *behind, (0, 0)))], axis=-1)


class _Weights:
    """Weights by name, and the blocks that are built of them."""

    def __init__(self, weights: Mapping[str, np.ndarray], dtype: np.dtype, own_statistics: bool) -> None:
        self.weights, self.dtype, self.own_statistics = weights, dtype, own_statistics

    def __contains__(self, name: str) -> bool:
        return name in self.weights

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self.weights:
            raise DataError(mismatch("weights", f"one named {name}", f"{len(self.weights)} others"))
        return np.asarray(self.weights[name], self.dtype)

    def levels(self, part: str) -> int:
        """Number of double convolutions of the encoder or the prior's network."""
        return sum(name.startswith(part) and name.endswith("_conv1/kernel") for name in self.weights)

    def conv(self, x: np.ndarray, name: str, gain: np.ndarray | None = None) -> np.ndarray:
        return conv(x, self[f"{name}/kernel"], self[f"{name}/bias"], gain)

    def norm(self, name: str) -> tuple[np.ndarray, ...]:
        """Gain and shift, then the moving statistics if they are to be used."""
        own = self.own_statistics or f"{name}/moving_mean" not in self
        names = ("gamma", "beta") if own else ("gamma", "beta", "moving_mean", "moving_variance")
        return tuple(self[f"{name}/{part}"] for part in names)

    def double(self, x: np.ndarray, name: str, gain: np.ndarray | None = None) -> np.ndarray:
        """Twice convolution, normalisation, ReLU; ``gain`` is of the first kernel."""
        x = self._activate(self.conv(x, f"{name}_conv1", gain), f"{name}_norm1")
        return self._activate(self.conv(x, f"{name}_conv2"), f"{name}_norm2")

    def _activate(self, x: np.ndarray, name: str) -> np.ndarray:
        if f"{name}/gamma" in self:
            x = batch_norm(x, *self.norm(name))
        gate = f"{name.replace('norm', 'shrink')}/gate"
        if f"{gate}/squeeze/kernel" in self:
            squeeze, excite = (
                [self[f"{gate}/{part}/{w}"] for w in ("kernel", "bias")] for part in ("squeeze", "excite")
            )
            norm = [self[f"{gate}/norm/{w}"] for w in ("gamma", "beta", "moving_mean", "moving_variance")]
            x = shrinkage(x, squeeze, norm, excite)
        return np.maximum(x, 0)
