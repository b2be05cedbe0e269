"""Noise added to a signal at a ratio of powers: generated, or recorded in the same part."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.noise import NoiseSource, RecordedNoise, WhiteNoise, mix_at_snr

from ..conditions import RECORDED
from .corruption import Condition, Corruption, clean_condition

#: Generators that take longer than a network's step: training cuts from a long signal of each.
_COSTLY = frozenset({"roadside", "factory"})
#: Ratios at which an epoch is judged [dB].
VALIDATION_SNRS_DB = (10.0, 5.0, 0.0)
_BANK_S, _PIECE_S = 60, 4
_TRIES = 8


class SnrNoise(Corruption):
    """Noise at a ratio drawn evenly in dB; blind, as the network is not told it.

    Parameters
    ----------
    spec : SignalSpec
    recorded : split -> {name: source}
        Recorded noise of a part.
    generated : {name: source or split -> source}
        All generators that a test may name.
    trained : sequence of str
        Those that training mixes in beside the recordings of its part.
    tested : sequence of str
        Those of a test where none are named.
    snr_db : (float, float)
    levels : sequence of float
        Ratios of a test [dB].
    level_dbfs : (float, float) or None
        The clean signal is brought to an RMS drawn from these first. None leaves it.
    seed : int
    """

    def __init__(
        self,
        spec: SignalSpec,
        *,
        recorded: Callable[[str], Mapping[str, NoiseSource]],
        generated: Mapping[str, Callable[[str], NoiseSource]],
        trained: Sequence[str],
        tested: Sequence[str],
        snr_db: tuple[float, float],
        levels: Sequence[float],
        level_dbfs: tuple[float, float] | None = None,
        seed: int = 0,
    ) -> None:
        self._spec, self._generated, self._seed = spec, dict(generated), seed
        self._recorded = functools.lru_cache(maxsize=None)(lambda split: dict(recorded(split)))
        self._trained, self._tested = list(trained), list(tested)
        self._snr_db, self._levels, self._level_dbfs = snr_db, list(levels), level_dbfs
        self._source = functools.lru_cache(maxsize=None)(self._make_source)
        if unknown := [name for name in self._trained if name not in self._generated]:
            raise UsageError(mismatch("--noise-kinds", f"none, or some of {', '.join(self._generated)}", unknown[0]))

    @property
    def names(self) -> list[str]:
        """Recordings first."""
        return list(dict.fromkeys([*self._recorded("train"), *self._trained]))

    @functools.cached_property
    def _training(self) -> list[NoiseSource]:
        sources = [*self._recorded("train").values()]
        rate, n = self._spec.sample_rate_hz, self._spec.n_samples
        for number, name in enumerate(self._trained):
            source = self._source(name, "train")
            if name in _COSTLY:
                rng = np.random.default_rng([self._seed, 1, number])
                length = max(_PIECE_S * rate, 2 * n)
                pieces = [source(rng, length, rate) for _ in range(max(1, _BANK_S * rate // length))]
                source = RecordedNoise(name, pieces, rate)
            sources.append(source)
        if not sources:
            raise UsageError(mismatch("noise", "--noise DIR or --noise-kinds NAMES", "neither"))
        return sources

    def spoil(self, clean: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Each example gets a noise, a ratio and perhaps a level of its own."""
        noisy = np.empty(clean.shape, np.float32)
        target = np.empty(clean.shape, np.float32)
        for row, y in enumerate(clean):
            source = self._training[int(rng.integers(len(self._training)))]
            noisy[row], target[row] = self._mix(y, source, float(rng.uniform(*self._snr_db)), rng)
        return noisy, target

    def conditions(self, noises: Sequence[str] | None = None, levels: Sequence[float] | None = None) -> list[Condition]:
        """Every noise at every ratio, and clean."""
        names = list(noises) if noises is not None else self._default_noises()
        known = {*self._generated, *self._recorded("test"), *([RECORDED] if self._recorded("test") else [])}
        for name in names:
            if name not in known:
                raise UsageError(mismatch("--noises", f"some of {', '.join(sorted(known))}", name))
        trained = {*self._recorded("train"), *self._trained}
        found = [clean_condition()]
        for name in names:
            seen = trained >= set(self._recorded("test")) if name == RECORDED else name in trained
            found += [Condition(name, float(db), "snr_db", seen) for db in (levels or self._levels)]
        return found

    def _default_noises(self) -> list[str]:
        return [*([RECORDED] if self._recorded("test") else []), *dict.fromkeys([*self._trained, *self._tested])]

    def apply(
        self, y: np.ndarray, condition: Condition, rng: np.random.Generator, split: str
    ) -> tuple[np.ndarray, np.ndarray]:
        """The noise is of the part that is asked for."""
        if condition.clean:
            clean = self._at_level(np.asarray(y, np.float64), rng).astype(np.float32)
            return clean, clean
        if condition.noise == RECORDED:
            sources = [source for _, source in sorted(self._recorded(split).items())]
            if not sources:
                raise DataError(mismatch("noise 'recorded'", "recordings (--noise DIR)", "none"))
            source = sources[int(rng.integers(len(sources)))]
        else:
            source = self._source(condition.noise, split)
        return self._mix(y, source, condition.level, rng)

    def validation(self) -> dict[str, list[Condition]]:
        """Three ratios, each in all recordings of the validation part, or else in the generators, or else white."""
        names = [RECORDED] if self._recorded("val") else self._trained or [WhiteNoise.name]
        return {f"{db:g}db": [Condition(name, db, "snr_db") for name in names] for db in VALIDATION_SNRS_DB}

    def _make_source(self, name: str, split: str) -> NoiseSource:
        recorded = self._recorded(split)
        if name in recorded:
            return recorded[name]
        if name not in self._generated:
            raise DataError(mismatch(f"noise {name} in {split}", "a recording of this part", "none"))
        return self._generated[name](split)

    def _at_level(self, y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self._level_dbfs is None:
            return y
        wanted = 10.0 ** (rng.uniform(*self._level_dbfs) / 20.0)
        return y * (wanted / math.sqrt(max(float(np.mean(np.square(y))), 1e-20)))

    def _mix(
        self, y: np.ndarray, source: NoiseSource, snr_db: float, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        clean = self._at_level(np.asarray(y, np.float64), rng)
        for _ in range(_TRIES):
            noise = source(rng, len(clean), self._spec.sample_rate_hz)
            try:
                noisy = mix_at_snr(clean, noise, snr_db)[0]
                break
            except DataError:  # a recorded noise may pause; a clean signal that is silent never gets here
                continue
        else:
            noisy = clean.astype(np.float32)
        if self._level_dbfs is not None and (peak := float(np.abs(noisy).max())) > 1.0:
            # A microphone cannot give more than full scale, and nothing is to be clipped.
            return noisy / np.float32(peak), (clean / peak).astype(np.float32)
        return noisy, clean.astype(np.float32)
