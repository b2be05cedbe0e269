"""Training batches of windows: shifted, turned over, in noise at a random level; features in NumPy."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from drsn_keras.frontend import window_features

from ..batch_part import WHOLE, Part, part_rows
from ..step_batches import step_dataset
from .config import VibrationConfig
from .corpus import VibrationCorpus

#: Share of a window's power below which a signal counts as silent: nothing is mixed in.
_SILENCE = 1e-20
_ROUND = 8


@dataclasses.dataclass(frozen=True)
class VibrationBatches:
    """Endless batches whose content depends on (seed, step) alone, as :class:`~drsn_keras.training.pipeline.Batches`.

    A window is moved by up to half a hop inside its recording and played faster or slower by up to
    ``config.speed_change`` (neither where windows of one recording stand on both sides of a split), turned over with
    probability 1/2 (a sensor may be mounted either way), and with probability ``config.noisy`` gets one kind of noise
    at a ratio drawn from ``config.snr_db``.

    Parameters
    ----------
    corpus : VibrationCorpus
    config : VibrationConfig
    seed : int
        Of the draws; the noise itself depends on the configuration's seed.
    """

    corpus: VibrationCorpus
    config: VibrationConfig
    seed: int

    @functools.cached_property
    def rows(self) -> np.ndarray:
        """Windows of the training part [shape=(n,)]."""
        return self.corpus.split.train

    @functools.cached_property
    def noise(self) -> list[np.ndarray]:
        """A long signal of each kind of noise, unit power, longer than a window."""
        rng = np.random.default_rng([self.config.seed, 1])
        signals = self.corpus.training_noise(rng)
        joined = [np.concatenate(parts).astype(np.float64) for parts in signals.values()]
        long = [np.tile(y, 1 + 2 * self.corpus.n_samples // len(y)) for y in joined]
        return [y / np.sqrt(np.mean(np.square(y))) for y in long if np.any(y)]

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every window is seen once."""
        return -(-len(self.rows) // self.batch_size)

    @property
    def batch_size(self) -> int:
        """Windows in a batch."""
        return min(self.config.batch_size, len(self.rows))

    def waves(self, step: int, part: Part = WHOLE) -> tuple[np.ndarray, np.ndarray]:
        """Windows [shape=(rows, n_samples), float64, real units] and labels [shape=(rows,)] of a step.

        Everything is drawn for the whole batch; the rows of ``part`` are cut and mixed.
        """
        own = part_rows(self.batch_size, part)
        epoch, place = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng([self.seed, 2, epoch]).permutation(len(self.rows))
        chosen = self.rows[order[np.arange(place * self.batch_size, (place + 1) * self.batch_size) % len(order)]]
        rng = np.random.default_rng([self.seed, 3, step])
        places = [self._place(int(i), rng) for i in chosen]
        y = np.stack([self._cut(int(chosen[row]), *places[row]) for row in own])
        y *= rng.choice([-1.0, 1.0], (len(chosen), 1))[own]
        self._add_noise(y, rng, own)
        return y, self.corpus.windows.y[chosen[own]]

    def _place(self, i: int, rng: np.random.Generator) -> tuple[int, int]:
        """First sample of a window and how many of the recording are played in it."""
        windows, n = self.corpus.windows, self.corpus.n_samples
        signal = windows.recordings[windows.recording[i]].signal
        start, length = int(windows.start[i]), n
        if not self.corpus.split.leaky:
            half = self.config.spec.hop_length // 2
            change = self.config.speed_change
            # Even lengths of many small factors: what the FFT is quick at.
            length = min(n + _ROUND * round(n * rng.uniform(-change, change) / _ROUND), len(signal))
            start = int(np.clip(start + rng.integers(-half, half + 1), 0, len(signal) - length))
        return start, length

    def _cut(self, i: int, start: int, length: int) -> np.ndarray:
        windows, n = self.corpus.windows, self.corpus.n_samples
        signal = windows.recordings[windows.recording[i]].signal
        y = signal[start : start + length].astype(np.float64)
        return y if length == n else np.fft.irfft(np.fft.rfft(y)[: n // 2 + 1], n) * (n / length)

    def _add_noise(self, y: np.ndarray, rng: np.random.Generator, own: Iterable[int]) -> None:
        """Mix noise into the rows ``own`` of a batch, which ``y`` holds."""
        if not self.noise:
            return
        noisy = rng.random(self.batch_size) < self.config.noisy
        snr_db = rng.uniform(*self.config.snr_db, self.batch_size)
        kinds = rng.integers(len(self.noise), size=self.batch_size)
        held = {row: i for i, row in enumerate(own)}
        for row in np.flatnonzero(noisy):
            source = self.noise[kinds[row]]
            start = rng.integers(len(source) - y.shape[1] + 1)
            if row not in held:
                continue
            noise = source[start : start + y.shape[1]]
            wave = y[held[row]]
            signal_power, noise_power = np.var(wave), np.mean(np.square(noise))
            if signal_power > _SILENCE and noise_power > _SILENCE:
                wave += noise * np.sqrt(signal_power / noise_power * 10.0 ** (-snr_db[row] / 10.0))

    def batch(self, step: int, part: Part = WHOLE) -> tuple[np.ndarray, np.ndarray]:
        """Features [shape=(rows, points, channels), float32] and one-hot labels [shape=(rows, classes), float32]."""
        y, labels = self.waves(step, part)
        features = window_features(y / self.corpus.full_scale, self.config.spec)
        return features, np.eye(len(self.corpus.labels), dtype=np.float32)[labels]

    def dataset(self, first_step: int = 0, part: Part = WHOLE) -> tf.data.Dataset:
        """(features, one-hot labels) from ``first_step`` on, without end; with ``part``, one worker's rows of them."""
        rows = len(part_rows(self.batch_size, part))
        shapes = ((rows, *self.config.spec.shape), (rows, len(self.corpus.labels)))
        return step_dataset(functools.partial(self.batch, part=part), shapes, first_step)
