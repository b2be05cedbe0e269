"""The Multilingual Spoken Words Corpus: ``clips/WORD/common_voice_LANG_N.opus``, ``LANG_splits.csv``.

References
----------
M. Mazumder et al., "Multilingual Spoken Words Corpus", NeurIPS Datasets and Benchmarks, 2021.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, UsageError, mismatch

from ..audio import AUDIO_SUFFIXES
from ..csv_file import open_csv, require_columns
from ..recordings import SPLITS, UNASSIGNED, UNKNOWN, Recording, plain_name
from ..splits import FOLDER_FRACTIONS, assign_groups
from .files import compile_group_regex, group_of, sub_folders
from .folder import speaker_disjoint
from .rows import SPLIT_ALIASES
from .task import Found, stands_for_all

CLIPS = "clips"
_SETS = ("train", "dev", "test")
_COLUMNS = ("LINK", "WORD", "VALID", "SPEAKER")
_TRUTH = {"true": True, "false": False}
#: What the tables write where the speaker is not known.
_NOBODY = frozenset({"", "na", "nan", "none"})
#: A classifier of more words than this is a speech recogniser: ask for the keywords.
_MOST_WORDS = 1000
#: Clips of other words that are looked at, in multiples of what can become ``_unknown_``: some words have few.
_SPARE = 4
#: Tables of more than this (half a million lines) take longer than a person waits without a word.
_LONG_BYTES = 100_000_000


class _Row(NamedTuple):
    """One valid line of a table: there are millions of them."""

    split: str
    folder: str
    name: str
    word: str
    speaker: str


def language_folder(data: Path) -> Path | None:
    """The folder of one language (with ``clips`` and tables) that ``data`` is or holds; None for another layout.

    Raises
    ------
    DataError
        For several languages, and for clips without a table.
    """
    found = [folder for folder in (data, *sub_folders(data)) if (folder / CLIPS).is_dir() and _looks_like(folder)]
    if len(found) > 1 and found[0] != data:
        raise DataError(mismatch(data, "the folder of one language", ", ".join(f.name for f in found)))
    return found[0] if found else None


def find(
    data: Path, folder: Path, seed: int, keywords: Sequence[str] | None, group_regex: str | None, resplit: bool
) -> Found:
    """Recordings of one language: all clips of the keywords, and as many of other words as can become ``_unknown_``.

    The corpus's own sets and speakers. It does not promise that a speaker is in one set only: where a speaker of the
    keywords is in several, the clips in the test set are kept (else those in dev), and the others are left out and
    counted; ``resplit`` divides all clips by speaker instead. Rows that are not ``VALID`` are left out and counted.

    Raises
    ------
    DataError
        Naming the table and the line: missing columns, a set, a truth value or a link that is none.
    UsageError
        With a thousand words or more and no keywords.
    """
    tables = _tables(folder)
    if sum(table.stat().st_size for table in tables) > _LONG_BYTES:
        log(f"reading {', '.join(table.name for table in tables)} twice, which may take a minute")
    present = {plain_name(f.name): f for f in sub_folders(folder / CLIPS)}
    # Millions of lines: counted first, and only what is needed becomes a Recording.
    counts: Counter[tuple[str, str]] = Counter()
    facts: Counter[str] = Counter()
    absent: set[str] = set()
    for row in _rows(tables, facts):
        if row.folder in present:
            counts["" if resplit else row.split, row.word] += 1
        else:
            absent.add(row.word)
            facts["absent"] += 1
    words = {word for _, word in counts}
    if not words:
        raise DataError(mismatch(folder / CLIPS, f"the words of {tables[0].name}", "none of them"))
    every = keywords is None or stands_for_all(keywords, words)
    if every and len(words) > _MOST_WORDS:
        raise UsageError(mismatch("--keywords", f"some of the {len(words):,} words of {folder}", "none"))
    wanted = words if every else {plain_name(w) for w in keywords or ()}
    rows = _chosen(tables, present, counts, wanted, seed, resplit)
    pattern = compile_group_regex(group_regex)
    recordings, known = [], 0
    for row in rows:
        path = _path(present[row.folder] / row.name)
        if pattern is not None:
            group, is_known = group_of(path, data, pattern)
        else:
            is_known = row.speaker.lower() not in _NOBODY
            # Words cut from one sentence carry its number.
            group = f"spk:{row.speaker}" if is_known else f"clip:{path.stem}"
        known += is_known
        recordings.append(Recording(path, row.word, UNASSIGNED if resplit else row.split, group))
    n_listed = len(recordings)
    recordings = _resplit(recordings, wanted, seed) if resplit else _one_set_a_speaker(recordings, wanted)
    left_out = {
        "rows with VALID False left out": facts["invalid"],
        f"rows of {len(absent):,} words without a folder in {CLIPS} left out": facts["absent"],
        "clips left out whose speakers are also in the test or dev set (all clips, by speaker: --resplit)": (
            n_listed - len(recordings)
        ),
    }
    names = ", ".join(table.name for table in tables)
    return Found(
        recordings,
        [],
        {
            "layout": "MSWC",
            "split_rule": "by speaker, 80/10/10 of every class" if resplit else f"the corpus's own sets ({names})",
            "speaker_disjoint": speaker_disjoint(known, n_listed),
            "notes": [f"{n:,} {what}" for what, n in left_out.items() if n],
        },
        left_out=sum(n for (_, word), n in counts.items() if word not in wanted)
        - sum(row.word not in wanted for row in rows),
    )


def _looks_like(folder: Path) -> bool:
    """Whether a folder that has ``clips`` is a language's, by its tables or by the names of the clips."""
    if any(folder.glob("*_splits.csv")) or any(next(folder.glob(f"*_{s}.csv"), None) for s in _SETS):
        return True
    first = next(iter(sub_folders(folder / CLIPS)), None)
    return first is not None and any(p.name.startswith("common_voice_") for p in first.iterdir())


