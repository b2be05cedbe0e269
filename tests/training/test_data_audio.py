"""Audio files: every format and rate, conversions measured, every bad file one line."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drsn_keras.errors import DataError
from drsn_keras.training.audio import file_frames, read_audio, to_float, to_int16, write_wav

Writer = Callable[..., Path]


def peak_frequency_hz(y: np.ndarray, rate_hz: int) -> float:
    """Frequency of the strongest line, between bins by the logarithmic parabola."""
    power = np.log(np.abs(np.fft.rfft(y * np.hanning(len(y)))) + 1e-12)
    k = int(np.argmax(power))
    left, middle, right = power[k - 1 : k + 2]
    return (k + 0.5 * (left - right) / (left - 2 * middle + right)) * rate_hz / len(y)


@pytest.mark.parametrize(
    ("name", "subtype", "tolerance"),
    [
        ("a.wav", "PCM_U8", 1 / 128),
        ("a.wav", "PCM_16", 1 / 32768),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "PCM_32", 1e-6),
        ("a.wav", "FLOAT", 1e-7),
        ("a.wav", "DOUBLE", 1e-7),
        ("a.flac", "PCM_16", 1 / 32768),
        ("a.flac", "PCM_24", 1e-6),
        ("a.aiff", "PCM_16", 1 / 32768),
    ],
)
def test_lossless_formats_read_back(
    tmp_path: Path, write_tone: Writer, name: str, subtype: str, tolerance: float
) -> None:
    path = write_tone(tmp_path / name, subtype=subtype)
    audio = read_audio(path, 16000)
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(3200) / 16000)
    assert audio.y.dtype == np.float32
    assert (audio.source_rate_hz, audio.source_channels) == (16000, 1)
    np.testing.assert_allclose(audio.y, expected, atol=tolerance)


@pytest.mark.parametrize("name", ["a.ogg", "a.mp3"])
def test_lossy_formats_keep_the_tone(tmp_path: Path, write_tone: Writer, name: str) -> None:
    audio = read_audio(write_tone(tmp_path / name, seconds=1.0, frequency_hz=1000.0), 16000)
    assert abs(len(audio.y) - 16000) < 2400  # MP3 adds its delay
    assert peak_frequency_hz(audio.y, 16000) == pytest.approx(1000.0, abs=1.0)
    assert np.sqrt(2 * np.mean(audio.y[4000:12000] ** 2)) == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 22050, 44100, 48000])
def test_other_rates_keep_frequency_level_and_length(tmp_path: Path, write_tone: Writer, rate_hz: int) -> None:
    audio = read_audio(write_tone(tmp_path / "a.wav", seconds=1.0, rate_hz=rate_hz, frequency_hz=997.0), 16000)
    assert audio.source_rate_hz == rate_hz
    assert len(audio.y) == 16000
    assert peak_frequency_hz(audio.y, 16000) == pytest.approx(997.0, abs=0.1)
    assert np.sqrt(2 * np.mean(audio.y[1000:15000] ** 2)) == pytest.approx(0.5, rel=0.01)


def test_a_tone_above_half_the_rate_does_not_alias(tmp_path: Path, write_tone: Writer) -> None:
    audio = read_audio(write_tone(tmp_path / "a.wav", seconds=1.0, rate_hz=48000, frequency_hz=12000.0), 16000)
    assert np.max(np.abs(audio.y[1000:15000])) < 1e-3


def test_stereo_is_averaged(tmp_path: Path) -> None:
    y = np.stack([np.full(100, 0.5), np.full(100, -0.25)], axis=1)
    soundfile.write(tmp_path / "a.wav", y, 16000)
    audio = read_audio(tmp_path / "a.wav", 16000)
    assert audio.source_channels == 2
    np.testing.assert_allclose(audio.y, 0.125, atol=1e-4)


def test_parts_are_in_samples_of_the_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.arange(1000) / 2000, 8000, subtype="FLOAT")
    part = read_audio(tmp_path / "a.wav", 8000, 100, 104)
    np.testing.assert_allclose(part.y, [0.05, 0.0505, 0.051, 0.0515], rtol=1e-6)
    assert len(read_audio(tmp_path / "a.wav", 16000, 500).y) == 1000
    assert file_frames(tmp_path / "a.wav") == 1000
    with pytest.raises(DataError, match=r"a\.wav: expected at least 1001 samples, got 1000"):
        read_audio(tmp_path / "a.wav", 8000, 0, 1001)


def test_float_files_a_little_over_are_clipped_and_far_over_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.array([0.5, 1.5, -2.0]), 16000, subtype="FLOAT")
    audio = read_audio(tmp_path / "a.wav", 16000)
    np.testing.assert_array_equal(audio.y, np.float32([0.5, 1.0, -1.0]))
    assert audio.source_peak == 2.0
    soundfile.write(tmp_path / "b.wav", np.array([0.0, 12345.0]), 16000, subtype="FLOAT")
    with pytest.raises(DataError, match=r"b\.wav: expected samples in \[-1, 1\], got a peak of 12345"):
        read_audio(tmp_path / "b.wav", 16000)


def _truncated_wav(path: Path) -> None:
    soundfile.write(path, np.zeros(1000), 16000)
    path.write_bytes(path.read_bytes()[:1000])


def _truncated_flac(path: Path) -> None:
    rng = np.random.default_rng(0)
    soundfile.write(path, rng.uniform(-0.5, 0.5, 20000), 16000, format="FLAC")
    path.write_bytes(path.read_bytes()[:20000])


def _not_finite(value: float) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        soundfile.write(path, np.array([0.0, value, 0.1, value]), 16000, subtype="FLOAT")

    return write


BAD = {
    "missing": (lambda p: None, "an audio file, got nothing there"),
    "folder": (lambda p: p.mkdir(), "an audio file, got a folder"),
    "0 bytes": (lambda p: p.touch(), "an audio file, got a file of 0 bytes"),
    "text": (lambda p: p.write_text("dear diary,\n"), "an audio file (WAV, FLAC, OGG, MP3), got a text file"),
    "web page": (
        lambda p: p.write_text("<!DOCTYPE html>\n<p>404"),
        "an audio file (WAV, FLAC, OGG, MP3), got a web page (the download failed)",
    ),
    "LFS pointer": (
        lambda p: p.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
        "an audio file (WAV, FLAC, OGG, MP3), got a Git LFS pointer (fetch the data with 'git lfs pull')",
    ),
    "bytes": (
        lambda p: p.write_bytes(bytes(range(256))),
        "an audio file (WAV, FLAC, OGG, MP3), got something else (Format not recognised)",
    ),
    "truncated WAV": (_truncated_wav, "2000 bytes of samples (its header), got 956: the file is truncated"),
    "no samples": (lambda p: soundfile.write(p, np.zeros(0), 16000), "samples, got a header and no samples"),
    "NaN": (_not_finite(np.nan), "finite samples, got NaN or infinity in 2 of 4"),
    "infinity": (_not_finite(-np.inf), "finite samples, got NaN or infinity in 2 of 4"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_one_line(tmp_path: Path, kind: str) -> None:
    make, message = BAD[kind]
    path = tmp_path / "clip.wav"
    make(path)
    with pytest.raises(DataError) as caught:
        read_audio(path, 16000)
    assert str(caught.value) == f"{path}: expected {message}"


def test_a_truncated_flac_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "clip.flac"
    _truncated_flac(path)
    with pytest.raises(DataError) as caught:
        read_audio(path, 16000)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wav_from_a_pipe_is_read(tmp_path: Path, write_tone: Writer) -> None:
    """Recorders that write to a pipe put the largest number where they do not know the length."""
    path = write_tone(tmp_path / "a.wav")
    data = bytearray(path.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 0xFFFFFFFF)
    data[4:8] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(data)
    assert len(read_audio(path, 16000).y) == 3200


def test_16_bit_goes_to_float_and_back_bit_for_bit() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    np.testing.assert_array_equal(to_int16(to_float(every)), every)


def test_written_wav_never_wraps(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.array([0.25, 1.0, 1.5, -1.0, -9.0]), 16000)
    samples, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert rate_hz == 16000
    assert samples.tolist() == [8192, 32767, 32767, -32768, -32768]
    with pytest.raises(DataError, match=r"a\.wav: expected finite samples of one channel, got NaN or infinity"):
        write_wav(tmp_path / "a.wav", np.array([np.nan]), 16000)
    with pytest.raises(DataError, match=r"got shape \(2, 2\)"):
        write_wav(tmp_path / "a.wav", np.zeros((2, 2)), 16000)


def test_librosa_is_loaded_only_to_resample(tmp_path: Path, write_tone: Writer) -> None:
    path = write_tone(tmp_path / "a.wav")
    code = (
        "import sys; from drsn_keras.training.audio import read_audio; from pathlib import Path;"
        f"read_audio(Path({str(path)!r}), 16000); assert 'librosa' not in sys.modules;"
        f"read_audio(Path({str(path)!r}), 8000); assert 'librosa' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
