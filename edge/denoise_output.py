"""Where cleaned signals go: names that harm nothing, and files that are whole or not there."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.frontend import SignalSpec
from drsn_keras.recording import FULL_SCALE_UNIT

#: What a file of a sound, and of a signal in a unit, may be called.
OF_SOUND, OF_SIGNAL = (".wav",), (".npz", ".csv")


def is_sound(spec: SignalSpec) -> bool:
    """Whether a model takes sound: shares of full scale at a rate, as WAV files and microphones give them."""
    return spec.unit == FULL_SCALE_UNIT and spec.sample_rate_hz is not None


def output_paths(names: Sequence[str], out: str, suffixes: Sequence[str], overwrite: bool) -> list[Path]:
    """A path for each input: ``out`` itself, or a file in the folder ``out``, called like the input.

    ``out`` is a folder where it is there as one, ends with a slash, or has several inputs; it is made if need be.

    Parameters
    ----------
    names : sequence of str
        Of the inputs.
    out : str
    suffixes : sequence of str
        What an output may end with; the first is that of files in a folder.
    overwrite : bool
        Whether a file there may be replaced.

    Raises
    ------
    UsageError
        Before anything is done: another suffix; an output that is an input; two inputs of one output; a file that is
        there.
    """
    path = Path(out)
    is_folder = path.is_dir() or out.endswith(("/", "\\")) or len(names) > 1
    if is_folder:
        if path.exists() and not path.is_dir():
            raise UsageError(mismatch(f"--out {out}", "a folder for several files", "a file"))
        paths = [path / f"{Path(name).stem}{suffixes[0]}" for name in names]
    else:
        if path.suffix.lower() not in suffixes:
            raise UsageError(mismatch(f"--out {out}", f"a file named {' or '.join(suffixes)}", repr(path.suffix)))
        paths = [path]
    inputs = {Path(name).resolve() for name in names}
    seen: dict[Path, str] = {}
    for name, one in zip(names, paths, strict=True):
        if one.resolve() in inputs:
            raise UsageError(mismatch(f"--out {out}", "another place than the recording's own", one))
        if (other := seen.setdefault(one.resolve(), name)) != name or paths.count(one) > 1:
            raise UsageError(mismatch(f"--out {out}", "an output for every input", f"{one} of {other} and {name}"))
        if one.is_dir():
            raise UsageError(mismatch(one, "a file", "a folder"))
        if one.exists() and not overwrite:
            raise UsageError(mismatch(one, "a new file (--overwrite replaces it)", "one that is there"))
    for folder in {one.parent for one in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    return paths


def write_signal(path: Path, signal: np.ndarray, spec: SignalSpec) -> None:
    """Write a signal in the unit of ``spec`` as NPZ (``signal``, ``sample_rate_hz``, ``unit``) or CSV, by its name.

    CSV has a line with the unit, the names, then ``time_s`` and ``signal``; without a rate there is no time.
    """
    rate = spec.sample_rate_hz
    if path.suffix.lower() == ".npz":
        content = io.BytesIO()
        np.savez(content, signal=signal, unit=np.array(spec.unit), **({"sample_rate_hz": rate} if rate else {}))
        write_atomically(path, content.getvalue())
        return
    lines = [f"# unit: {spec.unit}", "time_s,signal" if rate else "signal"]
    if rate:
        lines += [f"{i / rate!r},{float(y):.9g}" for i, y in enumerate(signal)]
    else:
        lines += [f"{float(y):.9g}" for y in signal]
    write_atomically(path, "\n".join(lines) + "\n")
