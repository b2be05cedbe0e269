"""Writes small files of every layout of vibration data, with the names and keys of the published ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import scipy.io


def tone(n: int = 3000, seed: int = 0, frequency: float = 0.01) -> np.ndarray:
    """A sine with noise [shape=(n,)]; ``frequency`` in cycles a sample."""
    noise = np.random.default_rng(seed).normal(0, 0.1, n)
    return np.sin(2 * np.pi * frequency * np.arange(n)) + noise


def write_cwru_npz(path: Path, number: int = 105, label: str = "IR007", load_hp: int = 0, **changed: object) -> Path:
    """An NPZ as in the project's recordings; ``changed`` replaces fields, None leaves them out."""
    x = np.rint(tone(seed=number) * 10000).astype(np.int16)
    fields = {
        "x": x,
        "scale": np.float64(1e-4),
        "fs": np.int32(12000),
        "rpm": np.int32(1797),
        "label": label,
        "load_hp": np.int32(load_hp),
        "file_number": np.int32(number),
        **changed,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: value for name, value in fields.items() if value is not None})
    return path


def write_cwru_mat(path: Path, number: int, rpm: int | None = 1797, also: Sequence[int] = ()) -> Path:
    """``XNNN_DE_time``, ``XNNN_FE_time``, ``XNNNRPM``; ``also`` adds other recordings to the file, as in 99.mat."""
    path.parent.mkdir(parents=True, exist_ok=True)
    variables = {}
    for n in (*also, number):
        variables[f"X{n:03d}_DE_time"] = tone(seed=n)[:, None]
        variables[f"X{n:03d}_FE_time"] = 5 * tone(seed=n + 1000)[:, None]
    if rpm is not None:
        variables[f"X{number:03d}RPM"] = np.array([[rpm]])
    scipy.io.savemat(path, variables)
    return path


def write_paderborn(folder: Path, stem: str, channel: str = "vibration_1", n: int = 3000) -> Path:
    """``STEM.mat`` with a struct STEM of ``Info``, ``X``, ``Y``, ``Description``; ``Y`` has named channels."""
    kind = [("Name", object), ("Type", object), ("Data", object), ("Raster", object)]
    y = np.zeros((1, 3), dtype=kind)
    y[0, 0] = ("force", "double", np.ones((1, 50)), "Mech_4kHz")
    y[0, 1] = ("phase_current_1", "double", 7 * tone(n)[None], "HostService")
    y[0, 2] = (channel, "double", tone(n, seed=len(stem))[None], "HostService")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}.mat"
    scipy.io.savemat(path, {stem: {"Info": {"x": 1}, "X": {"Name": "t"}, "Y": y, "Description": {"x": 1}}})
    return path


def write_mfpt(path: Path, rate_hz: int = 97656, **changed: object) -> Path:
    """A struct ``bearing`` of ``sr``, ``gs``, ``load``, ``rate``; ``changed`` replaces fields, None leaves them out."""
    fields = {"sr": float(rate_hz), "gs": tone()[:, None], "load": 270.0, "rate": 25.0, **changed}
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"bearing": {k: v for k, v in fields.items() if v is not None}})
    return path


def write_xjtu(folder: Path, minutes: Sequence[int], n: int = 32768) -> Path:
    """``MINUTE.csv`` with the two named columns; the signals of all minutes are shifts of each other."""
    folder.mkdir(parents=True, exist_ok=True)
    y = np.stack([tone(n), 2 * tone(n, seed=1)], axis=1)
    body = "\n".join(f"{a:.5f},{b:.5f}" for a, b in y)
    for minute in minutes:
        text = f"Horizontal_vibration_signals,Vertical_vibration_signals\n{body}\n"
        (folder / f"{minute}.csv").write_text(text.replace("\n0", f"\n{minute % 10}", 1))
    return folder


def write_seu(path: Path, delimiter: str = "\t", n: int = 400, header_lines: int = 16) -> Path:
    """16 lines of header, then 8 columns with a separator at the end of each line; channel k is k + 1 times a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = [delimiter.join(["Title", "DDS"]), delimiter.join(["Channels", "8"])]
    head += [f"Line {i}{delimiter}{i}" for i in range(len(head), header_lines - 1)] + ["Data"]
    rows = [delimiter.join(f"{(k + 1) * v:.6f}" for k in range(8)) + delimiter for v in tone(n)]
    path.write_text("\n".join(head + rows) + "\n")
    return path
