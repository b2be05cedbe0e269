"""Who is in which split: the published hash rule, a stratified rule for folders, parts of a file, and the check.

References
----------
P. Warden, "Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition", 2018, arXiv:1804.03209, section 5
and the dataset's README (the hash rule).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from drsn_keras.errors import DataError, SplitError, mismatch

from .recordings import SPLITS, Recording

#: Published with Speech Commands; changing it would move speakers between the splits.
MAX_NUM_WAVS_PER_CLASS = 2**27 - 1
#: Parts of a long noise recording for train, val, test, in this order of time.
POSITION_FRACTIONS = (0.6, 0.1, 0.3)
FOLDER_FRACTIONS = (0.8, 0.1, 0.1)


def hash_split(group: str, val_percent: float = 10.0, test_percent: float = 10.0) -> str:
    """Split of a speaker by the Speech Commands rule: depends on nothing but the name, so it never changes.

    The SHA-1 of the name, as a number modulo 2**27, is scaled to 0..100 %; what lies below ``val_percent`` is
    validation, the next ``test_percent`` are test, the rest is training.

    Parameters
    ----------
    group : str
        The speaker id as it stands in the file name before ``_nohash_``.

    Examples
    --------
    >>> hash_split("0cb74144"), hash_split("bb05582b")
    ('test', 'test')
    """
    number = int(hashlib.sha1(group.encode("utf-8", errors="surrogateescape"), usedforsecurity=False).hexdigest(), 16)
    percent = number % (MAX_NUM_WAVS_PER_CLASS + 1) * (100.0 / MAX_NUM_WAVS_PER_CLASS)
    if percent < val_percent:
        return "val"
    return "test" if percent < val_percent + test_percent else "train"


def position_parts(n_samples: int, fractions: Sequence[float] = POSITION_FRACTIONS) -> dict[str, tuple[int, int]]:
    """Divide one file by time: ``{split: (start, stop)}`` in samples, without overlap and without gap.

    >>> position_parts(100)
    {'train': (0, 60), 'val': (60, 70), 'test': (70, 100)}
    """
    _check_fractions(fractions)
    first = round(n_samples * fractions[0])
    second = round(n_samples * (fractions[0] + fractions[1]))
    return {"train": (0, first), "val": (first, second), "test": (second, n_samples)}


def assign_groups(
    recordings: Sequence[Recording], fractions: Sequence[float] = FOLDER_FRACTIONS, seed: int = 0
) -> list[Recording]:
    """Give every recording a split such that no group is in two, near ``fractions`` for every label.

    Groups are placed one by one, the largest first, where they bring the labels closest to ``fractions``;
    equals are ordered by a hash of seed and name, so that the result does not depend on the order of files.

    Parameters
    ----------
    recordings : sequence of Recording
        Their splits are ignored.
    fractions : (float, float, float)
        Wanted shares of train, val and test; they add up to 1.
    seed : int

    Returns
    -------
    list of Recording
        In the given order.

    Raises
    ------
    DataError
        With fewer than three groups.
    """
    _check_fractions(fractions)
    labels_of: dict[str, Counter[str]] = defaultdict(Counter)
    for r in recordings:
        labels_of[r.group][r.label] += 1
    if len(labels_of) < len(SPLITS):
        raise DataError(mismatch("split", "at least 3 groups (speakers or files), one a split", f"{len(labels_of)}"))

    def order(group: str) -> tuple[int, bytes]:
        digest = hashlib.sha1(f"{seed}:{group}".encode(errors="surrogateescape"), usedforsecurity=False).digest()
        return -labels_of[group].total(), digest

    groups = sorted(labels_of, key=order)
    total: Counter[str] = sum(labels_of.values(), Counter())
    share = dict(zip(SPLITS, fractions, strict=True))
    have: dict[str, Counter[str]] = {s: Counter() for s in SPLITS}
    split_of: dict[str, str] = {}
    for index, group in enumerate(groups):
        empty = [s for s in SPLITS if not have[s]]
        # The last groups go where nothing has gone yet: no split may stay empty.
        choices = empty if len(groups) - index <= len(empty) else SPLITS
        gain = {
            s: sum(n * (share[s] - have[s][label] / total[label]) for label, n in labels_of[group].items())
            for s in choices
        }
        split_of[group] = max(choices, key=lambda s: gain[s])
        have[split_of[group]] += labels_of[group]
    _train_on_every_label(split_of, labels_of, have)
    return [dataclasses.replace(r, split=split_of[r.group]) for r in recordings]


def _train_on_every_label(
    split_of: dict[str, str], labels_of: dict[str, Counter[str]], have: dict[str, Counter[str]]
) -> None:
    """Move the smallest group of a label that has no training recording to train, in place."""
    members = Counter(split_of.values())
    for label in sorted(set().union(*labels_of.values())):
        if have["train"][label]:
            continue
        holders = [g for g in split_of if label in labels_of[g] and members[split_of[g]] > 1]
        if holders:
            group = min(holders, key=lambda g: (labels_of[g].total(), g))
            members[split_of[group]] -= 1
            have["train"] += labels_of[group]
            split_of[group] = "train"


def check_disjoint(recordings: Iterable[Recording]) -> None:
    """Refuse a dataset in which two splits share a group, or the same stretch of the same file.

    Raises
    ------
    SplitError
        Naming the first shared group, its two splits and one file of each, and how many more there are.
    """
    by_group: dict[str, dict[str, Recording]] = defaultdict(dict)
    by_path: dict[str, list[Recording]] = defaultdict(list)
    for r in recordings:
        by_group[r.group].setdefault(r.split, r)
        by_path[str(r.path)].append(r)
    shared = {group: found for group, found in by_group.items() if len(found) > 1}
    if shared:
        group, found = next(iter(shared.items()))
        (split_a, a), (split_b, b) = sorted(found.items(), key=lambda item: _order(item[0]))[:2]
        more = f" (and {len(shared) - 1} more groups)" if len(shared) > 1 else ""
        raise SplitError(
            mismatch(f"group {group}{more}", "one split a group", f"{split_a} ({a.path}) and {split_b} ({b.path})")
        )
    for path, parts in by_path.items():
        if len({r.split for r in parts}) > 1:
            _check_parts(path, parts)


def _check_parts(path: str, parts: list[Recording]) -> None:
    """Parts of one file in different splits must not overlap."""
    last: dict[str, float] = {}
    for r in sorted(parts, key=lambda r: r.start):
        for split, stop in last.items():
            if split != r.split and r.start < stop:
                raise SplitError(
                    mismatch(path, "each part of a file in one split", f"sample {r.start} in {split} and {r.split}")
                )
        end = float("inf") if r.stop is None else r.stop
        last[r.split] = max(last.get(r.split, 0), end)


def _order(split: str) -> int:
    return SPLITS.index(split) if split in SPLITS else len(SPLITS)


def _check_fractions(fractions: Sequence[float]) -> None:
    if len(fractions) != len(SPLITS) or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise DataError(mismatch("split fractions", "three shares that add up to 1", tuple(fractions)))
