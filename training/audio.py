"""Read any common audio file at any rate as mono; write 16-bit WAV. librosa is loaded only to resample."""

from __future__ import annotations

import dataclasses
import io
import os
import struct
from pathlib import Path

import numpy as np
import soundfile

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import write_atomically

#: What a file must be called to be taken for audio.
AUDIO_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".w64", ".caf"})
#: int16 -32768..32767 is [-1, 1).
FULL_SCALE = 32768.0
#: Float files may overshoot a little (and are clipped); beyond this they are not in [-1, 1] at all.
_MAX_PEAK = 8.0
#: WAV headers written before the length was known (pipes) carry sizes from here up.
_UNKNOWN_SIZE = 0x7FFF0000
_BLOCK = 1 << 20


@dataclasses.dataclass(frozen=True, eq=False)
class Audio:
    """A recording as it is used, and what it was.

    Parameters
    ----------
    y : np.ndarray [shape=(n,), float32], in [-1, 1]
        Channels averaged, resampled to the asked rate.
    source_rate_hz : int
    source_channels : int
    source_peak : float
        Largest magnitude before clipping to [-1, 1].
    """

    y: np.ndarray
    source_rate_hz: int
    source_channels: int
    source_peak: float


def read_audio(path: Path, sample_rate_hz: int, start: int = 0, stop: int | None = None) -> Audio:
    """Read a file, or samples ``start`` to ``stop`` (at the file's own rate) of it.

    WAV (8 to 32 bit, float), FLAC, OGG Vorbis / Opus, MP3 and AIFF, through libsndfile; stereo is
    averaged; another rate is resampled by soxr ("soxr_hq").

    Raises
    ------
    DataError
        One line: missing, empty, not audio, truncated, without samples, NaN or infinity, not in [-1, 1].
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(mismatch(path, "an audio file", "a folder" if path.is_dir() else "nothing there"))
    if path.stat().st_size == 0:
        raise DataError(mismatch(path, "an audio file", "a file of 0 bytes"))
    _check_wav_complete(path)
    try:
        with soundfile.SoundFile(_openable(path)) as file:
            y = _read_part(file, path, start, stop)
            rate_hz, channels = file.samplerate, file.channels
    except soundfile.LibsndfileError as error:
        raise DataError(mismatch(path, "an audio file (WAV, FLAC, OGG, MP3)", _what_is(path, error))) from None
    if y.shape[0] == 0:
        raise DataError(mismatch(path, "samples", "a header and no samples"))
    bad = y.size - np.count_nonzero(np.isfinite(y))
    if bad:
        raise DataError(mismatch(path, "finite samples", f"NaN or infinity in {bad} of {y.size}"))
    peak = float(np.max(np.abs(y)))
    if peak > _MAX_PEAK:
        raise DataError(mismatch(path, "samples in [-1, 1]", f"a peak of {peak:g} (float file scaled like integers?)"))
    y = y[:, 0] if channels == 1 else y.mean(axis=1)
    if rate_hz != sample_rate_hz:
        y = resample(y, rate_hz, sample_rate_hz)
    return Audio(np.clip(y, -1.0, 1.0).astype(np.float32, copy=False), rate_hz, channels, peak)


def resample(y: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Band-limited change of rate (soxr, high quality) [shape=(ceil(n * to_hz / from_hz),), float32]."""
    import librosa

    return librosa.resample(y, orig_sr=from_hz, target_sr=to_hz, res_type="soxr_hq")


def file_frames(path: Path) -> int:
    """Samples a channel in a file, from its header.

    Raises
    ------
    DataError
        If it is missing or not audio.
    """
    path = Path(path)
    if not path.is_file() or path.stat().st_size == 0:
        raise DataError(mismatch(path, "an audio file", "a file of 0 bytes" if path.is_file() else "nothing there"))
    try:
        return soundfile.info(_openable(path)).frames
    except soundfile.LibsndfileError as error:
        raise DataError(mismatch(path, "an audio file (WAV, FLAC, OGG, MP3)", _what_is(path, error))) from None


