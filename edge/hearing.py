"""The loop of a listener: a source's blocks in, words to the sinks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drsn_keras.command_line import log

from .bundle_watch import BundleWatch
from .handover import RecentAudio, hand_over
from .listen_lines import detection_result
from .listener import KeywordListener, Verdict
from .meter import Meter
from .progress import Progress
from .sd_notify import ServiceManager
from .sinks import Moment, Sink
from .source import LiveSource, Source, conversions, is_live, mono
from .stream_clock import StreamClock


class Hearing:
    """Hears sources, one after the other.

    Parameters
    ----------
    listener : KeywordListener
        Another takes its place where ``watch`` has one.
    sinks : sequence of Sink
        Told in this order.
    watch : BundleWatch, optional
        Asked for a new listener between blocks.
    meter : Meter, optional
        Shows the level.
    manager : ServiceManager, optional
        Told that the service is there, and that it is alive.
    """

    def __init__(
        self,
        listener: KeywordListener,
        sinks: Sequence[Sink],
        watch: BundleWatch | None = None,
        meter: Meter | None = None,
        manager: ServiceManager | None = None,
    ) -> None:
        self.listener = listener
        self._sinks = sinks
        self._watch, self._meter = watch, meter
        self._manager = ServiceManager() if manager is None else manager
        self._recent = RecentAudio(listener.front_end.sample_rate_hz) if watch else None
        self._progress: Progress | None = None

    def hear(self, source: Source) -> None:
        """One source from its beginning to its end.

        Raises
        ------
        DataError
            On damaged samples.
        """
        rate_hz = self.listener.front_end.sample_rate_hz
        if said := conversions(source, rate_hz):
            log(f"{source.name}: {said}")
        self.listener.reset()
        if self._recent is not None:
            self._recent.reset()
        self._name, self._n_detections = source.name, 0
        live = source if is_live(source) else None
        self._clock = None if live is None else StreamClock()
        total = source.n_samples and source.n_samples / source.sample_rate_hz
        self._progress = Progress(source.name, total)
        self._manager.ready()
        try:
            for samples in mono(source if self._meter is None else self._meter.over(source), rate_hz):
                self._observe(live)
                self._hear_block(samples)
                self._progress.show(self.listener.samples_seen / rate_hz)
                self._manager.alive()
            heard_s = self.listener.samples_seen / rate_hz
            self._tell(self.listener.flush())
        finally:
            self.clear_bars()
            self._progress = None
        for sink in self._sinks:
            sink.ended(heard_s)
        if leftover := getattr(source, "leftover_bytes", 0):
            log(f"{source.name}: {leftover} bytes at the end make no whole sample: left out")
        if not self._n_detections:
            log(f"{source.name}: no detection in {heard_s:.2f} s")

    def clear_bars(self) -> None:
        """Take the bars off the terminal: something else is about to be written."""
        for bar in (self._progress, self._meter):
            if bar is not None:
                bar.clear()

    def _hear_block(self, samples: np.ndarray) -> None:
        if self._watch is not None and self._recent is not None:
            if (successor := self._watch.take()) is not None:
                verdicts = hand_over(self.listener, successor, self._recent)
                self.listener = successor
                self._tell(verdicts)
            self._recent.push(samples)
        for sink in self._sinks:
            sink.audio(samples, self.listener.samples_seen)
        self._tell(self.listener.push(samples))

    def _observe(self, live: LiveSource | None) -> None:
        """Take the time of the block that has come."""
        if live is not None and self._clock is not None and live.n_read:
            self._clock.observe(live.n_read / live.sample_rate_hz, live.arrived_s, live.broken)

    def _tell(self, verdicts: list[Verdict]) -> None:
        """The sinks of what was heard."""
        rate_hz = self.listener.front_end.sample_rate_hz
        for verdict in verdicts:
            clock_s = self._clock.at(verdict.time_s) if self._clock else None
            moment = Moment(self._name, verdict, round(verdict.time_s * rate_hz), rate_hz, clock_s)
            for sink in self._sinks:
                sink.evaluated(moment)
            if verdict.detection is None:
                continue
            self._n_detections += 1
            result = detection_result(moment)
            for sink in self._sinks:
                sink.detected(result, moment)
