"""The command line that trains a vibration run again, from its configuration."""

from __future__ import annotations

import dataclasses
import shlex
from pathlib import Path
from typing import Any

from drsn_keras.frontend import WindowSpec

from ..vibration.config import SIMULATED, VibrationConfig
from ..vibration.open_corpus import WindowOptions

_PLAIN = (
    *("machines", "split", "held_out", "without", "noisy", "speed_change", "model", "width", "epochs", "batch_size"),
    *("learning_rate", "seed"),
)


def training_command(config: VibrationConfig, run: str) -> str:
    """``drsn-train vibration`` with what differs from the defaults, folder names instead of a machine's paths."""
    words: list[str] = []

    def say(name: str, *values: object) -> None:
        words.extend([f"--{name.replace('_', '-')}", *(str(v) for v in values)])

    if config.source != SIMULATED:
        say("data", Path(config.data).name)
        say("task", config.source)
    for name, value in config.layout.items():
        say("rate" if name == "sample_rate_hz" else name, _plain(value))
    if config.resample_hz is not None:
        say("resample", _plain(config.resample_hz))
    defaults = {field.name: field.default for field in dataclasses.fields(config)}
    for name in _PLAIN:
        if (value := getattr(config, name)) != defaults[name] or name in {"model", "epochs", "seed"}:
            say(name, _plain(value))
    _say_window(config.spec, say)
    if config.healthy != defaults["healthy"]:
        say("healthy", ",".join(config.healthy))
    if config.noise:
        say("noise", *(Path(folder).name for folder in config.noise))
    if config.noise_kinds != defaults["noise_kinds"]:
        say("noise_kinds", ",".join(config.noise_kinds) or "none")
    if config.snr_db != defaults["snr_db"]:
        # The equals sign: a value that begins with a minus would be taken for an option.
        words.append(f"--snr={','.join(_plain(v) for v in config.snr_db)}")
    if config.deterministic:
        say("deterministic")
    return shlex.join(["drsn-train", "vibration", *words, "--out", run])


def _say_window(spec: WindowSpec, say) -> None:
    usual = WindowOptions()
    if (spec.n_samples, spec.hop_length) != (usual.n_samples, usual.hop_length):
        say("window", spec.n_samples)
        say("hop", spec.hop_length)
    if spec.channels != usual.channels:
        say("input", ",".join(spec.channels))
    if spec.band_hz is not None:
        say("band", ",".join(_plain(edge) for edge in spec.band_hz))


def _plain(value: Any) -> str:
    """``12000`` for 12000.0; floats as exactly as Python writes them."""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)
