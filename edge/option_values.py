"""Values of options, converted and checked. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import TypeVar

from .sample_format import RATES_HZ

Value = TypeVar("Value", int, float)


def probability(text: str) -> float:
    """Convert a threshold."""
    return number(text, float, lambda x: 0 < x <= 1, "a number above 0 and at most 1")


def seconds(text: str) -> float:
    """Convert a duration [s]."""
    return number(text, float, lambda x: x > 0 and math.isfinite(x), "a number of seconds above 0")


def count(text: str) -> int:
    """Convert a number of threads or channels."""
    return number(text, int, lambda x: 0 < x <= 256, "a whole number from 1 to 256")


def rate(text: str) -> int:
    """Convert a sample rate [Hz]."""
    low, high = RATES_HZ
    return number(text, int, lambda x: low <= x <= high, f"a whole number from {low} to {high}")


def number(text: str, kind: type[Value], accept: Callable[[Value], bool], expected: str) -> Value:
    """Convert and check an option's value; argparse turns the error into exit code 2."""
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not accept(value):
        raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
    return value
