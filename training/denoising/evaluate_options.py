"""``drsn-train evaluate`` on the run of a denoiser: its options, and what it prints."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch

from .evaluate import Result, row_of
from .evaluation_run import evaluate_denoiser
from .measures import Measure, measures_of

if TYPE_CHECKING:
    from ..open_run import OpenRun


def evaluate_and_print(arguments: argparse.Namespace, run: OpenRun, bundle: Path | None) -> None:
    """Evaluate a run with all its bundles, or with one bundle; print a line a result, or JSON."""
    own, other = ("sigmas", "snrs") if run.config.by_sigma else ("snrs", "sigmas")
    if getattr(arguments, other) is not None:
        raise UsageError(mismatch(f"--{other}", f"--{own} with a denoiser of {run.config.kind}", f"--{other}"))
    if arguments.examples is not None and arguments.examples < 1:
        raise UsageError(mismatch("--examples", "at least 1", arguments.examples))
    results, page = evaluate_denoiser(
        run,
        noises=_words(arguments.noises),
        levels=_levels(getattr(arguments, own), f"--{own}"),
        baselines=None if arguments.baselines in {None, "all"} else _words(arguments.baselines),
        count=arguments.examples,
        bundles=[bundle] if bundle else _cleaning_bundles(run),
        out=arguments.out or (bundle.with_name(bundle.name + "-evaluation") if bundle else None),
    )
    measures = measures_of(run.denoise_task)
    if arguments.json:
        for result in results:
            print(json.dumps(row_of(result, measures)))
        return
    for result in results:
        print(_sentence(result, measures))
    print(page)


def _cleaning_bundles(run: OpenRun) -> list[Path]:
    """Bundles of a run; images are not cleaned on the device."""
    found = run.bundles()
    if run.config.spec.is_image and found:
        log(f"{run.folder}: bundles are left out (images are not cleaned on the device)")
        return []
    return found


def _words(text: str | None) -> list[str] | None:
    return None if text is None else list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def _sentence(result: Result, measures: Sequence[Measure]) -> str:
    """One line for the terminal."""
    row, condition = row_of(result, measures), result.condition
    name = result.model if result.scheme in {"classical", "bound"} else f"{result.model} ({result.scheme})"
    where = "clean" if condition.clean else f"{condition.noise} {condition.level_text}".replace("\u00a0", " ")
    values = ", ".join(f"{m.name} {row[m.name] or '-'}" for m in measures)
    return f"{name:<24}  {where:<28} {values}"


def _levels(text: str | None, option: str) -> list[float] | None:
    """Comma-separated numbers of an option; None where it was not given."""
    if text is None:
        return None
    try:
        levels = [float(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(mismatch(option, "comma-separated numbers", repr(text))) from None
    lowest = 0.0 if option == "--sigmas" else -math.inf
    if not all(math.isfinite(level) and level >= lowest for level in levels):
        expected = "finite numbers" + (", none below 0" if option == "--sigmas" else "")
        raise UsageError(mismatch(option, expected, repr(text)))
    return list(dict.fromkeys(levels))
