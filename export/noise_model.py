"""The second file of a bundle: what leads to the thresholds that tell the noise level."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drsn_keras.model_card import sha256_of
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME
from drsn_keras.training.noise_level import summary_rows
from drsn_keras.training.open_run import OpenRun

from .calibration import Calibration
from .lowering import lower_thresholds
from .tflite import to_tflite


def write_noise_model(run: OpenRun, calibration: Calibration, target: str, folder: Path) -> dict[str, Any]:
    """Write noise.tflite where training found that the thresholds follow the noise; returns the card's ``noise_level``.

    Float32 whatever the bundle's scheme: the logarithm of a small threshold would lose its meaning in 8 bits. For
    microcontrollers there is none.
    """
    spec = run.summary["noise_level"].get("spec")
    if spec is None or target != "litert":
        return {}
    twin = lower_thresholds(run.model, spec["block"], calibration.features)
    path = folder / NOISE_MODEL_NAME
    path.write_bytes(to_tflite(twin.model, "float32"))
    return {**spec, "sha256": sha256_of(path)}


def noise_level_rows(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Estimate by SNR on validation data, for the card; empty where the thresholds do not follow the noise."""
    found = summary["noise_level"]
    return list(summary_rows(found)) if found.get("monotone") else []
