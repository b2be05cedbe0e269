"""The whole evaluation of a denoiser's run: network and rows under every condition, examples, page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checkpoint import assign
from ..epochs import read_history
from ..run_folder import HISTORY, MODEL
from .bundle_rows import bundle_candidates, open_bundles
from .commands import commands_of
from .evaluate import Result, evaluate, write_evaluation
from .measures import measures_of
from .networks import build_denoiser
from .predictor import Predictor
from .report import ExampleKeeper, write_report
from .report.sentences import TITLES
from .rows import Candidate, classical_candidates

if TYPE_CHECKING:
    from ..open_run import OpenRun


def network_candidate(run: OpenRun) -> Candidate:
    """The Keras model of a run, for examples of any shape that it takes."""
    model = run.model
    if run.config.spec.is_image:
        model = build_denoiser(run.config, flexible=True)
        assign(model.variables, [v.numpy() for v in run.model.variables], run.folder / MODEL)
    predict = Predictor(model, run.config.spec)
    return Candidate(run.config.model, "keras", lambda noisy, _: predict(noisy))


def evaluate_denoiser(
    run: OpenRun,
    *,
    noises: Sequence[str] | None = None,
    levels: Sequence[float] | None = None,
    baselines: Sequence[str] | None = None,
    count: int | None = None,
    bundles: Sequence[Path] = (),
    out: Path | None = None,
) -> tuple[list[Result], Path]:
    """Evaluate a run's network and bundles beside classical rows on its test part.

    Parameters
    ----------
    noises : kinds of noise; all that the task has by default
    levels : ratios [dB] or standard deviations; the task's by default
    baselines : rows without training; all of the task by default
    count : most examples; the task's number by default
    bundles : folders of bundles made from the run; each is judged as ``drsn-edge denoise`` runs it on files
    out : folder for evaluation.csv, report.html and figures; the run's by default

    Returns
    -------
    (list of Result, Path of report.html)
    """
    task, config = run.denoise_task, run.config
    conditions = task.corruption.conditions(noises, levels)
    opened = open_bundles(run, bundles)
    devices = bundle_candidates(opened)
    rows = [network_candidate(run), *devices, *classical_candidates(task, baselines)]
    history = read_history(run.folder / HISTORY)
    keeper = ExampleKeeper(task, conditions, count)
    out = out or run.folder
    out.mkdir(parents=True, exist_ok=True)
    results = evaluate(rows, task, conditions, count=count, observe=keeper.observe)
    write_evaluation(out / "evaluation.csv", results, measures_of(task))
    page = write_report(
        out,
        title=f"{config.model} for {TITLES[config.kind]} in noise",
        task=task,
        summary=run.summary,
        config=_without_folders(config.to_dict()),
        history=history,
        results=results,
        shown=keeper.shown,
        bundles=[((row.model, row.scheme), one.card.size_bytes) for row, one in zip(devices, opened, strict=True)],
        commands=commands_of(run, opened, noises=noises, levels=levels, baselines=baselines, count=count),
    )
    return results, page


def _without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration for a page that travels: names instead of a machine's paths."""
    named = {n: Path(config[n]).name for n in ("data", "manifest", "test_data") if config.get(n)}
    return {**config, **named, "noise": [Path(folder).name for folder in config["noise"]]}
