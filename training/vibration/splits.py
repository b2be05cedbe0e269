"""Who is trained on and who is tested on: whole groups on one side, or windows at random, which leaks and says so."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, SplitError, UsageError, mismatch

from ..recordings import SPLITS, Recording
from ..splits import assign_groups
from .windows import GROUPS, Windows, group_of

RANDOM_WINDOWS = "random-windows"
#: Every rule by the name that asks for it.
RULES = (
    *(f"leave-one-{by.replace('_', '-')}-out" for by in GROUPS),
    *(f"{by.replace('_', '-')}-shares" for by in GROUPS),
    RANDOM_WINDOWS,
)
LEAKY_SENTENCE = (
    "LEAKY: windows were drawn at random, so that training and test hold windows of the same recordings; "
    "the figures say nothing about a machine, a load or a day that the model has not seen."
)
DEFAULT_FRACTIONS = (0.6, 0.2, 0.2)


@dataclasses.dataclass(frozen=True, eq=False)
class VibrationSplit:
    """Windows of the three parts.

    Parameters
    ----------
    train, val, test : np.ndarray [shape=(k,), int64]
        Indices of windows, rising.
    rule : str
        One of :data:`RULES`.
    by : str or None
        Group that stands on one side only; None for windows at random.
    without : str or None
        Group that keeps apart those recordings that have no value of ``by`` (sound machines have no fault size).
    held_out : str or None
        The group tested on, where one group is left out.
    leaky : bool
    sentence : str
        What the model card and every report have to say.
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    rule: str
    by: str | None
    without: str | None
    held_out: str | None
    leaky: bool
    sentence: str

    def part(self, name: str) -> np.ndarray:
        """Indices of the windows of ``train``, ``val`` or ``test``."""
        if name not in SPLITS:
            raise UsageError(mismatch("split", ", ".join(SPLITS), repr(name)))
        return getattr(self, name)

    def protocol(self, windows: Windows) -> dict[str, Any]:
        """JSON-able: rule, sentence, windows of every label and recordings of every part."""
        ids, labels = windows.recording_ids, windows.labels
        return {
            "rule": self.rule,
            "group": self.by,
            "held_out": self.held_out,
            "leaky": self.leaky,
            "sentence": self.sentence,
            "windows": {s: dict(sorted(Counter(labels[self.part(s)].tolist()).items())) for s in SPLITS},
            "recordings": {s: sorted(set(ids[self.part(s)].tolist())) for s in SPLITS},
        }


def plan_splits(
    windows: Windows,
    rule: str,
    seed: int = 0,
    *,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    without: str | None = None,
    with_val: bool = True,
) -> list[VibrationSplit]:
    """Splits of a rule: one for each group where one is left out, else one.

    Parameters
    ----------
    rule : str
        ``leave-one-load-out`` ... tests on each group in turn and validates on the next one (by name);
        ``load-shares`` ... divides groups near ``fractions`` of every label; ``random-windows`` leaks.
    seed : int
        Of shares and random windows.
    fractions : (float, float, float)
        Of train, val and test; for shares and random windows.
    without : str or None
        Group that divides the recordings that have no value of the rule's group; without it they are refused.
    with_val : bool
        Where one group is left out: keep another for validation, or train on all the others.

    Raises
    ------
    UsageError
        An unknown rule or group.
    DataError
        Recordings without the group, too few groups, a label tested that is not trained.
    """
    if rule not in RULES:
        raise UsageError(mismatch("split rule", ", ".join(RULES), repr(rule)))
    if rule == RANDOM_WINDOWS:
        return [_random_windows(windows, seed, fractions)]
    by = rule.removeprefix("leave-one-").removesuffix("-out").removesuffix("-shares").replace("-", "_")
    names = _group_names(windows, by, without)
    if rule.endswith("-shares"):
        plans = [(None, _by_shares(windows, names, seed, fractions))]
    else:
        plans = _leave_one_out(windows, names, by, with_val)
    splits = [_build(windows, rule, by, without, held_out, parts) for held_out, parts in plans]
    for split in splits:
        check_split(windows, split)
    return splits


def check_split(windows: Windows, split: VibrationSplit) -> None:
    """Refuse a split in which a window or a group stands on two sides, and one that cannot be tested.

    Raises
    ------
    SplitError
        Naming the group and its parts.
    DataError
        No windows to train or test on, a tested label that is not trained.
    """
    seen: dict[int, str] = {}
    for name in SPLITS:
        for i in split.part(name).tolist():
            if i in seen:
                raise SplitError(mismatch(f"window {i}", "one part a window", f"{seen[i]} and {name}"))
            seen[i] = name
    if split.by is not None:
        names = _group_names(windows, split.by, split.without)
        side: dict[str, tuple[str, str]] = {}
        for name in SPLITS:
            for r in np.unique(windows.recording[split.part(name)]).tolist():
                where = windows.recordings[r].where
                other, first = side.setdefault(names[r], (name, where))
                if other != name:
                    got = f"{other} ({first}) and {name} ({where})"
                    raise SplitError(mismatch(f"{split.by} {names[r]}", "one part a group", got))
    elif not split.leaky:
        raise SplitError(mismatch("a split without a group", "the mark leaky", "none"))
    _check_labels(windows, split)


