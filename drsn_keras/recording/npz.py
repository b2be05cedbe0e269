"""A recording in an NPZ file: which arrays mean what. Training and device read the same ones.

``signal``, or ``x`` times ``scale``; ``sample_rate_hz`` or ``fs`` [Hz]; where known ``unit`` and ``rpm``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import DataError, mismatch
from .content import need_content, reason
from .signal_file import SignalFile
from .values import as_positive, as_scale, as_signal, as_text

#: What the signal may be called, and its rate [Hz].
SIGNAL_ARRAYS = ("signal", "x")
RATE_ARRAYS = ("sample_rate_hz", "fs")
#: Arrays by which CWRU's own form is known: it is in g without saying so.
_CWRU_ARRAYS = {"x", "scale", "file_number", "load_hp"}

Arrays = Mapping[str, np.ndarray]


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an NPZ file; pickled objects are refused.

    Raises
    ------
    DataError
        Missing, empty, truncated, not NPZ.
    """
    need_content(path, "an NPZ file")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # a damaged header surfaces as any of a dozen, tokenize.TokenError among them
        got = f"a damaged or other file ({reason(error)})"
        raise DataError(mismatch(path, "an NPZ file of plain arrays", got)) from None


def read_npz_signal(path: Path, channel: str | None = None, facts: Sequence[str] = ()) -> SignalFile:
    """What an NPZ file says of a recording.

    Parameters
    ----------
    path : Path
    channel : str or None
        Name of the array; ``signal`` or ``x`` if not given, or the only one with more than one element.
    facts : sequence of str
        Names of texts to hand on, where the file has them.

    Raises
    ------
    DataError
        Not NPZ, no signal, a signal or a rate said twice, ``x`` without its ``scale``, a value that is none.
    """
    arrays = read_npz(path)
    name, signal = signal_array(arrays, path, channel or _only_array(arrays))
    unit = _text(arrays, "unit", path)
    if unit is None and name == "x" and set(arrays) >= _CWRU_ARRAYS:
        unit = "g"
    rate = one_of(arrays, RATE_ARRAYS, path) if set(RATE_ARRAYS) & set(arrays) else None
    texts = {fact: _text(arrays, fact, path) for fact in facts}
    return SignalFile(
        str(path),
        signal,
        None if rate is None else as_positive(arrays[rate], f"{path}, {rate}"),
        unit,
        rpm=as_positive(arrays["rpm"], f"{path}, rpm") if "rpm" in arrays else None,
        channel=name,
        facts={fact: text for fact, text in texts.items() if text is not None},
    )


def signal_array(arrays: Arrays, path: Path, channel: str | None = None) -> tuple[str, np.ndarray]:
    """Name and samples [shape=(n,)] of the signal; ``x`` is multiplied by its ``scale``.

    Parameters
    ----------
    arrays : mapping of str to np.ndarray
    path : Path
        Named in errors.
    channel : str or None
        Name of the array, which may then do without a scale; else one of :data:`SIGNAL_ARRAYS`.

    Raises
    ------
    DataError

    Examples
    --------
    >>> signal_array({"x": np.array([1, -2]), "scale": np.array(0.5)}, Path("a.npz"))
    ('x', array([ 0.5, -1. ]))
    """
    name = channel or one_of(arrays, SIGNAL_ARRAYS, path)
    if name not in arrays:
        raise DataError(mismatch(path, f"an array {name}", ", ".join(arrays) or "no arrays"))
    signal = as_signal(arrays[name], f"{path}, {name}")
    if name == "x" and "scale" in arrays:
        return name, signal.astype(np.float64) * as_scale(arrays["scale"], f"{path}, scale")
    if channel is None and (name == "x" or "scale" in arrays):
        expected = "a scale (the signal is x * scale)" if name == "x" else "x with the scale, or signal without"
        raise DataError(mismatch(path, expected, ", ".join(arrays)))
    return name, signal


def one_of(arrays: Arrays, names: Sequence[str], path: Path) -> str:
    """The one of these names that is there.

    Raises
    ------
    DataError
        None of them, or several.
    """
    there = [name for name in names if name in arrays]
    if len(there) != 1:
        got = " and ".join(there) or ", ".join(arrays) or "no arrays"
        raise DataError(mismatch(path, f"an array {' or '.join(names)}", got))
    return there[0]


def _only_array(arrays: Arrays) -> str | None:
    """The only array that can be a signal, where none is called so and no scale asks for its ``x``."""
    if {*SIGNAL_ARRAYS, "scale"} & set(arrays):
        return None
    longer = [name for name, array in arrays.items() if array.size > 1]
    return longer[0] if len(longer) == 1 else None


def _text(arrays: Arrays, name: str, path: Path) -> str | None:
    """A text; None where there is none, or only blanks."""
    return (as_text(arrays[name], f"{path}, {name}") or None) if name in arrays else None
