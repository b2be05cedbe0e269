"""Augmentation of waveforms as the library's: speed and shift, rooms, recorded and generated noise, level."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from .data import Training
from .jobs import Job
from .spectrum import N_SAMPLES, SAMPLE_RATE_HZ

SPEED = (0.92, 1.08)
SHIFT_S = 0.1
GAIN_DB = (-6.0, 6.0)
REVERB_SHARE = 0.1
#: A linear convolution of a clip with a room's response fits.
_FFT_LENGTH = 32768


def augment(data: Training, job: Job, key: jax.Array, rows: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Draw and apply; speech and noise [shape=(batch, n)] are given apart, their sum is what is heard."""
    batch = len(rows)
    keys = jax.random.split(key, 12)

    def uniform(i, low=0.0, high=1.0):
        return jax.random.uniform(keys[i], (batch,), minval=low, maxval=high)

    y = data.clips[rows].astype(jnp.float32)
    y = _move(y, uniform(0, *SPEED), uniform(1, -SHIFT_S, SHIFT_S) * SAMPLE_RATE_HZ)
    if reverberant := round(REVERB_SHARE * batch):
        rooms = data.rooms[jax.random.randint(keys[7], (reverberant,), 0, len(data.rooms))]
        y = jnp.concatenate([_reverberate(y[:reverberant], rooms), y[reverberant:]])
    kind = jax.random.randint(keys[3], (batch,), 0, len(data.starts))
    first = data.starts[kind] + (uniform(4) * (data.lengths[kind] - N_SAMPLES)).astype(jnp.int32)
    noise = jax.vmap(lambda at: lax.dynamic_slice(data.noise, (at,), (N_SAMPLES,)))(first).astype(jnp.float32)
    snr_db = uniform(5, *job.snr_db)
    noisy = (uniform(6) < job.noise_share).astype(jnp.float32)
    speech_power = jnp.maximum((y**2).mean(1), 1e-6)
    noise_power = jnp.maximum((noise**2).mean(1), 1e-12)
    factor = jnp.sqrt(speech_power / noise_power * 10 ** (-snr_db / 10)) * noisy
    gain = 10 ** (uniform(2, *GAIN_DB) / 20)
    return y * gain[:, None], (noise * factor[:, None]) * gain[:, None]


def _move(y: jax.Array, speed: jax.Array, shift: jax.Array) -> jax.Array:
    """Play faster or slower about the middle and later or earlier [samples], between samples linearly."""
    n = y.shape[1]
    middle = (n - 1) / 2
    place = (jnp.arange(n)[None] - middle - shift[:, None]) * speed[:, None] + middle
    left = jnp.floor(place)
    index = jnp.clip(left.astype(jnp.int32) + 2, 0, n + 2)
    padded = jnp.pad(y, ((0, 0), (2, 2)))
    before, after = (jnp.take_along_axis(padded, i, 1) for i in (index, index + 1))
    return before + (after - before) * (place - left)


def _reverberate(y: jax.Array, rooms: jax.Array) -> jax.Array:
    spectrum = jnp.fft.rfft(y, _FFT_LENGTH) * jnp.fft.rfft(rooms, _FFT_LENGTH)
    return jnp.fft.irfft(spectrum, _FFT_LENGTH)[:, : y.shape[1]]
