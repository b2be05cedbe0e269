"""What strikes the housing of a machine with a kind of defect."""

from __future__ import annotations

import numpy as np

from ..noise.values import uniform
from .drivetrain import Drivetrain
from .recording import JITTER, SLIP
from .sources import INNER_STRIKE
from .states import BEARING_STATES, CHIPPED_TOOTH, INNER_RACE, OUTER_RACE
from .strikes import Strikes


def defect_strikes(machine: Drivetrain, state: str, sample_rate_hz: int, rng: np.random.Generator) -> Strikes | None:
    """Strikes of a defect of size 1, as :func:`~drsn_keras.simulation.sources.bearing_defect` and
    :func:`~drsn_keras.simulation.sources.chipped_tooth` have them; None for a state that strikes nothing.

    Parameters
    ----------
    machine : Drivetrain
    state : str
        Of :data:`~drsn_keras.simulation.HEALTH_STATES`.
    sample_rate_hz : int
    rng : np.random.Generator
    """
    if state == CHIPPED_TOOTH:
        return Strikes(1.0, 0.0, machine.chip_m_s2, machine.gear_modes, sample_rate_hz, rng)
    if state not in BEARING_STATES:
        return None
    slip, jitter = uniform(rng, *SLIP), uniform(rng, *JITTER)
    orders, modes, epsilon = machine.bearing.orders(), machine.bearing_modes, machine.load_zone
    if state == OUTER_RACE:
        return Strikes(orders["BPFO"] * (1.0 - slip), jitter, machine.outer_race_m_s2, modes, sample_rate_hz, rng)
    if state == INNER_RACE:
        order, level, zone, second = orders["BPFI"], machine.inner_race_m_s2, 1.0, 1.0
    else:
        order, level, zone, second = 2.0 * orders["BSF"], machine.rolling_element_m_s2, orders["FTF"], INNER_STRIKE
        zone *= 1.0 - slip
    return Strikes(order * (1.0 - slip), jitter, level, modes, sample_rate_hz, rng, zone, epsilon, second)
