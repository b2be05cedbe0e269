"""Layouts of recordings on disk; each becomes one list of :class:`VibrationRecording`."""

from __future__ import annotations

from pathlib import Path

from drsn_keras.errors import UsageError, mismatch

from ..recording import VibrationRecording, require_unique_ids
from . import cwru_mat, cwru_npz, folder, manifest, mfpt, npz, paderborn, seu, xjtu
from .options import LayoutOptions
from .tasks import TASKS, layout_of

#: Every layout by the name that asks for it.
LAYOUTS = {
    "cwru-npz": cwru_npz,
    "cwru-mat": cwru_mat,
    "paderborn": paderborn,
    "mfpt": mfpt,
    "xjtu": xjtu,
    "seu": seu,
    "folder": folder,
    "manifest": manifest,
    "npz": npz,
}

__all__ = ["LAYOUTS", "TASKS", "LayoutOptions", "layout_of", "open_recordings"]


def open_recordings(path: Path, layout: str, options: LayoutOptions | None = None) -> list[VibrationRecording]:
    """Read all recordings of a folder, a file or a manifest.

    Parameters
    ----------
    path : Path
    layout : str
        A name of :data:`LAYOUTS`; it is not guessed.
    options : LayoutOptions, optional
        What the files do not say; only those that the layout takes.

    Returns
    -------
    list of VibrationRecording
        In a fixed order; ids are unique. Rates and units may differ: see
        :func:`~drsn_keras.training.vibration.resample.to_one_rate` and
        :func:`~drsn_keras.training.vibration.recording.require_one_unit`.

    Raises
    ------
    UsageError
        An unknown layout, an option that it does not take or that it lacks.
    DataError
        One line naming the file, what was expected and what came.
    """
    options = options or LayoutOptions()
    if layout not in LAYOUTS:
        raise UsageError(mismatch("layout", ", ".join(LAYOUTS), repr(layout)))
    module = LAYOUTS[layout]
    extra = sorted(options.given() - module.OPTIONS)
    if extra:
        takes = ", ".join(sorted(module.OPTIONS)) or "no options"
        raise UsageError(mismatch(f"layout {layout}", takes, ", ".join(extra)))
    recordings = module.find(Path(path), options)
    require_unique_ids(recordings)
    return recordings
