"""What stands between mel powers and the body: compressions, PCEN, thresholds or gains on the root-mel spectrum.

A front takes a pass, mel powers [shape=(batch, frames, bands)] and the job, and gives features of that shape (or with
as many bands again beside them).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from .jobs import Job
from .network import Pass
from .shrinkers import SHRINKERS
from .spectrum import BANDS, FRAMES

#: Of the mel power: a threshold on this root is a spectral subtraction.
EXPONENT = 0.25
#: Least level that is divided by.
_LEAST = 1e-3
#: Frames behind a noise floor and a local mean that sees no future; a local mean that does has as many on both sides.
_LOCAL_FRAMES = 8


def log_mel(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """The usual."""
    return jnp.log(power)


def log_mel_centred(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """Each band's mean over the clip taken off (cepstral mean normalisation, in the log-mel domain)."""
    x = jnp.log(power)
    return x - x.mean(1, keepdims=True)


def root_mel(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """The fourth root, no threshold."""
    return power**EXPONENT


def root_mel_levelled(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """The fourth root over the clip's mean."""
    x = power**EXPONENT
    return x / (x.mean((1, 2), keepdims=True) + _LEAST)


def pcen(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """Per-channel energy normalisation, all of its constants trained.

    References
    ----------
    Y. Wang et al., "Trainable frontend for robust and far-field keyword spotting", ICASSP 2017.
    """
    smoothing, gain, offset, root = (
        net.weight(f"pcen/{name}", (BANDS,), start)
        for name, start in (("smoothing", -3.6), ("gain", 3.0), ("offset", 0.7), ("root", 0.0))
    )
    smoothing, gain, offset, root = (
        jax.nn.sigmoid(smoothing),
        jax.nn.sigmoid(gain),
        jnp.exp(offset),
        jax.nn.sigmoid(root),
    )
    frame = np.arange(FRAMES)
    age = jnp.asarray(np.maximum(frame[:, None] - frame[None], 0), jnp.float32)
    # The recursive average as one matrix a band: frames are few, and a scan of 98 steps is slow on a GPU.
    kernel = (1 - smoothing)[:, None, None] ** age * smoothing[:, None, None] * jnp.tril(jnp.ones((FRAMES, FRAMES)))
    kernel = kernel.at[:, :, 0].set((1 - smoothing)[:, None] ** frame[None].astype(jnp.float32))
    scaled = power * 2.0**5
    average = jnp.einsum("fts,bsf->btf", kernel, scaled)
    return (scaled / (1e-3 + average) ** gain + offset) ** root - offset**root


def clip_threshold(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """``relu(x - tau)`` on the root-mel spectrum, one learned threshold a band."""
    x = power**EXPONENT
    h, level = _clip_hidden(net, x, job)
    return _thresholded(net, power, x, h, level, job)


def frame_threshold(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """Likewise, a threshold for every frame, which sees that frame and its surroundings too."""
    x = power**EXPONENT
    h, level = _clip_hidden(net, x, job)
    both_sides = 2 * _LOCAL_FRAMES + 1
    if job.causal:
        local = running_mean(x, _LOCAL_FRAMES)
    else:
        local = jnp.pad(running_mean(x, both_sides)[:, _LOCAL_FRAMES:], ((0, 0), (0, _LOCAL_FRAMES), (0, 0)))
    moment = net.batch_norm("front/moment_norm", jnp.concatenate([x, local], -1))
    h = h[:, None] + net.dense("front/moment", moment, job.hidden, bias=False)
    return _thresholded(net, power, x, h, level, job)


def clip_gain(net: Pass, power: jax.Array, job: Job) -> jax.Array:
    """The same network multiplies each band by 0 to 2 (squeeze and excitation) and takes nothing off."""
    x = power**EXPONENT
    h, level = _clip_hidden(net, x, job)
    return _finished(power, x * 2 * jax.nn.sigmoid(_excite(net, h))[:, None], level, job)


FRONTS = {
    "log-mel": log_mel,
    "log-mel-centred": log_mel_centred,
    "root-mel": root_mel,
    "root-mel-levelled": root_mel_levelled,
    "pcen": pcen,
    "clip-threshold": clip_threshold,
    "frame-threshold": frame_threshold,
    "clip-gain": clip_gain,
}


def running_mean(x: jax.Array, frames: int) -> jax.Array:
    """Mean of the last so many frames, zeros before the first."""
    total = jnp.cumsum(jnp.pad(x, ((0, 0), (frames, 0), (0, 0))), 1)
    return (total[:, frames:] - total[:, :-frames]) / frames


def noise_floor(x: jax.Array) -> jax.Array:
    """Minimum statistics: the quietest short mean of each band."""
    return running_mean(x, _LOCAL_FRAMES)[:, _LOCAL_FRAMES - 1 :].min(1)


_STATISTICS = {
    "mean": lambda x: x.mean(1),
    "maximum": lambda x: x.max(1) / 3,
    "minimum": lambda x: x.min(1),
    "floor": noise_floor,
}

_BASES = {
    "mean": lambda x: x.mean(1)[:, None],
    "running": lambda x: running_mean(x, FRAMES),
    "floor": lambda x: noise_floor(x)[:, None],
}


def _clip_hidden(net: Pass, x: jax.Array, job: Job) -> tuple[jax.Array, jax.Array]:
    """What a clip's statistics say, before normalisation [shape=(batch, hidden)], and its level [shape=(batch, 1)]."""
    statistics = jnp.concatenate([_STATISTICS[name](x) for name in job.statistics], -1)
    level = x.mean(1).mean(-1, keepdims=True) + _LEAST
    statistics = statistics / level if job.scaled else net.batch_norm("front/clip_norm", statistics)
    return net.dense("front/clip", statistics, job.hidden), level


def _excite(net: Pass, h: jax.Array) -> jax.Array:
    return net.dense("front/excite", jax.nn.relu(net.batch_norm("front/norm", h)), BANDS)


def _thresholded(net: Pass, power: jax.Array, x: jax.Array, h: jax.Array, level: jax.Array, job: Job) -> jax.Array:
    alpha = job.largest * jax.nn.sigmoid(_excite(net, h))
    net.tau = (alpha if alpha.ndim == 3 else alpha[:, None]) * _BASES[job.base](x)
    return _finished(power, SHRINKERS[job.shrinkage](x, net.tau), level, job)


def _finished(power: jax.Array, y: jax.Array, level: jax.Array, job: Job) -> jax.Array:
    """What is done to a shrunken spectrum before the body sees it."""
    if job.divided:
        y = y / level[:, None]
    if job.logarithm:
        y = jnp.log(y + 0.03)
    return jnp.concatenate([y, jnp.log(power)], -1) if job.beside_log else y
