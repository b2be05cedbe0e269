"""The model card for people: CARD.md beside card.json, made from it and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drsn_keras.files import write_atomically
from drsn_keras.model_card import ModelCard

CARD_PAGE_NAME = "CARD.md"


def write_card_page(folder: Path, card: ModelCard) -> Path:
    """Write CARD.md into a bundle folder."""
    path = folder / CARD_PAGE_NAME
    write_atomically(path, card_page(card))
    return path


def card_page(card: ModelCard) -> str:
    """Markdown of a card."""
    training, detector = card.training, card.detector
    lines = [f"# {card.name}", ""]
    if card.synthetic_speech:
        lines += ["> **Trained and tested on synthetic speech.** Scores on people's voices will be lower.", ""]
    lines += [
        f"Tells {len(card.labels)} classes apart in noise: {', '.join(card.labels)}.",
        "",
        "| | |",
        "|---|---|",
        f"| network | {card.model}, {card.parameters:,} parameters, {card.macs / 1e6:.2f} M MACs a window |",
        f"| file | model.tflite, {card.size_bytes:,} bytes, SHA-256 `{card.sha256}` |",
        f"| quantisation | {card.scheme}; {_end('input', card.input)}; {_end('output', card.output)} |",
        f"| front end | {_front_end(card.front_end)} |",
        f"| detector | fires at {detector.threshold:g}, re-arms below {detector.release:g}, looks every "
        f"{detector.hop_s:g} s, averages {detector.smoothing_s:g} s, rests {detector.refractory_s:g} s |",
        f"| trained on | {training['data']}; {training['clips']['train']:,} clips, {training['epochs']} epochs "
        f"(best {training['best_epoch']}), seed {training['seed']} |",
        f"| noise mixed in | {', '.join(training['noise'])} |",
        f"| calibration | {_pairs(training['calibration'])} |",
        "",
    ]
    lines += ["## How the data was divided", "", *_bullets(training["protocol"]), ""]
    for name, table in card.metrics.items():
        lines += [f"## {name.replace('_', ' ').capitalize()}", "", *_table(table), ""]
    lines += ["## Versions", "", *(f"- {name} {version}" for name, version in card.versions.items()), ""]
    return "\n".join(lines)


def _end(name: str, tensor) -> str:
    shape = " x ".join(str(n) for n in tensor.shape)
    scale = f", scale {tensor.scale:.6g}, zero point {tensor.zero_point}" if tensor.scale else ""
    return f"{name} {tensor.dtype} {shape}{scale}"


def _front_end(spec: dict) -> str:
    kind = spec["kind"].replace("_", "-")
    return (
        f"{kind}, {spec['sample_rate_hz']} Hz, {spec['n_mels']} bands {spec['fmin_hz']:g} to {spec['fmax_hz']:g} Hz, "
        f"window {spec['frame_length']}, hop {spec['hop_length']} samples"
    )


def _pairs(values: dict) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def _bullets(protocol: dict) -> list[str]:
    """Short facts of the protocol; long lists (words, every count) stay in card.json."""
    return [
        f"- {name.replace('_', ' ')}: {value}"
        for name, value in protocol.items()
        if isinstance(value, str | int | float) or (isinstance(value, list) and len(value) <= 12)
    ]


def _table(values: dict | Sequence[dict]) -> list[str]:
    """Rows of equal keys, or one row of name and value."""
    rows = [values] if isinstance(values, dict) else list(values)
    if not rows:
        return ["none"]
    names = list(rows[0])
    return [
        "| " + " | ".join(names) + " |",
        "|" + "---|" * len(names),
        *("| " + " | ".join(str(row[name]) for name in names) + " |" for row in rows),
    ]
