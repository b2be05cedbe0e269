"""A machine to simulate: a shaft on a rolling bearing that drives a gear pair, and the size of its possible defects."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError, mismatch
from ..machinery import KNOWN_BEARINGS, BearingGeometry
from ..noise.values import db_to_gain, log_uniform, pick, uniform

#: All amplitudes of a drivetrain hold at this speed and at rated load.
REFERENCE_RPM = 1800.0
#: How far machines of one design lie apart: standard deviations.
_LEVEL_SPREAD_DB = 1.5
_MODE_SPREAD = 0.02
_DEFECT_NAMES = ("_race_m_s2", "_element_m_s2", "_defect_m_s2", "chip_m_s2", "wear_modulation")


@dataclasses.dataclass(frozen=True)
class Mode:
    """A resonance of the housing.

    Parameters
    ----------
    frequency_hz : float
    damping_ratio : float, 0 < ratio < 1
    gain : float
        Share of an impulse's amplitude that rings in this mode.
    """

    frequency_hz: float
    damping_ratio: float
    gain: float


@dataclasses.dataclass(frozen=True)
class Drivetrain:
    """One machine; amplitudes in m/s^2 at the sensor, at 1800 rpm and rated load.

    Parameters
    ----------
    pinion_teeth, wheel_teeth : int
        The pinion sits on the measured shaft.
    bearing : BearingGeometry
        Of the measured shaft.
    bearing_modes, gear_modes : tuple of Mode
        What impulses of the bearing and of the teeth excite.
    mesh_m_s2 : tuple of float
        Amplitudes of the tooth mesh frequency and its multiples.
    pinion_modulation, wheel_modulation : float, 0 to 1
        Depth of the mesh's amplitude modulation by either shaft (eccentricity).
    unbalance_m_s2, misalignment_m_s2 : float
        Residual line at once, and at twice the shaft frequency.
    friction_m_s2 : float
        RMS of the broadband noise of rolling and sliding; grows with speed and load.
    noise_floor_m_s2 : float
        RMS of the measurement's white noise; grows with nothing.
    load_zone : float, 0.3 to 0.7
        Load distribution factor epsilon of the bearing: 0.5 is a loaded half.
    outer_race_m_s2, inner_race_m_s2, rolling_element_m_s2 : float
        Peak of a defect's impulse in the middle of the load zone.
    wear_gain : float, > 1
        Growth of the mesh's second and higher multiples by wear.
    wear_modulation : float
        What wear adds to the modulation depths.
    chip_dip : float, 0 to 1
        Share of the mesh's force that is missing while the chipped tooth is engaged.
    chip_m_s2 : float
        Peak of the impulse of a chipped pinion tooth.
    unbalance_defect_m_s2, misalignment_defect_m_s2 : float
        What the defect adds to the residual lines.
    """

    pinion_teeth: int
    wheel_teeth: int
    bearing: BearingGeometry
    bearing_modes: tuple[Mode, ...]
    gear_modes: tuple[Mode, ...]
    mesh_m_s2: tuple[float, ...]
    pinion_modulation: float
    wheel_modulation: float
    unbalance_m_s2: float
    misalignment_m_s2: float
    friction_m_s2: float
    noise_floor_m_s2: float
    load_zone: float
    outer_race_m_s2: float
    inner_race_m_s2: float
    rolling_element_m_s2: float
    wear_gain: float
    wear_modulation: float
    chip_dip: float
    chip_m_s2: float
    unbalance_defect_m_s2: float
    misalignment_defect_m_s2: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values that survive JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Drivetrain:
        """Read :meth:`to_dict` back.

        Raises
        ------
        DataError
            If a name is missing or unknown.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            odd = ", ".join(sorted(set(values) ^ names)) if isinstance(values, Mapping) else "all"
            raise DataError(mismatch("drivetrain", "every one of its names", f"a difference in {odd}"))
        plain = dict(values)
        try:
            plain["bearing"] = BearingGeometry(**plain["bearing"])
            for name in ("bearing_modes", "gear_modes"):
                plain[name] = tuple(Mode(**mode) for mode in plain[name])
            plain["mesh_m_s2"] = tuple(plain["mesh_m_s2"])
        except TypeError as error:
            raise DataError(mismatch("drivetrain", "the values of to_dict", str(error))) from None
        return cls(**plain)


