"""Write report.html, one file that needs no other, and the figures beside it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.noise import GENERATORS, BabbleNoise

from ..conditions import RECORDED
from ..evaluate import Result
from ..vibration.baseline_rows import Fitting
from . import classical, f1_table, readable, sentences, tables, trend, vibration_limits
from .accuracy_figures import MAX_PANELS
from .confusion_figure import matrices
from .figures import WINDOWS, write_figures
from .grid import Grid
from .measure import ThresholdRow
from .mixing import mixing
from .players import player_groups
from .sounds import SoundExample
from .style import DARK, LIGHT
from .templates import environment
from .terms import VIBRATION, terms_of
from .window_figure import form_name
from .window_view import WindowView

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
    view: WindowView | None = None,
    fitting: Fitting | None = None,
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
        The speech was spoken by a synthesiser, or the machines are simulated: the page says so first of all.
    commands : shell lines that make this again
    view : how to draw windows of a machine, which ``sounds`` then are, instead of playing them
    fitting : how classical rows among the results were fitted

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
    terms = terms_of(config.get("task"))
    windows = [list(forms) for _, forms in itertools.groupby(sounds, key=lambda s: s.title)] if view else []
    measured = [k for k in dict.fromkeys(row.noise for row in thresholds) if k in grid.kinds]
    figures = write_figures(
        out / FIGURES,
        grid=grid,
        labels=labels,
        thresholds=thresholds,
        threshold_kinds=measured,
        history=history,
        best_epoch=summary.get("best_epoch"),
        terms=terms,
        windows=windows,
        view=view,
    )
    groups, left_out = player_groups(() if view else sounds)
    pairs_title, pairs = tables.confused_pairs(grid, labels)
    protocol = summary.get("protocol", {})
    leaky = bool(protocol.get("leaky"))
    size = tables.shipped_size(grid, bundles)
    limits = vibration_limits.limits if terms is VIBRATION else sentences.limits
    page = _template().render(
        title=title,
        summary=summary,
        t=terms,
        synthetic=synthetic,
        leaky=(protocol.get("sentence") or "LEAKY: training knows what is tested.") if leaky else "",
        grid=grid,
        labels=labels,
        figures=figures,
        verdict=sentences.verdict(grid, size, terms, leaky=leaky),
        quantisation=sentences.quantisation(grid, terms),
        kinds_of_noise=sentences.kinds_of_noise(grid, terms) if grid.kinds else "",
        overlap=sentences.overlap(grid),
        levels=[math.inf, *grid.headline_snrs_db],
        glance=tables.glance(grid, bundles),
        shipped=grid.series.index(grid.shipped),
        classical=classical.paragraphs(grid, fitting) if fitting else [],
        chance=sentences.chance_label(grid, labels, terms),
        noise_groups=tables.noise_groups(grid, terms),
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
        view=view,
        windows=[
            {"title": forms[0].title, "figure": name, "forms": [(form_name(f), f) for f in forms]}
            for name, forms in zip(WINDOWS, windows, strict=False)
        ],
        f1_rows=f1_table.level_rows(grid) if terms is VIBRATION else [],
        sure_from=tables.sure_from,
        protocol=readable.facts(*_division(protocol), terms),
        counts=readable.counts_table(protocol.get("counts") or protocol.get("windows", {}), labels, terms),
        notes=list(dict.fromkeys([*protocol.get("notes", ()), *summary.get("notes", ())])),
        mixing=mixing(grid, summary, config, terms),
        config=readable.facts(config),
        config_seed=config.get("seed", "unknown"),
        bundles=bundles,
        verification=readable.facts(verification or {}, _ROWS, terms),
        verification_rows=readable.rows_table(
            next((v for k in _ROWS if (v := (verification or {}).get(k))), ()), terms
        ),
        files=["evaluation.csv", *(["thresholds.csv"] if thresholds else [])],
        commands=commands,
        limits=limits(grid, summary, synthetic=synthetic, has_recordings=_recorded(grid)),
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


def _division(protocol: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """How the data was divided, and what of it stands elsewhere; of recordings their number."""
    recordings = protocol.get("recordings")
    if not isinstance(recordings, dict):
        return protocol, ("counts", "notes")
    counted = {part: len(names) for part, names in recordings.items()}
    tested = {"recordings": counted, "recordings_tested": recordings.get("test", ())}
    return {**protocol, **tested}, ("windows", "notes")


def _recorded(grid: Grid) -> bool:
    return any(kind == RECORDED or kind not in _GENERATED for kind in grid.kinds)


def _template():
    own = environment()
    own.filters.update(db=sentences.decibels, interval=sentences.interval, points=sentences.points)
    return own.get_template(_TEMPLATE)
