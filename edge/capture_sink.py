"""Keeps what the model heard when a word fired or nearly did: a ring in memory, a folder behind a thread."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError

from .capture import Capture
from .capture_folder import CaptureFolder
from .listener import KeywordListener
from .near_miss import NearMisses, Peak
from .seldom import Seldom
from .sinks import Moment, Sink

#: Captures that wait for a slow card: half a megabyte.
_WAITING = 16
_PATIENCE_S = 5.0


class CaptureSink(Sink):
    """Writes triggers and near misses into a folder.

    Listening never waits for the disk: a thread writes, and where it falls behind or fails, captures are counted as
    lost and said now and then. Of a source that is no live one nothing is lost: it waits.

    Parameters
    ----------
    folder : CaptureFolder
    near_miss : float
        Share of the threshold that a near miss reaches; 1 for none.
    current : callable
        Gives the listener that is heard now; another one takes its place where a new bundle comes.

    Attributes
    ----------
    n_kept, n_lost : int

    Raises
    ------
    OSError
        If the folder can be neither made nor written.
    """

    def __init__(self, folder: CaptureFolder, near_miss: float, current: Callable[[], KeywordListener]) -> None:
        self.n_kept = self.n_lost = self._n_found = 0
        self._folder, self._current = folder, current
        self._near = NearMisses(near_miss)
        self._near_capture: Capture | None = None
        self._live = True
        self._seldom, self._counting = Seldom(), threading.Lock()
        self._audio, self._end = np.zeros(0, np.float32), 0
        folder.open()
        quota = f"{folder.n_bytes / 1e6:.1f} of {folder.quota_bytes / 1e6:g} MB"
        log(f"{folder.folder}: {folder.n_captures} captures, {quota}")
        self._waiting: queue.Queue[Capture | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._write_all, name="captures", daemon=True)
        self._thread.start()

    def audio(self, samples: np.ndarray, first_sample: int) -> None:
        """Keep a window and the block: an evaluation may end anywhere in it."""
        if first_sample == 0:
            self._near.reset()
        if first_sample != self._end:
            self._audio = self._audio[:0]
        self._audio = np.concatenate([self._audio[-self._window() :], samples])
        self._end = first_sample + len(samples)

    def evaluated(self, moment: Moment) -> None:
        """Look for a trigger or the end of a near miss."""
        verdict, detector = moment.verdict, self._current().detector
        self._live = moment.clock_s is not None
        found = verdict.detection
        best = max(detector.words, key=lambda i: verdict.probabilities[i])
        score, before = float(verdict.probabilities[best]), self._near.peak
        ended = self._near.update(verdict.time_s, detector.labels[best], score, verdict.threshold, found is not None)
        self._keep_near_miss(ended)
        if found is not None:
            self._keep(self._capture(moment, "trigger", found.label, found.score))
        elif self._near.peak is not before and self._near.peak is not None:
            # Copied now: the rise may go on for longer than samples are kept.
            self._near_capture = self._capture(moment, "near-miss", self._near.peak.label, self._near.peak.score)

    def ended(self, heard_s: float) -> None:
        """A rise at the end of the source is over."""
        self._keep_near_miss(self._near.finish())

    def close(self) -> None:
        """Write what waits, for a few seconds at most; say what was lost."""
        try:
            self._waiting.put(None, timeout=_PATIENCE_S)
            self._thread.join(_PATIENCE_S)
        except queue.Full:
            pass
        if self._n_found > self.n_kept:
            log(f"{self._folder.folder}: {self.n_kept} captures kept, {self._n_found - self.n_kept} lost")

    def _window(self) -> int:
        listener = self._current()
        return round(listener.window_s * listener.front_end.sample_rate_hz)

    def _capture(self, moment: Moment, kind: str, word: str, score: float) -> Capture:
        """The window that ends at this moment; before the source and behind it there was silence."""
        listener, n = self._current(), self._window()
        samples = np.zeros(n, np.float32)
        start = moment.end_sample - n
        first = self._end - len(self._audio)
        part = self._audio[max(0, start - first) : max(0, moment.end_sample - first)]
        samples[max(0, first - start) :][: len(part)] = part
        return Capture(
            kind=kind,
            word=word,
            score=score,
            threshold=moment.verdict.threshold,
            samples=samples,
            sample_rate_hz=moment.sample_rate_hz,
            clock_s=time.time() if moment.clock_s is None else moment.clock_s,
            source=moment.source,
            time_s=moment.verdict.time_s,
            noise_level_db=moment.verdict.noise_level_db,
            bundle=listener.bundle.card.sha256,
        )

    def _keep_near_miss(self, ended: Peak | None) -> None:
        if ended is not None and self._near_capture is not None:
            self._keep(self._near_capture)
            self._near_capture = None

    def _keep(self, capture: Capture) -> None:
        self._n_found += 1
        try:
            self._waiting.put(capture, timeout=0.0 if self._live else _PATIENCE_S)
        except queue.Full:
            self._lose("the disk is slower than words come")

    def _write_all(self) -> None:
        """The thread."""
        while (capture := self._waiting.get()) is not None:
            try:
                self._folder.write(capture)
                self.n_kept += 1
            except OSError as error:
                self._lose(error.strerror or str(error))
            except (DrsnError, ValueError, StopIteration) as error:
                self._lose(str(error))

    def _lose(self, why: str) -> None:
        with self._counting:
            self.n_lost += 1
        self._seldom("lost", f"{self._folder.folder}: a capture is lost ({why}); listening goes on")
