"""C text of constant tables, and the fixed-point numbers in them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from drsn_keras.edge.interpreter import quantize
from drsn_keras.errors import BundleError, mismatch
from drsn_keras.model_card import TensorSpec

_WIDTH = 116
_BYTES = {"int8_t": 1, "uint16_t": 2, "int32_t": 4, "uint32_t": 4, "drsn_log_step": 8, "drsn_root_step": 8}


@dataclasses.dataclass
class Tables:
    """C definitions under one prefix, in order.

    Attributes
    ----------
    definitions : list of str
    n_bytes : int
        Of the tables, without the structs that point to them.
    """

    prefix: str
    definitions: list[str] = dataclasses.field(default_factory=list)
    n_bytes: int = 0

    def array(self, c_type: str, name: str, values: np.ndarray | Sequence[str]) -> str:
        """Define a static array; returns its C name."""
        words = [str(value) for value in values] or ["0"]
        full = f"{self.prefix}_{name}"
        lines, line = [], "   "
        for word in words:
            if len(line) + len(word) + 2 > _WIDTH:
                lines.append(line)
                line = "   "
            line += f" {word},"
        body = "\n".join([*lines, line])
        self.definitions.append(f"static const {c_type} {full}[{len(words)}] = {{\n{body}\n}};")
        self.n_bytes += _BYTES[c_type] * len(words)
        return full

    def struct(self, c_type: str, name: str, members: dict[str, object]) -> str:
        """Define a constant struct; a member's value is C text; returns its C name."""
        full = f"{self.prefix}_{name}"
        body = "\n".join(f"    .{member} = {value}," for member, value in members.items())
        self.definitions.append(f"const {c_type} {full} = {{\n{body}\n}};")
        return full

    @property
    def text(self) -> str:
        """All definitions."""
        return "\n\n".join(self.definitions)


def fixed(values: np.ndarray, bits: int) -> np.ndarray:
    """Real numbers as integers with ``bits`` fractional bits, kept below 2^31 in magnitude [int64]."""
    return np.clip(np.rint(np.asarray(values, np.float64) * 2.0**bits), -(2**31 - 1), 2**31 - 1).astype(np.int64)


def real(value: float) -> str:
    """A positive number as a ``drsn_real``."""
    fraction, exponent = math.frexp(value)
    mantissa = round(fraction * 2**32)
    if mantissa == 2**32:
        mantissa, exponent = 2**31, exponent + 1
    return f"{{{mantissa}U, {exponent - 32}}}"


def quantizer(tensor: TensorSpec, factor: float) -> str:
    """The ``drsn_quantizer`` that takes integers of which each stands for ``factor`` to a model's input.

    Raises
    ------
    BundleError
        If the tensor is not int8, or its scale is out of this arithmetic's reach.
    """
    multiplier, shift = _multiplier(tensor, factor)
    return f"{{{multiplier}, {shift}U, {tensor.zero_point}}}"


def sample_quantizer(tensor: TensorSpec, full_scale: float) -> str:
    """The same for 16-bit samples of which 32768 stands for ``full_scale``.

    Round factors put many samples on a half, where the last bit of Python's float32 quotient decides: of multipliers
    that differ by less than 2^-22, the first one that gives all 65,536 samples what Python gives is taken (or the one
    that gives most of them).
    """
    middle, shift = _multiplier(tensor, full_scale / 32768.0)
    samples = np.arange(-32768, 32768)
    expected = quantize((samples / 32768.0 * full_scale).astype(np.float32), tensor)

    def wrong(multiplier: int) -> int:
        steps = (np.abs(samples) * multiplier + (1 << (shift - 1))) >> shift
        found = np.clip(np.sign(samples) * steps + tensor.zero_point, -128, 127)
        return int(np.count_nonzero(found != expected))

    nudges = sorted((sign * (1 << k) for k in range(9) for sign in (-1, 1)), key=abs)
    candidates = [m for m in (middle, *(middle + nudge for nudge in nudges)) if m < 2**31]
    return f"{{{min(candidates, key=wrong)}, {shift}U, {tensor.zero_point}}}"


def _multiplier(tensor: TensorSpec, factor: float) -> tuple[int, int]:
    """factor / scale as multiplier / 2^shift."""
    if tensor.dtype != "int8":
        raise BundleError(mismatch("input, dtype", "int8", tensor.dtype))
    if not -128 <= tensor.zero_point <= 127:
        raise BundleError(mismatch("input, zero_point", "-128 to 127", tensor.zero_point))
    ratio = factor / float(np.float32(tensor.scale)) if tensor.scale >= 1e-37 else 0.0
    fraction, exponent = math.frexp(ratio)
    multiplier, shift = round(fraction * 2**31), 31 - exponent
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift - 1
    if not ratio > 0 or not 1 <= shift <= 62:
        expected = f"a step between {factor * 2.0**-30:.1g} and {factor * 2.0**32:.1g} for C"
        raise BundleError(mismatch("input, scale", expected, tensor.scale))
    return multiplier, shift
