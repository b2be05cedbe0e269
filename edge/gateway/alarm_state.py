"""When something seen in single records becomes an alarm, and when the alarm is over."""

from __future__ import annotations

import dataclasses
from typing import Any

from .records import LEVELS


@dataclasses.dataclass(frozen=True)
class Observation:
    """What one record shows of one state.

    Parameters
    ----------
    severity : {0, 1, 2}
        0: well, or not sure; 1: what a warning is for; 2: what an alarm is for.
    is_well : bool
        Below the limit by the hysteresis.
    value, limit : float or None
        Measured, and the limit of this severity (of the warning, where it is 0).
    text : str
        What is wrong, for a person.
    """

    severity: int
    is_well: bool
    value: float | None = None
    limit: float | None = None
    text: str = ""


def observe(value: float, warning: float, alarm: float, hysteresis: float, text: str = "") -> Observation:
    """A value held against its limits; a value on a limit is over it.

    >>> observe(4.2, 4.5, 7.1, 0.1).is_well, observe(4.0, 4.5, 7.1, 0.1).is_well, observe(8.0, 4.5, 7.1, 0.1).severity
    (False, True, 2)
    """
    severity = 2 if value >= alarm else int(value >= warning)
    limit = alarm if severity == 2 else warning
    return Observation(severity, value < warning * (1.0 - hysteresis), value, limit, text)


class AlarmState:
    """Confirmation before an alarm, hysteresis and patience after it.

    A level is raised where ``confirm`` of the last ``within`` records show it. While it stands it only goes up. It is
    cleared after ``clear`` records in a row that are well. Records that could not be judged count neither way.

    Parameters
    ----------
    confirm, within, clear : int
    memory : dict, optional
        From :meth:`memory`.

    Examples
    --------
    >>> state = AlarmState(2, 3, 2)
    >>> over, well = observe(5.0, 4.0, 8.0, 0.1), observe(1.0, 4.0, 8.0, 0.1)
    >>> [state.update(seen) for seen in (over, well, over, over, well, well)]
    [None, None, 'warning', None, None, 'cleared']
    """

    CLEARED = "cleared"

    def __init__(self, confirm: int, within: int, clear: int, memory: dict[str, Any] | None = None) -> None:
        self.confirm, self.within, self.clear = confirm, within, clear
        memory = memory or {}
        self._recent = [int(severity) for severity in memory.get("recent", ())][-within:]
        self._well_in_a_row = int(memory.get("well", 0))
        self.standing = int(memory.get("standing", 0))

    @property
    def level(self) -> str | None:
        """The level that stands."""
        return LEVELS[self.standing - 1] if self.standing else None

    def update(self, seen: Observation | None) -> str | None:
        """Take a record; None is one that could not be judged.

        Returns
        -------
        {"warning", "alarm", "cleared"} or None
            What changed: a level that stands from now on, or the end.
        """
        if seen is None:
            return None
        self._recent = [*self._recent, seen.severity][-self.within :]
        for severity in range(len(LEVELS), self.standing, -1):
            if sum(recent >= severity for recent in self._recent) >= self.confirm:
                self.standing, self._well_in_a_row = severity, 0
                return self.level
        self._well_in_a_row = self._well_in_a_row + 1 if seen.is_well else 0
        if self.standing and self._well_in_a_row >= self.clear:
            self.standing, self._recent, self._well_in_a_row = 0, [], 0
            return self.CLEARED
        return None

    def memory(self) -> dict[str, Any]:
        """Plain values, from which another one goes on."""
        return {"recent": list(self._recent), "well": self._well_in_a_row, "standing": self.standing}
