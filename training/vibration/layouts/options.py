"""What the user tells about recordings: nothing of it is guessed."""

from __future__ import annotations

import dataclasses
import math
import re

from drsn_keras.errors import UsageError, mismatch

#: What ``name_regex`` may name.
NAMED = ("machine", "bearing", "load", "fault_size", "rpm")
#: CWRU: a class a state ("IR007"), or a class an element ("inner").
CLASSES = ("state", "element")
#: Units in which a file may hold the voltage of a sensor, and how many mV they are.
MILLIVOLTS = {"V": 1000.0, "mV": 1.0}
_POSITIVE = ("sample_rate_hz", "sensitivity_mv_per_unit", "full_scale")
_SHARES = ("healthy_first_fraction", "faulty_last_fraction")


@dataclasses.dataclass(frozen=True)
class LayoutOptions:
    """Options of all layouts; each layout names those that it takes, others are refused.

    Parameters
    ----------
    sample_rate_hz : float or None, > 0
        Rate of files that do not say theirs.
    unit : str or None
        Unit of the signal as it is handed on ("g", "m/s^2", "mm/s" ...).
    channel : str or None
        Column or channel of files with several: its name, or its number from 0.
    sensitivity_mv_per_unit : float or None, > 0
        Of the sensor [mV per ``unit``]; with it goes ``file_unit``.
    file_unit : {"V", "mV"} or None
        What the file holds where a sensitivity turns it into ``unit``.
    full_scale : float or None, > 0
        What 1.0 of a WAV file (its full scale) stands for, in ``unit``, or in ``file_unit`` where that is given.
    name_regex : str or None
        Searched in each path relative to the data's folder; its named groups (machine, bearing, load,
        fault_size, rpm) say who was recorded.
    classes : {"state", "element"}
        CWRU only: ``IR007`` or ``inner``.
    healthy_first_fraction, faulty_last_fraction : float or None, in (0, 1)
        XJTU-SY only: parts of a bearing's life that are taken for normal and for faulty.

    Raises
    ------
    UsageError
    """

    sample_rate_hz: float | None = None
    unit: str | None = None
    channel: str | None = None
    sensitivity_mv_per_unit: float | None = None
    file_unit: str | None = None
    full_scale: float | None = None
    name_regex: str | None = None
    classes: str = "state"
    healthy_first_fraction: float | None = None
    faulty_last_fraction: float | None = None

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise UsageError(mismatch(name, "a positive number", value))
        for name in _SHARES:
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise UsageError(mismatch(name, "a share between 0 and 1", value))
        if self.file_unit is not None and self.file_unit not in MILLIVOLTS:
            raise UsageError(mismatch("file_unit", " or ".join(MILLIVOLTS), repr(self.file_unit)))
        if self.classes not in CLASSES:
            raise UsageError(mismatch("classes", " or ".join(CLASSES), repr(self.classes)))
        self.named()

    def given(self) -> set[str]:
        """Names of the options that differ from their defaults."""
        return {f.name for f in dataclasses.fields(self) if getattr(self, f.name) != f.default}

    def named(self) -> re.Pattern[str] | None:
        """``name_regex`` compiled; only names that mean something."""
        if self.name_regex is None:
            return None
        try:
            pattern = re.compile(self.name_regex)
        except re.error as error:
            raise UsageError(mismatch("name_regex", "a regular expression", f"{self.name_regex!r} ({error})")) from None
        names = set(pattern.groupindex)
        if not names or names - set(NAMED):
            expected = f"named groups (?P<...>...) of {', '.join(NAMED)}"
            raise UsageError(mismatch("name_regex", expected, ", ".join(sorted(names)) or "none"))
        return pattern

    def need(self, name: str, layout: str) -> float | str:
        """An option that a layout cannot do without.

        Raises
        ------
        UsageError
            If it is not given.
        """
        value = getattr(self, name)
        if value is None:
            raise UsageError(mismatch(f"layout {layout}, {name}", "a value (the files do not say it)", "none"))
        return value
