"""A TFLite file to a program, its memory and its C text, in one call."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from pathlib import Path

from . import c_source
from .c_source import Names
from .memory import MemoryPlan, plan_memory
from .network import plain, read_network
from .program import Program, compile_network


@dataclasses.dataclass(frozen=True, eq=False)
class Generated:
    """A program with its places in memory and its names."""

    program: Program
    plan: MemoryPlan
    names: Names

    def model_files(self) -> dict[str, str]:
        """model.h and model.c (by the prefix) and their texts."""
        return {
            f"{self.names.prefix}.h": c_source.header(self.program, self.plan, self.names),
            f"{self.names.prefix}.c": c_source.source(self.program, self.plan, self.names),
        }


def generate(content: bytes, what: str | Path, prefix: str = "model", labels: Sequence[str] = ()) -> Generated:
    """Compile the bytes of an int8 TFLite file.

    Parameters
    ----------
    content : bytes
    what : str or path
        What errors and comments call it.
    prefix : str
        Of the C names.
    labels : sequence of str
        Of the outputs; may be empty.

    Raises
    ------
    BundleError
        If the file is damaged, not int8, or holds an operator that cannot be generated.
    UsageError
        If the prefix is no C name.
    """
    program = compile_network(read_network(content, what))
    digest = hashlib.sha256(content).hexdigest()
    file = plain(Path(what).name)
    names = Names(prefix, f"int8 model {file}", f"{file}, SHA-256 {digest}", tuple(labels))
    return Generated(program, plan_memory(program), names)
