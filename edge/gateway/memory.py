"""What a station remembers between records, as plain values and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from drsn_keras.machinery import KurtogramBand

from .machine_config import MachineConfig
from .normal import LearnedNormal, is_memory
from .records import Event
from .trend import Trend
from .watch import Watch

_VERSION = 1
#: Health and velocity.
_SERIES = 2


class StationMemory:
    """The parts of a station that outlive a record.

    What was learned under other settings of the sensor is not used: an event says that it is learned anew.

    Attributes
    ----------
    base : (int, int)
        A position where a record begins, and its index: another length of record goes on from there.
    normal : LearnedNormal
    trend : Trend
    watch : Watch
    """

    def __init__(self, config: MachineConfig, memory: Mapping[str, Any]) -> None:
        self._signal, self._length = _signal(config), config.n_samples
        self._notes: list[str] = []
        learned = memory.get("normal")
        if learned and (memory.get("signal") != self._signal or not is_memory(learned)):
            learned = None
            self._notes.append("the sensor's settings are others: normal is learned anew")
        self.normal = LearnedNormal(config.alarms, learned)
        self.trend = Trend(_SERIES, memory.get("trend") if memory.get("signal") == self._signal else None)
        self.watch = Watch(config.name, config.alarms, memory.get("alarms"))
        self.base: tuple[int, int] = (0, 0)
        self._band: list[Any] | None = memory.get("band") if memory.get("signal") == self._signal else None

    @classmethod
    def read(cls, memory: Mapping[str, Any] | None, config: MachineConfig, position: int, epoch: int) -> StationMemory:
        """Of a step's memory; one that cannot be read is begun anew, with an event that says so."""
        if not memory:
            return cls(config, {})
        try:
            if memory.get("version") != _VERSION:
                raise ValueError
            found = cls(config, memory)
            base_position, base_index, length, of_epoch = (int(memory["base"][i]) for i in range(4))
            if of_epoch == epoch:
                if length != config.n_samples:  # the next record follows the last one, in its new length
                    base_index += (position - base_position) // length
                    base_position = position
                found.base = base_position, base_index
            found.trend.slope(0)
            found.next_band()
            return found
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            anew = cls(config, {})
            anew._notes.append("what the station remembered cannot be read: it begins anew")
            return anew

    def next_band(self) -> KurtogramBand | None:
        """The band of the next record's envelope; None: it is due to be looked for."""
        if self._band is None or self._band[4] <= 0:
            return None
        return KurtogramBand(float(self._band[0]), float(self._band[1]), int(self._band[2]), float(self._band[3]))

    def keep_band(self, band: KurtogramBand | None, records: int) -> None:
        """Use a band for this record and the next ones; a new one for ``records`` in all."""
        if band is None:
            return
        left = records if self.next_band() is None else self._band[4]
        self._band = [band.low_hz, band.high_hz, band.divisions, band.kurtosis, left - 1]

    def take_events(self, machine: str, time_s: float) -> list[Event]:
        """What has to be said of how it was read, once."""
        notes, self._notes = self._notes, []
        return [Event(time_s, machine, "relearn", note) for note in notes]

    def to_dict(self, epoch: int = 0) -> dict[str, Any]:
        """Plain values; ``epoch`` is the one that the base is of."""
        return {
            "version": _VERSION,
            "signal": self._signal,
            "base": [*self.base, self._length, epoch],
            "band": None if self._band is None else list(self._band),
            "normal": self.normal.memory(),
            "trend": self.trend.memory(),
            "alarms": self.watch.memory(),
        }


def _signal(config: MachineConfig) -> str:
    """The settings that a learned normal holds for."""
    settings = config.unit, config.scale, config.sample_rate_hz, config.n_samples, config.rpm
    return json.dumps(settings)
