"""NPZ files that say everything themselves; neither options nor names of files add to them.

Arrays ``signal``, or ``x`` with ``scale`` (``x * scale`` is the signal in ``unit``); ``sample_rate_hz`` or ``fs`` [Hz];
``unit`` and ``label`` as text; where known ``machine``, ``bearing``, ``load``, ``fault_size``, ``rpm``, ``sensor`` and
``recording_id`` (else the path below the folder). Other arrays are refused: a spelling mistake must not drop what they
say.
"""

from __future__ import annotations

from pathlib import Path

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import RATE_ARRAYS, SIGNAL_ARRAYS, as_positive, as_text, one_of, read_npz, signal_array

from ..recording import VibrationRecording
from .files import files_below
from .options import LayoutOptions

OPTIONS: frozenset[str] = frozenset()
_FACTS = ("machine", "bearing", "load", "fault_size", "sensor")
FIELDS = (*SIGNAL_ARRAYS, "scale", *RATE_ARRAYS, "unit", "label", "rpm", "recording_id", *_FACTS)


def find(path: Path, options: LayoutOptions) -> list[VibrationRecording]:
    """Recordings of every ``.npz`` below a folder, or of one.

    Raises
    ------
    DataError
        A file without signal, rate, unit or label, with one of them twice, or with an array that is none of these.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    files = files_below(path, lambda p: p.suffix.lower() == ".npz", "NPZ files with a signal, its rate, unit and label")
    return [_read(file, file.relative_to(folder).as_posix()) for file in files]


def _read(path: Path, name: str) -> VibrationRecording:
    arrays = read_npz(path)
    odd = sorted(set(arrays) - set(FIELDS))
    if odd:
        raise DataError(mismatch(path, f"arrays of {', '.join(FIELDS)}", ", ".join(odd)))
    rate, unit, label = (one_of(arrays, names, path) for names in (RATE_ARRAYS, ("unit",), ("label",)))
    _, signal = signal_array(arrays, path)
    facts = {fact: as_text(arrays[fact], f"{path}, {fact}") or None for fact in _FACTS if fact in arrays}
    return VibrationRecording(
        signal,
        as_text(arrays[unit], f"{path}, unit"),
        as_positive(arrays[rate], f"{path}, {rate}"),
        as_text(arrays[label], f"{path}, label"),
        as_text(arrays["recording_id"], f"{path}, recording_id") if "recording_id" in arrays else name,
        rpm=as_positive(arrays["rpm"], f"{path}, rpm") if "rpm" in arrays else None,
        path=path,
        **facts,
    )
