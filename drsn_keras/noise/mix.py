"""Mixing a signal with noise at a signal-to-noise ratio, and writing down how."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError, UsageError, mismatch
from .active import active_power
from .base import NoiseSource
from .snr import mean_power, mix_at_snr
from .values import uniform


@dataclasses.dataclass(frozen=True)
class Mix:
    """How a signal is mixed with noise: all that is needed to do it again.

    Parameters
    ----------
    noise : str
        Name of the source.
    snr_db : float
        Signal-to-noise ratio [dB].
    parameters : dict
        Of the noise, from :meth:`NoiseSource.draw`.
    active_speech : bool
        Whether the ratio counts the signal's power over its active frames only (see
        :func:`~drsn_keras.noise.active.active_power`) and not over the whole clip.
    """

    noise: str
    snr_db: float
    parameters: dict[str, Any]
    active_speech: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Mix:
        """Read a mix back; an unknown or missing name raises :class:`DataError`."""
        names = {field.name for field in dataclasses.fields(cls)}
        if set(values) | {"active_speech"} != names:
            odd = ", ".join(sorted(set(values) ^ names))
            raise DataError(mismatch("mix", f"the names {', '.join(sorted(names))}", f"a difference in {odd}"))
        return cls(**values)


def draw_mix(
    rng: np.random.Generator,
    sources: Mapping[str, NoiseSource],
    snr_db: float | tuple[float, float],
    n_samples: int,
    sample_rate_hz: int,
    active_speech: bool = False,
) -> Mix:
    """Draw a noise, its parameters and an SNR; nothing is rendered yet.

    Parameters
    ----------
    rng : np.random.Generator
    sources : dict
        From name to source, each as likely as the others.
    snr_db : float or (float, float)
        The ratio [dB], or the limits to draw it from evenly.
    n_samples : int
        Of the signal to come.
    sample_rate_hz : int
    active_speech : bool
        See :class:`Mix`.

    Returns
    -------
    Mix

    Raises
    ------
    UsageError
        If there are no sources, or the ratio is not finite or its limits are reversed.

    Examples
    --------
    >>> from drsn_keras.noise import GENERATORS, measure_snr_db
    >>> sources = {name: kind() for name, kind in GENERATORS.items()}
    >>> mix = draw_mix(np.random.default_rng(0), sources, (-5.0, 20.0), 16000, 16000)
    >>> y = np.sin(0.1 * np.arange(16000))
    >>> mixed, noise = apply_mix(y, mix, sources, 16000)
    >>> bool(abs(measure_snr_db(y, mixed) - mix.snr_db) < 1e-3)
    True
    """
    if not sources:
        raise UsageError(mismatch("noise sources", "at least one", "none"))
    low, high = snr_db if isinstance(snr_db, (tuple, list)) else (snr_db, snr_db)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise UsageError(mismatch("snr_db", "a finite number, or two of which the second is no less", repr(snr_db)))
    names = sorted(sources)
    name = names[int(rng.integers(len(names)))]
    ratio_db = float(low) if low == high else uniform(rng, low, high)
    return Mix(name, ratio_db, sources[name].draw(rng, n_samples, sample_rate_hz), bool(active_speech))


def apply_mix(
    y: np.ndarray, mix: Mix, sources: Mapping[str, NoiseSource], sample_rate_hz: int
) -> tuple[np.ndarray, np.ndarray]:
    """Render a mix onto a signal.

    Parameters
    ----------
    y : np.ndarray [shape=(n_samples,)]
    mix : Mix
    sources : dict
        From name to source; has to hold the mix's.
    sample_rate_hz : int

    Returns
    -------
    mixed, noise : np.ndarray [shape=(n_samples,), float32]
        The signal with noise, and the noise that was added. Nothing is clipped: a mix may leave [-1, 1].

    Raises
    ------
    DataError
        If the mix's noise is not among the sources, or signal or noise cannot be mixed (see :func:`mix_at_snr`).
    """
    if mix.noise not in sources:
        raise DataError(mismatch("noise of the mix", f"one of {', '.join(sorted(sources))}", repr(mix.noise)))
    y = np.asarray(y)
    if y.ndim != 1 or y.size == 0:
        raise DataError(mismatch("signal to mix", "shape (n_samples,) with samples", f"shape {y.shape}"))
    noise = sources[mix.noise].render(mix.parameters, len(y), sample_rate_hz)
    snr_db = mix.snr_db
    if mix.active_speech:
        # The pauses make the clip's mean power lower than that of its speech.
        snr_db += 10.0 * math.log10(mean_power("signal", y) / active_power(y, sample_rate_hz))
    return mix_at_snr(y, noise, snr_db)
