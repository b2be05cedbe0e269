"""The networks of the catalogue as int8 files, and what TFLite-Micro makes of them."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.export.inspection.flatbuffer import read_file


def catalogue_int8(name: str, target: str) -> bytes:
    """A network of the catalogue with random weights as an int8 file."""
    from drsn_keras.models import catalogue

    return int8_file(catalogue()[name](), target)


def int8_file(network, target: str) -> bytes:
    """A Keras network with random weights as an int8 file."""
    from drsn_keras.export.lowering import lower
    from drsn_keras.export.quantize import quantize
    from drsn_keras.export.recipe import Recipe
    from random_weights import randomise

    model = randomise(network)
    x = np.random.default_rng(0).standard_normal((40, *model.input_shape[1:])).astype("float32")
    return quantize(lower(model, target, x), Recipe(target=target), x)


@dataclasses.dataclass(frozen=True)
class MicroFiles:
    """Networks as int8 files, inputs over the whole int8 range, and what TFLite-Micro makes of them."""

    folder: Path
    names: tuple[str, ...]

    def path(self, name: str) -> Path:
        return self.folder / f"{name.replace('/', '.')}.tflite"

    def inputs(self, name: str) -> np.ndarray:
        return np.load(self.path(name).with_suffix(".npy"))

    @functools.cached_property
    def _answered(self) -> bool:
        pytest.importorskip("tflite_micro", reason="tflite-micro has wheels for Linux on x86-64 only")
        runner = Path(__file__).with_name("micro_runner.py")
        done = subprocess.run([sys.executable, runner, self.folder], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return True

    def answers(self, name: str) -> np.ndarray:
        assert self._answered
        return np.load(self.path(name).with_suffix(".micro.npy")).astype(int)


def make_files(folder: Path, names: list[str], target: str) -> MicroFiles:
    """Convert networks, draw inputs (and the corners: all -128, all 127, all 0)."""
    from drsn_keras.models import catalogue

    files = MicroFiles(folder, tuple(names))
    for name in names:
        rng = np.random.default_rng([1, *name.encode()])  # whatever else is in the catalogue
        files.path(name).write_bytes(catalogue_int8(name, target))
        shape = catalogue()[name]().input_shape[1:]
        x = rng.integers(-128, 128, (20, 1, *shape)).astype(np.int8)
        x[:3] = np.array([-128, 127, 0], np.int8).reshape(3, *[1] * (x.ndim - 1))
        path = files.path(name)
        file = read_file(path.read_bytes())
        np.save(path.with_suffix(".npy"), x.reshape(len(x), *file.tensors[file.inputs[0]].shape))
    return files
