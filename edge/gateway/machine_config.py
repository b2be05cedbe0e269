"""What the configuration says of one machine."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, UsageError
from drsn_keras.machinery import FOUNDATIONS, KNOWN_BEARINGS, TOLERANCE, BearingGeometry

from .toml_table import Table, hint, one_of

SOURCES = ("file", "folder", "tcp", "udp", "mqtt", "serial")
#: What may raise an alarm.
STATES = ("iso", "normal", "verdict", "sensor")
#: Also a level of an MQTT topic, a part of a file's name and of a web address.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LEAST_SAMPLES, _MOST_SAMPLES = 1024, 1 << 22
#: Whose normal is kept; a machine of more has none of the further ones.
MOST_REGIMES = 32


@dataclasses.dataclass(frozen=True)
class AlarmConfig:
    """When a state becomes an alarm and when it is over.

    Parameters
    ----------
    on : tuple of {"iso", "normal", "verdict", "sensor"}
        States that raise alarms; all are measured and shown all the same.
    confirm : int
        Records that have to show it ...
    within : int
        ... among the last so many.
    clear : int
        Records in a row that have to be well again.
    hysteresis : float, 0 to 0.9
        Share below the limit from which on a value is well again.
    learn_records : int
        Healthy records of a regime from which its normal is learned.
    normal_limit : float or None
        Distance from normal that is an alarm, instead of the limit that follows from the learned spread.
    """

    on: tuple[str, ...] = STATES
    confirm: int = 3
    within: int = 3
    clear: int = 3
    hysteresis: float = 0.1
    learn_records: int = 60
    normal_limit: float | None = None


@dataclasses.dataclass(frozen=True)
class Regime:
    """A way of running that has a normal of its own: a band of speeds [rpm], both edges in it."""

    name: str
    low_rpm: float
    high_rpm: float


@dataclasses.dataclass(frozen=True)
class MachineConfig:
    """One machine and the sensor on it. None is not said: what needs it is refused, never guessed.

    Parameters
    ----------
    name : str
    source : dict
        ``kind`` of :data:`SOURCES` and that kind's own keys, as written.
    sample_rate_hz : float
    unit : str or None
        Of the samples: ``g``, ``m/s^2``, or another (then no velocity).
    scale : float or None
        What a count of an integer format stands for, in the unit; what samples are multiplied by.
    rpm : float or None
        Of the shaft; a source that measures it says it with its blocks.
    rpm_tolerance : float
        Share by which bearing lines may lie off.
    regimes : tuple of Regime
        Empty: one regime where the speed is fixed, bands of 10 % where the source measures it.
    running_rms : float or None
        Least RMS, in the unit, of a machine that runs; below it stands still and is not judged. None: it always runs.
    bearing : BearingGeometry or None
    iso_group : {1, 2} or None
    foundation : {"rigid", "flexible"} or None
    bundle : Path or None
        Of a vibration model.
    verdict_windows : int
        Windows of a record, evenly spread over it, that the model is shown.
    record_s : float
        Length of a record.
    waveform_s : float
        Length of the waveform that is kept when an alarm is raised; at most two records.
    alarms : AlarmConfig
    where : str
        How errors name it: ``gateway.toml, machines.PUMP``.
    folder : Path
        Of the configuration: where relative paths in ``source`` start.
    """

    name: str
    source: dict[str, Any]
    sample_rate_hz: float
    unit: str | None = None
    scale: float | None = None
    rpm: float | None = None
    rpm_tolerance: float = TOLERANCE
    regimes: tuple[Regime, ...] = ()
    running_rms: float | None = None
    bearing: BearingGeometry | None = None
    iso_group: int | None = None
    foundation: str | None = None
    bundle: Path | None = None
    verdict_windows: int = 20
    record_s: float = 10.0
    waveform_s: float = 10.0
    alarms: AlarmConfig = dataclasses.field(default_factory=AlarmConfig)
    where: str = ""
    folder: Path = Path()

    @property
    def n_samples(self) -> int:
        """Samples of a record."""
        return round(self.record_s * self.sample_rate_hz)


def read_machine(name: str, table: Table, folder: Path) -> MachineConfig:
    """Check one machine's table.

    Raises
    ------
    DataError
        Naming the value, what was expected and what came.
    """
    if not NAME.fullmatch(name):
        expected = "a name of letters, digits, dots, dashes and underscores, at most 64"
        raise DataError(f"{table.where}: expected {expected}, got {name[:80]!r}")
    source = table.table("source", required=True)
    group = table.whole("iso_group", None, 1, 2)
    foundation = table.text("foundation", None, FOUNDATIONS)
    if (group is None) != (foundation is None):
        missing, given = ("iso_group", "foundation") if group is None else ("foundation", "iso_group")
        raise table.error(missing, f"it where {given} is given (a zone needs both)")
    machine = MachineConfig(
        name=name,
        source=_source(source),
        sample_rate_hz=table.number("sample_rate_hz", low=10.0, high=2e6),
        unit=table.text("unit", None),
        scale=table.positive("scale", None),
        rpm=table.positive("rpm", None, 1e6),
        rpm_tolerance=table.number("rpm_tolerance", TOLERANCE, 0.001, 0.1),
        regimes=_regimes(table),
        running_rms=table.positive("running_rms", None),
        bearing=_bearing(table),
        iso_group=group,
        foundation=foundation,
        bundle=table.path("bundle", folder, None),
        verdict_windows=table.whole("verdict_windows", 20, 1, 1000),
        record_s=table.number("record_s", 10.0, 0.25, 600.0),
        waveform_s=table.number("waveform_s", 10.0, 0.0, 1200.0),
        alarms=_alarms(table),
        where=table.where,
        folder=folder,
    )
    table.finish()
    if not _LEAST_SAMPLES <= machine.n_samples <= _MOST_SAMPLES:
        raise table.error("record_s", f"{_LEAST_SAMPLES} to {_MOST_SAMPLES} samples a record", machine.n_samples)
    if machine.waveform_s > 2.0 * machine.record_s:
        raise table.error("waveform_s", f"at most two records ({2.0 * machine.record_s:g} s)", machine.waveform_s)
    return machine


def _source(table: Table) -> dict[str, Any]:
    """The kind checked, its own keys as written: those of the defaults where they are of this kind."""
    kind = table.text("kind", choices=SOURCES)
    common = table.fallback.values if table.fallback is not None else {}
    return {**(common if common.get("kind", kind) == kind else {}), **table.values, "kind": kind}


def _bearing(table: Table) -> BearingGeometry | None:
    value, place = table.find("bearing")
    expected = f"{one_of([*KNOWN_BEARINGS])}, or a table of elements, element_mm, pitch_mm, angle_deg"
    if value is None:
        return None
    if isinstance(value, str):
        if value not in KNOWN_BEARINGS:
            raise place.error("bearing", expected + hint(value, KNOWN_BEARINGS), value)
        return KNOWN_BEARINGS[value]
    if not isinstance(value, dict):
        raise place.error("bearing", expected, value)
    numbers = Table(value, place.name_of("bearing"))
    geometry = (
        numbers.whole("elements", low=3, high=200),
        numbers.positive("element_mm"),
        numbers.positive("pitch_mm"),
        numbers.number("angle_deg", 0.0, 0.0, 89.9),
    )
    numbers.finish()
    try:
        return BearingGeometry(*geometry)
    except UsageError as error:
        raise DataError(f"{numbers.where}: {error}") from None


def _regimes(table: Table) -> tuple[Regime, ...]:
    """``{ idle = [0, 900], full = [1400, 1600] }``; bands that overlap are refused."""
    bands = table.table("regimes")
    found: list[Regime] = []
    for name in bands.keys() if bands else ():
        value, _ = bands.find(name)
        expected = "two speeds [rpm], the lower first"
        numbers = isinstance(value, list) and len(value) == 2
        if not numbers or any(isinstance(edge, bool) or not isinstance(edge, int | float) for edge in value):
            raise bands.error(name, expected, value)
        if not 0 <= value[0] < value[1] < 1e6:
            raise bands.error(name, expected, value)
        for other in found:
            if value[0] <= other.high_rpm and other.low_rpm <= value[1]:
                raise bands.error(name, f"a band apart from that of {other.name}", value)
        found.append(Regime(name, float(value[0]), float(value[1])))
    if len(found) > MOST_REGIMES:
        raise table.error("regimes", f"at most {MOST_REGIMES}", len(found))
    return tuple(found)


def _alarms(table: Table) -> AlarmConfig:
    alarms = table.table("alarms") or Table({}, table.name_of("alarms"))
    confirm = alarms.whole("confirm", 3, 1, 100)
    config = AlarmConfig(
        on=alarms.texts("on", STATES, STATES),
        confirm=confirm,
        within=alarms.whole("within", confirm, confirm, 100),
        clear=alarms.whole("clear", 3, 1, 1000),
        hysteresis=alarms.number("hysteresis", 0.1, 0.0, 0.9),
        learn_records=alarms.whole("learn_records", 60, 20, 1000),
        normal_limit=alarms.positive("normal_limit", None),
    )
    alarms.finish()
    return config
