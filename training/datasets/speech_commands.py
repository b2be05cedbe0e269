"""The official Speech Commands layout: word folders, two lists, ``_background_noise_``, ``SPEAKER_nohash_N.wav``.

References
----------
P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", 2018, arXiv:1804.03209.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from pathlib import Path

from drsn_keras.errors import DataError, mismatch

from ..recordings import SILENCE, SPLITS, UNASSIGNED, Recording, plain_name
from ..splits import FOLDER_FRACTIONS, assign_groups, hash_split
from .files import BACKGROUND_FOLDER, audio_files, compile_group_regex, group_of, nohash_speaker, sub_folders
from .folder import background_of, empty_folders, ignored_files, speaker_disjoint
from .task import Found

LISTS = {"val": "validation_list.txt", "test": "testing_list.txt"}


def has_lists(data: Path) -> bool:
    """Whether one of the official lists is there."""
    return any((data / name).is_file() for name in LISTS.values())


def find(data: Path, seed: int, group_regex: str | None) -> Found:
    """Recordings of a Speech Commands folder.

    With the two lists, they say who is in which split and the rest is training. Without, the published
    hash rule does; where that leaves a word without training clips or a split empty (the official test set unpacked
    alone), groups are split anew and ``protocol["split_rule"]`` says so.
    """
    pattern = compile_group_regex(group_regex)
    recordings, known = [], 0
    folders = [f for f in sub_folders(data) if f.name != BACKGROUND_FOLDER]
    for folder in folders:
        for path in audio_files(folder):
            group, is_speaker = group_of(path, data, pattern)
            known += is_speaker or folder.name == SILENCE
            recordings.append(Recording(path, folder.name, UNASSIGNED, group))
    if not recordings:
        raise DataError(mismatch(data, "word folders with audio files", "none"))
    notes = [*empty_folders(data, folders, recordings), *ignored_files(folders)]
    if has_lists(data):
        recordings, absent = _by_lists(data, recordings)
        rule = "validation_list.txt and testing_list.txt"
        if absent:
            notes.append(f"{len(absent)} files of the lists are not in the folder (the first: {absent[0]})")
    else:
        hashed = [dataclasses.replace(r, split=hash_split(_hash_name(r))) for r in recordings]
        if _is_usable(hashed):
            recordings, rule = hashed, "Speech Commands hash of the speaker, 80/10/10"
        else:
            recordings = assign_groups(recordings, FOLDER_FRACTIONS, seed)
            rule = "by group, 80/10/10 of every class (the Speech Commands hash leaves a split or word empty here)"
    return Found(
        recordings,
        background_of(data),
        {
            "layout": "speech commands",
            "split_rule": rule,
            "speaker_disjoint": speaker_disjoint(known, len(recordings)),
            "notes": notes,
        },
    )


def _is_usable(recordings: list[Recording]) -> bool:
    """Whether the hash gives every word training clips, and the words all three splits."""
    splits_of: dict[str, set[str]] = defaultdict(set)
    for r in recordings:
        if r.label != SILENCE:
            splits_of[r.label].add(r.split)
    return all("train" in splits for splits in splits_of.values()) and set().union(*splits_of.values()) == set(SPLITS)


def _hash_name(r: Recording) -> str:
    """What is hashed: the speaker id, so that a speaker stays together in all words."""
    return nohash_speaker(r.path.name) or r.group


def _by_lists(data: Path, recordings: list[Recording]) -> tuple[list[Recording], list[str]]:
    """Splits from the lists, and the listed files that are absent."""
    split_of: dict[str, str] = {}
    for split, name in LISTS.items():
        path = data / name
        if not path.is_file():
            raise DataError(mismatch(path, "the second list of the Speech Commands layout", "nothing there"))
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            raise DataError(mismatch(path, "a list of files in UTF-8", "other bytes")) from None
        for number, line in enumerate(lines, start=1):
            entry = plain_name(line.strip().removeprefix("./"))
            if entry and split_of.setdefault(entry, split) != split:
                raise DataError(mismatch(f"{path} line {number}", "a file in one list", f"{entry} in both"))
    listed = [dataclasses.replace(r, split=split_of.get(_entry(r, data), "train")) for r in recordings]
    present = {_entry(r, data) for r in recordings} & set(split_of)
    if split_of and not present:
        raise DataError(mismatch(data, "the files of its lists", f"none of {len(split_of)}"))
    return listed, [entry for entry in split_of if entry not in present]


def _entry(r: Recording, data: Path) -> str:
    return plain_name(r.path.relative_to(data).as_posix())