def _tables(folder: Path) -> list[Path]:
    """``LANG_splits.csv``, or else the three tables of the sets."""
    for group in (["splits"], _SETS):
        found = [sorted(folder.glob(f"*_{name}.csv")) for name in group]
        if several := next((f for f in found if len(f) > 1), None):
            raise DataError(mismatch(folder, "the tables of one language", ", ".join(p.name for p in several)))
        if all(found):
            return [f[0] for f in found]
    got = ", ".join(p.name for f in found for p in f) or "neither"
    expected = f"LANG_splits.csv, or LANG_train.csv, LANG_dev.csv and LANG_test.csv, beside {CLIPS}"
    raise DataError(mismatch(folder, expected, got))


def _rows(tables: Sequence[Path], facts: Counter[str]) -> Iterator[_Row]:
    """Valid rows of all tables; ``facts["invalid"]`` counts the others."""
    for table in tables:
        split = SPLIT_ALIASES.get(table.stem.rsplit("_", 1)[-1])
        columns = _COLUMNS if split else ("SET", *_COLUMNS)
        with open_csv(table) as file:
            reader = csv.reader(file, strict=True)
            head = [name.strip().upper() for name in next(reader, [])]
            require_columns(table, columns, head)
            places = [head.index(name) for name in columns]
            for values in reader:
                if len(values) != len(head):
                    raise DataError(mismatch(f"{table} line {reader.line_num}", f"{len(head)} fields", len(values)))
                fields = [values[i].strip() for i in places]
                row = _row(fields if split is None else [split, *fields], table, reader.line_num)
                facts["invalid"] += row is None
                if row is not None:
                    yield row


def _row(fields: Sequence[str], table: Path, line: int) -> _Row | None:
    """A line, checked; None where it is not valid."""
    name, link, word, valid, speaker = fields
    if (truth := _TRUTH.get(valid.lower())) is None:
        raise DataError(mismatch(f"{table} line {line}, VALID", "True or False", repr(valid)))
    if not truth:
        return None
    if (split := SPLIT_ALIASES.get(name.lower())) is None:
        raise DataError(mismatch(f"{table} line {line}, SET", ", ".join(_SETS), repr(name)))
    folder, _, file = plain_name(link).partition("/")
    if not folder or not file or ".." in (folder, *file.split("/")):
        raise DataError(mismatch(f"{table} line {line}, LINK", "WORD/FILE", repr(link)))
    if not word:
        raise DataError(mismatch(f"{table} line {line}, WORD", "a word", "an empty field"))
    return _Row(split, folder, file, plain_name(word), speaker)


def _chosen(
    tables: Sequence[Path],
    present: Collection[str],
    counts: Counter[tuple[str, str]],
    wanted: set[str],
    seed: int,
    resplit: bool,
) -> list[_Row]:
    """All rows of the wanted words; of the others a draw, about :data:`_SPARE` times what can become ``_unknown_``."""
    limit: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for (split, word), n in counts.items():
        limit[split] += n if word in wanted else 0
        others[split] += word not in wanted
    share = {split: max(1, math.ceil(_SPARE * limit[split] / n)) for split, n in others.items() if n}
    rows: list[_Row] = []
    drawn: dict[tuple[str, str], list[tuple[int, _Row]]] = defaultdict(list)
    for row in _rows(tables, Counter()):
        if row.folder not in present:
            continue
        if row.word in wanted:
            rows.append(row)
            continue
        split = "" if resplit else row.split
        heap = drawn[split, row.word]
        digest = hashlib.sha1(f"{seed}:{row.folder}/{row.name}".encode(), usedforsecurity=False).digest()
        entry = (-int.from_bytes(digest[:8], "big"), row)
        (heapq.heappush if len(heap) < share[split] else heapq.heappushpop)(heap, entry)
    rows += [row for key in sorted(drawn) for _, row in sorted(drawn[key], key=lambda entry: entry[1].name)]
    return rows


def _path(path: Path) -> Path:
    """Where a clip lies: under its own name, or converted, with another ending."""
    if path.is_file():
        return path
    converted = (path.with_suffix(suffix) for suffix in sorted(AUDIO_SUFFIXES))
    return next((p for p in converted if p.is_file()), path)


def _one_set_a_speaker(recordings: list[Recording], wanted: set[str]) -> list[Recording]:
    """Clips that leave every speaker in one set; the keywords decide in which."""
    homes: dict[bool, dict[str, str]] = {True: {}, False: {}}
    for r in recordings:
        home = homes[r.label in wanted]
        home[r.group] = max(home.get(r.group, r.split), r.split, key=SPLITS.index)
    home = {**homes[False], **homes[True]}
    return [r for r in recordings if r.split == home[r.group]]


def _resplit(recordings: list[Recording], wanted: set[str], seed: int) -> list[Recording]:
    """Divided by speaker anew, all other words counting as one class."""
    plain = [r if r.label in wanted else dataclasses.replace(r, label=UNKNOWN) for r in recordings]
    divided = assign_groups(plain, FOLDER_FRACTIONS, seed)
    return [dataclasses.replace(r, split=d.split) for r, d in zip(recordings, divided, strict=True)]
