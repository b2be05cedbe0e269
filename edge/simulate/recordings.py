"""``--wav``: a recording of each machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.simulation.virtual_machine import CHUNK, VirtualMachine

from ..progress import Progress
from ..wav_writer import WavWriter
from .counts import FORMAT, to_counts


def write_recordings(
    machines: Sequence[VirtualMachine], folder: Path, seconds: float, *, overwrite: bool = False
) -> list[Path]:
    """Write ``NAME.wav`` a machine, from its first sample on; 1.0 stands for 16 g.

    Raises
    ------
    DataError
        If the folder is none, or a file is there and may not be replaced. Then nothing is written.
    """
    paths = [folder / f"{machine.name}.wav" for machine in machines]
    if folder.exists() and not folder.is_dir():
        raise DataError(mismatch(folder, "a folder", "a file"))
    for path in paths:
        if path.exists() and not overwrite:
            raise DataError(mismatch(path, "no file yet (or --overwrite)", "one"))
    folder.mkdir(parents=True, exist_ok=True)
    for path, machine in zip(paths, machines, strict=True):
        _write(machine, path, round(seconds * machine.sample_rate_hz))
    return paths


def _write(machine: VirtualMachine, path: Path, n_samples: int) -> None:
    rate = machine.sample_rate_hz
    progress = Progress(path.name, n_samples / rate)
    try:
        with WavWriter(path, rate, FORMAT) as wav:
            for start in range(0, n_samples, CHUNK):
                counts = to_counts(machine.samples(start, min(CHUNK, n_samples - start)))
                wav.write(counts / np.float64(32768.0))
                progress.show(start / rate)
    finally:
        progress.clear()
