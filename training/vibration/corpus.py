"""Windows of machines as a corpus: what training, evaluation and export of any task work on."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np

from ..clips import Clips
from ..corpus import Corpus
from ..noise_recordings import find_noise
from ..recordings import SPLITS, Recording
from .config import VibrationConfig
from .splits import VibrationSplit
from .windows import Windows

#: One of the int16 range that clips are counted in; windows keep their fractions.
_STEPS = 32768.0


@dataclasses.dataclass
class VibrationCorpus(Corpus):
    """A corpus of windows.

    Parameters
    ----------
    windows : Windows
        Of all parts, in real units.
    split : VibrationSplit
    full_scale : float
        Real value of a sample of 1.0.
    """

    windows: Windows | None = None
    split: VibrationSplit | None = None
    full_scale: float = 1.0

    def describe(self) -> str:
        """One line about what was found."""
        n = "/".join(str(len(self.split.part(s))) for s in SPLITS)
        recordings = "/".join(str(len(np.unique(self.windows.recording[self.split.part(s)]))) for s in SPLITS)
        return (
            f"{len(self.labels)} states ({', '.join(self.labels)}), windows {n} of recordings {recordings} in "
            f"train/val/test, {self.n_samples} samples of {self.windows.unit} at {self.sample_rate_hz} Hz. "
            f"{self.split.sentence}"
        )


def vibration_corpus(
    config: VibrationConfig, windows: Windows, split: VibrationSplit, notes: list[str]
) -> VibrationCorpus:
    """The corpus of windows that are cut and divided.

    Parameters
    ----------
    config : VibrationConfig
        With its front end chosen.
    notes : what reading and resampling had to say
    """
    spec = config.spec

    def read(part: str) -> Clips:
        rows = split.part(part)
        x = windows.x[rows]
        # A steady acceleration (gravity, the sensor's offset) is no vibration: ratios to noise must not count it.
        x -= x.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
        x *= np.float32(_STEPS / spec.full_scale)
        recordings = tuple(_as_recording(windows, int(i), part) for i in rows)
        return Clips(x, windows.y[rows], recordings, windows.classes, spec.sample_rate_hz, list(notes))

    return VibrationCorpus(
        labels=windows.classes,
        sample_rate_hz=spec.sample_rate_hz,
        n_samples=spec.n_samples,
        protocol={**split.protocol(windows), "unit": windows.unit, "window_samples": spec.n_samples},
        read=read,
        listing=lambda: _listing(config, windows, split),
        noise_parts=tuple(find_noise([Path(folder) for folder in config.noise], None)) if config.noise else (),
        noise_kinds=config.noise_kinds,
        synthetic=False,
        windows=windows,
        split=split,
        full_scale=spec.full_scale,
    )


def _as_recording(windows: Windows, i: int, part: str) -> Recording:
    r = windows.recordings[windows.recording[i]]
    start = int(windows.start[i])
    # By its id: one file may hold several recordings.
    return Recording(Path(r.recording_id), r.label, part, r.recording_id, start, start + windows.x.shape[1])


def _listing(config: VibrationConfig, windows: Windows, split: VibrationSplit) -> list[tuple[str, ...]]:
    """Rows of splits.csv: a row a recording and part."""
    rows, root = [], config.root
    for part in SPLITS:
        counts = Counter(windows.recording[split.part(part)].tolist())
        for r, n in sorted(counts.items()):
            one = windows.recordings[r]
            name = one.recording_id
            if one.path is not None:
                below = root is not None and one.path.is_relative_to(root)
                name = one.path.relative_to(root).as_posix() if below else one.path.name
            rows.append((part, one.label, one.recording_id, name, f"{len(one.signal)} samples, {n} windows"))
    return rows
