"""Recorded noise for training and for tests: disjoint by recording, or by part of a recording."""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import resolved

from .audio import file_frames, file_rate_hz, read_audio
from .datasets.background import split_noise
from .datasets.files import audio_files
from .datasets.rows import Row, read_rows
from .noise_sets import claim_files
from .recordings import Recording, count_groups, of_split
from .splits import check_disjoint

#: Parts shorter than this are dropped.
MIN_PART_S = 0.1
#: Of one kind in one split not more than this is read: 64 kB a second add up.
MAX_KIND_S = 1800.0


class FoundNoise(list[Recording]):
    """Parts of all splits; ``notes`` says which collections were recognised, and how they were divided."""

    notes: tuple[str, ...] = ()


class NoiseSignals(dict[str, list[np.ndarray]]):
    """``{name: [signal, ...]}``, float32 in [-1, 1], of one split.

    Attributes
    ----------
    sample_rate_hz : int
    protocol : dict
        JSON-able, for the model card: split rule, seconds and recordings of each noise.
    notes : list of str
        What was converted or dropped.
    """

    def __init__(self, signals: dict[str, list[np.ndarray]], sample_rate_hz: int, protocol: dict[str, Any]) -> None:
        super().__init__(signals)
        self.sample_rate_hz = sample_rate_hz
        self.protocol = protocol
        self.notes: list[str] = protocol["notes"]


def open_noise(folders: Sequence[Path], manifest: Path | None, sample_rate_hz: int, split: str) -> NoiseSignals:
    """Noise of one split from folders of recordings.

    A file directly in a folder is a noise of its own, named ``folder/stem``; the files of a sub-folder are
    together one noise, named ``folder/sub-folder`` (``chen_noises/rain``). DEMAND, MUSAN, ESC-50 and ESC-10 are
    recognised by their files (:mod:`drsn_keras.training.noise_sets`): a noise a scene, kind or category, divided by
    recording.

    Parameters
    ----------
    folders : sequence of Path
    manifest : Path or None
        A CSV as :func:`~drsn_keras.training.datasets.rows.read_rows` takes it, with files relative to
        itself. A file that it puts in train, val or test is in that split as a whole; all others, and
        those without a manifest, are as their collection has them, or divided by time: first 60 % train, 10 % val,
        last 30 % test.
    split : {"train", "val", "test"}

    Raises
    ------
    DataError
        Missing or empty folder, unreadable file, nothing in this split.
    SplitError
        If the manifest puts one recording into two splits.
    """
    return read_noise(find_noise(folders, manifest), sample_rate_hz, split)


def find_noise(folders: Sequence[Path], manifest: Path | None = None) -> FoundNoise:
    """All parts of all splits as recordings, labelled with the noise's name."""
    rows = _rows_by_path(manifest) if manifest is not None else {}
    seen: set[Path] = set()
    parts, notes = FoundNoise(), []
    for folder, prefix in zip(map(Path, folders), _prefixes(folders), strict=True):
        files = audio_files(folder)
        if not files:
            raise DataError(mismatch(folder, "noise recordings (WAV, FLAC, OGG, MP3)", "none"))
        # A file reached twice counts once, under the first name.
        new = {resolved(path): path for path in reversed(files) if resolved(path) not in seen}
        seen.update(new)
        claims, rest = claim_files(folder, prefix, sorted(p for key, p in new.items() if not _has_split(rows, key)))
        parts += [r for claim in claims for r in claim.recordings]
        notes += [f"noise: {claim.note}" for claim in claims]
        for path in sorted([*rest, *(p for key, p in new.items() if _has_split(rows, key))]):
            inner = path.relative_to(folder)
            name = inner.parts[0] if len(inner.parts) > 1 else inner.stem
            whole = Recording(path, f"{prefix}/{name}", "", f"{prefix}/{inner.as_posix()}")
            parts += split_noise(whole, rows.get(resolved(path)), manifest)
    check_disjoint(parts)
    parts.notes = tuple(notes)
    return parts