def _check_labels(windows: Windows, split: VibrationSplit) -> None:
    labels = windows.labels
    of = {name: set(labels[split.part(name)].tolist()) for name in SPLITS}
    for name in ("train", "test"):
        if not of[name]:
            raise DataError(mismatch(f"{split.rule}, {name}", "windows", "none"))
    unknown = sorted((of["test"] | of["val"]) - of["train"])
    if unknown:
        held = f" (held out: {split.held_out})" if split.held_out else ""
        expected = "every label that is tested in the training part as well"
        raise DataError(mismatch(f"{split.rule}{held}", expected, f"none of {', '.join(unknown)}"))


def _group_names(windows: Windows, by: str, without: str | None) -> list[str]:
    """Group of every recording; those that have none take theirs from ``without``, told apart by its name."""
    names = []
    for r in windows.recordings:
        name = group_of(r, by)
        if name is None:
            other = None if without is None else group_of(r, without)
            if other is None:
                hint = " (or 'without': the group that divides such recordings)" if without is None else ""
                raise DataError(mismatch(f"{r.where}, {by}", f"a {by.replace('_', ' ')} to split by{hint}", "none"))
            name = f"no {by}, {without} {other}"
        names.append(name)
    return names


def _leave_one_out(windows: Windows, names: list[str], by: str, with_val: bool) -> list[tuple[str, list[str]]]:
    """Held-out group and part of every recording; groups of recordings without a value take turns."""
    values = [group_of(r, by) for r in windows.recordings]
    main = sorted({v for v in values if v is not None})
    least = 3 if with_val else 2
    if len(main) < least:
        got = f"{len(main)} ({', '.join(main) or 'none'})"
        raise DataError(mismatch(f"leave one {by} out", f"at least {least} groups", got))
    rest = sorted(set(names) - set(main))
    turn = {**{name: i for i, name in enumerate(main)}, **{name: i % len(main) for i, name in enumerate(rest)}}
    plans = []
    for k, held_out in enumerate(main):
        part = {k: "test", **({(k + 1) % len(main): "val"} if with_val else {})}
        plans.append((held_out, [part.get(turn[name], "train") for name in names]))
    return plans


def _by_shares(windows: Windows, names: list[str], seed: int, fractions: Sequence[float]) -> list[str]:
    """Part of every recording, whole groups, labels balanced."""
    plain = [
        Recording(Path(r.recording_id), r.label, "", name) for r, name in zip(windows.recordings, names, strict=True)
    ]
    return [r.split for r in assign_groups(plain, tuple(fractions), seed)]


def _build(
    windows: Windows, rule: str, by: str, without: str | None, held_out: str | None, parts: list[str]
) -> VibrationSplit:
    of_window = np.array(parts)[windows.recording]
    train, val, test = (np.flatnonzero(of_window == name) for name in SPLITS)
    what = by.replace("_", " ")
    sentence = f"Split by {what}{f', tested on {held_out}' if held_out else ''}: no {what} is in two parts."
    if any(group_of(r, by) is None for r in windows.recordings):
        sentence += f" Recordings without a {what} are divided by {without}."
    if shared := _shared(windows, train, test):
        sentence += f" Training and test share {', '.join(shared)}: the figures do not speak for new ones."
    if untested := sorted(set(windows.classes) - set(windows.labels[test].tolist())):
        sentence += f" Not tested: {', '.join(untested)}."
    return VibrationSplit(train, val, test, rule, by, without, held_out, False, sentence)


def _shared(windows: Windows, train: np.ndarray, test: np.ndarray) -> list[str]:
    """What training and test have in common, as words: ``10 of 10 bearings``."""
    found = []
    for by in GROUPS[1:]:
        names = windows.groups(by)
        of = [{names[i] for i in part.tolist()} - {None} for part in (train, test)]
        if both := of[0] & of[1]:
            found.append(f"{len(both)} of {len(of[0] | of[1])} {by.replace('_', ' ')}s")
    return found


def _random_windows(windows: Windows, seed: int, fractions: Sequence[float]) -> VibrationSplit:
    """Windows of every label divided at random."""
    if len(fractions) != len(SPLITS) or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise UsageError(mismatch("split fractions", "three shares that add up to 1", tuple(fractions)))
    rng = np.random.default_rng(seed)
    y = windows.y
    parts: list[list[np.ndarray]] = [[], [], []]
    for label in range(len(windows.classes)):
        order = rng.permutation(np.flatnonzero(y == label))
        borders = np.rint(np.cumsum(fractions[:2]) * len(order)).astype(int)
        for part, chosen in zip(parts, np.split(order, borders), strict=True):
            part.append(chosen)
    train, val, test = (np.sort(np.concatenate(part)) for part in parts)
    split = VibrationSplit(train, val, test, RANDOM_WINDOWS, None, None, None, True, LEAKY_SENTENCE)
    check_split(windows, split)
    return split
