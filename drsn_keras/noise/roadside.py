"""The side of a road."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from .horn import draw_horn, render_horn
from .scene import PartRenderer, SceneNoise
from .siren import draw_siren, render_siren
from .values import chance, uniform
from .vehicle import draw_vehicle, render_vehicle
from .wind import draw_distant_traffic, draw_wind, render_wind

_VEHICLES_PER_S = 0.25
_HORNS_PER_S = 0.08
_SIREN_CHANCE = 0.15


class RoadsideNoise(SceneNoise):
    """Vehicles that pass with Doppler shift, wind, distant traffic, horns and sirens.

    Any draw has wind, distant traffic and at least one vehicle that passes within half a second of the signal;
    further vehicles come at random (0.25 a second), horns less often (0.08 a second, and in one draw out of ten
    besides), and one draw in seven has a siren.

    Notes
    -----
    Levels are relative to the tyres of a car at 50 km/h and 7.5 m; the whole is brought to a power of 1 at the end.
    The single parts are described at :mod:`.vehicle`, :mod:`.engine`, :mod:`.wind`, :mod:`.horn` and :mod:`.siren`.

    Examples
    --------
    >>> road = RoadsideNoise()
    >>> parameters = road.draw(np.random.default_rng(3), 16000, 16000)
    >>> {"vehicle", "wind"} <= {part["kind"] for part in parameters["parts"]}
    True
    """

    name = "roadside"
    renderers: ClassVar[Mapping[str, PartRenderer]] = {
        "distant_traffic": render_wind,
        "wind": render_wind,
        "vehicle": render_vehicle,
        "horn": render_horn,
        "siren": render_siren,
    }

    def _compose(self, rng: np.random.Generator, duration_s: float) -> list[dict[str, Any]]:
        parts = [draw_distant_traffic(rng), draw_wind(rng), draw_vehicle(rng, uniform(rng, -0.5, duration_s + 0.5))]
        vehicles = int(rng.poisson(_VEHICLES_PER_S * duration_s))
        parts += [draw_vehicle(rng, uniform(rng, -2.0, duration_s + 2.0)) for _ in range(vehicles)]
        horns = int(rng.poisson(_HORNS_PER_S * duration_s)) + chance(rng, 0.1)
        parts += [draw_horn(rng, uniform(rng, -0.5, duration_s)) for _ in range(horns)]
        if chance(rng, _SIREN_CHANCE):
            parts.append(draw_siren(rng, uniform(rng, -4.0, duration_s + 4.0)))
        return parts
