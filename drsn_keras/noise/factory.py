"""The floor of a factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .compressor import draw_compressor, render_compressor
from .grinder import draw_grinder, render_grinder
from .hum import draw_hum, render_hum
from .impact import draw_impacts, render_impacts
from .motor import draw_motor, render_motor
from .murmur import draw_murmur, render_murmur
from .scene import PartRenderer, SceneNoise
from .squeal import draw_squeal, render_squeal
from .values import chance, pick

_EVENTS = ("hammer", "press", "compressor", "grinder", "squeal")
_FURTHER_CHANCE = 0.25


class FactoryNoise(SceneNoise):
    """Mains hum, motors, compressors, hammering, presses, grinders and conveyor squeal.

    Any draw has the hall's murmur, hum at 50 or 60 Hz, one or two motors and at least one of the other machines; each
    further one joins with a chance of a quarter.

    Notes
    -----
    Levels are relative to each other; the whole is brought to a power of 1 at the end. The single parts are described
    at :mod:`.hum`, :mod:`.motor`, :mod:`.compressor`, :mod:`.impact`, :mod:`.grinder` and :mod:`.squeal`.

    Examples
    --------
    >>> parameters = FactoryNoise().draw(np.random.default_rng(3), 16000, 16000)
    >>> {"murmur", "hum", "motor"} <= {part["kind"] for part in parameters["parts"]}
    True
    """

    name = "factory"
    renderers: ClassVar[Mapping[str, PartRenderer]] = {
        "murmur": render_murmur,
        "hum": render_hum,
        "motor": render_motor,
        "compressor": render_compressor,
        "impacts": render_impacts,
        "grinder": render_grinder,
        "squeal": render_squeal,
    }

    def _compose(self, rng: np.random.Generator, duration_s: float) -> list[dict[str, Any]]:
        mains_hz = pick(rng, (50.0, 60.0))
        parts = [draw_murmur(rng), draw_hum(rng, mains_hz)]
        parts += [draw_motor(rng, mains_hz) for _ in range(pick(rng, (1, 2)))]
        certain = pick(rng, _EVENTS)
        for event in _EVENTS:
            if event == certain or chance(rng, _FURTHER_CHANCE):
                parts.append(_draw_event(rng, duration_s, event))
        return parts


def _draw_event(rng: np.random.Generator, duration_s: float, event: str) -> dict[str, Any]:
    if event in {"hammer", "press"}:
        return draw_impacts(rng, duration_s, event)
    return {"compressor": draw_compressor, "grinder": draw_grinder, "squeal": draw_squeal}[event](rng)
