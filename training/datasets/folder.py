"""A folder per class, with or without train / val / test folders above the classes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from ..audio import AUDIO_SUFFIXES
from ..recordings import SILENCE, SPLITS, UNASSIGNED, Recording, plain_name
from ..splits import FOLDER_FRACTIONS, assign_groups
from .background import split_noise
from .files import BACKGROUND_FOLDER, audio_files, compile_group_regex, group_of, sub_folders
from .rows import SPLIT_ALIASES
from .task import Found


def find(data: Path, seed: int, group_regex: str | None) -> Found:
    """Recordings of the folders of a folder.

    ``data/WORD/**/*.wav`` is split by group (:func:`~drsn_keras.training.splits.assign_groups`, 80/10/10);
    ``data/train/WORD/...`` next to ``val`` and ``test`` is taken as it stands. Files directly in ``data`` are ignored.
    """
    pattern = compile_group_regex(group_regex)
    top = sub_folders(data)
    split_folders = {f: SPLIT_ALIASES[f.name.lower()] for f in top if f.name.lower() in SPLIT_ALIASES}
    given = bool(split_folders) and all(f in split_folders or f.name == BACKGROUND_FOLDER for f in top)
    if given and set(split_folders.values()) != set(SPLITS):
        raise DataError(mismatch(data, "folders train, val and test", ", ".join(f.name for f in top)))
    recordings, classes, known = [], [], 0
    for base, split in split_folders.items() if given else [(data, UNASSIGNED)]:
        for folder in sub_folders(base):
            if folder.name == BACKGROUND_FOLDER:
                continue
            classes.append(folder)
            for path in audio_files(folder):
                group, is_speaker = group_of(path, data, pattern)
                known += is_speaker or folder.name == SILENCE
                recordings.append(Recording(path, folder.name, split, group))
    if not recordings:
        loose = sum(p.suffix.lower() in AUDIO_SUFFIXES for p in data.iterdir())
        got = f"no folder with audio and {loose} audio files beside them" if loose else "no audio files"
        raise DataError(mismatch(data, "a folder a class with WAV, FLAC, OGG or MP3 files", got))
    return Found(
        recordings if given else assign_groups(recordings, FOLDER_FRACTIONS, seed),
        background_of(data),
        {
            "layout": "folder per class",
            "split_rule": "folders train, val, test" if given else "by group, 80/10/10 of every class",
            "speaker_disjoint": speaker_disjoint(known, len(recordings)),
            "notes": [*empty_folders(data, classes, recordings), *ignored_files(top)],
        },
    )


def background_of(data: Path) -> list[Recording]:
    """Noise under ``_background_noise_``, each file divided by time."""
    folder = data / BACKGROUND_FOLDER
    if not folder.is_dir():
        return []
    noises = [Recording(p, p.stem, UNASSIGNED, f"bg:{p.relative_to(folder).as_posix()}") for p in audio_files(folder)]
    return [part for noise in noises for part in split_noise(noise)]


def speaker_disjoint(known: int, total: int) -> str:
    """What may be said about speakers: ``known`` of ``total`` files told who speaks."""
    if known == total:
        return "yes"
    return "unknown" if known == 0 else f"unknown for {total - known} of {total} files"


def empty_folders(data: Path, folders: Sequence[Path], recordings: Sequence[Recording]) -> list[str]:
    """A note on class folders without a single audio file, which are no classes therefore."""
    depth = {len(folder.parts) for folder in folders}
    full = {Path(*r.path.parts[:n]) for r in recordings for n in depth}
    empty = [folder.relative_to(data).as_posix() for folder in folders if folder not in full]
    if not empty:
        return []
    more = ", ..." if len(empty) > 5 else ""
    return [f"no audio file in {plain_name(', '.join(empty[:5]))}{more}: no class of that name from there"]


def ignored_files(folders: Sequence[Path]) -> list[str]:
    """A note on files in class folders that are not audio by their names (``.m4a``, ``.txt``)."""
    suffixes = Counter(
        p.suffix.lower() or "no suffix"
        for folder in folders
        for p in folder.rglob("*")
        if p.is_file() and not p.name.startswith(".") and p.suffix.lower() not in AUDIO_SUFFIXES
    )
    if not suffixes:
        return []
    kinds = ", ".join(f"{n} {suffix}" for suffix, n in sorted(suffixes.items()))
    return [f"{suffixes.total()} files that are not WAV, FLAC, OGG or MP3 ignored ({kinds})"]
