"""``drsn-edge info``: what a bundle's card says. Needs neither numpy nor the interpreter."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from drsn_keras.model_card import ModelCard, TensorSpec, read_bundle


def info(arguments: argparse.Namespace) -> None:
    """Handle the sub-command."""
    card, _ = read_bundle(Path(arguments.bundle))
    print(json.dumps(card.to_dict()) if arguments.json else "\n".join(_lines(card)))


def _lines(card: ModelCard) -> list[str]:
    """The card for a person."""
    detector = card.detector
    rows = {
        "name": card.name,
        "task": card.task,
        "model": f"{card.model}, {card.parameters} parameters, {card.macs} multiply-adds",
        "scheme": f"{card.scheme}, {card.size_bytes} bytes",
        "labels": ", ".join(card.labels),
        "input": _tensor(card.input),
        "output": _tensor(card.output),
        "front end": _flat(card.front_end),
        "detector": (
            f"threshold {detector.threshold:g}, release {detector.release:g}, every {detector.hop_s:g} s, "
            f"smoothed over {detector.smoothing_s:g} s, silent for {detector.refractory_s:g} s after a word"
        ),
        "trained on": _flat(card.training),
        "metrics": _flat(card.metrics),
        "versions": _flat(card.versions),
    }
    lines = [f"{name:<10}  {value}" for name, value in rows.items()]
    if card.synthetic_speech:
        lines.append("speech      trained on synthetic speech")
    return lines


def _tensor(tensor: TensorSpec) -> str:
    shape = " x ".join(str(n) for n in tensor.shape)
    scale = f", scale {tensor.scale:g}, zero point {tensor.zero_point}" if tensor.scale else ""
    return f"{shape} {tensor.dtype}{scale}"


def _flat(values: dict[str, Any], prefix: str = "") -> str:
    """``a 1, b.c 2``: nested plain values on one line."""
    parts = []
    for key, value in values.items():
        if isinstance(value, dict):
            parts.append(_flat(value, f"{prefix}{key}."))
        else:
            parts.append(f"{prefix}{key} {value:.4g}" if isinstance(value, float) else f"{prefix}{key} {value}")
    return ", ".join(part for part in parts if part) or "not said"