def draw_design(rng: np.random.Generator) -> Drivetrain:
    """A type of machine: teeth, bearing, resonances and typical levels.

    Parameters
    ----------
    rng : np.random.Generator

    Examples
    --------
    >>> design = draw_design(np.random.default_rng(0))
    >>> Drivetrain.from_dict(design.to_dict()) == design
    True
    """
    first, second = log_uniform(rng, 2200.0, 3000.0), log_uniform(rng, 3600.0, 4800.0)
    mesh = log_uniform(rng, 1.0, 2.0)
    return Drivetrain(
        pinion_teeth=int(rng.integers(17, 26)),
        wheel_teeth=int(rng.integers(41, 74)),
        bearing=KNOWN_BEARINGS[pick(rng, ("6205-2RS", "6203", "UER204", "NICE"))],
        bearing_modes=(
            Mode(first, uniform(rng, 0.02, 0.05), 1.0),
            Mode(second, uniform(rng, 0.02, 0.05), uniform(rng, 0.3, 0.8)),
        ),
        gear_modes=(
            Mode(log_uniform(rng, 900.0, 1400.0), uniform(rng, 0.02, 0.05), 1.0),
            Mode(first, uniform(rng, 0.02, 0.05), uniform(rng, 0.2, 0.5)),
        ),
        mesh_m_s2=tuple(mesh * share * uniform(rng, 0.7, 1.3) for share in (1.0, 0.45, 0.2, 0.1)),
        pinion_modulation=uniform(rng, 0.05, 0.12),
        wheel_modulation=uniform(rng, 0.03, 0.08),
        unbalance_m_s2=log_uniform(rng, 0.15, 0.3),
        misalignment_m_s2=log_uniform(rng, 0.08, 0.16),
        friction_m_s2=log_uniform(rng, 0.3, 0.6),
        noise_floor_m_s2=log_uniform(rng, 0.05, 0.15),
        load_zone=uniform(rng, 0.4, 0.6),
        outer_race_m_s2=log_uniform(rng, 4.0, 7.0),
        inner_race_m_s2=log_uniform(rng, 6.0, 10.0),
        rolling_element_m_s2=log_uniform(rng, 5.0, 9.0),
        wear_gain=log_uniform(rng, 2.5, 4.0),
        wear_modulation=uniform(rng, 0.25, 0.45),
        chip_dip=uniform(rng, 0.4, 0.7),
        chip_m_s2=log_uniform(rng, 6.0, 10.0),
        unbalance_defect_m_s2=log_uniform(rng, 0.9, 1.6),
        misalignment_defect_m_s2=log_uniform(rng, 0.7, 1.2),
    )


def draw_drivetrain(rng: np.random.Generator, design: Drivetrain | None = None) -> Drivetrain:
    """One machine of a design.

    Parameters
    ----------
    rng : np.random.Generator
    design : Drivetrain, optional
        Without, a design of its own is drawn: other teeth, another bearing, other resonances.

    Returns
    -------
    Drivetrain
        Teeth and bearing of the design; amplitudes and defect sizes scattered by 1.5 dB, resonances by 2 % and damping
        by 10 % (standard deviations).
    """
    design = draw_design(rng) if design is None else design
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(design):
        value = getattr(design, field.name)
        if field.name.endswith("_m_s2"):
            gain = db_to_gain(rng.normal(0.0, _LEVEL_SPREAD_DB))
            changes[field.name] = tuple(gain * v for v in value) if isinstance(value, tuple) else gain * value
        elif field.name.endswith("_modes"):
            changes[field.name] = tuple(
                Mode(
                    mode.frequency_hz * float(np.exp(rng.normal(0.0, _MODE_SPREAD))),
                    mode.damping_ratio * float(np.exp(rng.normal(0.0, 0.1))),
                    mode.gain,
                )
                for mode in value
            )
        elif field.name in ("pinion_modulation", "wheel_modulation", "wear_modulation"):
            changes[field.name] = value * uniform(rng, 0.8, 1.2)
    return dataclasses.replace(design, **changes)


def with_severity(machine: Drivetrain, severity: float) -> Drivetrain:
    """The machine with all its possible defects at a share of their size.

    Parameters
    ----------
    machine : Drivetrain
    severity : float, >= 0
        1 leaves it as it is, 0 makes every state look normal.
    """
    names = [field.name for field in dataclasses.fields(machine) if field.name.endswith(_DEFECT_NAMES)]
    changes = {name: severity * getattr(machine, name) for name in names}
    changes["wear_gain"] = 1.0 + severity * (machine.wear_gain - 1.0)
    changes["chip_dip"] = min(1.0, severity * machine.chip_dip)
    return dataclasses.replace(machine, **changes)
