"""Who speaks: accents times voice variants of espeak-ng, divided into splits by variant."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.util
import re
from pathlib import Path

from drsn_keras.errors import DrsnError, UsageError, mismatch

from ..recordings import SPLITS

#: Accents of English: American, British, Scottish, RP, Lancastrian, Midlands, Caribbean, New York.
ACCENTS = ("en-us", "en", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029", "en-us-nyc")
INSTALL = 'pip install "drsn-keras[synthesis]"'
RATE_WPM = (80, 450)
#: Shares of the variants that speak for train, val and test.
VOICE_FRACTIONS = (0.7, 0.1, 0.2)
# Robots, monsters and whispers: nobody speaks to a device like that.
_NOT_A_PERSON = re.compile(r"whisper|robo|croak|demonic|storm|kaukovalta|fast", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Voice:
    """Who speaks and how.

    Parameters
    ----------
    accent : str
        One of :data:`ACCENTS`, or any other language of espeak-ng.
    variant : str
        One of :func:`variants`: the speaker, independent of the accent.
    rate_wpm : int
        Words a minute, 80 to 450; espeak's normal is 175.
    pitch, pitch_range : int
        0 to 100; espeak's normal is 50 for either.
    """

    accent: str = "en-us"
    variant: str = "m3"
    rate_wpm: int = 175
    pitch: int = 50
    pitch_range: int = 50

    def __post_init__(self) -> None:
        if not RATE_WPM[0] <= self.rate_wpm <= RATE_WPM[1]:
            raise UsageError(mismatch("rate", f"{RATE_WPM[0]} to {RATE_WPM[1]} words a minute", self.rate_wpm))
        for name in ("pitch", "pitch_range"):
            if not 0 <= getattr(self, name) <= 100:
                raise UsageError(mismatch(name.replace("_", " "), "0 to 100", getattr(self, name)))

    @property
    def name(self) -> str:
        """espeak's name of the voice."""
        return f"{self.accent}+{self.variant}"


def need_synthesiser() -> None:
    """One line that says how to install the synthesiser, if it is not there.

    Raises
    ------
    DrsnError
    """
    if importlib.util.find_spec("espeakng_loader") is None:
        raise DrsnError(mismatch("synthetic speech", f"the espeak-ng synthesiser ({INSTALL})", "not installed"))


def variants() -> list[str]:
    """Voice variants that sound like people, sorted: the speakers. Needs no espeak, only its data."""
    return sorted(f.name for f in _folder().iterdir() if f.is_file() and not _NOT_A_PERSON.search(f.name))


def check_variant(voice: Voice) -> None:
    """espeak-ng passes over a variant that it does not know; this does not.

    Raises
    ------
    UsageError
    """
    if not (_folder() / voice.variant).is_file():
        raise UsageError(mismatch("voice variant", f"one of {', '.join(variants()[:8])}, ...", voice.variant))


def _folder() -> Path:
    need_synthesiser()
    import espeakng_loader

    return Path(espeakng_loader.get_data_path(), "voices", "!v")


def split_variants(seed: int = 0) -> dict[str, list[str]]:
    """Which variant speaks for which split: a variant is a group, whatever its accent.

    Ordered by a hash of seed and name.
    """

    def order(name: str) -> bytes:
        return hashlib.sha1(f"{seed}:{name}".encode(), usedforsecurity=False).digest()

    names = sorted(variants(), key=order)
    first = round(len(names) * VOICE_FRACTIONS[0])
    second = round(len(names) * (VOICE_FRACTIONS[0] + VOICE_FRACTIONS[1]))
    return dict(zip(SPLITS, (names[:first], names[first:second], names[second:]), strict=True))
