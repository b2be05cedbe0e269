"""Noisy batches on disk, the same for every variant; noisy validation clips in memory."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.frontend import ROOT_MEL_40

#: SNRs [dB] of the noisy validation clips; draws of noise at each.
SNRS_DB, DRAWS = (10.0, 5.0, 0.0, -5.0, -10.0), 3
_VALIDATION_SEED = 40_001
_NO_MASKS = {"time_masks": 0, "band_masks": 0}
#: From which share of the epochs on, and the least SNR [dB] from there on.
_CURRICULUM = ((0.0, 5.0), (0.2, 0.0), (0.35, -5.0), (0.5, -10.0))
_HIGHEST_DB = 20.0


@dataclasses.dataclass(frozen=True)
class Material:
    """Batches of a training, and what it is judged by.

    Parameters
    ----------
    x : np.ndarray [shape=(steps, batch, frames, bands), float16]
        Root-mel features, augmented, without masks; a file that is read as it is needed.
    y : np.ndarray [shape=(steps, batch, classes), float32]
    validation : np.ndarray [shape=(1 + SNRs * draws, clips, frames, bands), float32]
        Clean, then at every SNR in every draw of noise.
    labels : np.ndarray [shape=(clips,)]
    steps_per_epoch : int
    """

    x: np.ndarray
    y: np.ndarray
    validation: np.ndarray
    labels: np.ndarray
    steps_per_epoch: int


class Source:
    """Makes :class:`Material` from the recordings."""

    def __init__(self, recordings: Path, epochs: int, folder: Path) -> None:
        from drsn_keras.training.corpus import open_corpus
        from keyword_runs import configuration, require_data

        require_data(recordings)
        config = configuration(recordings, "resnet", 0, epochs)
        self._config = dataclasses.replace(config, front_end=ROOT_MEL_40.to_dict(), augment=_NO_MASKS)
        self._corpus = open_corpus(self._config)
        self._folder = folder
        self.material = functools.cache(self._material)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return len(self._corpus.labels)

    def _material(self, *, curriculum: bool) -> Material:
        """Compute, or find what was computed before."""
        from drsn_keras.training.training_batches import training_batches

        phases = _CURRICULUM if curriculum else _CURRICULUM[-1:]
        epochs = self._config.epochs
        steps = training_batches(self._corpus, self._config, 0).steps_per_epoch
        stem = self._folder / f"{'curriculum' if curriculum else 'batches'}-{epochs}"
        paths = stem.with_suffix(".x.npy"), stem.with_suffix(".y.npy")
        if not paths[1].is_file():
            log(f"computing {epochs} epochs of noisy batches once")
            self._folder.mkdir(parents=True, exist_ok=True)
            self._compute(paths, phases, epochs, steps)
        x, y = np.load(paths[0], mmap_mode="r"), np.load(paths[1])
        return Material(x, y, self._noisy(), self._corpus.clips("val").y, steps)

    def _compute(self, paths: tuple[Path, Path], phases, epochs: int, steps: int) -> None:
        from drsn_keras.training.training_batches import training_batches

        size, shape = self._config.batch_size, self._config.spec.shape
        x = np.lib.format.open_memmap(paths[0], "w+", np.float16, (epochs * steps, size, *shape))
        y = np.zeros((epochs * steps, size, self.classes), np.float32)
        ends = [*(round(begin * epochs) for begin, _ in phases[1:]), epochs]
        begin = 0
        for (_, least), end in zip(phases, ends, strict=True):
            config = dataclasses.replace(self._config, augment={**_NO_MASKS, "snr_db": (least, _HIGHEST_DB)})
            batches = training_batches(self._corpus, config, 0).dataset(begin * steps)
            for step, (features, labels) in zip(range(begin * steps, end * steps), batches, strict=False):
                x[step], y[step] = features.numpy(), labels.numpy()
            begin = end
        x.flush()
        np.save(paths[1], y)

    @functools.cache  # noqa: B019 - one source a process
    def _noisy(self) -> np.ndarray:
        from drsn_keras.training.conditions import noisy_clips
        from drsn_keras.training.features import BatchFeatures
        from drsn_keras.training.validation import validation_sources

        clips, features = self._corpus.clips("val"), BatchFeatures(self._config.spec)
        sources = validation_sources(self._corpus, self._config)
        rows: dict[float, list[np.ndarray]] = {snr: [] for snr in SNRS_DB}
        for draw in range(DRAWS):
            for snr, mixed in noisy_clips(clips, sources, SNRS_DB, _VALIDATION_SEED + draw):
                rows[snr].append(features(mixed))
        return np.stack([features(clips.x.astype(np.float32) / 32768.0), *(m for snr in SNRS_DB for m in rows[snr])])
