"""The whole evaluation of a run: every model under every condition, thresholds, sounds, page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.noise import GENERATORS, BabbleNoise

from .conditions import RECORDED, SNR_GRID_DB, Condition
from .config import KeywordConfig
from .epochs import read_history
from .evaluate import Candidate, Result, default_noises, evaluate, write_confusion, write_evaluation
from .open_run import OpenRun
from .report import pick_sounds, threshold_rows, write_report, write_thresholds
from .report.terms import terms_of
from .report.vibration_commands import training_command
from .report.window_view import window_view
from .run_folder import HISTORY
from .vibration.baseline_rows import check_baselines, fit_baselines
from .vibration.config import SIMULATED, VibrationConfig


def evaluate_run(
    run: OpenRun,
    bundles: Sequence[Path],
    *,
    noises: Sequence[str] | None = None,
    snrs_db: Sequence[float] | None = None,
    out: Path | None = None,
    with_keras: bool = True,
    baselines: Sequence[str] | None = None,
) -> tuple[list[Result], Path]:
    """Evaluate a run's Keras model and bundles on its test clips, or test windows.

    Parameters
    ----------
    noises : kinds of noise; all that the task has by default
    snrs_db : 20 down to -10 dB by default
    out : folder for evaluation.csv, thresholds.csv, confusion.csv, report.html and figures; by default the run's, or,
        without the Keras model, one beside the bundle
    baselines : classical rows to fit on the training windows of a vibration run and to evaluate beside the network

    Returns
    -------
    (list of Result, Path of report.html)
    """
    if baselines is not None:
        baselines = list(dict.fromkeys(baselines))
        check_baselines(baselines, run.config)
    corpus = run.corpus
    history = read_history(run.folder / HISTORY)
    config = run.config
    vibration = isinstance(config, VibrationConfig)
    noises = list(noises) if noises is not None else default_noises(corpus, config)
    known = {*GENERATORS, *corpus.recorded("test"), *([RECORDED] if corpus.recorded("test") else [])}
    if not vibration:
        known.add(BabbleNoise.name)
    for noise in noises:
        if noise not in known:
            raise UsageError(mismatch("--noises", f"some of {', '.join(sorted(known))}", noise))
    opened = [load_bundle(path) for path in bundles]
    for bundle in opened:
        run.require_match(bundle)
    names = [bundle.card.scheme for bundle in opened]
    if len(set(names)) < len(names):
        names = [path.name for path in bundles]
    networks = [Candidate(config.model, "keras", run.predict)] if with_keras else []
    networks += [
        Candidate(bundle.card.model, name, bundle.interpreter.run_batch)
        for name, bundle in zip(names, opened, strict=True)
    ]
    out = out or (run.folder if with_keras else bundles[0].with_name(bundles[0].name + "-evaluation"))
    out.mkdir(parents=True, exist_ok=True)
    classical, fitting = fit_baselines(corpus, config, baselines) if baselines else ([], None)

    thresholds = []
    singles = set(corpus.recorded("test"))  # all recordings together stand for them

    def observe(condition: Condition, features: np.ndarray) -> None:
        if condition.noise not in singles:
            thresholds.extend(threshold_rows(run.model, condition, features))

    snrs_db = snrs_db or SNR_GRID_DB
    results = evaluate([*networks, *classical], corpus, config, noises=noises, snrs_db=snrs_db, observe=observe)
    write_evaluation(out / "evaluation.csv", results, f1_classes=len(corpus.labels) if vibration else None)
    write_confusion(out / "confusion.csv", results, corpus.labels)
    write_thresholds(out / "thresholds.csv", thresholds)
    sounds = pick_sounds(corpus, config, networks, noises, seed=config.seed)
    cards = [bundle.card.to_dict() for bundle in opened]
    page = write_report(
        out,
        title=f"{config.model} {terms_of(config.task).in_noise}",
        summary=run.summary,
        config=_without_folders(config.to_dict()),
        history=history,
        results=results,
        labels=corpus.labels,
        thresholds=thresholds,
        sounds=sounds,
        bundles=cards,
        verification=next((c["metrics"] for c in cards if "verification" in c["metrics"]), None),
        synthetic=config.source == SIMULATED if vibration else corpus.synthetic,
        commands=commands_of(run, noises, snrs_db, baselines),
        view=window_view(corpus, config) if vibration else None,
        fitting=fitting,
    )
    return results, page


def _without_folders(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration for a page that travels: names instead of a machine's paths."""
    named = {name: Path(config[name]).name for name in ("data", "manifest") if config.get(name)}
    return {**config, **named, "noise": [Path(folder).name for folder in config["noise"]]}


def commands_of(
    run: OpenRun, noises: Sequence[str], snrs_db: Sequence[float], baselines: Sequence[str] | None = None
) -> list[str]:
    """The commands that lead to this page, with folder names instead of a machine's paths."""
    parts = run.folder.parts
    name = "/".join(parts[-2:]) if parts[-2:-1] == ("runs",) else run.folder.name
    vibration = isinstance(run.config, VibrationConfig)
    rows = f" --baselines {','.join(baselines)}" if baselines else ""
    return [
        training_command(run.config, name) if vibration else _keywords_command(run.config, name),
        f"drsn-export convert {name} --scheme int8",
        f"drsn-export verify {name}/bundles/int8",
        f"drsn-train evaluate {name} --noises {','.join(noises)} --snrs {','.join(f'{s:g}' for s in snrs_db)}{rows}",
    ]


def _keywords_command(config: KeywordConfig, name: str) -> str:
    data = (
        f'--synthesize "{",".join(config.synthesize)}"'
        if config.synthesize
        else f"--data {Path(config.data).name}"
        + (f" --manifest {Path(config.manifest).name}" if config.manifest else "")
        + (f' --keywords "{",".join(config.keywords)}"' if config.keywords else "")
        + (f" --synthesize-extra {config.synthesize_extra}" if config.synthesize_extra else "")
    )
    noise = f" --noise {' '.join(Path(folder).name for folder in config.noise)}" if config.noise else ""
    usual = FrontEndSpec()
    # Both are said: what a network has by default may change.
    front_end = f" --front-end {config.spec.kind.replace('_', '-')}" + (
        f" --spectral {config.spectral}" if config.spectral else ""
    )
    if config.spec.duration_s != usual.duration_s:
        front_end += f" --duration {config.spec.duration_s:g}"
    return (
        f"drsn-train keywords {data}{noise} --model {config.model}{front_end} --epochs {config.epochs} "
        f"--seed {config.seed} --out {name}"
    )
