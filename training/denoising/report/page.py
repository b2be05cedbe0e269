"""Write a denoiser's report.html, one file that needs no other, and the figures beside it."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.files import write_atomically

from ...report import readable
from ...report.figures import write_figure
from ...report.players import PlayerGroup, data_uri, sound_group, within_budget
from ...report.style import DARK, LIGHT
from ...report.templates import environment
from ..evaluate import Result, row_of
from ..measures import mean_of, measures_of
from ..recipes import AUDIO, IMAGES, ONLY_FOR, SPIKES
from ..task import DenoiseTask
from . import sentences
from .board import Board, Series
from .examples import Shown
from .level_figure import draw_levels, draw_training
from .signal_figure import draw_signal

REPORT, FIGURES, TEMPLATE = "report.html", "figures", "denoise.html"
#: Of an example image the middle is shown [pixels].
_SHOWN_SIDE = 256
_NAMES = ("measure_over_level", "training", *(f"example_{i}" for i in range(1, 4)))


def write_report(
    out: Path,
    *,
    title: str,
    task: DenoiseTask,
    summary: dict[str, Any],
    config: dict[str, Any],
    history: Sequence[dict[str, Any]],
    results: Sequence[Result],
    shown: Sequence[Shown] = (),
    bundles: Sequence[tuple[Series, int]] = (),
    commands: Sequence[str] = (),
) -> Path:
    """Write ``out/report.html`` and ``out/figures/*.png``; equal arguments give equal bytes.

    Parameters
    ----------
    out : Path
        Folder, made if it is missing.
    task : DenoiseTask
    summary, config, history
        Of the run.
    results : at least one, of the network and of the rows beside it
    shown : examples before and after
    bundles : rows that are bundles, and the bytes of their model files
    commands : shell lines that make this again

    Returns
    -------
    Path
        Of the page.
    """
    out = Path(out)
    folder = out / FIGURES
    folder.mkdir(parents=True, exist_ok=True)
    measures = measures_of(task)
    board = Board(results, measures)
    for name in _NAMES:
        (folder / f"{name}.png").unlink(missing_ok=True)
    figures = {
        "measure_over_level": write_figure(folder / "measure_over_level.png", functools.partial(draw_levels, board))
    }
    if history:
        best, measured = summary.get("best_epoch"), board.first.title
        draw = functools.partial(draw_training, list(history), best, measured)
        figures["training"] = write_figure(folder / "training.png", draw)
    groups, pictures, left_out = [], [], 0
    if task.kind == AUDIO:
        groups, left_out = within_budget(_sounds(one, board, task) for one in shown)
    elif task.kind == IMAGES:
        pictures = [_pictures(one, board, task) for one in shown]
    else:
        for number, one in enumerate(shown, start=1):
            forms = [(f"noisy: {_condition(one)}", one.noisy), *_estimates(one, board)]
            draw = functools.partial(draw_signal, one, forms, task.spec, stems=task.kind == SPIKES)
            figures[f"example_{number}"] = write_figure(folder / f"example_{number}.png", draw)
    page = environment(Path(__file__).parent).get_template(TEMPLATE).render(
        title=title,
        kind=task.kind,
        summary=summary,
        made=task.material.made,
        board=board,
        figures=figures,
        verdict=sentences.verdict(board, task.kind),
        beside=sentences.beside(board),
        headlines=sentences.headline_columns(board),
        bundles=[f"{board.name(series)} ({size:,} bytes)" for series, size in bundles],
        size=" × ".join(map(str, task.spec.natural_shape)),
        macs_per_second=_macs_per_second(summary, task),
        groups=groups,
        left_out=left_out,
        pictures=pictures,
        examples=[(f"example_{i}", one.title) for i, one in enumerate(shown, start=1) if f"example_{i}" in figures],
        rows=[row_of(r, measures) for r in results],
        protocol=readable.facts(task.protocol, ("notes", "counts")),
        noise=", ".join(task.corruption.names),
        config=readable.facts(_relevant(config)),
        notes=task.notes,
        config_seed=config.get("seed", "unknown"),
        files=["evaluation.csv"],
        commands=commands,
        limits=sentences.limits(board, task.kind, task.material.made),
        plain=sentences.plain,
        signed=sentences.signed,
        series_colours=list(zip(LIGHT.series, DARK.series, strict=True)),
        paper=(LIGHT.paper, DARK.paper),
    )  # fmt: skip
    write_atomically(out / REPORT, page)
    return out / REPORT


def _relevant(config: dict[str, Any]) -> dict[str, Any]:
    """Fields that the task has, under names that the page's other facts do not use."""
    kind, renamed = config["kind"], {"loss": "training_loss", "task": "command", "seed": "seed_of_training"}
    return {renamed.get(n, n): v for n, v in config.items() if kind in ONLY_FOR.get(n, (kind,))}


def _condition(one: Shown) -> str:
    return f"{one.condition.noise}, {one.condition.level_text}"


def _forms_shown(one: Shown, board: Board) -> list[Series]:
    """Networks, and the best of the classical rows."""
    column = next((c for c in board.noisy_columns if one.condition in c.conditions), None)
    best = None if column is None else board.best_classical(column)
    return [s for s in (*board.networks, best) if s is not None and s in one.estimates]


def _estimates(one: Shown, board: Board) -> list[tuple[str, np.ndarray]]:
    return [(board.name(s), one.estimates[s]) for s in _forms_shown(one, board)]


def _sounds(one: Shown, board: Board, task: DenoiseTask) -> PlayerGroup:
    forms = [("Clean", one.clean), (f"Noisy: {_condition(one)}", one.noisy), *_estimates(one, board)]
    with_measure = []
    for caption, y in forms:
        value = board.first.compute(one.clean, y)
        text = f"{caption} ({sentences.plain(value, 1)} dB)" if y is not one.clean else caption
        with_measure.append((text, y, ()))
    return sound_group(one.title, one.title, with_measure, task.spec.sample_rate_hz)


def _pictures(one: Shown, board: Board, task: DenoiseTask) -> dict[str, Any]:
    """An image's forms as PNG, with their measures."""
    scale = task.spec.full_scale
    forms = [("Clean", one.clean), (f"Spoiled: {_condition(one)}", one.noisy), *_estimates(one, board)]
    found = []
    for caption, y in forms:
        values = [
            (*m.short, sentences.plain(mean_of(m, [one.clean], [y], scale), m.digits)) for m in board.measures[:2]
        ]
        said = [f"{name} {value} {unit}".strip() for name, unit, value in values]
        found.append((caption, _png(y, scale), "" if y is one.clean else ", ".join(said)))
    return {"title": one.title, "forms": found}


def _png(y: np.ndarray, scale: float) -> str:
    from PIL import Image

    top, left = (max(0, (n - _SHOWN_SIDE) // 2) for n in y.shape)
    part = y[top : top + _SHOWN_SIDE, left : left + _SHOWN_SIDE] * scale
    out = io.BytesIO()
    Image.fromarray(np.clip(np.rint(part), 0, 255).astype(np.uint8)).save(out, format="PNG", optimize=True)
    return data_uri("image/png", out.getvalue())


def _macs_per_second(summary: dict[str, Any], task: DenoiseTask) -> float | None:
    duration = task.spec.duration_s
    return summary["macs"] / duration if duration and "macs" in summary else None
