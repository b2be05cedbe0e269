"""Words into classes: keywords, ``_silence_``, ``_unknown_``; the checks that every layout has to pass."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, UsageError, mismatch

from ..recordings import SILENCE, SPLITS, UNKNOWN, Dataset, Recording, count_groups, count_labels, plain_name
from ..splits import check_disjoint
from .background import silence_cuts

#: The ten words of the standard Speech Commands task.
STANDARD_WORDS = ("down", "go", "left", "no", "off", "on", "right", "stop", "up", "yes")
#: Given as the one keyword, it stands for every word of the data, unless that is a word of the data.
ALL_WORDS = "all"


@dataclasses.dataclass(frozen=True)
class Found:
    """What a layout holds, before words become classes: labels are the words as they are in the data.

    ``left_out`` counts clips of other words that a large corpus has besides ``recordings``.
    """

    recordings: list[Recording]
    background: list[Recording]
    protocol: dict[str, Any]
    left_out: int = 0


def build(data: Path, found: Found, keywords: Sequence[str] | None, seed: int, duration_s: float) -> Dataset:
    """Choose the classes, cap ``_unknown_``, cut ``_silence_``, check, count.

    With keywords, every other word becomes ``_unknown_``: at most as many clips a split as all keywords
    together, evenly over the words. Without, every word is a class; but where all ten words of the standard Speech
    Commands task are found with others, they are the keywords and ``_unknown_`` has the size of one of them. The one
    keyword :data:`ALL_WORDS` makes every word a class there too.
    """
    recordings, words, task = _choose_words(data, found.recordings, keywords)
    recordings, unknown = _unknown(recordings, words, task == "standard 12 classes", seed)
    unknown["left_out"] += found.left_out
    labels = {r.label for r in recordings}
    cuts: list[Recording] = []
    if SILENCE not in labels and found.background:
        wanted = {s: round(n / len(words)) for s, n in Counter(r.split for r in recordings if r.label in words).items()}
        cuts = silence_cuts(found.background, {s: wanted.get(s, 0) for s in SPLITS}, duration_s, seed)
        labels |= {r.label for r in cuts}
    ordered = (*words, *(label for label in (SILENCE, UNKNOWN) if label in labels))
    if len(ordered) < 2:
        raise DataError(mismatch(data, "at least 2 classes", f"{len(ordered)} ({', '.join(ordered) or 'none'})"))
    check_disjoint([*recordings, *found.background])
    recordings += cuts
    notes = [*found.protocol.get("notes", ()), *_check_parts(data, recordings, ordered)]
    if unknown["left_out"]:
        notes.append(
            f"{unknown['left_out']:,} clips of other words left out, so that _unknown_ does not outweigh the rest"
        )
    protocol = {
        "data": data.name,
        **found.protocol,
        "task": task,
        "silence": _about_silence(cuts, labels),
        "unknown_words": unknown["words"],
        "unknown_left_out": unknown["left_out"],
        "counts": count_labels(recordings),
        "groups": count_groups(recordings),
        "background": {s: len([r for r in found.background if r.split == s]) for s in SPLITS},
        "seed": seed,
        "notes": notes,
    }
    return Dataset(tuple(recordings), ordered, protocol, tuple(found.background))


def _choose_words(
    data: Path, recordings: list[Recording], keywords: Sequence[str] | None
) -> tuple[list[Recording], tuple[str, ...], str]:
    """The keywords, in their order, and the name of the task."""
    present = sorted({r.label for r in recordings} - {SILENCE, UNKNOWN})
    if keywords is None and set(STANDARD_WORDS) <= set(present):
        return recordings, STANDARD_WORDS, "standard 12 classes"
    if keywords is None or stands_for_all(keywords, present):
        return recordings, tuple(present), "every word a class"
    words = tuple(plain_name(w) for w in keywords if w not in {SILENCE, UNKNOWN})
    if not words or len(set(words)) < len(words):
        raise UsageError(mismatch("keywords", "different words", ", ".join(keywords) or "none"))
    for word in words:
        if word not in present:
            shown = ", ".join(present[:40]) + (", ..." if len(present) > 40 else "")
            raise DataError(mismatch(f"{data}, keyword {word!r}", f"one of {shown or '(no words)'}", "no recording"))
    return recordings, words, "chosen keywords"


def stands_for_all(keywords: Sequence[str], present: Container[str]) -> bool:
    """Whether the keywords are :data:`ALL_WORDS`, and the data has no word of that name."""
    return tuple(keywords) == (ALL_WORDS,) and ALL_WORDS not in present


def _unknown(
    recordings: list[Recording], words: Sequence[str], like_one: bool, seed: int
) -> tuple[list[Recording], dict[str, Any]]:
    """Other words become ``_unknown_``, capped in each split; the order of recordings is kept."""
    others: dict[str, dict[str, list[Recording]]] = defaultdict(lambda: defaultdict(list))
    n_keyword: Counter[str] = Counter()
    for r in recordings:
        if r.label in words:
            n_keyword[r.split] += 1
        elif r.label != SILENCE:
            others[r.split][r.label].append(r)
    chosen: set[Recording] = set()
    left_out = 0
    for split, by_word in others.items():
        limit = round(n_keyword[split] / len(words)) if like_one else n_keyword[split]
        words_in_turn = sorted(by_word)
        if limit < len(words_in_turn):
            # Not even one clip of each: the first words of the alphabet are no sample of a language.
            words_in_turn.sort(key=lambda w: _hash(f"{seed}:{w}"))
        turns = zip_longest(*(sorted(by_word[w], key=lambda r: _shuffle_key(r, seed)) for w in words_in_turn))
        in_turn = [r for turn in turns for r in turn if r is not None]
        # What the data itself calls _unknown_ has been chosen by somebody: nothing of it is dropped.
        if set(by_word) == {UNKNOWN}:
            limit = len(in_turn)
        chosen.update(in_turn[:limit])
        left_out += len(in_turn) - len(in_turn[:limit])
    counts = Counter(r.label for r in chosen)
    kept = [
        dataclasses.replace(r, label=UNKNOWN) if r in chosen else r
        for r in recordings
        if r in chosen or r.label in words or r.label == SILENCE
    ]
    return kept, {"words": dict(sorted(counts.items())), "left_out": left_out}


def _shuffle_key(r: Recording, seed: int) -> bytes:
    """An order that depends on the seed and on the file's own name, not on where the dataset lies."""
    return _hash(f"{seed}:{r.label}/{plain_name(r.path.name)}:{r.start}")


def _hash(text: str) -> bytes:
    return hashlib.sha1(text.encode(errors="surrogateescape"), usedforsecurity=False).digest()


def _check_parts(data: Path, recordings: list[Recording], labels: Sequence[str]) -> list[str]:
    """Every split has recordings and every class can be learned; returns what is missing elsewhere."""
    counts = count_labels(recordings)
    for split in SPLITS:
        if not counts[split]:
            raise DataError(mismatch(data, "recordings in train, val and test", f"none in {split}"))
    for label in labels:
        if label not in counts["train"]:
            raise DataError(mismatch(f"{data}, label {label}", "recordings in train", "none"))
    return [f"no recording of {label} in {s}" for s in SPLITS for label in labels if label not in counts[s]]


def _about_silence(cuts: list[Recording], labels: set[str]) -> str:
    if cuts:
        return f"{len(cuts)} cuts of the background noise, parts of a file disjoint"
    return (
        "recordings of the data"
        if SILENCE in labels
        else "none in the data: made of noise, recorded where there is any, else generated"
    )
