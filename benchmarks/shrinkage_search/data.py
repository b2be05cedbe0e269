"""What a training is given and what it is scored on, on JAX's device, from a packed file."""

from __future__ import annotations

import io
import lzma
import zipfile
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .mulaw import decode
from .spectrum import mel_power

#: SNRs [dB] of the noisy validation clips, after the clean ones.
SNRS_DB = (10, 5, 0, -5, -10)
#: Draws of noise at every SNR.
DRAWS = 3


class Training(NamedTuple):
    """Signals that augmentation mixes.

    clips [shape=(clips, n), float16], labels [shape=(clips,)], noise: all kinds end to end [shape=(total,), float16],
    starts and lengths of the kinds in it, rooms: impulse responses [shape=(rooms, taps)].
    """

    clips: jax.Array
    labels: jax.Array
    noise: jax.Array
    starts: jax.Array
    lengths: jax.Array
    rooms: jax.Array


class Validation(NamedTuple):
    """Mel powers [shape=(1 + SNRs * draws, clips, frames, bands)] of clean clips, then noisy ones; their labels."""

    power: jax.Array
    labels: jax.Array


class Data(NamedTuple):
    """All of a packed file."""

    training: Training
    validation: Validation
    classes: tuple[str, ...]


def read(path: Path) -> Data:
    """Read a packed file.

    Raises
    ------
    SystemExit
        With one line, if the file is not one that ``--pack`` has written.
    """
    try:
        with np.load(io.BytesIO(lzma.decompress(path.read_bytes())), allow_pickle=False) as file:
            return from_arrays(dict(file))
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror or error}") from None
    except (lzma.LZMAError, EOFError, zipfile.BadZipFile, ValueError, KeyError) as error:
        raise SystemExit(f"{path}: expected a file that --pack has written, got {str(error)!r}") from None


def from_arrays(a: dict[str, np.ndarray]) -> Data:
    """Decode the arrays of a packed file."""
    training = Training(
        jnp.asarray(decode(a["clips"], a["clips_peaks"]), jnp.float16),
        jnp.asarray(a["labels"], jnp.int32),
        jnp.asarray(decode(a["noise"], a["noise_peaks"])[0], jnp.float16),
        jnp.asarray(a["noise_starts"], jnp.int32),
        jnp.asarray(a["noise_lengths"], jnp.int32),
        jnp.asarray(a["rooms"], jnp.float32),
    )
    clips, noise = (
        jnp.asarray(decode(a[n], a[f"{n}_peaks"]), jnp.float32) for n in ("validation_clips", "validation_noise")
    )
    validation = Validation(noisy_powers(clips, noise), jnp.asarray(a["validation_labels"], jnp.int32))
    return Data(training, validation, tuple(map(str, a["classes"])))


def noisy_powers(clips: jax.Array, noise: jax.Array) -> jax.Array:
    """Mel powers of clips, clean, then in noise; a clip meets the same stretches of noise at every SNR."""
    power = jax.jit(mel_power)
    found = [power(clips)]
    speech = jnp.maximum((clips**2).mean(1), 1e-6)
    for snr_db in SNRS_DB:
        for draw in range(DRAWS):
            drawn = noise[(jnp.arange(len(clips)) * 7 + draw * 101) % len(noise)]
            loudness = jnp.maximum((drawn**2).mean(1), 1e-12)
            found.append(power(clips + drawn * jnp.sqrt(speech / loudness * 10 ** (-snr_db / 10))[:, None]))
    return jnp.stack(found)
