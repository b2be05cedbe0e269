"""How large wear has to be for a machine to pass through the zones of ISO 20816: measured on its own signal."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from ..machinery import velocity_rms_mm_s
from .drivetrain import Drivetrain
from .recording import draw_recipe, render
from .states import NORMAL

if TYPE_CHECKING:
    from .virtual_machine import VirtualMachine

#: Chunks that are measured; the first regime has to last as long.
_CHUNKS = 4
_SECONDS = 3.0


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Velocity of the coarse lines against the rest.

    Parameters
    ----------
    sound_mm_s, worn_mm_s : float
        RMS velocity of the sound machine and at the end of its life.
    lines_mm_s : float
        Of the coarse lines alone, at a gain of 1.
    shared : float
        What the two have in common [(mm/s)^2]: both have a line at the shaft's frequency.

    Examples
    --------
    >>> one = Calibration(sound_mm_s=1.0, worn_mm_s=5.0, lines_mm_s=2.0, shared=0.5)
    >>> gain = one.gain(np.array([0.0, 1.0]))
    >>> np.sqrt(1.0 + 2 * 0.5 * gain + 4.0 * gain**2).round(6).tolist()
    [1.0, 5.0]
    """

    sound_mm_s: float = 1.0
    worn_mm_s: float = 1.0
    lines_mm_s: float = 1.0
    shared: float = 0.0

    def gain(self, share: np.ndarray) -> np.ndarray:
        """Gain of the coarse lines for a velocity that has gone this share, 0 to 1, of its way (logarithmic)."""
        square = self.sound_mm_s**2 * ((self.worn_mm_s / self.sound_mm_s) ** (2.0 * share) - 1.0)
        lines = self.lines_mm_s**2
        return (np.sqrt(self.shared**2 + lines * square) - self.shared) / lines


def level_shaft_lines(
    machine: Drivetrain, velocity_mm_s: float, rpm: float, load: float, rng: np.random.Generator
) -> Drivetrain:
    """The machine with its residual unbalance and misalignment scaled to about this RMS velocity when sound."""
    recipe = draw_recipe(machine, NORMAL, rpm, load, _SECONDS, rng)
    factor = velocity_mm_s / velocity_rms_mm_s(render(recipe), recipe.sample_rate_hz, "m/s^2")
    return dataclasses.replace(
        machine,
        unbalance_m_s2=machine.unbalance_m_s2 * factor,
        misalignment_m_s2=machine.misalignment_m_s2 * factor,
    )


def measure(machine: VirtualMachine, worn_mm_s: float) -> Calibration:
    """Measure a machine in its first regime: sound, with its coarse lines, and what these add.

    Parameters
    ----------
    machine : VirtualMachine
        Its own calibration is not used.
    worn_mm_s : float
        RMS velocity at the end of life.

    Returns
    -------
    Calibration
        ``shared`` is below 0 where the lines stand against the residual unbalance and lower the velocity at first.
    """

    def rendered(coarse: float) -> np.ndarray:
        return np.concatenate([machine.render(chunk, 0.0, coarse) for chunk in range(_CHUNKS)])

    def velocity(y: np.ndarray) -> float:
        return velocity_rms_mm_s(y, machine.sample_rate_hz, "m/s^2")

    sound, both = rendered(0.0), rendered(1.0)
    v_sound, v_lines = velocity(sound), velocity(both - sound)
    return Calibration(v_sound, worn_mm_s, v_lines, (velocity(both) ** 2 - v_sound**2 - v_lines**2) / 2.0)
