"""Run a signal through a generated project on a core: front end, model and detector, as in the field."""

from __future__ import annotations

import dataclasses
import tempfile
import wave
from pathlib import Path

import numpy as np

from drsn_keras.errors import CheckFailed, mismatch

from . import toolchain
from .build_project import Project, kind
from .toolchain import CORES, Sizes

_EXAMPLES = {"listener": "listen", "window": "monitor", "denoiser": "denoise"}
_NAME = "stream.wav"
#: What a program wants besides a recording.
_ARGUMENTS = {"denoise": ("cleaned.raw",)}


@dataclasses.dataclass(frozen=True)
class Streamed:
    """What the example program said about a signal.

    Attributes
    ----------
    lines : tuple of str
        A line for each detection or window; the name of the recording is ``stream.wav``.
    instructions_per_second, longest_call, stack_bytes : int
        Instructions for a second of signal and of the longest call; 0 on the host, which does not count.
    sizes : Sizes
    """

    lines: tuple[str, ...]
    instructions_per_second: int
    longest_call: int
    stack_bytes: int
    sizes: Sizes


def can_stream(project: Project) -> bool:
    """Whether a project takes a signal, not only inputs of its model."""
    return kind(project.signal, project.generated.names.prefix) in _EXAMPLES


def stream(project: Project, core: str, samples: np.ndarray, timeout_s: float = 600.0) -> Streamed:
    """Build a project's example program for a core and let it hear samples.

    Parameters
    ----------
    project : Project
        For which :func:`can_stream` holds.
    core : str
        A name of :data:`.toolchain.CORES`.
    samples : np.ndarray [shape=(n,), int16]
        At the rate of the bundle's front end.
    timeout_s : float

    Raises
    ------
    DrsnError
        If the toolchain is missing or the code does not compile.
    CheckFailed
        If the program fails.
    """
    target = CORES[core]
    example = _EXAMPLES[kind(project.signal, project.generated.names.prefix) or ""]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in project.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8")
        sources = [*folder.glob("*.c"), *(folder / "engine").glob("*.c")]
        sources += [folder / "examples" / f"{example}.c", folder / "examples" / "wav.c"]
        elf = toolchain.build(target, sorted(sources), [folder, folder / "engine"], folder / "stream.elf")
        with wave.open(str(folder / _NAME), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(project.source.signal.sample_rate_hz)
            file.writeframes(np.ascontiguousarray(samples, "<i2").tobytes())
        done = toolchain.run(target, elf, [_NAME, *_ARGUMENTS.get(example, ())], timeout_s, cwd=folder)
        if done.exit_code:
            raise CheckFailed(mismatch(f"{core}: {example}", "exit code 0", f"{done.exit_code}: {done.stdout[-200:]}"))
        sizes = toolchain.sizes(target, elf)
    said = done.stdout.splitlines()
    figures = dict(line[2:].split() for line in said if line.startswith("# "))
    return Streamed(
        tuple(line for line in said if line and not line.startswith("#")),
        int(figures.get("instructions_per_second", 0)),
        int(figures.get("instructions_longest_call", 0)),
        int(figures.get("stack_bytes", 0)),
        sizes,
    )
