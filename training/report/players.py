"""Sounds as a page carries them: 16-bit WAV and a small spectrogram, both inside the page."""

from __future__ import annotations

import base64
import dataclasses
import io
import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np

from drsn_keras.frontend import FrontEndSpec
from drsn_keras.frontend.reference import compute_features

from ..audio import to_int16
from .sounds import SoundExample

#: Base64 characters that all sounds of a page may take.
BUDGET = 1_500_000
_PEAK = 0.98
_RANGE_DB = 65.0


@dataclasses.dataclass(frozen=True)
class Player:
    """One sound of a page, with its verdicts as (scheme, label, probability, right)."""

    caption: str
    wav: str
    picture: str
    verdicts: tuple[tuple[str, str, float, bool], ...]


@dataclasses.dataclass(frozen=True)
class PlayerGroup:
    """The forms of one clip, all with the same gain: the word is equally loud, only the noise differs."""

    title: str
    label: str
    players: tuple[Player, ...]


def player_groups(sounds: Sequence[SoundExample]) -> tuple[list[PlayerGroup], int]:
    """Groups that fit the budget, and how many were left out."""
    return within_budget(_group(title, list(m)) for title, m in itertools.groupby(sounds, key=lambda s: s.title))


def within_budget(found: Iterable[PlayerGroup]) -> tuple[list[PlayerGroup], int]:
    """Groups as far as a page carries them, and how many were left out."""
    groups, spent, left_out = [], 0, 0
    for group in found:
        size = sum(len(p.wav) + len(p.picture) for p in group.players)
        if spent + size > BUDGET:
            left_out += 1
            continue
        spent += size
        groups.append(group)
    return groups, left_out


def _group(title: str, sounds: list[SoundExample]) -> PlayerGroup:
    verdicts = [tuple((name, label, p, label == s.label) for name, (label, p) in s.predictions.items()) for s in sounds]
    captions = ["Clean" if math.isinf(s.snr_db) else f"{s.noise}, {s.snr_db:g} dB".replace(" -", " −") for s in sounds]
    forms = [(caption, s.y, v) for caption, s, v in zip(captions, sounds, verdicts, strict=True)]
    return sound_group(title, sounds[0].label, forms, sounds[0].sample_rate_hz)


def sound_group(
    title: str,
    label: str,
    forms: Sequence[tuple[str, np.ndarray, tuple[tuple[str, str, float, bool], ...]]],
    sample_rate_hz: int,
) -> PlayerGroup:
    """Forms of one clip, (caption, samples, verdicts), with one gain and one range of colours."""
    peak = max(float(np.max(np.abs(y), initial=0.0)) for _, y, _ in forms)
    gain = _PEAK / peak if peak > 0 else 1.0
    pictures = [_log_mel(y, sample_rate_hz) for _, y, _ in forms]
    top = max(float(p.max()) for p in pictures)
    players = tuple(
        Player(
            caption=caption,
            wav=data_uri("audio/wav", wav_bytes(y * gain, sample_rate_hz)),
            picture=data_uri("image/png", _picture(p, top)),
            verdicts=verdicts,
        )
        for (caption, y, verdicts), p in zip(forms, pictures, strict=True)
    )
    return PlayerGroup(title, label, players)


def wav_bytes(y: np.ndarray, sample_rate_hz: int) -> bytes:
    """Mono 16-bit WAV file."""
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, to_int16(y), sample_rate_hz, subtype="PCM_16", format="WAV")
    return out.getvalue()


def data_uri(kind: str, data: bytes) -> str:
    """Bytes of a file as a page carries them."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _log_mel(y: np.ndarray, rate: int) -> np.ndarray:
    """Log-mel spectrogram [shape=(frames, 48)] of 32 ms windows, 10 ms apart."""
    frame = round(0.032 * rate)
    y = np.pad(y, (0, max(0, frame - len(y))))
    spec = FrontEndSpec(
        sample_rate_hz=rate,
        duration_s=len(y) / rate,
        frame_length=frame,
        hop_length=max(1, round(0.010 * rate)),
        fft_length=1 << (frame - 1).bit_length(),
        n_mels=48,
        fmax_hz=0.48 * rate,
    )
    return compute_features(y, spec)


def _picture(log_mel: np.ndarray, top: float) -> bytes:
    """Low frequencies at the bottom; the range below ``top`` is the same for all forms of a clip."""
    import matplotlib
    from PIL import Image

    level = 1 - (top - log_mel.T[::-1]) / (_RANGE_DB * math.log(10) / 10)
    rgb = matplotlib.colormaps["magma"](np.clip(level, 0, 1), bytes=True)[..., :3]
    out = io.BytesIO()
    image = Image.fromarray(np.ascontiguousarray(rgb)).quantize(48, dither=Image.Dither.NONE)
    image.save(out, format="PNG", optimize=True)
    return out.getvalue()
