"""What the user tells about recordings: nothing of it is guessed."""

from __future__ import annotations

import dataclasses
import re

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.recording import SignalFacts

#: What ``name_regex`` may name.
NAMED = ("machine", "bearing", "load", "fault_size", "rpm")
#: CWRU: a class a state ("IR007"), or a class an element ("inner").
CLASSES = ("state", "element")
_SHARES = ("healthy_first_fraction", "faulty_last_fraction")


@dataclasses.dataclass(frozen=True)
class LayoutOptions(SignalFacts):
    """Facts of the samples and more options of layouts; each layout names those that it takes, others are refused.

    Parameters
    ----------
    channel : str or None
        Column or channel of files with several: its name, or its number from 0.
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

    channel: str | None = None
    name_regex: str | None = None
    classes: str = "state"
    healthy_first_fraction: float | None = None
    faulty_last_fraction: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in _SHARES:
            value = getattr(self, name)
            if value is not None and not 0 < value < 1:
                raise UsageError(mismatch(name, "a share between 0 and 1", value))
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
