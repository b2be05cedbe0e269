"""The health states of the simulated drivetrain."""

from __future__ import annotations

from ..errors import UsageError, mismatch

NORMAL = "normal"
OUTER_RACE = "bearing-outer-race"
INNER_RACE = "bearing-inner-race"
ROLLING_ELEMENT = "bearing-rolling-element"
TOOTH_WEAR = "gear-tooth-wear"
CHIPPED_TOOTH = "gear-chipped-tooth"
IMBALANCE = "imbalance"
MISALIGNMENT = "misalignment"

#: Labels in the order of a model's outputs.
HEALTH_STATES = (
    NORMAL,
    OUTER_RACE,
    INNER_RACE,
    ROLLING_ELEMENT,
    TOOTH_WEAR,
    CHIPPED_TOOTH,
    IMBALANCE,
    MISALIGNMENT,
)
#: Bearing states to the name of the frequency that their defect is struck at.
BEARING_STATES = {OUTER_RACE: "BPFO", INNER_RACE: "BPFI", ROLLING_ELEMENT: "BSF"}


def check_state(state: str) -> str:
    """The state, if there is such a one.

    Raises
    ------
    UsageError
        If not.
    """
    if state not in HEALTH_STATES:
        raise UsageError(mismatch("state", f"one of {', '.join(HEALTH_STATES)}", repr(state)))
    return state
