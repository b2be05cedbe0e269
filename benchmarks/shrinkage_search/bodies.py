"""Networks behind a front: (batch, frames, bands) to an embedding (batch, channels), the mean over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from .jobs import Job
from .network import Pass, gate

STEM_KERNEL, UNIT_KERNEL = 5, 9
#: Channels of the first blocks of the broadcast-residual body; the share that it drops out.
_BROADCAST_CHANNELS, _BROADCAST_DROPOUT = 8, 0.1
_SUB_BANDS = 5


def residual(net: Pass, x: jax.Array, job: Job) -> jax.Array:
    """The library's keyword network: bands are channels, a strided stem, units of two long convolutions."""
    units = job.units or ((24, 1), (32, 2), (40, 2))
    x = net.conv("stem", x, units[0][0], (STEM_KERNEL,), (2,), bias=True)
    return _units(net, x, units, job, _plain)


def separable(net: Pass, x: jax.Array, job: Job) -> jax.Array:
    """The same of depthwise and pointwise convolutions, wider."""
    units = job.units or ((64, 1), (64, 2), (64, 1), (96, 1))
    x = net.conv("stem", x, units[0][0], (STEM_KERNEL,), (2,), bias=True)
    return _units(net, x, units, job, _separated)


def stem_2d(net: Pass, x: jax.Array, job: Job) -> jax.Array:
    """A stem of 2-D convolutions over time and bands, then residual units over time."""
    units = job.units or ((24, 2), (32, 1), (40, 2))
    z = net.conv("stem1", x[..., None], job.stem_channels, (5, 5), (2, 2))
    z = jax.nn.relu(net.batch_norm("stem1_norm", z))
    z = z + jax.nn.relu(net.batch_norm("stem2_norm", net.conv("stem2", z, job.stem_channels, (3, 3))))
    x = z.reshape(*z.shape[:2], -1)
    if job.stem_gate:
        mean = x.mean(1)
        tau = gate(net, "stem_gate", mean, x.shape[-1], job.stem_gate) * mean
        x = jax.nn.relu(x - tau[:, None])
    x = net.conv("mix", x, units[0][0], (1,), bias=True)
    return _units(net, x, units, job, _plain)


def broadcast(net: Pass, x: jax.Array, job: Job) -> jax.Array:
    """Broadcast-residual blocks with half of the frames, as in BC-ResNet.

    References
    ----------
    B. Kim et al., "Broadcasted residual learning for efficient keyword spotting", Interspeech 2021.
    """
    a = _BROADCAST_CHANNELS
    x = jax.nn.relu(net.batch_norm("stem_norm", net.conv("stem", x[..., None], 2 * a, (5, 5), (2, 2))))
    stages = ((a, 2, 1, 1), (int(1.5 * a), 2, 2, 1), (2 * a, 4, 2, 2), (int(2.5 * a), 4, 1, 4))
    for i, (channels, blocks, stride, dilation) in enumerate(stages):
        for j in range(blocks):
            x = _broadcast_block(net, f"block{i}.{j}", x, channels, stride, dilation, changes=j == 0)
    x = net.depthwise("head", x, (5, 5)).mean(2)
    return jax.nn.relu(net.batch_norm("embed_norm", net.dense("embed", x, 4 * a, bias=False))).mean(1)


BODIES: dict[str, Callable[[Pass, jax.Array, Job], jax.Array]] = {
    "residual": residual,
    "separable": separable,
    "stem-2d": stem_2d,
    "broadcast": broadcast,
}


def _units(net: Pass, x: jax.Array, units: Sequence[tuple[int, int]], job: Job, convolve: Callable) -> jax.Array:
    """Pre-activated residual units with padded shortcuts, thresholds last in each; BN, ReLU, mean over time."""
    for i, (channels, stride) in enumerate(units):
        h = jax.nn.relu(net.batch_norm(f"unit{i}/norm1", x))
        h = convolve(net, f"unit{i}/conv1", h, channels, stride)
        h = jax.nn.relu(net.batch_norm(f"unit{i}/norm2", h))
        h = convolve(net, f"unit{i}/conv2", h, channels, 1)
        if job.attention == "channel-wise":
            mean = jnp.abs(h).mean(1)
            tau = (gate(net, f"unit{i}/gate", mean, channels, channels) * mean)[:, None]
            h = jnp.sign(h) * jax.nn.relu(jnp.abs(h) - tau)
        shortcut = x[:, ::stride]
        x = h + jnp.pad(shortcut, ((0, 0), (0, 0), (0, max(0, channels - x.shape[-1]))))
    return jax.nn.relu(net.batch_norm("head_norm", x)).mean(1)


def _plain(net: Pass, name: str, x: jax.Array, channels: int, stride: int) -> jax.Array:
    return net.conv(name, x, channels, (UNIT_KERNEL,), (stride,), bias=True)


def _separated(net: Pass, name: str, x: jax.Array, channels: int, stride: int) -> jax.Array:
    return net.dense(f"{name}/point", net.depthwise(f"{name}/depth", x, (UNIT_KERNEL,), (stride,)), channels)


def _broadcast_block(
    net: Pass, name: str, x: jax.Array, channels: int, stride: int, dilation: int, *, changes: bool
) -> jax.Array:
    """Bands are convolved one way, their mean over bands the other; the first block of a stage changes the shape."""
    y = x
    if changes:
        y = jax.nn.relu(net.batch_norm(f"{name}/enter_norm", net.dense(f"{name}/enter", y, channels, bias=False)))
    y = net.depthwise(f"{name}/bands", y, (1, 3), (1, stride if changes else 1))
    batch, frames, bands, _ = y.shape
    groups = _SUB_BANDS if bands % _SUB_BANDS == 0 else 1
    grouped = y.reshape(batch, frames, groups, bands // groups, channels)
    y = net.batch_norm(f"{name}/sub_band_norm", grouped, axes=(0, 1, 3)).reshape(y.shape)
    mean = net.depthwise(f"{name}/time", y.mean(2, keepdims=True), (3, 1), dilations=(dilation, 1))
    mean = jax.nn.swish(net.batch_norm(f"{name}/time_norm", mean))
    mean = net.dense(f"{name}/point", mean, channels, bias=False)
    mean = net.dropout(mean, _BROADCAST_DROPOUT, (batch, 1, 1, channels))
    return jax.nn.relu(y + mean if changes else y + mean + x)
