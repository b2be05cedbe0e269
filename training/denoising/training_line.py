"""The command line that a configuration came from, for a page that travels: folder names instead of paths."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from .config import DenoiseConfig
from .recipes import ONLY_FOR, recipe

#: Fields that are called otherwise on the command line.
_OPTIONS = {
    "n_samples": "samples",
    "resample_hz": "resample",
    "source": "layout",
    "rate_hz": "rate",
    "snr_db": "snr",
    "level_dbfs": "level",
}
_PATHS = ("data", "manifest", "test_data")
#: Of a vibration's files, fields that are called otherwise there.
_LAYOUT = {"sample_rate_hz": "rate"}


def training_line(config: DenoiseConfig, run: str) -> str:
    """The shell line of a training in the folder ``run``: what differs from the task's recipe.

    Examples
    --------
    >>> config = DenoiseConfig(kind="spikes", **{**recipe("spikes"), "seed": 3, "sigma": (1.0, 4.0)})
    >>> training_line(config, "runs/s")
    'drsn-train denoise --task spikes --sigma=1,4 --seed 3 --out runs/s'
    """
    usual = DenoiseConfig(kind=config.kind, **recipe(config.kind, config.model))
    words = ["drsn-train denoise --task", config.kind]
    for field in dataclasses.fields(config):
        name, value = field.name, getattr(config, field.name)
        if name in {"task", "kind", "front_end"} or config.kind not in ONLY_FOR.get(name, (config.kind,)):
            continue
        if value != getattr(usual, name) or (name == "model" and config.model != recipe(config.kind)["model"]):
            words.append(_option(name, value))
    return " ".join([*words, "--out", run])


def _option(name: str, value: Any) -> str:
    option = "--" + _OPTIONS.get(name, name).replace("_", "-")
    if name in _PATHS:
        return f"{option} {Path(value).name}"
    if name == "noise":
        return f"{option} {' '.join(Path(folder).name for folder in value)}"
    if name == "network":
        return f"{option} {' '.join(f'{k}={json.dumps(v)}'.replace(' ', '') for k, v in value.items())}"
    if name == "layout":
        return " ".join(f"--{_LAYOUT.get(k, k).replace('_', '-')} {v}" for k, v in value.items())
    if value is True:
        return option
    if isinstance(value, tuple):
        # With the sign of equality: what begins with a minus would be taken for an option.
        return f"{option}={','.join(f'{v:g}' if isinstance(v, float) else str(v) for v in value) or 'none'}"
    return f"{option} {value:g}" if isinstance(value, float) else f"{option} {value}"
