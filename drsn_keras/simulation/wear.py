"""How a simulated machine wears: from sound to the end of its life, repaired, and so on."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

#: Growth of a defect's own sign from its beginning to the end of life: exponential, as cracks and spalls grow.
_GROWTH = 12.0
#: The severity of the defect at the end of life (1 is the drivetrain's).
_LAST_SEVERITY = 3.0


@dataclasses.dataclass(frozen=True)
class Wear:
    """The law of wear. Ages are shares of the time that the whole simulation is about (``--days``).

    Parameters
    ----------
    begins : float, >= 0
        Age at which the defect begins.
    grows : float, > 0
        From the beginning to the end of life.
    worn_out : float, >= 0
        How long the machine runs on at the end of life; then it is repaired, sound again, and all begins anew.
    coarse_from : float, 0 <= share < 1
        Share of ``grows`` at which the vibration velocity begins to rise. Imbalance is velocity: 0. A bearing defect
        rings at kilohertz for most of its life, seen in the envelope alone; only then clearances open and the shaft
        shakes.

    Notes
    -----
    With wear ``w`` from 0 (sound) to 1 (end of life), linear in age:

    - severity of the defect's own impulses or sidebands: ``3 (12^w - 1) / 11``;
    - velocity: ``v(w) = v0 (v1 / v0)^c`` with ``c = (w - coarse_from) / (1 - coarse_from)`` from 0 on: ``v0`` is the
      sound machine's, ``v1`` that at the end of life.
    """

    begins: float
    grows: float
    worn_out: float = 0.2
    coarse_from: float = 0.0

    @property
    def life(self) -> float:
        """Age from repair to repair."""
        return self.begins + self.grows + self.worn_out

    def wear(self, age: np.ndarray | float) -> np.ndarray:
        """Wear [shape of ``age``], 0 to 1."""
        since = np.remainder(age, self.life)
        return np.clip((since - self.begins) / self.grows, 0.0, 1.0)

    def severity(self, wear: np.ndarray) -> np.ndarray:
        """Of the defect's own sign, 0 to 3; 1 is the drivetrain's own size."""
        return _LAST_SEVERITY * np.expm1(math.log(_GROWTH) * wear) / (_GROWTH - 1.0)

    def coarse(self, wear: np.ndarray) -> np.ndarray:
        """How far the velocity has gone from the sound machine's to the last one, 0 to 1, on a logarithmic scale."""
        return np.maximum(wear - self.coarse_from, 0.0) / (1.0 - self.coarse_from)


#: A machine that never wears.
SOUND = Wear(begins=math.inf, grows=1.0)
