"""A stream's figures: misses, false accepts an hour, latency."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from .composition import KINDS, Composition
from .events import FALSE_ACCEPT, HIT, MISS, Event
from .hear import Heard
from .intervals import per_hour, share_percent


def measure(heard: Heard, events: Sequence[Event], composition: Composition) -> dict[str, Any]:
    """Plain values for JSON.

    Returns
    -------
    dict
        ``hours``, ``speed`` (times faster than real time, composing included); ``misses`` in all, ``misses_by_snr``;
        ``false_accepts`` in all, ``false_accepts_by_scene``, and how many were ``at_a_word`` (another keyword than the
        one spoken, or a second firing); ``by_keyword``; ``latency_s``.
    """
    hours = heard.duration_s / 3600.0
    spoken = [event for event in events if event.kind != FALSE_ACCEPT]
    false = [event for event in events if event.kind == FALSE_ACCEPT]
    scene_s = Counter()
    for scene in heard.scenes:
        scene_s[scene.kind] += (scene.stop - scene.start) / heard.sample_rate_hz
    by_kind = Counter(event.scene.kind for event in false)
    return {
        "stream": heard.split,
        "hours": round(hours, 4),
        "words": len(spoken),
        "other_words": sum(len(scene.others) for scene in heard.scenes),
        "speed": round(heard.duration_s / heard.seconds, 1),
        "misses": _misses(spoken),
        "misses_by_snr": {name: _misses(part) for name, part in _by_snr(spoken, composition).items() if part},
        "false_accepts": per_hour(len(false), hours),
        "false_accepts_by_scene": {kind: per_hour(by_kind[kind], scene_s[kind] / 3600.0) for kind in KINDS},
        "at_a_word": sum(event.word is not None for event in false),
        "by_keyword": _by_keyword(spoken, false, hours),
        "latency_s": _latency([e.latency_s(heard.sample_rate_hz) for e in spoken if e.kind == HIT]),
    }


def _misses(spoken: Sequence[Event]) -> dict[str, Any]:
    return share_percent(sum(event.kind == MISS for event in spoken), len(spoken))


def _by_snr(spoken: Sequence[Event], composition: Composition) -> dict[str, list[Event]]:
    """Clean words, and two halves of the range of SNRs."""
    low, high = composition.noisy_snr_db
    middle = (low + high) / 2
    parts: dict[str, list[Event]] = {"clean": []}
    if math.isfinite(low):
        parts |= {f"{middle:g} to {high:g} dB": [], f"{low:g} to {middle:g} dB": []}
    names = list(parts)
    for event in spoken:
        snr_db = event.word.snr_db
        parts[names[0] if math.isinf(snr_db) else names[1] if snr_db >= middle else names[-1]].append(event)
    return parts


def _by_keyword(spoken: Sequence[Event], false: Sequence[Event], hours: float) -> dict[str, dict[str, Any]]:
    labels = sorted({event.word.label for event in spoken} | {event.detection.label for event in false})
    fired = Counter(event.detection.label for event in false)
    return {
        label: {
            "misses": _misses([event for event in spoken if event.word.label == label]),
            "false_accepts": per_hour(fired[label], hours),
        }
        for label in labels
    }


def _latency(values_s: Sequence[float]) -> dict[str, float | None]:
    """From the end of a word to its firing; before it where a word was answered while it was spoken."""
    names = ("mean", "median", "p95")
    if not values_s:
        return dict.fromkeys(names)
    found = (np.mean(values_s), *np.percentile(values_s, (50, 95)))
    return {name: round(float(value), 3) for name, value in zip(names, found, strict=True)}
