"""TFLite-Micro's own figure for its arena, where its Python package is installed."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .arena import ALIGNMENT, Arena

_PACKAGE = "tflite_micro"
_SECONDS = 120
# In a process of its own: an arena that is too small has crashed Python.
_PROGRAM = """
import sys
from tflite_micro import runtime
content = open(sys.argv[1], "rb").read()
runtime.Interpreter.from_bytes(content, arena_size=int(sys.argv[2])).print_allocations()
"""
_FIGURE = re.compile(r"Arena allocation (total|head|tail) (\d+) bytes")


def is_installed() -> bool:
    """Whether TFLite-Micro can be asked at all."""
    return importlib.util.find_spec(_PACKAGE) is not None


def measure_micro_arena(content: bytes, estimate: Arena) -> dict[str, Any]:
    """Load a model into TFLite-Micro and ask what it allocated.

    Parameters
    ----------
    content : bytes
    estimate : Arena
        Decides how much it may use: far more than any plan needs.

    Returns
    -------
    dict
        ``total``, ``head`` (activations and scratch) and ``tail`` (book-keeping) in bytes, on this machine; or
        ``not_measured`` with the reason.
    """
    if not is_installed():
        return {"not_measured": "the Python package tflite-micro is not installed"}
    try:
        done = _load(content, 4 * 2**20 + 8 * estimate.placed_bytes)
    except subprocess.TimeoutExpired:
        return {"not_measured": f"TFLite-Micro took more than {_SECONDS} s"}
    text = done.stdout + done.stderr
    found = {name: int(n_bytes) for name, n_bytes in _FIGURE.findall(text)}
    if done.returncode or len(found) != 3:
        return {"not_measured": f"TFLite-Micro cannot run it ({_reason(text, done.returncode)})"}
    return found


def smallest_micro_arena(content: bytes, allocated: int) -> int:
    """The smallest arena, in steps of 16 bytes, with which TFLite-Micro starts on this machine.

    It is what it keeps or more: while it plans, it needs memory that it gives back.

    Parameters
    ----------
    content : bytes
    allocated : int
        ``total`` of :func:`measure_micro_arena`.

    Raises
    ------
    subprocess.TimeoutExpired
        If TFLite-Micro hangs.
    """
    step = ALIGNMENT
    low, high = -(-allocated // step) - 1, -(-allocated // step)
    while _load(content, high * step).returncode:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _load(content, middle * step).returncode:
            low = middle
        else:
            high = middle
    return high * step


def _load(content: bytes, arena: int) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(content)
        command = [sys.executable, "-c", _PROGRAM, str(path), str(arena)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)


def _reason(text: str, code: int) -> str:
    """The line that says what is wrong: the engine's own, else the exception."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith((" ", "Traceback"))]
    named = [line for line in lines if "op" in line.lower().split() or "operator" in line.lower()]
    return (named or lines or [f"exit code {code}"])[0].rstrip(".")
