"""Recorded signals of one rate, divided into parts: random cuts for training, fixed ones for validation and test."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from drsn_keras.errors import DataError, mismatch
from drsn_keras.frontend import SignalSpec

from ..clips import fit_window
from ..recordings import SPLITS
from .material import Example, Material

#: A cut whose power lies this far below that of its recording [1e-2: 20 dB] is a pause: there is nothing to keep.
_PAUSE = 1e-2
_TRIES = 16


@dataclasses.dataclass(frozen=True, eq=False)
class PoolSignal:
    """One clean recording, or a part of one.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        Float in units of full scale, or int16 (32768 is full scale).
    split : str
    label, group, name : str
        What it is, whose it is, its file.
    content : str
        What identifies the samples.
    """

    y: np.ndarray
    split: str
    label: str
    group: str
    name: str
    content: str

    @functools.cached_property
    def power(self) -> float:
        """Mean square of all samples."""
        return float(np.mean(np.square(self.cut(0, len(self.y)))))

    def cut(self, start: int, n: int) -> np.ndarray:
        """Samples from ``start`` on [shape=(n,), float64]; a short recording stands in the middle of zeros."""
        y = fit_window(self.y, n) if len(self.y) <= n else self.y[start : start + n]
        return y.astype(np.float64) / (32768.0 if y.dtype == np.int16 else 1.0)


class SignalPool(Material):
    """Material that lies in memory as signals of any length.

    Parameters
    ----------
    signals : sequence of PoolSignal
        Silent ones are left out, with a note.
    loudest : bool
        Of a test recording only the loudest cut is taken (a word in a longer clip), not cuts all along it.

    Raises
    ------
    DataError
        A part in which nothing is left.
    """

    def __init__(
        self,
        spec: SignalSpec,
        signals: Sequence[PoolSignal],
        protocol: dict[str, Any],
        notes: Sequence[str] = (),
        made: str = "",
        *,
        loudest: bool = False,
    ) -> None:
        super().__init__(spec, protocol, notes, made)
        heard = [s for s in signals if s.y.size and s.y.min() != s.y.max()]
        if len(heard) < len(signals):
            self.notes.append(f"{len(signals) - len(heard)} of {len(signals)} recordings are silent, left out")
        self._parts = {split: [s for s in heard if s.split == split] for split in SPLITS}
        for split, part in self._parts.items():
            if not part:
                got = "silence alone" if any(s.split == split for s in signals) else "none"
                raise DataError(mismatch(f"{split} part", "clean recordings", got))
        self._loudest = loudest

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random cuts of random recordings; pauses are passed over."""
        return np.stack([self._draw_one(rng) for _ in range(count)])

    def _draw_one(self, rng: np.random.Generator) -> np.ndarray:
        n, train = self.spec.n_samples, self._parts["train"]
        y = np.zeros(n)
        for _ in range(_TRIES):
            signal = train[int(rng.integers(len(train)))]
            y = signal.cut(int(rng.integers(max(1, len(signal.y) - n + 1))), n)
            if np.mean(np.square(y)) > _PAUSE * signal.power * min(1.0, len(signal.y) / n):
                break
        return y

    def _examples(self, split: str, count: int) -> list[Example]:
        n = self.spec.n_samples
        places = [(s, start) for s in self._parts[split] for start in self._starts(s, n)]
        # Evenly over all of the part, in its order.
        chosen = [places[i] for i in np.unique(np.linspace(0, len(places) - 1, count).round().astype(int))]
        found = []
        for signal, start in chosen:
            name = signal.label if self._loudest else f"{signal.label}, sample {start}"
            y = signal.cut(start, n).astype(np.float32)
            if y.min() != y.max():
                found.append(Example(f"{name} · {signal.group}", signal.group, y))
        return found

    def _starts(self, signal: PoolSignal, n: int) -> list[int]:
        if len(signal.y) <= n:
            return [0]
        if not self._loudest:
            return list(range(0, len(signal.y) - n + 1, n))
        energy = np.concatenate([[0.0], np.cumsum(np.square(signal.y, dtype=np.float64))])
        return [int(np.argmax(energy[n:] - energy[:-n]))]

    def listing(self) -> list[tuple[str, ...]]:
        """A row a recording."""
        return [(s.split, s.label, s.group, s.name, s.content) for part in self._parts.values() for s in part]

    @property
    def size(self) -> int:
        """Cuts that fit side by side into the training part."""
        return sum(max(1, len(s.y) // self.spec.n_samples) for s in self._parts["train"])

    def signals(self, split: str) -> list[np.ndarray]:
        """All signals of a part [shape=(n,), float32]: babble is made of them."""
        return [s.cut(0, len(s.y)).astype(np.float32) for s in self._parts[split]]
