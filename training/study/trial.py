"""One training of a study: trained, converted, evaluated by the commands that a user has, in their own processes."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

from drsn_keras.errors import BundleError, CheckFailed, UsageError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.model_card import MODEL_NAME

from ..run_folder import CONFIG, SUMMARY, clear_run, locked, read_json
from .process import Process
from .study_file import KERAS, Study

_TRAIN, _EXPORT = "drsn_keras.training.cli", "drsn_keras.export.cli"
#: Of a summary to the row of results.
_COSTS = ("parameters", "macs", "train_seconds", "best_epoch", "epochs")


class ModelRefused(UsageError):
    """The training's command refuses a model's options: with other seeds they are no better."""


@dataclasses.dataclass(frozen=True)
class Trial:
    """A model and a seed."""

    model: str
    seed: int
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of its folder and its log."""
        return f"{self.model}-{self.seed}"


def files_of(trial: Trial, out: Path) -> tuple[Path, Path, Path]:
    """All that a trial has in the folder of its study: run folder, log, and the options that it was made with."""
    runs = out / "runs"
    return runs / trial.name, out / "logs" / f"{trial.name}.log", runs / f"{trial.name}.json"


def trials_of(study: Study) -> list[Trial]:
    """All trainings, seed by seed: a study that is stopped early has compared all models."""
    every = dict.fromkeys(seed for seeds in study.seeds.values() for seed in seeds)
    models = study.models.items()
    return [Trial(model, seed, words) for seed in every for model, words in models if seed in study.seeds[model]]


def measured_by(study: Study) -> dict[str, Any]:
    """What a result depends on beside the trial: a study that asks for more measures again."""
    return {"schemes": study.schemes, "noises": study.noises, "levels": study.levels}


def train_trial(command: str, trial: Trial, out: Path, process: Process) -> tuple[Path, Path]:
    """Train, or go on, or find it trained; returns the run folder and the log.

    Raises
    ------
    ModelRefused
        If the training refuses the model's options.
    CheckFailed
        If it fails otherwise.
    """
    run, log, marker = files_of(trial, out)
    for folder in (run.parent, log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    # A run of other options is no run of this trial.
    same = marker.is_file() and _words_in(marker) == list(trial.words)
    if same and (run / SUMMARY).is_file():
        return run, log
    if same and (run / CONFIG).is_file():
        try:
            process.run(_TRAIN, [command, "--out", str(run), "--resume"], log)
        except UsageError as error:  # it is in use: the fault of this run alone
            raise CheckFailed(str(error)) from None
        return run, log
    if run.is_dir():
        _clear(run)
    write_atomically(marker, json.dumps(trial.words) + "\n")
    try:
        process.run(_TRAIN, [command, *trial.words, f"--seed={trial.seed}", "--out", str(run)], log)
    except UsageError as error:
        raise ModelRefused(str(error)) from None
    return run, log


def run_trial(study: Study, trial: Trial, out: Path, process: Process) -> dict[str, Any]:
    """Train (or go on), convert, evaluate; returns the row of results.

    Raises
    ------
    ModelRefused
        If the training refuses the model's options.
    UsageError
        If another command refuses its own, which are those of all trials.
    CheckFailed, BundleError
        If a command fails, or leaves no scores.
    """
    run, log = train_trial(study.command, trial, out, process)
    for scheme in study.schemes:
        if scheme != KERAS and not (run / "bundles" / scheme).is_dir():
            process.run(_EXPORT, ["convert", str(run), "--scheme", scheme], log)
    process.run(_TRAIN, _evaluation(study, run), log)
    return {
        "model": trial.model,
        "seed": trial.seed,
        "words": list(trial.words),
        **json.loads(json.dumps(measured_by(study))),
        **costs_of(run, study.schemes),
        "measure": measure_of(run / "evaluation.csv"),
        "scores": scores_of(run / "evaluation.csv", study.schemes),
    }


def _clear(run: Path) -> None:
    """Delete a run of other options; left until the new training writes, it would be taken for that."""
    try:
        with locked(run):
            clear_run(run)
    except UsageError as error:  # it is in use
        raise CheckFailed(str(error)) from None


def _words_in(marker: Path) -> Any:
    """Options that a run was made with; None where that cannot be read."""
    with contextlib.suppress(BundleError):
        return read_json(marker)
    return None


def _evaluation(study: Study, run: Path) -> list[str]:
    words = ["evaluate", str(run)]
    if study.command == "denoise":
        words.append("--baselines=noisy")  # the same in every run: one row is enough
    if study.noises:
        words.append("--noises=" + ",".join(study.noises))
    if study.levels:
        config = read_json(run / CONFIG)
        sigmas = config.get("kind") in {"spikes", "images"}
        words.append(f"--{'sigmas' if sigmas else 'snrs'}=" + ",".join(f"{level:g}" for level in study.levels))
    return words


def costs_of(run: Path, schemes: tuple[str, ...]) -> dict[str, Any]:
    """Parameters, MACs, seconds, epochs of a training; bytes of its bundles."""
    summary = read_json(run / SUMMARY)
    if missing := [name for name in _COSTS if not isinstance(summary, dict) or name not in summary]:
        raise BundleError(mismatch(run / SUMMARY, "the summary of a training", f"one without {missing[0]}"))
    costs = {name: summary[name] for name in _COSTS}
    sizes = {s: (run / "bundles" / s / MODEL_NAME) for s in schemes if s != KERAS}
    return {**costs, "bytes": {s: path.stat().st_size for s, path in sizes.items() if path.is_file()}}


def scores_of(path: Path, schemes: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Scores of an evaluation: scheme -> condition (``clean``, or noise and level) -> accuracy [%] or first measure.

    Parameters
    ----------
    path : Path
        evaluation.csv
    schemes : rows to take

    Raises
    ------
    BundleError
        If it is no evaluation, or has no rows of a scheme.
    """
    found: dict[str, dict[str, float]] = {scheme: {} for scheme in schemes}
    measure = measure_of(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            level = "level" if "level" in (reader.fieldnames or []) else "snr_db"
            for row in reader:
                if row["scheme"] in found and row[measure]:
                    found[row["scheme"]][condition_name(row["noise"], row[level])] = float(row[measure])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BundleError(mismatch(path, "an evaluation", error)) from None
    if missing := [scheme for scheme, scores in found.items() if not scores]:
        raise BundleError(mismatch(path, f"scores of {missing[0]}", "none"))
    return found


def measure_of(path: Path) -> str:
    """The column that is compared: accuracy, or a denoiser's first measure, which follows the number of examples."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            columns = next(csv.reader(file))
        return columns[columns.index("n") + 1] if "level" in columns else "accuracy"
    except (OSError, StopIteration, ValueError, IndexError):
        raise BundleError(mismatch(path, "an evaluation", "none that can be read")) from None


def condition_name(noise: str, level: str) -> str:
    """``clean``, or such as ``recorded -5``."""
    return "clean" if noise == "none" else f"{noise} {float(level):g}"


def store(path: Path, row: dict[str, Any]) -> None:
    """Append a row of results: the file appears anew as a whole, a crash leaves the old one."""
    before = path.read_bytes() if path.is_file() else b""
    end = b"\n" if before and not before.endswith(b"\n") else b""  # of a line that was cut off
    write_atomically(path, before + end + json.dumps(row).encode() + b"\n")
