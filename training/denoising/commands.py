"""The commands that lead to a denoiser's page, with folder names instead of a machine's paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from drsn_keras.edge.bundle import Bundle
from drsn_keras.model_card import ModelCard

from .training_line import training_line

if TYPE_CHECKING:
    from ..open_run import OpenRun


def commands_of(
    run: OpenRun,
    bundles: Sequence[Bundle],
    *,
    noises: Sequence[str] | None = None,
    levels: Sequence[float] | None = None,
    baselines: Sequence[str] | None = None,
    count: int | None = None,
) -> list[str]:
    """Training, conversion of each bundle, evaluation; the choices are those of the evaluation, None: by default."""
    parts = run.folder.parts
    name = "/".join(parts[-2:]) if parts[-2:-1] == ("runs",) else run.folder.name
    again = f"drsn-train evaluate {_target(run, name, bundles)}"
    if noises:
        again += f" --noises {','.join(noises)}"
    if levels:
        # With the sign of equality: what begins with a minus would be taken for an option.
        again += f" --{'sigmas' if run.config.by_sigma else 'snrs'}={','.join(f'{v:g}' for v in levels)}"
    if baselines is not None:
        again += f" --baselines {','.join(baselines)}"
    if count is not None:
        again += f" --examples {count}"
    return [training_line(run.config, name), *(_conversion(bundle.card, name) for bundle in bundles), again]


def _target(run: OpenRun, name: str, bundles: Sequence[Bundle]) -> str:
    """The run where all of its bundles were evaluated, else the one that was."""
    if not bundles or [bundle.folder for bundle in bundles] == run.bundles():
        return name
    folder = bundles[0].folder.resolve()
    inside = folder.parent.parent == run.folder.resolve()
    return f"{name}/{folder.parent.name}/{folder.name}" if inside else f"{folder.name} --run {name}"


def _conversion(card: ModelCard, run: str) -> str:
    """The shell line that makes a bundle, every choice said."""
    options = {option: card.export.get(option) for option in ("scheme", "target", "ranges")}
    calibration = card.training.get("calibration")
    options["step-frames"] = card.stream.get("frames")
    options["calibration-clips"] = calibration.get("pieces") if isinstance(calibration, dict) else None
    said = [f"--{option} {value}" for option, value in options.items() if value is not None]
    return " ".join(["drsn-export convert", run, *said])
