"""Write report.html, one file that needs no other, and the figures beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.noise import GENERATORS, BabbleNoise

from ..conditions import RECORDED
from ..evaluate import Result
from . import readable, sentences, tables, trend
from .accuracy_figures import MAX_PANELS
from .confusion_figure import matrices
from .figures import write_figures
from .grid import Grid
from .measure import ThresholdRow
from .players import player_groups
from .sounds import SoundExample
from .style import DARK, LIGHT

REPORT, FIGURES = "report.html", "figures"
_TEMPLATE = "template.html"
#: Where a verification keeps its rows: in its own form, and in a card's metrics.
_ROWS = ("rows", "verification")
_GENERATED = frozenset({*GENERATORS, BabbleNoise.name})


def write_report(
    out: Path,
    *,
    title: str,
    summary: dict[str, Any],
    config: dict[str, Any],
    history: Sequence[dict[str, Any]],
    results: Sequence[Result],
    labels: Sequence[str],
    thresholds: Sequence[ThresholdRow] = (),
    sounds: Sequence[SoundExample] = (),
    bundles: Sequence[dict[str, Any]] = (),
    verification: dict[str, Any] | None = None,
    synthetic: bool = False,
    commands: Sequence[str] = (),
) -> Path:
    """Write ``out/report.html`` and ``out/figures/*.png``; equal arguments give equal bytes.

    Parameters
    ----------
    out : Path
        Folder, made if it is missing.
    summary, config, history
        Of the run: summary.json, config.json, rows of history.csv. Missing keys leave their line out.
    results : at least one
    labels : names of the classes
    thresholds : empty for a model without shrinkage
    bundles : model cards
    verification : what ``drsn-export verify`` found, or the metrics of a card that holds it
    synthetic : bool
        The speech was spoken by a synthesiser: the page says so first of all.
    commands : shell lines that make this again

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    DataError
        If there is no result, or a class without a label.
    """
    _check(results, labels)
    out = Path(out)
    (out / FIGURES).mkdir(parents=True, exist_ok=True)
    grid = Grid(results, len(labels), _GENERATED)
    measured = [k for k in dict.fromkeys(row.noise for row in thresholds) if k in grid.kinds]
    figures = write_figures(
        out / FIGURES,
        grid=grid,
        labels=labels,
        thresholds=thresholds,
        threshold_kinds=measured,
        history=history,
        best_epoch=summary.get("best_epoch"),
    )
    groups, left_out = player_groups(sounds)
    pairs_title, pairs = tables.confused_pairs(grid, labels)
    protocol = summary.get("protocol", {})
    size = tables.shipped_size(grid, bundles)
    page = _environment().get_template(_TEMPLATE).render(
        title=title,
        summary=summary,
        synthetic=synthetic,
        grid=grid,
        labels=labels,
        figures=figures,
        verdict=sentences.verdict(grid, size),
        quantisation=sentences.quantisation(grid),
        kinds_of_noise=sentences.kinds_of_noise(grid) if grid.kinds else "",
        overlap=sentences.overlap(grid),
        levels=[math.inf, *grid.headline_snrs_db],
        glance=tables.glance(grid, bundles),
        chance=sentences.chance_label(grid, labels),
        noise_groups=tables.noise_groups(grid),
        pooled=RECORDED in grid.kinds and bool(grid.recordings),
        max_panels=MAX_PANELS,
        rows=tables.all_rows(grid),
        trends=trend.trends(thresholds, measured),
        trend_sentence=trend.sentence(trend.trends(thresholds, measured)),
        thresholds=thresholds,
        threshold_kinds=measured,
        matrices=[name for name, _ in matrices(grid)],
        pairs_title=pairs_title,
        pairs=pairs,
        groups=groups,
        left_out=left_out,
        protocol=readable.facts(protocol, ("counts", "notes")),
        counts=readable.counts_table(protocol.get("counts", {}), labels),
        notes=list(dict.fromkeys([*protocol.get("notes", ()), *summary.get("notes", ())])),
        mixing=_mixing(grid, summary, config),
        config=readable.facts(config),
        config_seed=config.get("seed", "unknown"),
        bundles=bundles,
        verification=readable.facts(verification or {}, _ROWS),
        verification_rows=readable.rows_table(next((v for k in _ROWS if (v := (verification or {}).get(k))), ())),
        commands=commands,
        limits=sentences.limits(grid, summary, synthetic=synthetic, has_recordings=_recorded(grid)),
        series_colours=list(zip(LIGHT.series, DARK.series, strict=True)),
        paper=(LIGHT.paper, DARK.paper),
    )  # fmt: skip
    write_atomically(out / REPORT, page)
    return out / REPORT


def _check(results: Sequence[Result], labels: Sequence[str]) -> None:
    if not results:
        raise DataError(mismatch("report", "at least one result", "none"))
    top = max(int(max(r.truth.max(), r.predicted.max())) for r in results)
    if top >= len(labels):
        raise DataError(mismatch("report, labels", f"a name for class {top}", f"{len(labels)} labels"))


def _recorded(grid: Grid) -> bool:
    return any(kind == RECORDED or kind not in _GENERATED for kind in grid.kinds)


def _mixing(grid: Grid, summary: dict[str, Any], config: dict[str, Any]) -> list[readable.Fact]:
    """Which noise was mixed when."""
    found = {"Mixed in at training": summary.get("training_noise"), **_augmentation(config)}
    found["Tested in"] = [*grid.kinds, *grid.recordings]
    found["Never heard in training"] = [n for n in [*grid.kinds, *grid.recordings] if not grid.seen(n)]
    found["Levels tested"] = [sentences.decibels(s) for s in reversed(grid.levels_db)]
    return [readable.Fact(name, readable.text(value)) for name, value in found.items() if value]


def _augmentation(config: dict[str, Any]) -> dict[str, str]:
    snr_db = config.get("augment", {}).get("snr_db")
    if not config:
        return {}
    if snr_db is None:
        from ..augment import AugmentSpec

        snr_db = AugmentSpec().snr_db
    low, high = (f"{v:g}".replace("-", "−") for v in snr_db)
    return {"At levels of": f"{low} to {high} dB, uniform"}


def _environment():
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(db=sentences.decibels, interval=sentences.interval, points=sentences.points)
    return environment
