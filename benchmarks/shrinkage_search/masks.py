"""What is done to spectra in training: masks (SpecAugment) and, where asked for, a stretch of the mel axis."""

from __future__ import annotations

import jax
import jax.numpy as jnp

TIME_MASKS, TIME_MASK_FRAMES = 2, 10
BAND_MASKS, BAND_MASK_BANDS = 2, 4


def mask(key: jax.Array, x: jax.Array) -> jax.Array:
    """Stripes of frames and of bands take the mean of their clip. x [shape=(batch, frames, bands)]."""
    batch, frames, bands = x.shape
    keys = jax.random.split(key, 8)
    keep = jnp.ones_like(x)
    for i in range(TIME_MASKS):
        keep = keep * _stripe(keys[i], batch, frames, TIME_MASK_FRAMES)[:, :, None]
    for i in range(BAND_MASKS):
        keep = keep * _stripe(keys[4 + i], batch, bands, BAND_MASK_BANDS)[:, None, :]
    return x * keep + x.mean((1, 2), keepdims=True) * (1 - keep)


def _stripe(key: jax.Array, batch: int, size: int, largest: int) -> jax.Array:
    """Ones, and zeros over a stretch of 0 to ``largest`` places [shape=(batch, size)]."""
    for_width, for_start = jax.random.split(key)
    width = jnp.floor(jax.random.uniform(for_width, (batch,)) * (min(largest, size) + 1))
    start = jnp.floor(jax.random.uniform(for_start, (batch,)) * (size - width + 1))
    place = jnp.arange(size)[None]
    return 1.0 - ((place >= start[:, None]) & (place < (start + width)[:, None])).astype(jnp.float32)


def warp_bands(key: jax.Array, power: jax.Array, amount: float) -> jax.Array:
    """Stretch each clip's mel axis by 1 - amount to 1 + amount, as longer and shorter vocal tracts do."""
    batch, frames, bands = power.shape
    factor = jax.random.uniform(key, (batch,), minval=1 - amount, maxval=1 + amount)
    place = jnp.clip(jnp.arange(bands)[None] * factor[:, None], 0, bands - 1.001)
    left = jnp.floor(place).astype(jnp.int32)
    share = (place - left)[:, None]

    def at(index):
        return jnp.take_along_axis(power, jnp.broadcast_to(index[:, None], (batch, frames, bands)), 2)

    return at(left) * (1 - share) + at(left + 1) * share
