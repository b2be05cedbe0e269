"""An inspection as text for the terminal and as JSON."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import Any

from .examine import Comparison, Inspection
from .inputs import SNR_DB
from .layers import largest_drops, worst, worst_alone
from .sentences import decibels, faults, layer_sentence, shrinkage_sentence, weights_note
from .table import layer_table


def to_json(inspection: Inspection) -> dict[str, Any]:
    """Every figure; null for a ratio that is infinite or has no signal, and for the comparison where there is none."""
    card, contents, names = inspection.bundle.card, inspection.contents, inspection.layer_names
    size = contents.file.size_bytes
    layers = [
        {**dataclasses.asdict(row), "layer": names[row.index], "file_share": row.weight_bytes / size}
        for row in contents.layers
    ]
    values = {
        "bundle": str(inspection.bundle.folder),
        "name": card.name,
        "scheme": card.scheme,
        "target": card.target,
        "size_bytes": size,
        "operators": contents.file.operator_counts,
        "tensors": contents.file.dtype_counts,
        "float_tensors": contents.file.float_tensors,
        "macs": contents.macs,
        "weight_bytes": contents.weight_bytes,
        "layers": layers,
        "xnnpack": {
            "partitions": [[_operator(inspection, i) for i in part] for part in contents.partitions.delegated],
            "outside": [_operator(inspection, i) for i in contents.partitions.outside],
        },
        "arena": {**dataclasses.asdict(contents.arena), "tflite_micro": contents.micro},
        "comparison": _comparison(inspection.comparison, card.target),
        "missing": inspection.missing,
    }
    return _finite(values)


def text_lines(inspection: Inspection) -> list[str]:
    """The same for a person."""
    card, contents, file = inspection.bundle.card, inspection.contents, inspection.contents.file
    share = 100 * contents.weight_bytes / file.size_bytes
    lines = [
        f"{inspection.bundle.folder}: {card.name}, for {card.target}, {file.size_bytes:,} bytes",
        f"operators  {len(file.operators)}: {_counts(file.operator_counts)}",
        f"tensors    {_counts(file.dtype_counts)}; {len(file.float_tensors) or 'none'} in floating point",
        f"cost       {contents.macs:,} MACs, {contents.weight_bytes:,} bytes of weights ({share:.1f} % of the file)",
        f"XNNPACK    {_partitions(inspection)}",
        f"arena      {_arena(inspection)}",
        "",
        *layer_table(inspection),
    ]
    found = inspection.comparison
    return lines if found is None else [*lines, "", *_findings(found, card.target)]


def _findings(found: Comparison, target: str) -> list[str]:
    lines = [
        f"{found.inputs} validation clips, half of them in noise at {SNR_DB:g} dB, through float twin and bundle [dB].",
        "SQNR: signal to quantisation noise of the running graph; alone: were this tensor alone rounded; weights: of",
        "the kernel; drop: against the worst of what the layer reads.",
    ]
    if (note := weights_note(found.weights_db)) is not None:
        lines.append(f"note: {note}")
    if found.unmatched:
        lines.append(f"without a tensor of their own: {', '.join(found.unmatched)}")
    lines += ["", "lowest ratio", *(f"  {layer_sentence(one)}" for one in worst(found.layers))]
    alone = [f"  {one.layer} ({one.operator}) {decibels(one.local_db)} dB" for one in worst_alone(found.layers)]
    lines += ["lowest alone", *(alone or ["  none: computed in floating point"])]
    drops = [f"  {one.layer} ({one.operator}) {decibels(one.drop_db)} dB" for one in largest_drops(found.layers)]
    lines += ["largest drop", *(drops or ["  none"])]
    if found.shrinkage:
        lines += ["shrinkage", *(f"  {shrinkage_sentence(block, target)}" for block in found.shrinkage)]
    return lines


def _comparison(found: Comparison | None, target: str) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "inputs": found.inputs,
        "layers": [dataclasses.asdict(row) for row in found.layers],
        "lowest_ratio": [row.layer for row in worst(found.layers)],
        "lowest_alone": [row.layer for row in worst_alone(found.layers)],
        "largest_drop": [row.layer for row in largest_drops(found.layers)],
        "median_weights_db": found.weights_db,
        "unmatched": found.unmatched,
        "shrinkage": [
            {**dataclasses.asdict(block), "faults": faults(block), "sentence": shrinkage_sentence(block, target)}
            for block in found.shrinkage
        ],
    }


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items())


def _operator(inspection: Inspection, index: int) -> str:
    """``CONV_2D unit1/conv_1``; operators that only unpack a weight have no layer."""
    name = inspection.contents.file.operators[index].name
    place = inspection.layer_names.get(index)
    return name if place is None else f"{name} {place}"


def _partitions(inspection: Inspection) -> str:
    parts, outside = inspection.contents.partitions.delegated, inspection.contents.partitions.outside
    if not parts:
        return "takes over no operator"
    sizes = ", ".join(str(len(part)) for part in parts)
    left = Counter(inspection.contents.file.operators[i].name for i in outside)
    count = "1 partition" if len(parts) == 1 else f"{len(parts)} partitions"
    return f"{count} of {sizes} operators; outside: {_counts(dict(left.most_common())) or 'none'}"


def _arena(inspection: Inspection) -> str:
    arena, micro = inspection.contents.arena, inspection.contents.micro
    text = (
        f"{arena.live_bytes:,} bytes of activations live at once ({_operator(inspection, arena.peak)}), "
        f"{arena.placed_bytes:,} when placed; "
    )
    if "not_measured" in micro:
        return text + f"TFLite-Micro's own was not measured: {micro['not_measured']}"
    return text + (
        f"TFLite-Micro takes {micro['total']:,} on this machine ({micro['head']:,} for activations and scratch, "
        f"{micro['tail']:,} for book-keeping)"
    )


def _finite(value: Any) -> Any:
    """JSON knows no infinity."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
