"""Looks whether a new bundle lies where the running one came from."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError
from drsn_keras.files import file_state
from drsn_keras.model_card import CARD_NAME, MODEL_NAME, sha256_of
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME

from .listener import KeywordListener

_FILES = (CARD_NAME, MODEL_NAME, NOISE_MODEL_NAME)
_EVERY_S = 2.0
#: A bundle is several files, written one after the other: only one that stays wrong for so long is refused [s].
_PATIENCE_S = 10.0


class BundleWatch:
    """A thread that looks at the files' time, size and number, and loads what is new as a whole.

    Parameters
    ----------
    folder : Path
    load : callable
        Gives the listener of the bundle that is there now, or raises a :class:`DrsnError`.
    running : dict
        What :func:`contents` said of the folder before the running bundle was loaded.
    every_s, patience_s : float
        Between looks; how long a bundle that is not whole is waited for.
    """

    def __init__(
        self,
        folder: Path,
        load: Callable[[], KeywordListener],
        running: dict[str, str],
        *,
        every_s: float = _EVERY_S,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._folder, self._load, self._running = Path(folder), load, running
        self._every_s, self._patience_s = every_s, patience_s
        self._wake, self._closing, self._asked = threading.Event(), False, False
        self._fresh: KeywordListener | None = None
        self._thread = threading.Thread(target=self._look_on, name="bundle watch", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Look at once, and say what was found (SIGHUP)."""
        self._asked = True
        self._wake.set()

    def take(self) -> KeywordListener | None:
        """The listener of a new bundle, once; for another thread."""
        if self._fresh is None:
            return None
        fresh, self._fresh = self._fresh, None
        return fresh

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout=5.0)

    def _look_on(self) -> None:
        settled = _states(self._folder)
        # What lay there before the thread began may be newer than what runs.
        changed_s: float | None = time.monotonic() if contents(self._folder) != self._running else None
        while True:
            self._wake.wait(self._every_s)
            self._wake.clear()
            if self._closing:
                return
            asked, self._asked = self._asked, False
            now_s = time.monotonic()
            seen = _states(self._folder)
            if seen != settled:
                settled, changed_s = seen, now_s
                if not asked:
                    continue  # still being written, perhaps
            if asked and changed_s is None:
                changed_s = now_s
            if changed_s is not None and self._try(said=asked, last=now_s - changed_s >= self._patience_s):
                changed_s = None

    def _try(self, said: bool, last: bool) -> bool:
        """Load what is there; true where that is settled, for good or for bad."""
        found = contents(self._folder)
        if found == self._running:
            if said:
                log(f"{self._folder}: the bundle is the one that runs")
            return True
        try:
            fresh = self._load()
            if contents(self._folder) != found:
                return False  # It was changed while it was read.
        except (DrsnError, OSError) as error:
            if last:
                log(f"new bundle refused, the old one goes on: {' '.join(str(error).split())}")
            return last
        except Exception as error:  # whatever a damaged file does to LiteRT, the listener goes on
            if last:
                log(f"{self._folder}: new bundle refused, the old one goes on: {type(error).__name__}: {error}")
            return last
        self._running, self._fresh = found, fresh
        log(f"{self._folder}: new bundle {fresh.bundle.card.name} ({fresh.bundle.card.sha256[:16]}...) takes over")
        return True


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of each file of a bundle that is there."""
    found = {}
    for name in _FILES:
        try:
            found[name] = sha256_of(Path(folder) / name)
        except OSError:
            found[name] = ""
    return found


def _states(folder: Path) -> list[tuple[int, ...]]:
    return [file_state(folder / name) for name in _FILES]
