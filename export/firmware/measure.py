"""What a generated model costs on each core: instructions, flash, memory; and what it answers there."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import numpy as np

from drsn_keras.errors import CheckFailed, mismatch

from . import toolchain
from .generate import Generated
from .project import firmware_folder, with_headers
from .toolchain import CORES


@dataclasses.dataclass(frozen=True, eq=False)
class Cost:
    """Figures of one model on one core.

    Attributes
    ----------
    instructions : float
        An inference, mean over the inputs; 0 on the host.
    steps : tuple of int
        Instructions of each step of the program, of the first inference; empty on the host.
    flash_bytes : int
        The whole program of the measurement: model, kernels, start-up, file access. 0 on the host.
    model_flash_bytes : int
        Of these the model and the kernels. 0 on the host.
    arena_bytes : int
        The model's state: maps and scratch memory.
    stack_bytes : int
        Deepest growth during an inference; 0 on the host.
    outputs : np.ndarray [shape=(n, MODEL_OUTPUT_BYTES), int8]
    """

    core: str
    instructions: float
    steps: tuple[int, ...]
    flash_bytes: int
    model_flash_bytes: int
    arena_bytes: int
    stack_bytes: int
    outputs: np.ndarray

    @property
    def ram_bytes(self) -> int:
        """Arena, scratch memory and stack."""
        return self.arena_bytes + self.stack_bytes


def measure(generated: Generated, core: str, inputs: np.ndarray, timeout_s: float = 600.0) -> Cost:
    """Build a generated model for a core and run inputs through it there.

    Parameters
    ----------
    generated : Generated
        With the prefix ``model``.
    core : str
        A name of :data:`.toolchain.CORES`.
    inputs : np.ndarray [shape=(n, ...), int8]
    timeout_s : float
        For each of the two runs.

    Raises
    ------
    DrsnError
        If the toolchain is missing or the code does not compile.
    CheckFailed
        If the program does not answer every input.
    """
    target = CORES[core]
    firmware = firmware_folder()
    engine = firmware / "engine"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in generated.model_files().items():
            (folder / file).write_text(text, encoding="utf-8")
        kernels = [p for p in with_headers(engine, generated.program.sources) if p.suffix == ".c"]
        sources = [folder / "model.c", firmware / "measure" / "measure.c", *kernels]
        (folder / "inputs").write_bytes(np.ascontiguousarray(inputs, np.int8).tobytes())
        elf = toolchain.build(target, sources, [folder, engine], folder / "plain.elf")
        said = _run(target, elf, folder, timeout_s)
        outputs = np.frombuffer((folder / "outputs").read_bytes(), np.int8).reshape(len(inputs), -1)
        if said["inputs"] != len(inputs):
            raise CheckFailed(mismatch(f"{core}: inferences", len(inputs), said["inputs"]))
        steps: tuple[int, ...] = ()
        flash = of_model = 0
        if target.emulator:
            sizes = toolchain.sizes(target, elf)
            flash = sizes.flash
            ours = {"model.o", *(f"{path.stem}.o" for path in kernels)}
            of_model = sum(both[0] for object_name, both in sizes.objects.items() if object_name in ours)
            one = np.ascontiguousarray(inputs[:1], np.int8).tobytes()
            (folder / "inputs").write_bytes(one)
            profiled = toolchain.build(target, sources, [folder, engine], folder / "profiled.elf", ["DRSN_PROFILE"])
            steps = _run(target, profiled, folder, timeout_s)["steps"]
    return Cost(
        core,
        said["instructions"] / max(1, len(inputs)),
        tuple(steps),
        flash,
        of_model,
        generated.plan.n_bytes,
        said["stack"],
        outputs,
    )


def _run(target: toolchain.Core, elf: Path, folder: Path, timeout_s: float) -> dict:
    done = toolchain.run(target, elf, ["inputs", "outputs"], timeout_s, cwd=folder)
    if done.exit_code:
        raise CheckFailed(
            mismatch(f"{target.name}: measurement", "exit code 0", f"{done.exit_code}: {done.stdout[:200]}")
        )
    rows = [line.split() for line in done.stdout.splitlines()]
    said: dict = {row[0]: int(row[1]) for row in rows if len(row) == 2}
    said["steps"] = [int(row[2]) for row in rows if len(row) == 3 and row[0] == "step"]
    return said
