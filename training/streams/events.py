"""What became of every word, and what fired besides."""

from __future__ import annotations

import bisect
import csv
import dataclasses
import io
import math
from collections.abc import Sequence

from drsn_keras.edge.detector import Detection
from drsn_keras.model_card import DetectorSpec

from ..clips import Clips
from .compose import PlacedWord, Scene
from .hear import Heard
from .matching import ANSWER_S, NONE, match

HIT, MISS, FALSE_ACCEPT = "hit", "miss", "false accept"
COLUMNS = (
    *("stream", "event", "time_s", "label", "score", "word", "start_s", "end_s", "latency_s"),
    *("snr_db", "scene", "noise", "file"),
)


@dataclasses.dataclass(frozen=True)
class Event:
    """A word that was heard or missed, or a false accept.

    ``word`` is the word that was spoken: of a false accept the one at whose place it is, if any.
    """

    kind: str
    scene: Scene
    word: PlacedWord | None
    detection: Detection | None

    def latency_s(self, rate_hz: int) -> float:
        """From the word's end to the firing."""
        return self.detection.time_s - self.word.stop / rate_hz


def events_of(heard: Heard, spec: DetectorSpec, noise_thresholds: Sequence[Sequence[float]] = ()) -> list[Event]:
    """Every word and every false accept of a stream, in order of time, by the device's own detector."""
    detections = heard.detections(spec, noise_thresholds)
    words, (starts_s, stops_s) = heard.words, heard.spans_s
    rate = heard.sample_rate_hz
    labels = [word.label for word in words]
    answered = match([d.time_s for d in detections], [d.label for d in detections], labels, starts_s, stops_s)
    firing = {int(i): d for i, d in zip(answered, detections, strict=True) if i != NONE}
    scenes = heard.scenes
    events = []
    for i, (word, stop_s) in enumerate(zip(words, stops_s, strict=True)):
        fired = firing.get(i)
        kind, time_s = (MISS, stop_s) if fired is None else (HIT, fired.time_s)
        events.append((time_s, Event(kind, scenes[word.scene], word, fired)))
    scene_starts = [scene.start for scene in scenes]
    for i, detection in zip(answered, detections, strict=True):
        if i == NONE:
            # The scene that the middle of the window was in.
            middle = (detection.time_s - heard.window_s / 2) * rate
            scene = scenes[max(0, bisect.bisect_right(scene_starts, middle) - 1)]
            at = bisect.bisect_right(starts_s, detection.time_s) - 1
            near = at >= 0 and detection.time_s <= stops_s[at] + ANSWER_S
            events.append((detection.time_s, Event(FALSE_ACCEPT, scene, words[at] if near else None, detection)))
    return [event for _, event in sorted(events, key=lambda pair: pair[0])]


def events_csv(streams: Sequence[tuple[Heard, Sequence[Event], Clips]]) -> str:
    """A line an event."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for heard, events, clips in streams:
        rate = heard.sample_rate_hz
        for event in events:
            word, fired = event.word, event.detection
            spoken = [word.label, f"{word.start / rate:.3f}", f"{word.stop / rate:.3f}"] if word else [""] * 3
            heard_as = [f"{fired.time_s:.3f}", fired.label, f"{fired.score:.4f}"] if fired else [""] * 3
            latency = f"{event.latency_s(rate):.3f}" if event.kind == HIT else ""
            snr = "" if word is None else "clean" if math.isinf(word.snr_db) else f"{word.snr_db:.1f}"
            file = clips.recordings[word.clip].path.name if word else ""
            row = [heard.split, event.kind, *heard_as, *spoken, latency, snr, event.scene.kind, event.scene.noise, file]
            writer.writerow(row)
    return text.getvalue()
