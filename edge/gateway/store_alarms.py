"""Rows of alarms: raised, gone up, cleared, acknowledged."""

from __future__ import annotations

import time

from .records import ALARM, AlarmChange, Event
from .transaction import Transaction, one_line

_OPEN = "SELECT id, level FROM alarms WHERE machine = ? AND name = ? AND cleared_s IS NULL ORDER BY id DESC LIMIT 1"
_NOT_SEEN = "UPDATE alarms SET acknowledged_s = NULL, acknowledged_by = NULL WHERE id = ?"
_RAISE = 'INSERT INTO alarms (machine, name, level, raised_s, text, value, "limit") VALUES (?, ?, ?, ?, ?, ?, ?)'


def apply_change(write: Transaction, change: AlarmChange) -> int | None:
    """Bring the table up to a change and send it; the alarm's number, None where a cleared one did not stand."""
    connection = write.connection
    standing = connection.execute(_OPEN, (change.machine, change.name)).fetchone()
    if change.raised and standing is None:
        values = (change.machine, change.name, change.level, change.time_s, change.text, change.value, change.limit)
        alarm_id = connection.execute(_RAISE, values).lastrowid
    elif standing is None:
        return None
    elif change.raised:
        alarm_id = standing[0]
        what = 'UPDATE alarms SET level = ?, text = ?, value = ?, "limit" = ? WHERE id = ?'
        connection.execute(what, (change.level, change.text, change.value, change.limit, alarm_id))
        if change.level == ALARM != standing[1]:  # worse than what was acknowledged
            connection.execute(_NOT_SEEN, (alarm_id,))
    else:
        alarm_id = standing[0]
        connection.execute("UPDATE alarms SET cleared_s = ? WHERE id = ?", (change.time_s, alarm_id))
    write.send("alarm", change.machine, one_line({**change.to_dict(), "alarm_id": alarm_id}))
    return alarm_id


def acknowledge_alarm(write: Transaction, alarm_id: int, who: str, comment: str, label: str | None) -> bool:
    """Note who has seen an alarm, and log it; whether there is such an alarm."""
    row = write.connection.execute("SELECT machine, name FROM alarms WHERE id = ?", (alarm_id,)).fetchone()
    if row is None:
        return False
    machine, name = row
    now = time.time()
    what = "UPDATE alarms SET acknowledged_s = ?, acknowledged_by = ?, comment = ?, label = ? WHERE id = ?"
    write.connection.execute(what, (now, who, comment, label, alarm_id))
    text = f"alarm {name} acknowledged by {who}" + (f": {comment}" if comment else "")
    detail = {"alarm_id": alarm_id, "name": name, "who": who, "comment": comment, "label": label}
    write.event(Event(now, machine, "acknowledged", text, detail))
    return True
