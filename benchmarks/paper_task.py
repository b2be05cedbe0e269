"""The paper's task on simulated machines: 8 states x 3 speeds x 3 loads, noise added once an observation."""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np

from drsn_keras.frontend import WindowSpec, window_features
from drsn_keras.noise import make_noise, mix_at_snr
from drsn_keras.training.vibration.open_corpus import simulated_recordings
from drsn_keras.training.vibration.windows import cut_windows

N_SAMPLES = 2048
SPEC = WindowSpec(sample_rate_hz=12000, n_samples=N_SAMPLES, hop_length=N_SAMPLES)
#: Share of the windows of known machines that a fold trains on.
TRAIN_SHARE = 0.8


@dataclasses.dataclass(frozen=True, eq=False)
class Observations:
    """Standardised windows [shape=(n, 2048, 1), float32], classes, and which of three parts each is in."""

    x: np.ndarray
    y: np.ndarray
    train: np.ndarray
    #: Windows of machines that are trained on: the paper's protocol.
    known: np.ndarray
    #: Windows of machines that are not: without a leak.
    new: np.ndarray


class Machines:
    """Clean windows of all machines, simulated once."""

    def __init__(self, known: int, new: int, windows: int, task_seed: int = 0) -> None:
        recordings = simulated_recordings(task_seed, known + new)
        hop = (len(recordings[0].signal) - N_SAMPLES) // (windows - 1)
        if hop < N_SAMPLES:
            # Windows that overlap would share samples between training and test.
            raise ValueError(f"windows: expected at most {len(recordings[0].signal) // N_SAMPLES}, got {windows}")
        cut = cut_windows(recordings, N_SAMPLES, hop)
        machine = np.array([int(str(r.machine)[-3:]) for r in recordings])[cut.recording]
        self.x, self.y, self.classes, self.rate_hz = cut.x, cut.y, cut.classes, round(cut.sample_rate_hz)
        self.is_new = machine >= known

    def observe(self, noise: str, snr_db: float, fold: int) -> Observations:
        """Add noise (one draw an observation, the same ratio in training and test) and divide."""
        rng = np.random.default_rng([zlib.crc32(noise.encode()), round(100 * snr_db) + 10_000, fold])
        source = make_noise(noise)
        noisy = [mix_at_snr(y, source(rng, N_SAMPLES, self.rate_hz), snr_db)[0] for y in self.x]
        features = window_features(np.stack(noisy) / np.abs(noisy).max(), SPEC)
        order = np.random.default_rng([1, fold]).permutation(np.flatnonzero(~self.is_new))
        border = round(TRAIN_SHARE * len(order))
        return Observations(features, self.y, order[:border], order[border:], np.flatnonzero(self.is_new))
