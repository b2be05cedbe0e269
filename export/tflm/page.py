"""README.md beside the C++ files: how to use them, and how large the arena has to be."""

from __future__ import annotations

from .memory import DESKTOP_PERCENT, Memory
from .model_file import Model
from .sources import MARK


def page(name: str, model: Model, memory: Memory) -> str:
    """Markdown."""
    counts = model.file.operator_counts
    lines = [
        f"# {name}: a model for TFLite-Micro",
        "",
        f"{MARK}; a new run replaces every file here.",
        "",
        "| file | what |",
        "|---|---|",
        f"| `{name}.h`, `{name}.cc` | the TFLite file as an array ({len(model.content):,} bytes), its constants |",
        f"| `resolver.h` | the {len(model.methods)} operators it needs, and no other |",
        "| `main.cc` | an example: set up, one evaluation, the answer |",
        "",
        f"Add {name}.cc and main.cc to a project that has TFLite-Micro; main.cc shows the calls.",
        f"Input: {_spec(model.input)}. Output: {_spec(model.output)}.",
        "Operators: " + ", ".join(f"{n} {op}" for op, n in counts.items()) + ".",
        "",
        "## Arena",
        "",
        *_arena(name, memory),
    ]
    if model.card is not None and model.card.outside_graph:
        lines += ["", "## Not in the model", "", "The device computes besides:", ""]
        lines += [f"- {part}: `{code}` does it in Python" for part, code in model.card.outside_graph.items()]
    return "\n".join(lines) + "\n"


def _arena(name: str, memory: Memory) -> list[str]:
    own = "Print `interpreter.arena_used_bytes()` on the board (main.cc does) before you make it smaller."
    if not memory.measured:
        return [
            f"`{name}_arena_bytes` is {memory.arena_bytes:,}: an estimate, because the Python package tflite-micro was "
            f"not installed. {own}"
        ]
    low, high = DESKTOP_PERCENT
    return [
        f"TFLite-Micro keeps {memory.allocated_bytes:,} bytes on a 64-bit PC with its reference kernels: "
        f"{memory.activation_bytes:,} of activations and scratch, {memory.bookkeeping_bytes:,} of book-keeping. "
        f"`{name}_arena_bytes` is {memory.arena_bytes:,}, the smallest with which it starts there (planning takes "
        "memory that it gives back).",
        "",
        f"A PC needs {low} to {high} % more than a Cortex-M4. Leave that margin: the scratch of optimised kernels "
        f"(CMSIS-NN, ESP-NN) comes out of it. {own}",
    ]


def _spec(spec) -> str:
    shape = " x ".join(map(str, spec.shape)) or "1"
    return f"{spec.dtype}, {shape}, scale {spec.scale:.6g}, zero point {spec.zero_point}"
