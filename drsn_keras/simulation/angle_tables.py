"""One turn of the shaft as tables: what repeats with it is looked up instead of computed."""

from __future__ import annotations

import dataclasses

import numpy as np

from ..noise.tones import NYQUIST_SHARE
from .drivetrain import REFERENCE_RPM, Drivetrain
from .sources import gear_mesh, shaft_lines
from .states import CHIPPED_TOOTH, IMBALANCE, MISALIGNMENT, NORMAL, TOOTH_WEAR

#: Points of a turn; a power of two. The highest order (4 x 25 teeth) has 160 points a period.
TURN = 16384
#: Amplitudes of 1 to 4 times the shaft frequency where bearing or gear have become loose, as shares of the first.
_LOOSE = (1.0, 0.7, 0.4, 0.25)
_RATED = 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class AngleTables:
    """A turn of each source at 1800 rpm and rated load [shape=(16384,), float32, m/s^2].

    Parameters
    ----------
    unbalance : np.ndarray
        Grows with the square of the speed.
    coupling : np.ndarray
        Of the residual misalignment: grows with speed, and by load.
    mesh : np.ndarray
        Of the gear, without the wheel's modulation.
    defect : np.ndarray or None
        What a defect of the gear adds to ``mesh`` at a severity of 1.
    coarse : np.ndarray or None
        The lines that raise the velocity; of any size, the calibration scales them.
    wheel_phase : float
        Of the wheel's modulation [rad].
    most_severity : float
        Up to which ``defect`` may be scaled: a tooth's force can be missing, not less than that.
    """

    unbalance: np.ndarray
    coupling: np.ndarray
    mesh: np.ndarray
    defect: np.ndarray | None
    coarse: np.ndarray | None
    wheel_phase: float
    most_severity: float


def angle_tables(
    machine: Drivetrain, state: str, fastest_rpm: float, sample_rate_hz: int, seed: np.random.SeedSequence
) -> AngleTables:
    """Tables of a machine with a kind of defect, from the sources that a single recording is made of.

    Parameters
    ----------
    machine : Drivetrain
    state : str
        Of :data:`~drsn_keras.simulation.HEALTH_STATES`.
    fastest_rpm : float
        Mesh lines that would pass half the rate at this speed are left out.
    sample_rate_hz : int
    seed : np.random.SeedSequence
        Of all phases.
    """
    lines, mesh, loose = seed.spawn(3)
    turns = np.arange(TURN) / TURN
    mesh_hz = machine.pinion_teeth * fastest_rpm / 60.0
    heard = tuple(
        amplitude
        for multiple, amplitude in enumerate(machine.mesh_m_s2, start=1)
        if multiple * mesh_hz < NYQUIST_SHARE * sample_rate_hz
    )
    # The wheel turns at another rate than the table: its modulation is laid over the table's mesh as it is read.
    gear = dataclasses.replace(machine, mesh_m_s2=heard or (0.0,), wheel_modulation=0.0)

    def shaft(state: str, **changes: float) -> np.ndarray:
        one = dataclasses.replace(machine, **changes)
        return shaft_lines(one, state, np.random.default_rng(lines), turns, REFERENCE_RPM, _RATED)

    def teeth(state: str) -> np.ndarray:
        return gear_mesh(gear, state, np.random.default_rng(mesh), turns, REFERENCE_RPM, _RATED, TURN)

    none = {"unbalance_m_s2": 0.0, "misalignment_m_s2": 0.0}
    coarse = None
    if state in (IMBALANCE, MISALIGNMENT):
        coarse = shaft(state, **none)
    elif state != NORMAL:
        coarse = _loose_lines(np.random.default_rng(loose), turns)
    sound = teeth(NORMAL)
    defect = teeth(state) - sound if state in (TOOTH_WEAR, CHIPPED_TOOTH) else None
    return AngleTables(
        unbalance=_table(shaft(NORMAL, misalignment_m_s2=0.0)),
        coupling=_table(shaft(NORMAL, unbalance_m_s2=0.0)),
        mesh=_table(sound),
        defect=None if defect is None else _table(defect),
        coarse=None if coarse is None else _table(coarse),
        wheel_phase=float(np.random.default_rng(mesh).uniform(0.0, 2.0 * np.pi)),
        most_severity=1.0 / machine.chip_dip if state == CHIPPED_TOOTH else np.inf,
    )


def _loose_lines(rng: np.random.Generator, turns: np.ndarray) -> np.ndarray:
    phases = rng.uniform(0.0, 2.0 * np.pi, len(_LOOSE))
    orders = np.arange(1, len(_LOOSE) + 1)
    return np.asarray(_LOOSE) @ np.sin(2.0 * np.pi * np.outer(orders, turns) + phases[:, None])


def _table(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)
