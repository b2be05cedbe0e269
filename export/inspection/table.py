"""The layers of a bundle as a table of text: cost of each, and its noise where there is a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from .examine import Inspection
from .layers import LayerNoise
from .sentences import decibels

_COSTS = ("layer", "operator", "shape", "type", "MACs", "bytes", "share")
_NOISE = ("SQNR", "alone", "weights", "drop")
#: Columns of words; the others are numbers.
_WORDS = 4


def layer_table(inspection: Inspection) -> list[str]:
    """Lines of equal columns, the heads first; the graph's input too where its noise is known."""
    contents, found = inspection.contents, inspection.comparison
    noises = {row.tensor: row for row in found.layers} if found else {}
    names, total = inspection.layer_names, contents.file.size_bytes
    rows: list[tuple[str, ...]] = [_COSTS]
    noise: list[LayerNoise | None] = []
    start = contents.file.tensors[contents.file.inputs[0]]
    if start.index in noises:
        rows.append((noises[start.index].layer, "", _shape(start.shape), start.dtype, "", "", ""))
        noise.append(noises[start.index])
    for row in contents.layers:
        share = f"{100 * row.weight_bytes / total:.1f} %" if row.weight_bytes else ""
        numbers = (f"{n:,}" if n else "" for n in (row.macs, row.weight_bytes))
        rows.append((names[row.index], row.operator, _shape(row.shape), row.dtype, *numbers, share))
        noise.append(noises.get(row.tensor))
    if found:
        rows = [(*row, *cells) for row, cells in zip(rows, [_NOISE, *map(_cells, noise)], strict=True)]
    return _columns(rows)


def _cells(row: LayerNoise | None) -> tuple[str, ...]:
    """Empty where a figure does not exist."""
    values = (None,) * 4 if row is None else (row.sqnr_db, row.local_db, row.weights_db, row.drop_db)
    return tuple("" if value is None else decibels(value) for value in values)


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    pads = [str.ljust if i < _WORDS else str.rjust for i in range(len(widths))]
    return ["  ".join(pad(*one) for pad, *one in zip(pads, row, widths, strict=True)).rstrip() for row in rows]


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(str(n) for n in shape)
