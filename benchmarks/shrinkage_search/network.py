"""The layers that fronts and bodies are written in: a pass through a network that also makes and counts it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

MOMENTUM = 0.9
EPSILON = 1e-3


class Pass:
    """One pass of a batch through a network: weights by name, and what it leaves besides its output.

    Parameters
    ----------
    parameters, statistics : dict of name to array
        Trained weights; moving means and variances. A pass that ``makes`` adds what it does not find.
    training : bool
        Normalise by the batch, drop out.
    key : JAX key, optional
        For new weights and dropout.
    makes : bool

    Attributes
    ----------
    moved : dict of name to array
        Moving statistics after this batch.
    macs : int
        Multiply-accumulates of one example in convolutions and fully connected layers.
    tau : array, optional
        Thresholds of a front.
    """

    def __init__(
        self, parameters: dict, statistics: dict, *, training: bool = False, key=None, makes: bool = False
    ) -> None:
        self.parameters = parameters
        self.statistics = statistics
        self.training = training
        self.key = key
        self.makes = makes
        self.moved: dict[str, jax.Array] = {}
        self.macs = 0
        self.tau: jax.Array | None = None

    def weight(self, name: str, shape: Sequence[int], start: str | float = "he", fan_in: int | None = None):
        """A trained array; it starts from He's normal distribution or from one value."""
        if name not in self.parameters and self.makes:
            key = self._next_key()
            if start == "he":
                deviation = np.sqrt(2 / (fan_in or int(np.prod(shape[:-1]))))
                self.parameters[name] = jax.random.normal(key, shape) * deviation
            else:
                self.parameters[name] = jnp.full(shape, start, jnp.float32)
        return self.parameters[name]

    def batch_norm(self, name: str, x: jax.Array, axes: Sequence[int] | None = None):
        """Normalise over these axes (all but the last)."""
        axes = tuple(range(x.ndim - 1)) if axes is None else tuple(axes)
        shape = tuple(1 if axis in axes else size for axis, size in enumerate(x.shape))
        gamma, beta = self.weight(f"{name}/gamma", shape, 1.0), self.weight(f"{name}/beta", shape, 0.0)
        if f"{name}/mean" not in self.statistics and self.makes:
            self.statistics |= {f"{name}/mean": jnp.zeros(shape), f"{name}/variance": jnp.ones(shape)}
        old = {key: self.statistics[f"{name}/{key}"] for key in ("mean", "variance")}
        now = old
        if self.training:
            now = {"mean": x.mean(axes, keepdims=True), "variance": x.var(axes, keepdims=True)}
            self.moved |= {f"{name}/{key}": MOMENTUM * old[key] + (1 - MOMENTUM) * now[key] for key in now}
        return (x - now["mean"]) * lax.rsqrt(now["variance"] + EPSILON) * gamma + beta

    def dense(self, name: str, x: jax.Array, units: int, *, bias: bool = True):
        """A fully connected layer over the last axis."""
        self.macs += x.shape[-1] * units * int(np.prod(x.shape[1:-1]))
        y = x @ self.weight(f"{name}/kernel", (x.shape[-1], units))
        return y + self.weight(f"{name}/bias", (units,), 0.0) if bias else y

    def conv(
        self, name: str, x: jax.Array, channels: int, kernel: Sequence[int], strides=(1, 1), *, bias: bool = False
    ):
        """A convolution over as many axes as the kernel has, zeros around."""
        taps = shifted(x, kernel, strides)
        y = jnp.concatenate(taps, -1)
        self.macs += int(np.prod(y.shape[1:])) * channels
        y = y @ self.weight(f"{name}/kernel", (y.shape[-1], channels))
        return y + self.weight(f"{name}/bias", (channels,), 0.0) if bias else y

    def depthwise(self, name: str, x: jax.Array, kernel: Sequence[int], strides=(1, 1), dilations=(1, 1)):
        """A convolution of every channel by itself."""
        taps = shifted(x, kernel, strides, dilations)
        self.macs += len(taps) * int(np.prod(taps[0].shape[1:]))
        w = self.weight(f"{name}/kernel", (len(taps), x.shape[-1]), fan_in=len(taps))
        return sum(tap * w[i] for i, tap in enumerate(taps))

    def dropout(self, x: jax.Array, rate: float, shape: Sequence[int] | None = None):
        """Drop this share (of the places of ``shape``, which broadcasts with x) in training."""
        if not (self.training and rate):
            return x
        kept = jax.random.bernoulli(self._next_key(), 1 - rate, x.shape if shape is None else shape)
        return jnp.where(kept, x / (1 - rate), 0)

    def _next_key(self):
        self.key, key = jax.random.split(self.key)
        return key


def shifted(x: jax.Array, kernel: Sequence[int], strides: Sequence[int], dilations=(1, 1)) -> list[jax.Array]:
    """What each tap of a kernel sees of x [shape=(batch, axes of the kernel ..., channels)], padded as ``same`` is."""
    paddings, slices = [(0, 0)], []
    for size, taps, stride, dilation in zip(x.shape[1:-1], kernel, strides, dilations, strict=False):
        span = (-(-size // stride) - 1) * stride + 1
        missing = max(span + (taps - 1) * dilation - size, 0)
        paddings.append((missing // 2, missing - missing // 2))
        slices.append([slice(i * dilation, i * dilation + span, stride) for i in range(taps)])
    x = jnp.pad(x, [*paddings, (0, 0)])
    return [x[(slice(None), *places)] for places in itertools.product(*slices)]


def gate(net: Pass, name: str, x: jax.Array, units: int, hidden: int):
    """Shares in (0, 1) from statistics: FC, BN, ReLU, FC, sigmoid."""
    h = jax.nn.relu(net.batch_norm(f"{name}/norm", net.dense(f"{name}/reduce", x, hidden)))
    return jax.nn.sigmoid(net.dense(f"{name}/excite", h, units))
