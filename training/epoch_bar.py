"""Progress of a training on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

from drsn_keras.command_line import log


def _accuracies(row: dict[str, Any]) -> str:
    return f"loss {row['loss']:.3f}, validation clean {row['val_clean']:.1f} %, mean {row['val_mean']:.1f} %"


class EpochBar:
    """One step an epoch, with a line about it: loss and validation accuracies where nothing else is handed in."""

    def __init__(self, epochs: int, done: int, describe: Callable[[dict[str, Any]], str] = _accuracies) -> None:
        self._epochs, self._done, self._describe = epochs, done, describe
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=epochs, initial=done, unit="epoch", file=sys.stderr, dynamic_ncols=True)

    def __enter__(self) -> EpochBar:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, row: dict[str, Any]) -> None:
        """Count one epoch; ``row`` is its line of the history."""
        self._done += 1
        text = self._describe(row)
        if self._bar is not None:
            self._bar.set_postfix_str(text, refresh=False)
            self._bar.update()
        elif self._done % max(1, self._epochs // 20) == 0 or self._done in {1, self._epochs}:
            log(f"epoch {self._done}/{self._epochs}: {text}")
