"""The model card of a denoiser for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drsn_keras.model_card import ModelCard

from .card_frame import framed, leak_warnings

#: Of a row of the verification, before the figures of the files.
_FACTS = ("level", "noise", "n")


def denoiser_page(card: ModelCard) -> str:
    """Markdown of a card."""
    training = card.training
    made = [f"**Trained and tested on {training['made']}.**"] if training["made"] else []
    trained_on = (
        f"{training['data']}; {training['epochs']} epochs (best {training['best_epoch']}), loss {training['loss']}, "
        f"seed {training['seed']}"
    )
    return framed(
        card,
        warnings=[*made, *leak_warnings(card)],
        purpose=f"Takes noise out of {_what(card)}.",
        cost=_cost(card),
        facts=[
            ("works on", _works_on(card)),
            ("trained on", trained_on),
            ("noise added", f"{', '.join(training['noise'])}; {_strength(training)}"),
            *([("level", _level(training["level"]))] if "level" in training else []),
        ],
        in_noise=_in_noise,
    )


def _what(card: ModelCard) -> str:
    spec = card.front_end
    if spec["kind"] == "image":
        return "grey images"
    rate = f" at {spec['sample_rate_hz']} Hz" if spec["sample_rate_hz"] else ""
    unit = "sound" if spec["unit"] == "FS" else f"{card.training['kind']} signals in {spec['unit']}"
    return f"{unit}{rate}"


def _cost(card: ModelCard) -> str:
    """Of a second where there is time, else of a piece."""
    spec = card.front_end
    rate, shape = spec["sample_rate_hz"], spec["shape"]
    if not rate:
        return f"{card.macs / 1e6:.2f} M MACs for {' x '.join(str(n) for n in shape[:-1])}"
    samples = shape[0] * shape[1]
    return f"{card.macs * rate / samples / 1e6:.2f} M MACs a second"


def _works_on(card: ModelCard) -> str:
    spec, stream = card.front_end, card.stream
    scale = "" if spec["full_scale"] == 1.0 else f"; 1.0 to the network is {spec['full_scale']:g} {spec['unit']}"
    if stream:
        hop = spec["shape"][-1]
        delay = f"{stream['delay_samples']} samples"
        if spec["sample_rate_hz"]:
            delay += f" ({1e3 * stream['delay_samples'] / spec['sample_rate_hz']:g} ms)"
        return (
            f"a stream in steps of {stream['frames']} frames of {hop} samples, delay {delay}; {stream['states']} "
            f"states, {stream['state_bytes']:,} bytes{scale}"
        )
    shape = " x ".join(str(n) for n in spec["shape"][:-1])
    if spec["kind"] == "image":
        return f"patches of {shape} pixels{scale}"
    return f"pieces of {spec['shape'][0] * spec['shape'][1]} samples{scale}"


def _strength(training: dict[str, Any]) -> str:
    name, unit = ("snr_db", " dB SNR") if "snr_db" in training else ("sigma", " standard deviation")
    low, high = training[name]
    return f"{low:g} to {high:g}{unit}" if low != high else f"{low:g}{unit}"


def _level(level: dict[str, Any]) -> str:
    return f"loud parts at {level['loud_db']:g} dB of 1.0 to the network ({level['what']})"


def _in_noise(rows: Sequence[dict[str, Any]], card: ModelCard) -> list[str]:
    """The main measure by level, noisy and cleaned."""
    schemes = [name for name in rows[0] if name not in {*_FACTS, "measure", "gain", "float_difference"}]
    titles = {"keras": "Keras model", "float32": "float32 file", "noisy": "noisy"}
    names = [titles.get(name, f"this file ({name})") for name in schemes]
    lines = [
        f"{rows[0]['measure']} of {rows[0]['n']:,} test pieces that training never saw; the gain is this file's over "
        "the noisy pieces.",
        "",
        "| level | noise | " + " | ".join(names) + " | gain |",
        "|---" * (len(names) + 3) + "|",
    ]
    for row in rows:
        values = " | ".join(f"{row[name]:.3f}" for name in schemes)
        lines.append(f"| {row['level']} | {row['noise']} | {values} | {row['gain']:+.3f} |")
    return lines
