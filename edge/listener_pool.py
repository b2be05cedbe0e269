"""Listeners of one bundle for several streams at once: loaded when they are needed, kept, never more than a number."""

from __future__ import annotations

import threading
from pathlib import Path

from drsn_keras.errors import DataError, mismatch
from drsn_keras.model_card import ModelCard

from .listener import KeywordListener, open_listener


class ListenerPool:
    """Each listener has a bundle of its own, because the states of a model of streams are in the interpreter.

    The first is loaded at once, so that a bad bundle is known before anybody listens. Several threads may use it.

    Parameters
    ----------
    folder : Path
        The bundle.
    limit : int
        Streams at a time, at least 1.
    threshold : float, optional
        Instead of the card's.
    threads : int
        Of each interpreter.

    Raises
    ------
    BundleError
        If the bundle is none of words.
    """

    def __init__(self, folder: Path, limit: int, threshold: float | None = None, threads: int = 1) -> None:
        self._folder, self.limit, self._threshold, self._threads = Path(folder), limit, threshold, threads
        self._lock = threading.Lock()
        self._loading = threading.Lock()  # LiteRT's messages are muted for the whole process while a model is loaded.
        first = self._load()
        self.card: ModelCard = first.bundle.card
        self.words = tuple(first.detector.labels[i] for i in first.detector.words)
        self._idle = [first]
        self._n_taken = 0

    def take(self) -> KeywordListener:
        """A listener that nobody else has; to be given back.

        Raises
        ------
        DataError
            If all are taken.
        BundleError
            If the bundle had to be loaded anew and is none any more.
        """
        with self._lock:
            if self._n_taken >= self.limit:
                raise DataError(mismatch("streams", f"at most {self.limit} at a time", "one more"))
            self._n_taken += 1
            if self._idle:
                return self._idle.pop()
        try:
            with self._loading:
                return self._load()
        except BaseException:
            with self._lock:
                self._n_taken -= 1
            raise

    def give(self, listener: KeywordListener) -> None:
        """Give a listener back."""
        listener.detector.listen_for(None)
        with self._lock:
            self._n_taken -= 1
            self._idle.append(listener)

    def _load(self) -> KeywordListener:
        return open_listener(self._folder, self._threads, self._threshold)
