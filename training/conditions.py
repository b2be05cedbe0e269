"""Test conditions: which noise at which SNR, and the same noisy clips for every model that is compared."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence

import numpy as np

from drsn_keras.errors import DataError
from drsn_keras.noise import NoiseSource, mix_at_snr

from .clips import Clips
from .corpus import Corpus

CLEAN = "none"
#: Every clip draws one of the recorded noises.
RECORDED = "recorded"
SNR_GRID_DB = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0, -10.0)


@dataclasses.dataclass(frozen=True)
class Condition:
    """A kind of noise at an SNR [dB]; clean is noise ``none`` at infinite SNR.

    ``seen`` tells whether training mixed in this kind of noise.
    """

    noise: str
    snr_db: float
    seen: bool

    @property
    def clean(self) -> bool:
        """No noise was added."""
        return math.isinf(self.snr_db)


def noisy_clips(
    clips: Clips, sources: Sequence[NoiseSource], snrs_db: Sequence[float], seed: int, first_row: int = 0
) -> Iterator[tuple[float, np.ndarray]]:
    """The clips at every SNR: ``(snr_db, float32 [shape=(n, n_samples)])``, one SNR at a time.

    Each clip draws its own noise once, from (seed, its row), and the same stretch of noise is used at every SNR: points
    along a curve differ in level and in nothing else. SNR is over the whole clip's mean power. A digitally silent clip
    has no SNR: it gets noise as if it were at -60 dBFS. Of clips that are mixed in several goes, ``first_row`` is the
    row of the first one of a go.
    """
    n, rate = clips.x.shape[1], clips.sample_rate_hz
    noises = np.empty(clips.x.shape, np.float32)
    for row in range(len(noises)):
        rng = np.random.default_rng([seed, first_row + row])
        noises[row] = sources[int(rng.integers(len(sources)))](rng, n, rate)
    for snr_db in snrs_db:
        mixed = np.empty_like(noises)
        for row, (samples, noise) in enumerate(zip(clips.x, noises, strict=True)):
            mixed[row] = _mix(samples.astype(np.float32) / 32768.0, noise, snr_db)
        yield snr_db, mixed


def _mix(y: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    if not y.any():
        power = np.mean(np.square(noise, dtype=np.float64))
        return noise * np.float32(np.sqrt(10.0 ** (-(60.0 + snr_db) / 10.0) / max(power, 1e-12)))
    try:
        return mix_at_snr(y, noise, snr_db)[0]
    except DataError:
        # A recorded noise may pause for a second; a silent stretch adds nothing.
        return y


def sources_of(corpus: Corpus, noise: str, split: str) -> list[NoiseSource]:
    """Sources behind a condition's noise: one, or all recordings for ``recorded``."""
    names = sorted(corpus.recorded(split)) if noise == RECORDED else [noise]
    if not names:
        raise DataError("noise 'recorded': expected folders of recordings (--noise DIR), got none")
    return [corpus.source(name, split) for name in names]


def wilson_interval(correct: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % interval of a proportion, in percent.

    References
    ----------
    E. B. Wilson, J. Am. Stat. Assoc. 22:209-212, 1927.

    >>> [round(p, 1) for p in wilson_interval(90, 100)]
    [82.6, 94.5]
    """
    p = correct / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return 100.0 * (middle - half), 100.0 * (middle + half)
