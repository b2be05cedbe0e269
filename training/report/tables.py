"""Tables of the page, as plain values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from ..conditions import CLEAN, RECORDED
from .confusion_figure import matrices
from .grid import Grid, Series
from .shares import Share
from .terms import KEYWORDS, Terms

MAX_PAIRS = 8


@dataclasses.dataclass(frozen=True)
class NoiseRow:
    """Shares of every series at every level, or None where nothing was measured; ``mean`` rows sum up a group."""

    name: str
    seen: str
    cells: tuple[tuple[Share | None, ...], ...]
    mean: bool = False


@dataclasses.dataclass(frozen=True)
class Pair:
    """Clips of ``said`` that were heard as ``heard``: count and percent of ``said``, in noise and clean."""

    said: str
    heard: str
    count: int
    percent: float
    clean_percent: float | None


def noise_groups(grid: Grid, terms: Terms = KEYWORDS) -> list[tuple[str, list[NoiseRow]]]:
    """Noises heard in training, then those never heard, then single recordings; means close the first two."""
    groups = []
    for seen, title in ((True, f"{terms.heard.capitalize()} in training"), (False, f"Never {terms.heard} in training")):
        names = [n for n in grid.kinds if grid.seen(n) == seen]
        rows = [_row(grid, [n], _pooled_name(n), seen) for n in names]
        if len(names) > 1:
            rows.append(dataclasses.replace(_row(grid, names, f"mean of {len(names)}", seen), mean=True))
        if rows:
            groups.append((title, rows))
    if grid.recordings:
        rows = [_row(grid, [n], n, grid.seen(n)) for n in grid.recordings]
        groups.append(("Each recording by itself", rows))
    return groups


def _pooled_name(noise: str) -> str:
    return "recorded (all)" if noise == RECORDED else noise


def _row(grid: Grid, names: list[str], name: str, seen: bool) -> NoiseRow:
    cells = tuple(tuple(grid.share(s, level, names) for s in grid.series) for level in grid.snrs_db)
    return NoiseRow(name, "yes" if seen else "no", cells)


def confused_pairs(grid: Grid, labels: Sequence[str]) -> tuple[str, list[Pair]]:
    """Title of the noisiest matrix shown, and the pairs most often confused in it, by share of what was said."""
    shown = matrices(grid)
    if not shown:
        return "", []
    title, counts = shown[-1]
    clean = shown[0][1] if len(shown) > 1 else None
    total = counts.sum(axis=1)
    pairs = []
    for said in range(len(labels)):
        for heard in range(len(labels)):
            n = int(counts[said, heard])
            if said == heard or not n:
                continue
            in_clean = None
            if clean is not None and clean[said].sum():
                in_clean = 100.0 * float(clean[said, heard]) / float(clean[said].sum())
            pairs.append(Pair(labels[said], labels[heard], n, 100.0 * n / float(total[said]), in_clean))
    return title, sorted(pairs, key=lambda p: (-p.percent, -p.count, p.said, p.heard))[:MAX_PAIRS]


def glance(grid: Grid, bundles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a series: shares at the headline levels, and its bundle's size."""
    by_scheme = {b.get("scheme"): b for b in bundles}
    return [
        {
            "name": grid.name(series),
            "index": index,
            "shares": [grid.share(series, level) for level in (math.inf, *grid.headline_snrs_db)],
            "size_bytes": _bundle_of(series, by_scheme).get("size_bytes"),
        }
        for index, series in enumerate(grid.series)
    ]


def _bundle_of(series: Series, by_scheme: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    return by_scheme.get(series[1], {})


def shipped_size(grid: Grid, bundles: Sequence[dict[str, Any]]) -> int | None:
    """Bytes of the shipped series' model file."""
    return _bundle_of(grid.shipped, {b.get("scheme"): b for b in bundles}).get("size_bytes")


def all_rows(grid: Grid) -> list[dict[str, Any]]:
    """Lines of evaluation.csv."""
    return [{**r.row(), "clean": r.condition.noise == CLEAN} for r in grid.results]


def sure_from(bundle: dict[str, Any]) -> float | None:
    """Probability from which a bundle's answer counts: of its monitor, or of its detector."""
    monitor, detector = bundle.get("monitor") or {}, bundle.get("detector") or {}
    return monitor.get("min_probability", detector.get("threshold"))
