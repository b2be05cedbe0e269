"""Rows of results.jsonl, one a finished job; a search that was stopped goes on behind them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .jobs import Job
from .model import cost
from .scores import LOW, accuracies
from .training import Trained

Row = dict[str, Any]


def row_of(name: str, job: Job, data, trained: Trained) -> Row:
    """Score a training."""
    classes = len(data.classes)
    parameters, macs = cost(job, classes)
    ended, averaged = accuracies(job, classes, (trained.weights, trained.averaged), data.validation)
    return {
        "name": name,
        "configuration": job.changed(),
        "parameters": parameters,
        "macs": macs,
        "accuracy": [round(float(a), 1) for a in ended.mean(1)],
        "low": round(float(ended[LOW].mean()), 2),
        "low_deviation": round(float(ended[LOW].mean(0).std()), 2),
        "averaged_accuracy": [round(float(a), 1) for a in averaged.mean(1)],
        "averaged_low": round(float(averaged[LOW].mean()), 2),
        "training_loss": round(trained.loss, 3),
        "training_accuracy": round(trained.accuracy, 1),
        "seconds": round(trained.seconds, 1),
    }


def is_of(row: Row, name: str, job: Job) -> bool:
    """Whether a row is of this job as it is configured now."""
    return row["name"] == name and row["configuration"] == job.changed()


def read_rows(path: Path) -> list[Row]:
    """The rows of a file, of one configuration the last; a line that a crash has cut off is left out."""
    rows = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                row = json.loads(line)
                rows[row["name"], json.dumps(row["configuration"], sort_keys=True)] = row
            except (ValueError, KeyError, TypeError):
                print(f"{path}: a damaged line is left out", file=sys.stderr)
    return list(rows.values())


def append_row(path: Path, row: Row) -> None:
    """Add a line; one that was cut off before does not take it along."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cut_off = path.is_file() and path.read_bytes()[-1:] not in {b"", b"\n"}
    with path.open("a", encoding="utf-8") as file:
        file.write(("\n" if cut_off else "") + json.dumps(row) + "\n")
