"""The frame of every card page: what cards of all tasks say, around what a task adds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from drsn_keras.model_card import ModelCard

from .card_parts import TARGETS, bullets, end, gzip_words, pairs, parity_words, quantisation, table

#: Metrics that have a section of their own.
_VERIFICATION = "verification"


def framed(
    card: ModelCard,
    *,
    warnings: Sequence[str],
    purpose: str,
    cost: str,
    facts: Sequence[tuple[str, str]],
    in_noise: Callable[[Sequence[dict[str, Any]], ModelCard], list[str]],
) -> str:
    """Markdown of a card.

    Parameters
    ----------
    card : ModelCard
    warnings : what a reader has to know first
    purpose : a sentence
    cost : multiply-accumulates of something
    facts : further rows (name, text) of the table at the top
    in_noise : lines about the verification's rows
    """
    training = card.training
    rows = [
        ("network", f"{card.model}, {card.parameters:,} parameters, {cost}"),
        ("file", f"model.tflite, {card.size_bytes:,} bytes{gzip_words(card)}, SHA-256 `{card.sha256}`"),
        ("quantisation", f"{quantisation(card)}; {end('input', card.input)}; {end('output', card.output)}"),
        ("made for", f"{TARGETS.get(card.target, card.target)}{parity_words(card)}"),
        *facts,
        ("calibration", pairs(training["calibration"])),
    ]
    lines = [f"# {card.name}", ""]
    for said in warnings:
        lines += [f"> {said}", ""]
    lines += [purpose, "", "| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows), ""]
    if card.outside_graph:
        lines += ["## Not in the graph", "", "What the device computes besides the model file:", ""]
        lines += [f"- {part}: `{code}`" for part, code in card.outside_graph.items()] + [""]
    if found := card.metrics.get(_VERIFICATION):
        lines += ["## How it does in noise", "", *in_noise(found, card), ""]
    lines += ["## How the data was divided", "", *bullets(training["protocol"]), ""]
    for name, values in card.metrics.items():
        if name != _VERIFICATION:
            lines += [f"## {name.replace('_', ' ').capitalize()}", "", *table(values), ""]
    lines += ["## Versions", "", *(f"- {name} {version}" for name, version in card.versions.items()), ""]
    return "\n".join(lines)


def leak_warnings(card: ModelCard) -> list[str]:
    """That training knows what is tested, where it does."""
    protocol = card.training["protocol"]
    return [f"**{protocol['sentence']}**"] if protocol.get("leaky") else []
