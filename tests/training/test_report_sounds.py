"""Sounds of the report: mixed as promised, judged by the models, playable."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from drsn_keras.frontend import FrontEndSpec
from drsn_keras.training.clips import Clips
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.evaluate import Candidate
from drsn_keras.training.features import BatchFeatures
from drsn_keras.training.recordings import Recording
from drsn_keras.training.report import SoundExample, pick_sounds
from drsn_keras.training.report import players as players_module
from drsn_keras.training.report.players import player_groups

RATE_HZ = 16000
SPEC = FrontEndSpec(duration_s=0.5)
LABELS = ("low", "high", "_silence_", "_unknown_")


def tone_clips() -> Clips:
    """Four tones of each label but silence, which is digital."""
    t = np.arange(SPEC.n_samples) / RATE_HZ
    rows, labels = [], []
    for label, frequency in enumerate((300.0, 3500.0, 0.0, 900.0)):
        for k in range(4):
            rows.append(8000 * np.sin(2 * np.pi * (frequency + 10 * k * (frequency > 0)) * t))
            labels.append(label)
    recordings = tuple(
        Recording(Path(f"{i}.wav"), LABELS[label], "test", f"voice {i % 4}") for i, label in enumerate(labels)
    )
    return Clips(np.rint(rows).astype(np.int16), np.array(labels), recordings, LABELS, RATE_HZ)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    clips = tone_clips()
    return Corpus(LABELS, RATE_HZ, SPEC.n_samples, {}, lambda split: clips, (), ("white",), False)


@pytest.fixture(scope="module")
def config() -> KeywordConfig:
    return KeywordConfig(data="/nowhere", front_end=SPEC.to_dict())


def predict(x: np.ndarray) -> np.ndarray:
    """Low or high, by where the energy lies."""
    p = np.zeros((len(x), 4), np.float32)
    high = x[:, :, 20:].mean(axis=(1, 2)) > x[:, :, :20].mean(axis=(1, 2))
    p[:, 0], p[:, 1] = np.where(high, 0.25, 0.75), np.where(high, 0.75, 0.25)
    return p


def snr_db(clean: np.ndarray, mixed: np.ndarray) -> float:
    clean, noise = clean.astype(float), mixed.astype(float) - clean.astype(float)
    return 10 * math.log10(np.mean(clean**2) / np.mean(noise**2))


@pytest.fixture(scope="module")
def sounds(corpus: Corpus, config: KeywordConfig) -> list[SoundExample]:
    return pick_sounds(corpus, config, [Candidate("m", "keras", predict)], ["white", "pink", "brown", "laplacian"], 5)


def test_sounds_are_mixed_as_they_say(sounds: list[SoundExample]) -> None:
    by_title: dict[str, list[SoundExample]] = {}
    for sound in sounds:
        by_title.setdefault(sound.title, []).append(sound)
    # Two keywords; neither silence nor other words are of use to a listener.
    assert sorted({s.label for s in sounds}) == ["high", "low"]
    assert len(by_title) == 2
    for group in by_title.values():
        assert [s.snr_db for s in group] == [math.inf, 10.0, 0.0, -5.0]
        assert group[0].noise == "none"
        assert len({s.noise for s in group[1:]}) == 3
        for sound in group[1:]:
            assert snr_db(group[0].y, sound.y) == pytest.approx(sound.snr_db, abs=0.01)


def test_verdicts_are_the_models(sounds: list[SoundExample]) -> None:
    p = predict(BatchFeatures(SPEC)(np.stack([s.y for s in sounds])))
    assert [s.predictions["keras"] for s in sounds] == [(LABELS[row.argmax()], float(row.max())) for row in p]
    # The clean tones are told apart, so the verdicts are not a constant.
    assert {s.predictions["keras"][0] for s in sounds if s.noise == "none"} == {"low", "high"}


def test_the_seed_decides(corpus: Corpus, config: KeywordConfig, sounds: list[SoundExample]) -> None:
    candidates, noises = [Candidate("m", "keras", predict)], ["white", "pink", "brown", "laplacian"]
    again = pick_sounds(corpus, config, candidates, noises, 5)
    assert [s.title for s in again] == [s.title for s in sounds]
    assert all(np.array_equal(a.y, b.y) for a, b in zip(again, sounds, strict=True))
    other = pick_sounds(corpus, config, candidates, noises, 6)
    assert any(not np.array_equal(a.y, b.y) for a, b in zip(other, sounds, strict=True))


def test_clean_only_where_there_is_no_noise(corpus: Corpus, config: KeywordConfig) -> None:
    found = pick_sounds(corpus, config, [Candidate("m", "keras", predict)], [], 5)
    assert [s.noise for s in found] == ["none", "none"]


def decode(uri: str) -> bytes:
    return base64.b64decode(uri.partition(",")[2])


def test_players_keep_the_snr_and_do_not_clip(sounds: list[SoundExample]) -> None:
    groups, left_out = player_groups(sounds)
    assert left_out == 0
    for group in groups:
        waves = []
        for player in group.players:
            y, rate = soundfile.read(io.BytesIO(decode(player.wav)), dtype="int16")
            assert rate == RATE_HZ
            assert y.shape == (SPEC.n_samples,)
            waves.append(y)
        assert max(np.abs(y.astype(int)).max() for y in waves) == pytest.approx(0.98 * 32768, abs=1)
        for wanted, wave in zip((10.0, 0.0, -5.0), waves[1:], strict=True):
            assert snr_db(waves[0], wave) == pytest.approx(wanted, abs=0.05)
        assert all(Image.open(io.BytesIO(decode(p.picture))).size[1] == 48 for p in group.players)


def test_pictures_show_the_tone(sounds: list[SoundExample]) -> None:
    groups, _ = player_groups([s for s in sounds if s.noise == "none"])
    rows = {}
    for group in groups:
        picture = np.asarray(Image.open(io.BytesIO(decode(group.players[0].picture))).convert("L"), float)
        rows[group.label] = int(picture.mean(axis=1).argmax())
    # Row 0 is the highest pitch.
    assert rows["high"] < rows["low"]


def test_what_does_not_fit_is_left_out(sounds: list[SoundExample], monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(len(p.wav) + len(p.picture) for p in player_groups(sounds)[0][0].players)
    monkeypatch.setattr(players_module, "BUDGET", size + 10)
    groups, left_out = player_groups(sounds)
    assert (len(groups), left_out) == (1, 1)
    assert len(groups[0].players) == 4
