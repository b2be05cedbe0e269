"""Alarms of a store that the configuration does not watch any more: nothing else would end them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from .machine_config import STATES
from .records import AlarmChange, Event
from .store import Store
from .watchdog import SILENT

_MOST = 10_000
_WHY = "not watched any more"


def end_unwatched(store: Store, standing: Mapping[str, Sequence[str]]) -> None:
    """End what stands in the store alone: a state taken out of ``on``, a machine taken out of the configuration.

    Parameters
    ----------
    store : Store
    standing : mapping of str to sequence of str
        Of every machine that is watched, the alarms that its station holds.
    """
    now = time.time()
    for alarm in store.alarms(open_only=True, limit=_MOST):
        machine, name = alarm["machine"], alarm["name"]
        watched = name in standing[machine] or name not in STATES if machine in standing else machine == ""
        if alarm["cleared_s"] is not None or watched or name not in (*STATES, SILENT):
            continue
        text = f"{name}: {_WHY}"
        change = AlarmChange(machine, name, alarm["level"], False, now, None, None, text)
        detail = {"name": name, "level": alarm["level"]}
        store.change((change,), (Event(now, machine, "cleared", text, detail),))
