"""Free-form facts (protocol, configuration, verification) as terms and descriptions for a person."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from .terms import KEYWORDS, VIBRATION, Terms

_TERMS = {
    "data": "Data",
    "layout": "Layout",
    "task": "Task",
    "split_rule": "How it was split",
    "speaker_disjoint": "No speaker in two parts",
    "synthesiser": "Synthesiser",
    "synthetic_speech": "Synthetic speech",
    "synthetic_training": "Synthetic speech in training",
    "accents": "Accents",
    "groups": "Groups (speakers, voices, recordings)",
    "background": "Background recordings",
    "silence": "Clips of silence",
    "unknown_words": "Words behind _unknown_",
    "unknown_left_out": "Clips of other words left out",
    "near_misses": "Near misses among them",
    "longest_s": "Longest keyword [s]",
    "seed": "Seed of the split",
    "float_difference": "Largest change of a probability (float32 file)",
    "loss": "Accuracy lost [points]",
    "agreement": "Same answer as Keras [%]",
    "macs": "MACs",
    "snr_db": "SNR [dB]",
    "n": "Clips",
    "noise": "Noise",
    "keras": "Keras",
}
_VIBRATION_TERMS = {
    "rule": "How it was split",
    "group": "Kept apart by",
    "held_out": "Tested on",
    "leaky": "Leaky",
    "sentence": "In a sentence",
    "unit": "Unit of the samples",
    "window_samples": "Samples of a window",
    "n": "Windows",
    "recordings": "Recordings",
    "recordings_tested": "Recordings tested on",
}
#: Descriptions longer than this are folded away.
LONG = 220


@dataclasses.dataclass(frozen=True)
class Fact:
    """A term and its description; ``long`` ones are folded."""

    term: str
    text: str

    @property
    def long(self) -> bool:
        """Too long to stand open."""
        return len(self.text) > LONG


@dataclasses.dataclass(frozen=True)
class Table:
    """Head and rows of text."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def term(key: str, terms: Terms = KEYWORDS) -> str:
    """A key as words."""
    words = str(key).replace("_", " ").strip()
    return _named(terms).get(key, words[:1].upper() + words[1:])


def _named(terms: Terms) -> dict[str, str]:
    return {**_TERMS, **_VIBRATION_TERMS} if terms is VIBRATION else _TERMS


def text(value: Any) -> str:
    """Any JSON value on one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, float):
        return ("∞" if value > 0 else "−∞") if math.isinf(value) else f"{value:.5g}".replace("-", "−")
    if isinstance(value, Mapping):
        return ", ".join(
            f"{k}: {text(v)}" if not isinstance(v, Mapping) else f"{k} ({text(v)})" for k, v in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(text(v) for v in value) or "none"
    return str(value)


def facts(values: Mapping[str, Any], leave_out: Sequence[str] = (), terms: Terms = KEYWORDS) -> list[Fact]:
    """Facts in the order given, without empty ones."""
    shown = ((k, v) for k, v in values.items() if k not in leave_out and v is not None and v not in ("", [], {}, ()))
    return [Fact(term(k, terms), text(v)) for k, v in shown]


def counts_table(
    counts: Mapping[str, Mapping[str, int]], labels: Sequence[str], terms: Terms = KEYWORDS
) -> Table | None:
    """Clips of every label in every part, with totals."""
    if not counts or not all(isinstance(v, Mapping) for v in counts.values()):
        return None
    parts = list(counts)
    names = [*labels, *sorted({n for c in counts.values() for n in c} - set(labels))]
    rows = [(name, *(f"{counts[p].get(name, 0):,}" for p in parts)) for name in names]
    rows.append(("all", *(f"{sum(counts[p].values()):,}" for p in parts)))
    return Table((terms.category.capitalize(), *parts), tuple(rows))


def rows_table(rows: Sequence[Mapping[str, Any]], terms: Terms = KEYWORDS) -> Table | None:
    """A list of flat mappings as a table."""
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        return None
    keys = list(dict.fromkeys(k for row in rows for k in row))
    head = tuple(_named(terms).get(k, str(k)) for k in keys)
    return Table(head, tuple(tuple(_cell(row.get(k, "")) for k in keys) for row in rows))


def _cell(value: Any) -> str:
    """evaluation.csv writes clean as noise ``none`` at ``inf`` dB."""
    return "∞" if value == "inf" else text(value)
