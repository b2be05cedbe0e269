"""One call of a kernel, and the constants it is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class Step:
    """A kernel call on maps.

    Parameters
    ----------
    layer : str
        Name of the tensor that it writes, for people.
    operators : tuple of int
        Operators of the file that it stands for.
    kernel : str
        The C function; ``source`` is the engine's file that has it.
    call : str
        The call with ``{0}``, ``{1}`` ... for pointers to inputs, ``{out}`` and ``{scratch}``.
    copies : tuple of (source, int, int)
        Instead of a call: what is copied (``{0}`` ... or a constant's name), to which byte of the output, how many.
    inputs : tuple of int
        Computed tensors that it reads.
    output : int
    scratch : int
        Bytes.
    in_place : mapping from input to int
        The output may overlap this input if it begins exactly so many bytes before it (0: lies on it).
    slides : mapping from input to int
        The output may overlap this input if it begins at least so many bytes before it (negative: behind it).
    macs : int
    """

    layer: str
    operators: tuple[int, ...]
    kernel: str
    source: str
    call: str
    inputs: tuple[int, ...]
    output: int
    scratch: int = 0
    in_place: dict[int, int] = dataclasses.field(default_factory=dict)
    slides: dict[int, int] = dataclasses.field(default_factory=dict)
    macs: int = 0
    copies: tuple[tuple[str, int, int], ...] = ()


class Constants:
    """C definitions of the model's constants; equal arrays are stored once."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[str, bytes], str] = {}
        self.definitions: list[str] = []
        self.n_bytes = 0

    def array(self, c_type: str, values: np.ndarray | Sequence[int]) -> str:
        """Name of a constant array of int8_t or int32_t."""
        values = np.asarray(values, np.int64).reshape(-1)
        aligned = "DRSN_ALIGNED " if c_type == "int8_t" else ""
        return self._once(c_type, values, [str(v) for v in values], 1 if c_type == "int8_t" else 4, aligned)

    def scales(self, scales: Sequence[tuple[int, int]]) -> str:
        """Name of a constant array of drsn_scale from multipliers and right shifts."""
        values = np.asarray(scales, np.int64)
        return self._once("drsn_scale", values, [f"{{{m}, {s}}}" for m, s in values], 8)

    def _once(self, c_type: str, values: np.ndarray, words: list[str], each: int, aligned: str = "") -> str:
        """Define an array unless an equal one is there; ``each`` is the size of an element in bytes."""
        key = (c_type, values.tobytes())
        if key not in self._arrays:
            name = f"k{len(self.definitions)}"
            self._arrays[key] = name
            self.definitions.append(
                f"static {aligned}const {c_type} {name}[{len(values)}] = {{\n{_wrapped(words)}\n}};"
            )
            self.n_bytes += each * len(values)
        return self._arrays[key]

    def struct(self, c_type: str, **members: object) -> str:
        """Name of a constant of one of the kernels' parameter types; a member is C text."""
        name = f"k{len(self.definitions)}"
        body = ",\n".join(f"    .{member} = {value}" for member, value in members.items())
        self.definitions.append(f"static const {c_type} {name} = {{\n{body},\n}};")
        return name


def _wrapped(words: Sequence[str], width: int = 116) -> str:
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) + 2 > width:
            lines.append(line)
            line = "   "
        line += f" {word},"
    return "\n".join([*lines, line])
