"""``drsn-edge info``: what a bundle's card says. Needs neither numpy nor the interpreter."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from drsn_keras.model_card import CARD_NAME, ModelCard, TensorSpec, read_bundle
from drsn_keras.monitor_spec import MonitorSpec
from drsn_keras.noise_thresholds import threshold_words
from drsn_keras.stream_spec import StreamSpec


def info(arguments: argparse.Namespace) -> None:
    """Handle the sub-command."""
    card, _ = read_bundle(Path(arguments.bundle))
    print(json.dumps(card.to_dict()) if arguments.json else "\n".join(_lines(card)))


def _lines(card: ModelCard) -> list[str]:
    """The card for a person."""
    rows = {
        "name": card.name,
        "task": card.task,
        "model": f"{card.model}, {card.parameters} parameters, {card.macs} multiply-adds",
        "scheme": f"{card.scheme}, {card.size_bytes} bytes",
        **({} if card.is_denoiser else {"labels": ", ".join(card.labels)}),
        "input": _tensor(card.input),
        "output": _tensor(card.output),
        "signal" if card.is_denoiser else "front end": _facts(card.front_end),
        **_use(card),
        "trained on": _facts(card.training),
        "versions": _facts(card.versions),
    }
    first = ["speech      trained on synthetic speech"] if card.synthetic_speech else []
    if extra := card.training.get("protocol", {}).get("synthetic_training"):
        first = [f"speech      {extra['share']}"]
    return [*first, *(f"{name:<10}  {value}" for name, value in rows.items()), "metrics", *_metrics(card.metrics)]


def _use(card: ModelCard) -> dict[str, str]:
    """How a device works with the model's answers."""
    if card.stream:
        spec = StreamSpec.from_dict(card.stream, f"{CARD_NAME}, stream")
        text = f"{spec.frames} frames a step, delay {spec.delay_samples} samples"
        stream = {"stream": f"{text}, {spec.states} states of {spec.state_bytes} bytes"}
        return stream if card.is_denoiser else {**stream, "detector": _detector(card)}
    if card.is_denoiser:
        return {"pieces": "of fixed length, overlapping by half"}
    return {"monitor": _monitor(card)} if card.monitor else {"detector": _detector(card)}


def _detector(card: ModelCard) -> str:
    detector = card.detector
    return (
        f"threshold {threshold_words(card.noise_thresholds, detector.threshold)}, release {detector.release:g}, "
        f"every {detector.hop_s:g} s, smoothed over {detector.smoothing_s:g} s, silent for {detector.refractory_s:g} s "
        "after a word"
    )


def _monitor(card: ModelCard) -> str:
    spec = MonitorSpec.from_dict(card.monitor, f"{CARD_NAME}, monitor")
    facts = [
        f"in {spec.unit}",
        f"healthy: {', '.join(spec.healthy) or 'none'}",
        f"unsure below {spec.min_probability:g}",
        f"{spec.false_abstention_percent:g} % falsely abstained",
        spec.protocol,
    ]
    return ", ".join(fact for fact in facts if fact)


def _tensor(tensor: TensorSpec) -> str:
    shape = " x ".join(str(n) for n in tensor.shape)
    scale = f", scale {tensor.scale:g}, zero point {tensor.zero_point}" if tensor.scale else ""
    return f"{shape} {tensor.dtype}{scale}"


def _facts(values: dict[str, Any]) -> str:
    """Short facts on one line; tables and long lists stay in ``--json``."""
    facts = [f"{key} {_short(value)}" for key, value in values.items() if not isinstance(value, dict | list)]
    facts += [f"{key} ({len(value)})" for key, value in values.items() if isinstance(value, dict | list) and value]
    return ", ".join(facts) or "not said"


def _short(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _metrics(metrics: dict[str, Any]) -> list[str]:
    """One line a row of figures."""
    tables = {name: table if isinstance(table, list) else [table] for name, table in metrics.items()}
    return [
        f"  {name.replace('_', ' ')}: {_facts(row)}"
        for name, rows in tables.items()
        for row in rows
        if isinstance(row, dict)
    ]
