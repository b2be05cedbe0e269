"""The default task: 8 health states x 3 speeds x 3 loads on several machines."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from ..errors import UsageError, mismatch
from .drivetrain import Drivetrain, draw_design, draw_drivetrain
from .recording import Recipe, draw_recipe, render
from .states import HEALTH_STATES, check_state

SPEEDS_RPM = (1200.0, 1800.0, 2400.0)
#: Shares of the rated torque.
LOADS = (0.2, 0.6, 1.0)
_MOST_MACHINES = 1000


@dataclasses.dataclass(frozen=True)
class SimulatedRecording:
    """A recording of the task, rendered when asked for.

    Parameters
    ----------
    recording_id : str
        Unique in the task.
    group : str
        The machine: recordings of one group must not be in two splits.
    recipe : Recipe
    """

    recording_id: str
    group: str
    recipe: Recipe

    @property
    def label(self) -> str:
        """The health state."""
        return self.recipe.state

    def acceleration_m_s2(self) -> np.ndarray:
        """The signal [shape=(n_samples,), float32, m/s^2]."""
        return render(self.recipe)


def simulated_task(
    seed: int = 0,
    n_drivetrains: int = 5,
    *,
    states: Sequence[str] = HEALTH_STATES,
    speeds_rpm: Sequence[float] = SPEEDS_RPM,
    loads: Sequence[float] = LOADS,
    duration_s: float = 2.0,
    sample_rate_hz: int = 12000,
    severity: float = 1.0,
    one_design: bool = True,
) -> list[SimulatedRecording]:
    """Recordings of several machines in every state at every speed and load.

    Parameters
    ----------
    seed : int, >= 0
    n_drivetrains : int, >= 1
        Machines; each is a group. A machine is the same whatever the number of machines, and a recording the same
        whatever the other states, speeds and loads.
    states : sequence of str
        Of :data:`HEALTH_STATES`.
    speeds_rpm, loads : sequence of float
    duration_s : float
        Of a recording.
    sample_rate_hz : int
    severity : float, 0 to 5
        Size of every defect as a share of the machine's.
    one_design : bool
        Machines of one type, as a maintenance engineer's fleet; otherwise every machine has its own teeth, bearing
        and resonances, which is much harder.

    Returns
    -------
    list of SimulatedRecording
        Machine by machine, state by state.

    Raises
    ------
    UsageError
        If an argument is out of its range, or a sequence is empty or has a value twice.

    Examples
    --------
    >>> task = simulated_task(seed=1, n_drivetrains=2)
    >>> len(task), task[0].recording_id, task[-1].group
    (144, 'drivetrain-000/normal/1200rpm/load0.2', 'drivetrain-001')
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UsageError(mismatch("seed", "a whole number from 0", repr(seed)))
    if (
        isinstance(n_drivetrains, bool)
        or not isinstance(n_drivetrains, int)
        or not 1 <= n_drivetrains <= _MOST_MACHINES
    ):
        raise UsageError(mismatch("n_drivetrains", f"a whole number, 1 to {_MOST_MACHINES}", repr(n_drivetrains)))
    for what, values in (("states", states), ("speeds_rpm", speeds_rpm), ("loads", loads)):
        if isinstance(values, str) or not len(values) or len(set(values)) != len(values):
            raise UsageError(mismatch(what, "one or more different values", repr(values)))
    design = draw_design(_stream(seed)) if one_design else None
    task = []
    for number in range(n_drivetrains):
        machine = draw_drivetrain(_stream(seed, 1 + number), design)
        group = f"drivetrain-{number:03d}"
        for state in states:
            which = HEALTH_STATES.index(check_state(state))
            for speed_rpm in speeds_rpm:
                for load in loads:
                    # Keyed by the condition, not by its place in the list.
                    key = (1 + number, 1 + which, round(1000 * speed_rpm), round(1000 * load))
                    recipe = draw_recipe(
                        machine, state, speed_rpm, load, duration_s, _stream(seed, *key), sample_rate_hz, severity
                    )
                    name = f"{group}/{state}/{speed_rpm:g}rpm/load{load:g}"
                    task.append(SimulatedRecording(name, group, recipe))
    return task


def simulated_machine(seed: int, number: int) -> Drivetrain:
    """Machine ``number`` (from 0) of the task's design: the same as in :func:`simulated_task` with that seed.

    >>> simulated_machine(1, 0) == simulated_task(1, 1)[0].recipe.drivetrain
    True
    """
    return draw_drivetrain(_stream(seed, 1 + number), draw_design(_stream(seed)))


def _stream(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=key))
