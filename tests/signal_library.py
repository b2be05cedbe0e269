"""The C signal code as a shared library for tests, compiled under UBSan; sanitiser findings end the process."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np

import drsn_keras.edge
from drsn_keras.export.firmware.signal_constants import SignalSource
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.model_card import TensorSpec

SIGNAL = Path(drsn_keras.edge.__file__).parent / "firmware" / "signal"
COMPILER = shutil.which("gcc") or shutil.which("cc")
_FLAGS = "-std=c99 -O1 -g -fPIC -shared -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"
_SANITISE = "-fsanitize=undefined -fno-sanitize-recover=all"


def build(source: SignalSource, folder: Path, extra: tuple[Path, ...] = ()) -> ctypes.CDLL:
    """Write the generated files, compile them with the engine's and ``extra`` ones, load the library."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{source.name}.h").write_text(source.header)
    (folder / f"{source.name}.c").write_text(source.source)
    engine = [SIGNAL / name for name in source.files if name.endswith(".c")]
    library = folder / "signal.so"
    command = [COMPILER, *_FLAGS.split(), *_SANITISE.split(), f"-I{SIGNAL}", f"-I{folder}", "-o", library]
    done = subprocess.run(
        [*command, folder / f"{source.name}.c", *engine, *extra], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


def place(array: np.ndarray) -> ctypes.c_void_p:
    """An array as a C pointer."""
    return ctypes.c_void_p(array.ctypes.data)


def symbol(library: ctypes.CDLL, name: str) -> ctypes.c_void_p:
    """Address of a variable of the library."""
    return ctypes.c_void_p(ctypes.addressof(ctypes.c_char.in_dll(library, name)))


class Stream:
    """A ``*samples, *count`` pair for a push function: ``call(push)`` until all samples are taken."""

    def __init__(self, samples: np.ndarray | int) -> None:
        """``samples``: int16, or the number of samples of silence (a null pointer)."""
        self._kept = None if isinstance(samples, int) else np.ascontiguousarray(samples, dtype=np.int16)
        self.pointer = ctypes.c_void_p(None if self._kept is None else self._kept.ctypes.data)
        self.count = ctypes.c_uint32(samples if self._kept is None else len(self._kept))

    @property
    def arguments(self) -> tuple:
        return ctypes.byref(self.pointer), ctypes.byref(self.count)


class CFrontEnd:
    """``drsn_front_end`` behind Python."""

    def __init__(self, library: ctypes.CDLL, spec: FrontEndSpec, capacity: int = 7) -> None:
        self.library, self.spec, self.capacity = library, spec, capacity
        self.constants = symbol(library, "model_front_end")
        self.state = np.zeros(8, np.uint64)
        self.history = np.zeros(spec.frame_length, np.int16)
        self.scratch = np.zeros(spec.fft_length // 2 + 1 + (spec.n_mels + 1) // 2, np.uint64)
        library.drsn_front_end_start(self.constants, place(self.state), place(self.history), place(self.scratch))

    def push(self, samples: np.ndarray) -> np.ndarray:
        """New frames [shape=(k, n_features), int8]."""
        stream = Stream(samples)
        found = [np.zeros((0, self.spec.n_features), np.int8)]
        while True:
            out = np.zeros((self.capacity, self.spec.n_features), np.int8)
            n = self.library.drsn_front_end_push(
                self.constants, place(self.state), *stream.arguments, place(out), ctypes.c_uint32(self.capacity)
            )
            found.append(out[:n])
            if n < self.capacity:
                assert stream.count.value == 0
                return np.concatenate(found)


def input_tensor(shape: tuple[int, ...], low: float, high: float) -> TensorSpec:
    """An int8 tensor that covers low ... high, as a converter makes it."""
    scale = float(np.float32((high - low) / 255.0))
    return TensorSpec((1, *shape, 1), "int8", scale, round(-128 - low / scale))
