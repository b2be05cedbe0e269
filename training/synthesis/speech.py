"""Text to samples, through espeak-ng in a process of its own."""

from __future__ import annotations

import dataclasses
import functools
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drsn_keras.errors import DrsnError, UsageError, mismatch

from ..audio import resample, to_float
from .voices import Voice, check_variant, need_synthesiser

_PROGRAM = Path(__file__).with_name("espeak.py")
_FRAME_S = 0.01
_QUIET_DB = -45.0


@dataclasses.dataclass(frozen=True, eq=False)
class Speech:
    """What the synthesiser gave.

    Parameters
    ----------
    signals : list of np.ndarray [shape=(n,), float32], in [-1, 1]
        Pauses at the ends cut off.
    version : str
        Of espeak-ng, such as ``1.52.0``.
    """

    signals: list[np.ndarray]
    version: str

    @property
    def synthesiser(self) -> str:
        """Name and version, for cards and for people."""
        return f"espeak-ng {self.version}"


def speak_all(lines: Sequence[tuple[str, Voice]], sample_rate_hz: int = 16000, seed: int = 0) -> Speech:
    """Speak many lines in one go; the same lines and seed give the same samples.

    Raises
    ------
    UsageError
        For a text that has nothing to speak, or an unknown variant.
    DrsnError
        If the synthesiser is not installed or fails (an unknown accent).
    """
    for voice in {v.variant: v for _, v in lines}.values():
        check_variant(voice)
    request = [[text, v.name, v.rate_wpm, v.pitch, v.pitch_range] for text, v in lines]
    answer, samples = _ask({"seed": seed, "speak": request, "phonemes": []})
    ends = np.cumsum(answer["lengths"])
    signals = []
    for (text, _), y in zip(lines, np.split(samples, ends[:-1]) if lines else [], strict=True):
        if not y.any():
            raise UsageError(mismatch("text to speak", "letters", repr(text)))
        signals.append(resample(trim(to_float(y), answer["rate_hz"]), answer["rate_hz"], sample_rate_hz))
    return Speech([np.clip(y, -1.0, 1.0) for y in signals], _version(answer))


def speak(text: str, voice: Voice | None = None, sample_rate_hz: int = 16000, seed: int = 0) -> np.ndarray:
    """Speak one line [shape=(n,), float32]. A tenth of a second of start-up: for many lines, :func:`speak_all`."""
    return speak_all([(text, voice or Voice())], sample_rate_hz, seed).signals[0]


def synthesiser() -> str:
    """Name and version of what would speak."""
    answer, _ = _ask({"seed": 0, "speak": [], "phonemes": []})
    return Speech([], _version(answer)).synthesiser


def phonemes(texts: Sequence[str], accent: str = "en-us") -> list[str]:
    """How an accent pronounces texts, in espeak's phoneme letters (``right`` and ``write`` are equal).

    Stress and word borders are left out.
    """
    return list(_phonemes(tuple(texts), accent))


# A run's data is opened by every command that touches it, with the same hundreds of words each time.
@functools.lru_cache(maxsize=64)
def _phonemes(texts: tuple[str, ...], accent: str) -> tuple[str, ...]:
    answer, _ = _ask({"seed": 0, "speak": [], "phonemes": [[text, accent] for text in texts]})
    return tuple("".join(c for c in p if c not in "',%=_:|;~ \n") for p in answer["phonemes"])


def trim(y: np.ndarray, sample_rate_hz: int) -> np.ndarray:
    """Cut off what lies at the ends more than 45 dB below the loudest 10 ms."""
    hop = max(1, round(_FRAME_S * sample_rate_hz))
    frames = np.pad(y, (0, -len(y) % hop)).reshape(-1, hop)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (_QUIET_DB / 10))
    return y[loud[0] * hop : (loud[-1] + 1) * hop] if len(loud) else y


def _version(answer: dict) -> str:
    return answer["version"].split(":")[-1].strip()


def _ask(request: dict) -> tuple[dict, np.ndarray]:
    """Run the program on one request: its answer and all samples (int16)."""
    need_synthesiser()
    done = subprocess.run(
        [sys.executable, str(_PROGRAM)], input=json.dumps(request).encode(), capture_output=True, check=False
    )
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode != 0 or not head:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        raise DrsnError(mismatch("espeak-ng", "speech", why[-1] if why else f"exit code {done.returncode}"))
    answer = json.loads(head)
    if "error" in answer:
        raise DrsnError(answer["error"])
    return answer, np.frombuffer(body, np.int16)
