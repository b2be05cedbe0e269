"""What goes from part to part of the gateway: blocks of samples in; records, events and alarms out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drsn_keras.errors import BundleError, DataError
from drsn_keras.typed_fields import check_fields

if TYPE_CHECKING:
    import numpy as np

WARNING, ALARM = "warning", "alarm"
#: Levels of an alarm, the worse one last.
LEVELS = (WARNING, ALARM)


@dataclasses.dataclass(frozen=True)
class Position:
    """Up to where a source has been taken, for it to go on from.

    Parameters
    ----------
    position : int
        Samples taken since the first of the epoch.
    epoch : int
        Counts how often the stream began anew.
    cookie : str
        The source's own word for the place (a file's name and offset ...), opaque to all others.
    """

    position: int = 0
    epoch: int = 0
    cookie: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """Samples of one machine, as many as a source has at once.

    Parameters
    ----------
    machine : str
    time_s : float
        Unix time of the first sample [s].
    samples : np.ndarray [shape=(n,)]
        In the machine's unit.
    position, epoch : int
        Of the first sample.
    cookie : str
        How the source goes on after this block.
    rpm : float or None
        Speed of the shaft over this block, where the source measures it.
    """

    machine: str
    time_s: float
    samples: np.ndarray
    position: int
    epoch: int
    cookie: str = ""
    rpm: float | None = None


class _Plain:
    """A dataclass of plain values that travels as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values; tuples as lists."""
        return {field.name: _plain(getattr(self, field.name)) for field in dataclasses.fields(self)}

    def to_json(self) -> str:
        """One line of JSON: keys sorted, no NaN; the same fields give the same bytes.

        Raises
        ------
        ValueError
            If a number is not finite.
        """
        return json.dumps(self.to_dict(), sort_keys=True, allow_nan=False, ensure_ascii=False)

    @classmethod
    def from_dict(cls, values: Any) -> Any:
        """Read it back.

        Raises
        ------
        DataError
            If a field is missing, unknown or of another type.
        """
        try:
            return cls(**check_fields(cls, values, cls.__name__.lower()))
        except BundleError as error:
            raise DataError(str(error)) from None


@dataclasses.dataclass(frozen=True)
class Record(_Plain):
    """All that is known of a machine over one stretch of samples: row ``index`` of its epoch.

    Parameters
    ----------
    machine : str
    epoch, index : int
        Which stretch: samples [index * n, (index + 1) * n) of the epoch.
    time_s : float
        Unix time of the end of its samples [s].
    duration_s, sample_rate_hz : float
    rpm : float or None
        Of the shaft, where known.
    regime : str or None
        The way of running that the learned normal was taken from.
    features : dict of str to float
        By names that end in their unit, such as ``velocity_rms_mm_s``.
    refused : dict of str to str
        A feature (or group of them) that is not given, and why.
    state : dict
        Side by side: ``iso``, ``normal``, ``verdict``, ``sensor``; each only where it is known.
    health_percent : float or None
        100 is as new.
    trend : dict
        ``per_day`` (percent of health) and ``days_to_limit``; None where there is no significant trend.
    advisory : str
        What to do, in a sentence.
    alarms : list of str
        Names of the alarms that stand.
    """

    machine: str
    epoch: int
    index: int
    time_s: float
    duration_s: float
    sample_rate_hz: float
    rpm: float | None = None
    regime: str | None = None
    features: dict[str, float] = dataclasses.field(default_factory=dict)
    refused: dict[str, str] = dataclasses.field(default_factory=dict)
    state: dict[str, Any] = dataclasses.field(default_factory=dict)
    health_percent: float | None = None
    trend: dict[str, Any] = dataclasses.field(default_factory=dict)
    advisory: str = ""
    alarms: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Event(_Plain):
    """A line of the event log.

    Parameters
    ----------
    time_s : float
        Unix time [s].
    machine : str
        Empty for the gateway itself.
    kind : str
        ``alarm``, ``cleared``, ``acknowledged``, ``comment``, ``gap``, ``sensor``, ``learned``, ``start``, ``stop`` ...
    text : str
        For a person.
    detail : dict
        For a program.
    """

    time_s: float
    machine: str
    kind: str
    text: str
    detail: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class AlarmChange(_Plain):
    """An alarm that was raised, went up a level, or was cleared.

    Parameters
    ----------
    machine : str
    name : {"iso", "normal", "verdict", "sensor"}
        Or a service's own, such as ``store``.
    level : {"warning", "alarm"}
        That it stands at now; where cleared, that it stood at.
    raised : bool
        False where cleared. True for an alarm that already stands: it went up to ``level``.
    time_s : float
        Unix time [s].
    value, limit : float or None
        What was measured and what it was held against.
    text : str
    """

    machine: str
    name: str
    level: str
    raised: bool
    time_s: float
    value: float | None = None
    limit: float | None = None
    text: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Step:
    """What a station gives at a due moment; committed as a whole or not at all.

    Parameters
    ----------
    record : Record
    events : tuple of Event
    changes : tuple of AlarmChange
    waveform : np.ndarray [shape=(n,), float32] or None
        Samples to keep, in the machine's unit, that end where the record ends: around an alarm.
    picture : dict
        For the page, of this record only: spectrum, envelope, expected lines.
    memory : dict
        All that the station needs to go on after this record, as plain JSON values.
    position, epoch : int
        Consumed up to here.
    cookie : str
        Of the last block whose samples are all in this record or an earlier one.
    """

    record: Record
    events: tuple[Event, ...]
    changes: tuple[AlarmChange, ...]
    waveform: np.ndarray | None
    picture: dict[str, Any]
    memory: dict[str, Any]
    position: int
    epoch: int
    cookie: str = ""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
