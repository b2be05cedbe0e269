"""Recordings into one array of clips of equal length."""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .audio import FULL_SCALE, read_audio, to_int16
from .recordings import SILENCE, Recording

_WORKERS = 2  # libsndfile and soxr run without Python's lock
Outcome = Counter[str] | DataError
_QUIET = 10 ** (-60 / 20) * FULL_SCALE


@dataclasses.dataclass(frozen=True, eq=False)
class Clips:
    """Clips in memory.

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_samples), int16]
        Half the memory of float32 (85,000 clips of 1 s: 2.7 GB) and bit-exact for 16-bit files; what a
        24-bit file holds below -96 dBFS is rounded. :func:`~drsn_keras.training.audio.to_float` makes [-1, 1).
    y : np.ndarray [shape=(n,), int64]
        Index into ``labels``.
    recordings : tuple of Recording
        Row by row.
    labels : tuple of str
    sample_rate_hz : int
    notes : list of str
        What was converted or looks odd, one line each.
    """

    x: np.ndarray
    y: np.ndarray
    recordings: tuple[Recording, ...]
    labels: tuple[str, ...]
    sample_rate_hz: int
    notes: list[str] = dataclasses.field(default_factory=list)

    def __len__(self) -> int:
        return len(self.y)


def load_clips(
    recordings: Sequence[Recording],
    labels: Sequence[str],
    sample_rate_hz: int,
    n_samples: int,
    *,
    progress: bool = False,
    skip_bad: bool = False,
) -> Clips:
    """Read recordings into an array, in their order whatever the number of threads.

    Shorter clips stand in the middle of zeros; of longer ones the loudest window is kept, with its
    centre of energy in the middle (:func:`fit_window`).

    Parameters
    ----------
    progress : bool
        Show a bar on stderr if it is a terminal and reading takes more than 2 s.
    skip_bad : bool
        Leave out files that cannot be read, and say so in ``notes``, instead of raising.

    Raises
    ------
    DataError
        Naming the first unreadable file and the number of others; or a label that is not in ``labels``.
    """
    index = {label: i for i, label in enumerate(labels)}
    for r in recordings:
        if r.label not in index:
            raise DataError(mismatch(f"{r.path}, label", f"one of {', '.join(labels)}", r.label))
    x = np.zeros((len(recordings), n_samples), np.int16)

    def read(row: int) -> Outcome:
        try:
            return read_into(x[row], recordings[row], sample_rate_hz)
        except DataError as error:
            return error

    with ThreadPoolExecutor(_WORKERS) as pool:
        outcomes = list(_bar(pool.map(read, range(len(recordings))), len(recordings), progress))
    errors = [o for o in outcomes if isinstance(o, DataError)]
    if errors and (not skip_bad or len(errors) == len(recordings)):
        more = f" (and {len(errors) - 1} more unreadable files)" if len(errors) > 1 else ""
        raise DataError(f"{errors[0]}{more}")
    good = [i for i, o in enumerate(outcomes) if not isinstance(o, DataError)]
    facts = sum((o for o in outcomes if not isinstance(o, DataError)), Counter())
    notes = fact_notes(facts, len(good), sample_rate_hz, n_samples)
    if errors:
        notes.append(f"{len(errors)} of {len(recordings)} files unreadable and left out, the first: {errors[0]}")
        x = x[good]
    kept = tuple(recordings[i] for i in good)
    y = np.array([index[r.label] for r in kept], np.int64)
    return Clips(x, y, kept, tuple(labels), sample_rate_hz, notes)


def fit_window(y: np.ndarray, n_samples: int) -> np.ndarray:
    """Make a signal ``n_samples`` long.

    A shorter one stands in the middle of zeros. Of a longer one, the window of most energy is found, then
    moved so that the centre of that window's energy is in its middle: where the word is much shorter than
    the window many windows hold all of it, and this one holds it centred.

    >>> fit_window(np.array([0.0, 0.0, 0.0, 0.0, 1.0, 0.0]), 3)
    array([0., 1., 0.])
    """
    n = len(y)
    if n <= n_samples:
        before = (n_samples - n) // 2
        return np.pad(y, (before, n_samples - n - before))
    energy = np.concatenate([[0.0], np.cumsum(np.square(y, dtype=np.float64))])
    start = int(np.argmax(energy[n_samples:] - energy[:-n_samples]))
    inside = np.square(y[start : start + n_samples], dtype=np.float64)
    if inside.sum() > 0:
        centre = start + float(inside @ np.arange(n_samples)) / inside.sum()
        start = int(np.clip(round(centre - (n_samples - 1) / 2), 0, n - n_samples))
    return y[start : start + n_samples]


def read_into(row: np.ndarray, recording: Recording, sample_rate_hz: int) -> Counter[str]:
    """Fill one row of the array; returns what there is to say about the clip."""
    audio = read_audio(recording.path, sample_rate_hz, recording.start, recording.stop)
    row[:] = to_int16(fit_window(audio.y, len(row)))
    peak = int(np.max(np.abs(row.astype(np.int32))))
    facts: dict[str, bool] = {}
    facts[f"rate {audio.source_rate_hz}"] = audio.source_rate_hz != sample_rate_hz
    facts["stereo"] = audio.source_channels > 1
    facts["shorter"] = len(audio.y) < len(row)
    facts["longer"] = len(audio.y) > len(row)
    facts["over"] = audio.source_peak > 1
    facts["silent"] = peak == 0 and recording.label != SILENCE
    facts["quiet"] = 0 < peak < _QUIET and recording.label != SILENCE
    return Counter(key for key, holds in facts.items() if holds)


def fact_notes(facts: Counter[str], n: int, sample_rate_hz: int, n_samples: int) -> list[str]:
    """Counted facts as sentences."""
    length = f"{n_samples / sample_rate_hz:g} s"
    sentences = {
        "stereo": "with several channels averaged to mono",
        "shorter": f"shorter than {length}, zeros added on both sides",
        "longer": f"longer than {length}, cut to the loudest {length}",
        "over": "above full scale, clipped to [-1, 1]",
        "silent": "digitally silent (all samples 0)",
        "quiet": "very quiet (peak below -60 dBFS)",
    }
    rates = sorted((int(key[5:]), count) for key, count in facts.items() if key.startswith("rate "))
    notes = [
        f"{count} of {n} files resampled from {rate} Hz to {sample_rate_hz} Hz"
        + (f" (nothing above {rate // 2} Hz in them)" if rate < sample_rate_hz else "")
        for rate, count in rates
    ]
    return notes + [f"{facts[key]} of {n} files {text}" for key, text in sentences.items() if facts[key]]


def _bar(outcomes: Iterator[Outcome], total: int, progress: bool) -> Iterable[Outcome]:
    """The same iterator, with a progress bar where one is wanted and somebody can see it."""
    if not (progress and sys.stderr.isatty()):
        return outcomes
    from tqdm import tqdm

    return tqdm(outcomes, total=total, unit="clip", desc="reading", delay=2.0, file=sys.stderr)