def read_noise(
    recordings: Sequence[Recording], sample_rate_hz: int, split: str, *, required: bool = True
) -> NoiseSignals:
    """Read the parts of one split, for example those of :meth:`~drsn_keras.training.recordings.Dataset.noise`."""
    signals: dict[str, list[np.ndarray]] = defaultdict(list)
    short = silent = resampled = stereo = 0
    chosen, limited = _limited(of_split(recordings, split))
    for r in chosen:
        audio = read_audio(r.path, sample_rate_hz, r.start, r.stop)
        if len(audio.y) < MIN_PART_S * sample_rate_hz:
            short += 1
            continue
        if not audio.y.any():
            silent += 1
            continue
        resampled += audio.source_rate_hz != sample_rate_hz
        stereo += audio.source_channels > 1
        signals[r.label].append(audio.y)
    if required and not signals:
        raise DataError(mismatch("noise recordings", f"at least one part of {MIN_PART_S:g} s in {split}", "none"))
    counted = {
        f"parts shorter than {MIN_PART_S:g} s dropped": short,
        "parts digitally silent, dropped": silent,
        f"resampled to {sample_rate_hz} Hz": resampled,
        "with several channels averaged to mono": stereo,
    }
    protocol = {
        "split": split,
        "rule": _rule(recordings),
        "parts": count_groups(recordings),
        "seconds": {n: round(sum(map(len, s)) / sample_rate_hz, 2) for n, s in sorted(signals.items())},
        "notes": [*limited, *(f"noise: {n} of {len(chosen)} {what}" for what, n in counted.items() if n)],
    }
    return NoiseSignals(dict(sorted(signals.items())), sample_rate_hz, protocol)


def _limited(recordings: Sequence[Recording]) -> tuple[list[Recording], list[str]]:
    """At most :data:`MAX_KIND_S` of each kind: the middle of every recording, equally much where it has that much."""
    lengths: dict[str, list[float]] = defaultdict(list)
    for r in recordings:
        frames = file_frames(r.path)
        lengths[r.label].append(((frames if r.stop is None else r.stop) - r.start) / file_rate_hz(r.path))
    shares = {label: equal_share(own, MAX_KIND_S) for label, own in lengths.items() if sum(own) > MAX_KIND_S}
    notes = [
        f"noise: of {sum(lengths[label]) / 3600:.1f} h of {label} {MAX_KIND_S / 60:g} minutes used, at most "
        f"{share:.1f} s of a recording"
        for label, share in shares.items()
    ]
    return [_middle(r, shares[r.label]) if r.label in shares else r for r in recordings], notes


def equal_share(lengths: Sequence[float], total: float) -> float:
    """The largest share such that taking it of each (or all of what is shorter) takes ``total``.

    >>> equal_share([1.0, 10.0, 10.0], 9.0)
    4.0
    """
    left, ordered = total, sorted(lengths)
    for i, length in enumerate(ordered):
        share = left / (len(ordered) - i)
        if length >= share:
            return share
        left -= length
    return ordered[-1]


def _middle(r: Recording, seconds: float) -> Recording:
    stop = file_frames(r.path) if r.stop is None else r.stop
    spare = stop - r.start - round(seconds * file_rate_hz(r.path))
    if spare <= 0:
        return r
    start = r.start + spare // 2
    return dataclasses.replace(r, start=start, stop=stop - spare + spare // 2)


def _rule(recordings: Sequence[Recording]) -> str:
    by_time = any(r.stop is not None for r in recordings)
    by_file = any(r.stop is None for r in recordings)
    time, file = "by part of a recording", "by recording"
    return f"{file} and {time}" if by_time and by_file else time if by_time else file


def _rows_by_path(manifest: Path) -> dict[Path, Row]:
    folder = resolved(Path(manifest).parent)
    return {Path(os.path.normpath(folder / row.file)): row for row in read_rows(manifest)}


def _has_split(rows: dict[Path, Row], key: Path) -> bool:
    """Whether the manifest says where a file belongs; else its collection may."""
    return key in rows and bool(rows[key].split)


def _prefixes(folders: Sequence[Path]) -> list[str]:
    """Names of the folders, with as many parents as it takes to tell them apart."""
    parts = [resolved(Path(f)).parts for f in folders]
    names = []
    for own in parts:
        depth = 1
        while any(other != own and other[-depth:] == own[-depth:] for other in parts):
            depth += 1
        names.append("/".join(own[-depth:]))
    return names
