"""What benchmarks of denoisers share: a training if there is none yet, a bundle of it, rows of a table."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keyword_runs import finished, train_anew

if TYPE_CHECKING:
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.denoising.evaluate import Result
    from drsn_keras.training.denoising.rows import Candidate
    from drsn_keras.training.open_run import OpenRun


def trained(config: DenoiseConfig, folder: Path) -> OpenRun:
    """The run in a folder if it is finished and of this configuration, else a new training."""
    from drsn_keras.training.denoising.fit import train
    from drsn_keras.training.denoising.tasks import open_task

    return finished(config, folder) or train_anew(config, folder, lambda: train(config, open_task(config), folder))[0]


def bundle_of(run: Path, *, check: bool = True) -> Path:
    """The int8 bundle of a run, made and verified by the commands that a user has.

    Without ``check`` a bundle that loses more than ``verify`` allows is not the end; its own line says so.
    """
    command = Path(sys.executable).with_name("drsn-export")
    subprocess.run([command, "convert", run], check=True)
    bundle = run / "bundles" / "int8"
    subprocess.run([command, "verify", bundle], check=check)
    return bundle


def at_level(candidate: Candidate, gain: float) -> Candidate:
    """A candidate that is given signals of another level; the gain is taken back behind it."""

    def denoise(noisy, condition):
        return [y / gain for y in candidate.denoise([gain * np.asarray(y) for y in noisy], condition)]

    return dataclasses.replace(candidate, denoise=denoise)


def by_row(results: Sequence[Result], measure: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Mean and 95 % interval of a measure by row, noise and level."""
    found = {}
    for result in results:
        name = result.model if result.scheme in {"classical", "bound"} else f"{result.model}-{result.scheme}"
        level = "clean" if result.condition.clean else f"{result.condition.level:g}"
        low, high = result.interval(measure)
        found[name, result.condition.noise, level] = {"mean": result.mean(measure), "half": (high - low) / 2}
    return found
