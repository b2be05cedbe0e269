"""Words that the card pages of all tasks share."""

from __future__ import annotations

from collections.abc import Sequence

from drsn_keras.model_card import ModelCard, TensorSpec

_SCHEMES = {
    "float32": "float32 throughout",
    "float16": "weights in float16, computes in float",
    "dynamic": "weights in int8, activations in float",
    "int8": "int8 throughout (weights a scale a channel)",
    "int16x8": "activations int16, weights int8",
    "int8-qat": "int8 throughout, fine-tuned with the quantisation in the loop",
}
TARGETS = {
    "litert": "LiteRT with XNNPACK (Raspberry Pi, workstation)",
    "tflm": "TFLite-Micro and generated C (microcontrollers)",
    "ethos-u": "Arm Ethos-U (NPU)",
}


def gzip_words(card: ModelCard) -> str:
    """Size after gzip, in brackets."""
    size = card.export.get("gzip_bytes")
    return f" ({size:,} after gzip)" if size else ""


def parity_words(card: ModelCard) -> str:
    """How near the lowered graph is to the Keras model."""
    parity = card.export.get("parity")
    return "" if parity is None else f"; lowered, the same function as the Keras model within {parity:.1e}"


def quantisation(card: ModelCard) -> str:
    """The scheme, and what was done besides."""
    facts = card.export
    text = _SCHEMES.get(facts.get("scheme", card.scheme), card.scheme)
    if layers := facts.get("in_float"):
        more = f" and {len(layers) - 1} more" if len(layers) > 1 else ""
        text = text.replace(" throughout", "", 1) + f", in float what has no integer form: {layers[0]}{more}"
    if facts.get("ranges", "min-max") != "min-max":
        text += f", ranges by {facts['ranges']}"
    for place, precision in facts.get("keep", {}).items():
        text += f", {place} kept at {precision}"
    if "prune" in facts:
        text += f", {100 * facts['prune']:g} % of the kernels' weights zero"
    if "cluster" in facts:
        text += f", {facts['cluster']} distinct values a kernel before quantisation"
    return text


def end(name: str, tensor: TensorSpec) -> str:
    """One end of the graph: type, shape, scale."""
    shape = " x ".join(str(n) for n in tensor.shape)
    scale = f", scale {tensor.scale:.6g}, zero point {tensor.zero_point}" if tensor.scale else ""
    return f"{name} {tensor.dtype} {shape}{scale}"


def pairs(values: dict) -> str:
    """Names and values on a line."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


def bullets(protocol: dict) -> list[str]:
    """Short facts of the protocol; long lists (words, every count) stay in card.json."""
    return [
        f"- {name.replace('_', ' ')}: {'; '.join(map(str, value)) or 'none' if isinstance(value, list) else value}"
        for name, value in protocol.items()
        if isinstance(value, str | int | float) or (isinstance(value, list) and len(value) <= 12)
    ]


def table(values: dict | Sequence[dict]) -> list[str]:
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
