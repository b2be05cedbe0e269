"""Operators on int8 as one multiply-add and one shift, proven for every value that can come in.

TFLite rounds twice with a 32 x 32 bit product each. Over int8 there are only 256 inputs (65,536 pairs), so a cheaper
form ``(factors . inputs + offset) >> shift`` can be searched for and checked against the reference on all of them: it
is then the same function, not an approximation.
"""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

#: Sums stay below this, so that int32 holds them.
_LIMIT = 2**31 - 2**16
#: Shifts in the order in which they are tried. The DSP kernels have 22 in their instructions and scale a smaller one up
#: to it; a larger one is more exact and takes them the long way.
_SHIFTS = (*range(22, 12, -1), *range(23, 28))
_TRIED_SHIFTS = 6
#: Steps of a factor around its ideal value that are tried, the nearest first.
_NEAR = (0, 1, -1, 2, -2)
_NEAR_PAIRS = sorted(itertools.product(range(-4, 5), repeat=2), key=lambda s: abs(s[0]) + abs(s[1]))
_VALUES = np.arange(-128, 128, dtype=np.int64)


@dataclasses.dataclass(frozen=True)
class AddForm:
    """clamp((a_factor * a + b_factor * b + offset) >> shift)."""

    a_factor: int
    b_factor: int
    offset: int
    shift: int


@dataclasses.dataclass(frozen=True, eq=False)
class AffineForm:
    """clamp((factor[c] * x + offset[c]) >> shift), arrays [shape=(channels,), int64]."""

    factor: np.ndarray
    offset: np.ndarray
    shift: int


def _offset(product: np.ndarray, reference: np.ndarray, shift: int, low: int, high: int) -> int | None:
    """An offset with which (product + offset) >> shift, clamped, is the reference everywhere, in int32; else None."""
    smallest = int(np.where(reference > low, (reference << shift) - product, -_LIMIT).max())
    greatest = int(np.where(reference < high, ((reference + 1) << shift) - 1 - product, _LIMIT).min())
    if smallest > greatest:
        return None
    # Of many offsets (nearly all values clamped) the one nearest to zero.
    offset = min(max(0, smallest), greatest) if greatest - smallest > 2 << shift else (smallest + greatest) // 2
    largest = max(abs(int(product.max()) + offset), abs(int(product.min()) + offset), abs(offset))
    return offset if largest < _LIMIT else None


def find_add(a_slope: float, b_slope: float, reference: np.ndarray, low: int, high: int) -> AddForm | None:
    """The form of a function of two int8 values.

    Parameters
    ----------
    a_slope, b_slope : float
        Its real slopes.
    reference : np.ndarray [shape=(256, 256), int64]
        Its values for a (rows) and b (columns) from -128 to 127, clamped to ``low`` ... ``high``.

    Returns
    -------
    AddForm or None
        None where none was found.
    """
    opposite = a_slope == -b_slope
    for shift in _shifts(abs(a_slope) + abs(b_slope)):
        a_ideal, b_ideal = round(a_slope * 2**shift), round(b_slope * 2**shift)
        # A difference on one scale: opposite factors first, for which the kernels need one product only.
        for a_step, b_step in sorted(_NEAR_PAIRS, key=lambda steps: opposite and sum(steps) != 0):
            a_factor, b_factor = a_ideal + a_step, b_ideal + b_step
            product = a_factor * _VALUES[:, None] + b_factor * _VALUES[None, :]
            offset = _offset(product, reference, shift, low, high)
            if offset is not None:
                return AddForm(a_factor, b_factor, offset, shift)
    return None


def _shifts(slope: float) -> list[int]:
    """Shifts with which products by up to 128 times a slope fit into int32, in the order of trying."""
    return [shift for shift in _SHIFTS if 128 * (slope * 2**shift + 8) < _LIMIT][:_TRIED_SHIFTS]


def find_affine(slopes: np.ndarray, reference: np.ndarray, low: int, high: int) -> AffineForm | None:
    """The form of a function of one int8 value for each channel.

    Parameters
    ----------
    slopes : np.ndarray [shape=(channels,)]
    reference : np.ndarray [shape=(channels, 256), int64]
        Its values for x from -128 to 127, clamped to ``low`` ... ``high``.
    """
    for shift in _shifts(float(np.abs(slopes).max())):
        lines = [_find_line(float(s), r, shift, low, high) for s, r in zip(slopes, reference, strict=True)]
        if all(line is not None for line in lines):
            factors, offsets = np.array(lines, np.int64).T
            return AffineForm(factors, offsets, shift)
    return None


def _find_line(slope: float, reference: np.ndarray, shift: int, low: int, high: int) -> tuple[int, int] | None:
    if (reference == reference[0]).all() and reference[0] in (low, high):
        # The channel never leaves its clamp: a constant on it, not one far outside, which could overflow.
        offset = int(reference[0]) << shift
        return (0, offset) if abs(offset) < _LIMIT else None
    ideal = round(slope * 2**shift)
    for step in _NEAR:
        product = (ideal + step) * _VALUES
        offset = _offset(product, reference, shift, low, high)
        if offset is not None and np.abs(product).max() < _LIMIT:
            return ideal + step, offset
    return None
