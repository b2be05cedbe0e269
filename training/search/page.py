"""What a search leaves to read: a table for people (Markdown), one for programs (CSV), the best as a command line."""

from __future__ import annotations

import csv
import io
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drsn_keras.files import write_atomically

from .sampling import Tried
from .search_file import Search

#: Configurations that are shown to people.
_SHOWN = 20
_STATES = {"done": "", "pruned": "stopped early", "failed": "failed"}


def ranked(tried: Sequence[Tried]) -> list[Tried]:
    """The best first; those without a score, or with one that is no number, behind."""
    scores = {one.number: -math.inf if one.score is None or math.isnan(one.score) else one.score for one in tried}
    return sorted(tried, key=lambda one: (-scores[one.number], one.number))


def best_command(search: Search, tried: Sequence[Tried]) -> str:
    """The command line of the best configuration."""
    words = search.words(ranked(tried)[0].drawn)
    return shlex.join(["drsn-train", search.command, *words, f"--seed={search.seed}", "--out", "runs/best"])


def write_page(search: Search, tried: Sequence[Tried], importance: Mapping[str, float] | None, out: Path) -> list[Path]:
    """Write search.md and trials.csv; returns their paths."""
    paths = [out / "search.md", out / "trials.csv"]
    write_atomically(paths[0], markdown(search, tried, importance))
    write_atomically(paths[1], _csv(search, tried))
    return paths


def markdown(search: Search, tried: Sequence[Tried], importance: Mapping[str, float] | None) -> str:
    """The best configurations, what each option matters, the command line of the best."""
    order = ranked(tried)
    measure = order[0].facts["measure"]
    title = search.path.stem.encode("utf-8", "backslashreplace").decode()
    parts = [
        f"# {title}",
        f"{len(tried)} configurations, by the mean {measure} over the validation part; seed {search.seed}. "
        "The test part was not looked at. The best of many with one seed is partly luck: compare the first few over "
        "several seeds with drsn-train compare.",
    ]
    options = [name.replace("_", "-") for name in search.space]
    lines = [["configuration", measure, *options, "epochs", "s of training", ""]]
    lines += [[*_cells(search, one), _STATES[one.state]] for one in order[:_SHOWN]]
    rows = ["| " + " | ".join(cells) + " |" for cells in lines]
    parts.append("\n".join([rows[0], "|---" * len(lines[0]) + "|", *rows[1:]]))
    if len(order) > _SHOWN:
        parts.append(f"{len(order) - _SHOWN} more in trials.csv")
    if importance:
        said = ", ".join(f"{name.replace('_', '-')} {100 * part:.0f} %" for name, part in importance.items())
        parts.append(f"Part of the spread that each option explains (fANOVA, of trainings that were ended): {said}")
    parts += ["The best:", f"```sh\n{best_command(search, tried)}\n```"]
    return "\n\n".join(parts) + "\n"


def _cells(search: Search, one: Tried) -> list[str]:
    values = (_text(dimension.value(one.drawn[name])) for name, dimension in search.space.items())
    value, seconds = one.facts.get("value"), one.facts.get("train_seconds")
    return [
        str(one.number),
        "" if value is None else f"{value:.3f}",
        *values,
        str(one.facts.get("epochs", "")),
        "" if seconds is None else f"{seconds:.0f}",
    ]


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _csv(search: Search, tried: Sequence[Tried]) -> str:
    """A line a configuration, in the order that they were drawn in."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("configuration", "state", "measure", "value", *search.space, "epochs", "train_seconds"))
    for one in tried:
        facts = [one.facts.get(name, "") for name in ("measure", "value")]
        values = [_text(dimension.value(one.drawn[name])) for name, dimension in search.space.items()]
        costs = [one.facts.get(name, "") for name in ("epochs", "train_seconds")]
        writer.writerow((one.number, one.state, *facts, *values, *costs))
    return text.getvalue()
