"""One file of somebody's own, WAV by libsndfile, and who was recorded: from the file, its name or a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from drsn_keras.errors import DataError, mismatch
from drsn_keras.recording import SignalFile, choose_column, measurement, read_signal_file

from ..recording import VibrationRecording
from .options import NAMED, LayoutOptions

#: What the file may say about who was recorded, beside its speed.
_FACTS = tuple(name for name in NAMED if name != "rpm")


def read_recording(
    path: Path, label: str, recording_id: str, options: LayoutOptions, said: Mapping[str, str], where: str
) -> VibrationRecording:
    """Read a file and put together what it says, what the options say and what is said of this file alone.

    Parameters
    ----------
    path : Path
    label, recording_id : str
    options : LayoutOptions
    said : mapping of str to str
        Of :data:`~drsn_keras.training.vibration.layouts.options.NAMED`, by the file's name or the manifest.
    where : str
        Where that is said, named in errors about it.

    Raises
    ------
    DataError
        One line: a bad file, rate or unit said by nobody, anything said differently by two.
    """
    given = dict(said)
    rpm = _rpm(given.pop("rpm"), where) if "rpm" in given else None
    found = read_signal_file(path, options.channel, _read_wav, _FACTS)
    measured = measurement(found, options, rpm)
    return VibrationRecording(
        measured.signal,
        measured.unit,
        measured.sample_rate_hz,
        label,
        recording_id,
        rpm=measured.rpm,
        sensor=found.channel,
        path=path,
        **_merged(found.facts, given, path),
    )


def _rpm(text: str, where: str) -> float:
    """A speed in text [1/min]."""
    try:
        return float(text)
    except ValueError:
        raise DataError(mismatch(f"{where}, rpm", "a number", repr(text))) from None


def _merged(found: Mapping[str, str], given: Mapping[str, str], path: Path) -> dict[str, str]:
    """Machine, bearing, load and fault size from the file and from elsewhere; they must not disagree."""
    for name, value in given.items():
        if found.get(name, value) != value:
            raise DataError(mismatch(f"{path}, {name}", f"{found[name]} as the file says", value))
    return {**found, **given}


def _read_wav(path: Path, channel: str | None) -> SignalFile:
    import soundfile

    from ...audio import _check_wav_complete, file_frames

    _check_wav_complete(path)
    file_frames(path)  # says in a line what is no audio
    with soundfile.SoundFile(path) as file:
        y, rate_hz, subtype = file.read(dtype="float64", always_2d=True), file.samplerate, file.subtype
    names = tuple(str(i) for i in range(y.shape[1]))
    column = choose_column(names, channel, path)
    is_share = subtype not in {"FLOAT", "DOUBLE"}
    return SignalFile(str(path), y[:, column], float(rate_hz), channel=names[column], is_wav=True, is_share=is_share)