def file_rate_hz(path: Path) -> int:
    """Sample rate of a file that :func:`file_frames` has accepted."""
    return soundfile.info(_openable(path)).samplerate


def _openable(path: Path) -> str | bytes:
    """A path as soundfile opens it: as bytes where a name is not UTF-8."""
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def to_int16(y: np.ndarray) -> np.ndarray:
    """[-1, 1] to 16 bit, rounded, never wrapping. The inverse of :func:`to_float` for 16-bit files, bit for bit.

    >>> to_int16(np.array([-2.0, -1.0, 0.0, 0.5, 1.0]))
    array([-32768, -32768,      0,  16384,  32767], dtype=int16)
    """
    return np.clip(np.rint(np.asarray(y) * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def to_float(x: np.ndarray) -> np.ndarray:
    """16 bit to [-1, 1), float32."""
    return x.astype(np.float32) / np.float32(FULL_SCALE)


def write_wav(path: Path, y: np.ndarray, sample_rate_hz: int) -> None:
    """Write mono 16-bit WAV; what lies outside [-1, 1] is clipped, NaN and infinity are refused."""
    y = np.asarray(y)
    if y.ndim != 1 or not np.isfinite(y).all():
        got = "NaN or infinity" if y.ndim == 1 else f"shape {y.shape}"
        raise DataError(mismatch(path, "finite samples of one channel", got))
    buffer = io.BytesIO()
    soundfile.write(buffer, to_int16(y), sample_rate_hz, subtype="PCM_16", format="WAV")
    write_atomically(Path(path), buffer.getvalue())


def _read_part(file: soundfile.SoundFile, path: Path, start: int, stop: int | None) -> np.ndarray:
    """Samples start..stop [shape=(n, channels), float32]; fewer than the header promises is an error."""
    if (stop is not None and stop > file.frames) or start > file.frames:
        raise DataError(mismatch(path, f"at least {max(start, stop or 0)} samples", f"{file.frames}"))
    known = file.frames < 1 << 48  # FLAC from a pipe does not know its length
    wanted = (file.frames if stop is None else stop) - start
    if start:
        file.seek(start)
    blocks = []
    while wanted > 0:
        block = file.read(min(wanted, _BLOCK), dtype="float32", always_2d=True)
        blocks.append(block)
        wanted -= len(block)
        if len(block) == 0:
            break
    if wanted > 0 and known:
        got = sum(map(len, blocks))
        raise DataError(mismatch(path, f"{got + wanted} samples (its header)", f"{got}: the file is truncated"))
    return np.concatenate(blocks) if blocks else np.zeros((0, file.channels), np.float32)


def _check_wav_complete(path: Path) -> None:
    """libsndfile shortens a truncated WAV without a word: compare its header with what is there."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if file.read(4) != b"RIFF" or file.seek(8) != 8 or file.read(4) != b"WAVE":
            return
        while len(header := file.read(8)) == 8:
            name, length = struct.unpack("<4sI", header)
            if name == b"data":
                there = size - file.tell()
                if length < _UNKNOWN_SIZE and length > there:
                    raise DataError(
                        mismatch(path, f"{length} bytes of samples (its header)", f"{there}: the file is truncated")
                    )
                return
            file.seek(length + length % 2, 1)


def _what_is(path: Path, error: soundfile.LibsndfileError) -> str:
    """What a file that is no audio looks like."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer (fetch the data with 'git lfs pull')"
    if head.lstrip()[:15].lower().startswith((b"<!doctype", b"<html")):
        return "a web page (the download failed)"
    if head.startswith(b"OggS") and b"OpusHead" in head:
        return f"Opus, which this libsndfile ({soundfile.__libsndfile_version__}) does not read; convert it to WAV"
    if head and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        return "a text file"
    return f"something else ({error.error_string.rstrip('.')})"
