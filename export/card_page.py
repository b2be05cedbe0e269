"""The model card for people: CARD.md beside card.json, made from it and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drsn_keras.files import write_atomically
from drsn_keras.model_card import ModelCard
from drsn_keras.noise_thresholds import threshold_words

from .card_frame import framed, leak_warnings
from .denoiser_page import denoiser_page

CARD_PAGE_NAME = "CARD.md"


def write_card_page(folder: Path, card: ModelCard) -> Path:
    """Write CARD.md into a bundle folder."""
    path = folder / CARD_PAGE_NAME
    write_atomically(path, card_page(card))
    return path


def card_page(card: ModelCard) -> str:
    """Markdown of a card."""
    if card.is_denoiser:
        return denoiser_page(card)
    training = card.training
    warnings = leak_warnings(card)
    if card.synthetic_speech:
        warnings.insert(0, "**Trained and tested on synthetic speech.** Scores on people's voices will be lower.")
    if extra := training["protocol"].get("synthetic_training"):
        warnings.append(f"**{extra['share']}.**")
    if training.get("simulated"):
        warnings.append("**Trained and tested on simulated machines.** Scores on real ones will be lower.")
    trained_on = (
        f"{training['data']}; {training['clips']['train']:,} clips, {training['epochs']} epochs (best "
        f"{training['best_epoch']}), seed {training['seed']}"
    )
    return framed(
        card,
        warnings=warnings,
        purpose=f"Tells {len(card.labels)} classes apart in noise: {', '.join(card.labels)}.",
        cost=_cost(card),
        facts=[
            ("front end", _front_end(card.front_end)),
            *_steps(card),
            _decision(card),
            ("trained on", trained_on),
            ("noise mixed in", ", ".join(training["noise"]) or "none"),
        ],
        in_noise=_in_noise,
    )


def _in_noise(rows: Sequence[dict[str, Any]], card: ModelCard) -> list[str]:
    """Accuracy by SNR and scheme on the test clips."""
    facts = {"noise", "snr_db", "n", "agreement", "float_difference"}
    schemes = [name for name in rows[0] if name not in facts]
    titles = {"keras": "Keras model", "float32": "float32 file"}
    names = [titles.get(name, f"this file ({name})") for name in schemes]
    clips, never = ("windows", "saw") if card.monitor else ("clips", "heard")
    new = "of recordings that training knows (LEAKY)" if card.training["protocol"].get("leaky") else ""
    which = new or f"that training never {never}"
    lines = [
        f"Accuracy [%] on {rows[0]['n']:,} test {clips} {which}, and the share of {clips} on which this file answers "
        "as the Keras model does.",
        "",
        "| noise | SNR | " + " | ".join(names) + " | agreement |",
        "|---" * (len(names) + 3) + "|",
    ]
    for row in rows:
        clean = row["noise"] == "none"
        values = " | ".join(f"{row[name]:.2f}" for name in (*schemes, "agreement"))
        lines.append(
            f"| {'none' if clean else row['noise']} | {'clean' if clean else row['snr_db'] + ' dB'} | {values} |"
        )
    return lines


def _cost(card: ModelCard) -> str:
    """Of a window, or of a second of a stream, which is looked at once."""
    if not card.stream:
        return f"{card.macs / 1e6:.2f} M MACs a window"
    seconds = card.stream["delay_samples"] / card.front_end["sample_rate_hz"]
    return f"{card.macs:,} MACs a step, {card.macs / seconds / 1e6:.2f} M MACs a second"


def _steps(card: ModelCard) -> list[tuple[str, str]]:
    """What a step of a stream is."""
    if not (stream := card.stream):
        return []
    ms = 1e3 * stream["delay_samples"] / card.front_end["sample_rate_hz"]
    text = f"steps of {stream['frames']} frames ({ms:g} ms); {stream['states']} states, {stream['state_bytes']:,} bytes"
    return [("works on", f"a stream in {text}, zeros before its start")]


def _decision(card: ModelCard) -> tuple[str, str]:
    """How probabilities become an answer."""
    if monitor := card.monitor:
        healthy = f", healthy: {', '.join(monitor['healthy'])}" if monitor["healthy"] else ""
        return (
            "monitor",
            f"samples in {monitor['unit']}; abstains below {monitor['min_probability']:g} and where a "
            f"window is unlike training: falsely on {monitor['false_abstention_percent']:g} % of held-out validation "
            f"windows, {monitor.get('false_abstention_clean_percent')} % of the clean ones{healthy}",
        )
    detector = card.detector
    return (
        "detector",
        f"fires at {threshold_words(card.noise_thresholds, detector.threshold)}, re-arms below {detector.release:g}, "
        f"looks every {detector.hop_s:g} s, averages {detector.smoothing_s:g} s, rests {detector.refractory_s:g} s",
    )


def _front_end(spec: dict) -> str:
    if spec["kind"] == "window":
        band = f", envelope of {spec['band_hz'][0]:g} to {spec['band_hz'][1]:g} Hz" if spec["band_hz"] else ""
        return (
            f"windows of {spec['n_samples']} samples at {spec['sample_rate_hz']} Hz, hop {spec['hop_length']}, as "
            f"{', '.join(spec['channels']).replace('_', ' ')}{band}; int16 full scale {spec['full_scale']:g}"
        )
    if spec["kind"] == "waveform":
        return f"none: {spec['duration_s']:g} s of samples in [-1, 1] at {spec['sample_rate_hz']} Hz"
    kind = spec["kind"].replace("_", "-")
    return (
        f"{kind}, {spec['sample_rate_hz']} Hz, {spec['n_mels']} bands {spec['fmin_hz']:g} to {spec['fmax_hz']:g} Hz, "
        f"window {spec['frame_length']}, hop {spec['hop_length']} samples"
    )
