"""``drsn-export c --report``: what the generated code costs on emulated cores, by layer; JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, UsageError, mismatch
from drsn_keras.files import write_atomically

from .build_project import Project, build_project
from .measure import Cost, measure
from .stream import can_stream, stream

JSON_NAME, PICTURE_NAME = "report.json", "report.png"
#: Inferences that are measured; their cost does not depend on the input but for a few instructions.
_INPUTS = 2
#: Length of the signal that is streamed.
_SIGNAL_S = 3


def check_folder(folder: Path, overwrite: bool) -> None:
    """Refuse a folder that has a report.json or report.png of somebody else's.

    Raises
    ------
    UsageError
        Naming it.
    """
    if overwrite or not any((folder / name).exists() for name in (JSON_NAME, PICTURE_NAME)):
        return
    try:
        ours = {"cores", "layers"} <= set(json.loads((folder / JSON_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        ours = False
    if not ours:
        expected = "a report of drsn-export c (--overwrite replaces it)"
        raise UsageError(mismatch(folder / JSON_NAME, expected, "another file, or none beside the picture"))


def report(project: Project, cores: Sequence[str], folder: Path, seed: int = 0) -> dict[str, Any]:
    """Build a project for cores, measure it, write report.json and report.png into a folder.

    Parameters
    ----------
    project : Project
    cores : sequence of str
        Names of :data:`.toolchain.CORES`.
    folder : Path
    seed : int
        Of the inputs.

    Returns
    -------
    dict
        ``cores`` (figures by core) and ``layers`` (name, operators, kernel, MACs, instructions by core of each step).

    Raises
    ------
    DrsnError
        If a toolchain is missing.
    CheckFailed
        If a core answers otherwise than this computer.
    """
    # The measuring program wants the prefix "model".
    if project.generated.names.prefix != "model":
        project = build_project(project.source)
    network = project.generated.program.network
    rng = np.random.default_rng(seed)
    inputs = rng.integers(-128, 128, (_INPUTS, network.tensors[network.input].elements)).astype(np.int8)
    expected = measure(project.generated, "host", inputs).outputs
    costs: dict[str, Cost] = {}
    figures: dict[str, dict[str, Any]] = {}
    for core in cores:
        log(f"{core}: building and measuring")
        cost = measure(project.generated, core, inputs)
        if not np.array_equal(cost.outputs, expected):
            raise CheckFailed(mismatch(f"{core}: outputs", "those of this computer", "others"))
        costs[core] = cost
        figures[core] = {
            "instructions_M": round(cost.instructions / 1e6, 4),
            "flash_bytes": cost.flash_bytes,
            "model_flash_bytes": cost.model_flash_bytes,
            "ram_bytes": cost.ram_bytes,
            "arena_bytes": cost.arena_bytes,
            "stack_bytes": cost.stack_bytes,
            **_streamed(project, core),
        }
    layers = [
        {
            "layer": step.layer,
            "operators": list(step.operators),
            "kernel": step.kernel,
            "macs": step.macs,
            "instructions": {core: cost.steps[number] for core, cost in costs.items()},
        }
        for number, step in enumerate(project.generated.program.steps)
    ]
    found = {"cores": figures, "layers": layers}
    write_atomically(folder / JSON_NAME, json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    from .report_picture import picture

    write_atomically(folder / PICTURE_NAME, picture(project, costs, figures))
    log(f"wrote {folder / JSON_NAME} and {PICTURE_NAME}")
    return found


def _streamed(project: Project, core: str) -> dict[str, float]:
    """Instructions for a second of noise through front end, model and detector; nothing for a bare model."""
    if not can_stream(project):
        return {}
    spec = project.source.signal
    seconds = max(_SIGNAL_S, 3 * spec.n_samples / spec.sample_rate_hz)
    noise = np.random.default_rng(0).normal(0, 1000, round(seconds * spec.sample_rate_hz)).astype(np.int16)
    found = stream(project, core, noise)
    return {
        "instructions_per_second_M": round(found.instructions_per_second / 1e6, 3),
        "longest_call_M": round(found.longest_call / 1e6, 3),
        "stream_flash_bytes": found.sizes.flash,
        "stream_ram_bytes": max(project.generated.plan.n_bytes, project.signal.scratch_bytes)
        + project.signal.ram_bytes
        + found.stack_bytes,
        "stream_stack_bytes": found.stack_bytes,
    }
