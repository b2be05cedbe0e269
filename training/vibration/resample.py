"""One sample rate for all recordings, by anti-aliased resampling that is said: mixed rates are a free cue."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

from drsn_keras.errors import DataError, UsageError, mismatch

from ..audio import resample
from .recording import VibrationRecording, require_unique_ids


def to_one_rate(
    recordings: Sequence[VibrationRecording], sample_rate_hz: float | None = None
) -> tuple[list[VibrationRecording], list[str]]:
    """Bring recordings to one rate.

    Parameters
    ----------
    recordings : sequence of VibrationRecording
    sample_rate_hz : float or None, > 0
        None keeps the rate, if all have the same. A rate above that of a recording is refused: the empty band
        above its old half rate would tell it apart from the others.

    Returns
    -------
    recordings : list of VibrationRecording
    lines : list of str
        One for each old rate that was converted; empty where nothing was.

    Raises
    ------
    DataError
        Mixed rates and no rate asked for; a rate that would need upsampling; none left after resampling.
    UsageError
        A rate that is not positive.
    """
    require_unique_ids(recordings)
    rates = Counter(r.sample_rate_hz for r in recordings)
    if sample_rate_hz is None:
        if len(rates) > 1:
            found = ", ".join(f"{n} at {rate:g} Hz" for rate, n in sorted(rates.items()))
            raise DataError(mismatch("recordings", "one sample rate, or one to convert to (--resample)", found))
        return list(recordings), []
    if not sample_rate_hz > 0:
        raise UsageError(mismatch("sample_rate_hz", "a positive number", sample_rate_hz))
    slow = next((r for r in recordings if r.sample_rate_hz < sample_rate_hz), None)
    if slow is not None:
        expected = f"a recording at {sample_rate_hz:g} Hz or more"
        raise DataError(mismatch(slow.where, expected, f"{slow.sample_rate_hz:g} Hz (upsampling adds an empty band)"))
    lines = [
        f"{n} of {len(recordings)} recordings resampled from {rate:g} Hz to {sample_rate_hz:g} Hz (soxr, anti-aliased)"
        for rate, n in sorted(rates.items())
        if rate != sample_rate_hz
    ]
    return [_convert(r, sample_rate_hz) for r in recordings], lines


def _convert(recording: VibrationRecording, sample_rate_hz: float) -> VibrationRecording:
    if recording.sample_rate_hz == sample_rate_hz:
        return recording
    y = resample(recording.signal, recording.sample_rate_hz, sample_rate_hz)
    return dataclasses.replace(recording, signal=y, sample_rate_hz=sample_rate_hz)
