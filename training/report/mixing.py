"""Which noise was mixed in when, as facts."""

from __future__ import annotations

from typing import Any

from . import readable, sentences
from .grid import Grid
from .terms import KEYWORDS, Terms


def mixing(grid: Grid, summary: dict[str, Any], config: dict[str, Any], terms: Terms = KEYWORDS) -> list[readable.Fact]:
    """Kinds and levels of noise in training and test."""
    found = {"Mixed in at training": summary.get("training_noise"), **_levels(config)}
    found["Tested in"] = [*grid.kinds, *grid.recordings]
    found[f"Never {terms.heard} in training"] = [n for n in [*grid.kinds, *grid.recordings] if not grid.seen(n)]
    found["Levels tested"] = [sentences.decibels(s) for s in reversed(grid.levels_db)]
    return [readable.Fact(name, readable.text(value)) for name, value in found.items() if value]


def _levels(config: dict[str, Any]) -> dict[str, str]:
    """Ratios that training drew; a vibration run keeps them beside its other fields."""
    if not config:
        return {}
    snr_db = config.get("snr_db") or config.get("augment", {}).get("snr_db")
    if snr_db is None:
        from ..augment import AugmentSpec

        snr_db = AugmentSpec().snr_db
    low, high = (f"{v:g}".replace("-", "−") for v in snr_db)
    found = {"At levels of": f"{low} to {high} dB, uniform"}
    if "noisy" in config:
        found["Share of windows that got noise"] = f"{100 * config['noisy']:g} %"
    return found
