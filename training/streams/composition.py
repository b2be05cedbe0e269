"""What a stream is made of: kinds of scenes and their shares of time, levels, gaps, SNRs."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

from drsn_keras.errors import UsageError, mismatch

#: Kinds of scenes: keywords one by one; other speech without a pause; noise alone; next to nothing.
WORDS, SPEECH, NOISE, QUIET = "keywords", "other speech", "noise", "silence"
KINDS = (WORDS, SPEECH, NOISE, QUIET)
#: Width [dB] of the range of SNRs above LOW where HIGH is clean.
_TO_CLEAN_DB = 20.0


@dataclasses.dataclass(frozen=True)
class Composition:
    """How streams are composed; ranges are uniform.

    Parameters
    ----------
    snr_db : (low, high)
        Of every word, its own clip's mean power over that of the noise under it. Where ``high`` is infinite a share of
        scenes is clean and the words of all others lie between ``low`` and 20 dB more; where both are, all are clean.
    clean_share : float
        That share of the scenes with speech.
    rounds : (int, int, int, int)
        Scenes of keywords, of other speech, of noise and of silence in every round.
    scene_s : (low, high)
        Length of a scene.
    word_gap_s, speech_gap_s : (low, high)
        Between the clips of keywords; between the words of other speech.
    speech_level_db : (low, high)
        Of speech in a scene [dBFS, mean power]: of every word where the scene is clean, at the middle of the range of
        SNRs where it is not.
    noise_level_db, quiet_level_db : (low, high)
        Of scenes of noise alone; of the white noise (a microphone's own) that silence is [dBFS, mean power].

    Raises
    ------
    UsageError
        If the range of SNRs is none.
    """

    snr_db: tuple[float, float] = (10.0, math.inf)
    clean_share: float = 0.25
    rounds: tuple[int, int, int, int] = (2, 2, 5, 1)
    scene_s: tuple[float, float] = (15.0, 45.0)
    word_gap_s: tuple[float, float] = (1.0, 4.0)
    speech_gap_s: tuple[float, float] = (0.05, 0.4)
    speech_level_db: tuple[float, float] = (-35.0, -18.0)
    noise_level_db: tuple[float, float] = (-60.0, -20.0)
    quiet_level_db: tuple[float, float] = (-90.0, -70.0)

    def __post_init__(self) -> None:
        low, high = self.snr_db
        if not -60 <= low <= high or (math.isfinite(high) and high > 100):
            got = f"{low:g},{high:g}"
            raise UsageError(mismatch("--snr", "LOW,HIGH from -60 to 100 dB, LOW <= HIGH (inf: clean)", got))

    @property
    def clean(self) -> float:
        """Share of scenes with speech that have no noise."""
        low, high = self.snr_db
        return 1.0 if math.isinf(low) else self.clean_share if math.isinf(high) else 0.0

    @property
    def noisy_snr_db(self) -> tuple[float, float]:
        """Range of SNRs where there is noise."""
        low, high = self.snr_db
        return (low, low + _TO_CLEAN_DB) if math.isinf(high) else (low, high)

    def sentence(self) -> str:
        """What was done, for people."""
        low, high = self.noisy_snr_db
        total = sum(self.rounds)
        shares = ", ".join(f"{100 * n / total:.3g} % {kind}" for kind, n in zip(KINDS, self.rounds, strict=True) if n)
        noisy = f"{low:g} to {high:g} dB" if low < high else f"{low:g} dB"
        snrs = {0.0: f"in noise, each word at {noisy}", 1.0: "clean"}.get(
            self.clean, f"clean in {100 * self.clean:g} % of the scenes, each word at {noisy} in the others"
        )
        a, b = self.scene_s
        return f"scenes of {a:g} to {b:g} s: {shares}; speech {snrs} (over the clip's mean power)"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, which has no infinity."""
        values = dataclasses.asdict(self)
        return {**values, "snr_db": [v if math.isfinite(v) else "clean" for v in self.snr_db], "clean": self.clean}
