"""Composed streams: words where they are said to be, at the SNR that was asked for, by the seed alone."""

import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.errors import UsageError
from drsn_keras.noise import RecordedNoise
from drsn_keras.training.clips import Clips
from drsn_keras.training.recordings import Recording
from drsn_keras.training.streams.compose import compose
from drsn_keras.training.streams.composition import KINDS, NOISE, QUIET, SPEECH, WORDS, Composition
from drsn_keras.training.streams.material import Material
from drsn_keras.training.streams.word_bounds import word_bounds

RATE = 16000
LABELS = ("no", "yes", "_unknown_")


def _material(split="test", noises=("hiss", "hum")):
    """Tones of 0.4 s in clips of 1 s, each of a frequency of its own; steady noises."""
    rng = np.random.default_rng(5)
    t = np.arange(RATE) / RATE
    y = np.repeat((0, 1, 2), 7)
    x = [8000 * (np.abs(t - 0.5) < 0.2) * np.sin(2 * np.pi * (300 + 50 * i) * t) for i in range(len(y))]
    who = tuple(Recording(Path(f"{i}.wav"), LABELS[label], split, f"speaker {i}") for i, label in enumerate(y))
    clips = Clips(np.array(x).astype(np.int16), y, who, LABELS, RATE)
    sources = {name: RecordedNoise(name, [rng.standard_normal(5 * RATE)], RATE) for name in noises}
    return Material(split, clips, np.flatnonzero(y < 2), np.flatnonzero(y == 2), sources)


MATERIAL = _material()


def _stream(hours=0.5, seed=1, material=MATERIAL, **changes):
    return list(compose(material, Composition(**changes), hours, seed))


@pytest.fixture(scope="module")
def stream():
    return _stream()


def test_words_are_where_they_are_said_to_be(stream):
    """The tone of a clip is heard between start and stop, and outside of them no longer, in clean scenes."""
    checked = 0
    for scene, y in stream:
        assert len(y) == scene.stop - scene.start
        for word in () if scene.noise else scene.keywords:
            place = slice(word.start - scene.start, word.stop - scene.start)
            assert word.stop - word.start == pytest.approx(0.4 * RATE, abs=200)
            around = y[place.start - RATE // 2 : place.stop + RATE // 2]
            inside = float(np.sum(np.square(y[place], dtype=np.float64)))
            assert inside >= 0.98 * float(np.sum(np.square(around, dtype=np.float64)))
            assert word.label == LABELS[MATERIAL.clips.y[word.clip]] != "_unknown_"
            checked += 1
    assert checked >= 5
    edges = [scene.start for scene, _ in stream] + [stream[-1][0].stop]
    assert edges[0] == 0 and edges[1:] == [scene.stop for scene, _ in stream], "no gap between scenes"


def test_every_word_has_the_snr_that_is_noted(stream):
    """Measured by taking the word out again: its clip is known, and its noise is what remains."""
    found = []
    for scene, y in stream:
        for word in scene.keywords if scene.noise else ():
            at = slice(word.clip_start - scene.start, word.clip_stop - scene.start)
            clip = MATERIAL.clips.x[word.clip].astype(np.float64)
            mixed = y[at].astype(np.float64)
            # The noise has nothing to do with the clip: the clip's share of the mix is its projection.
            share = (mixed @ clip) / (clip @ clip) * clip
            snr_db = 10 * math.log10(np.mean(share**2) / np.mean((mixed - share) ** 2))
            assert snr_db == pytest.approx(word.snr_db, abs=0.25)
            found.append(word.snr_db)
    assert len(found) > 20 and 10 <= min(found) < 15 and 25 < max(found) <= 30


def test_no_sample_leaves_full_scale_and_levels_are_drawn(stream):
    assert max(float(np.max(np.abs(y))) for _, y in stream) < 1.0
    levels = {k: [10 * math.log10(np.mean(y.astype(np.float64) ** 2)) for s, y in stream if s.kind == k] for k in KINDS}
    assert np.ptp(levels[NOISE]) > 10
    assert min(levels[QUIET]) > -91 and max(levels[QUIET]) < -69


def test_the_seed_alone_decides_and_a_longer_stream_begins_as_a_shorter_one(stream):
    # A thousand hours begin at once: what is composed is what is asked for.
    longer = itertools.islice(compose(MATERIAL, Composition(), 1000.0, 1), 20)
    for (scene, y), (other, z) in zip(stream[:20], longer, strict=True):
        assert scene == other and np.array_equal(y, z)
    assert not np.array_equal(_stream(0.02, 2)[0][1], stream[0][1])
    assert _stream(0.02, 1, _material("val"))[0][0] != stream[0][0], "the parts' streams are not each other's"


def test_shares_of_scenes_and_length(stream):
    assert 0.5 <= stream[-1][0].stop / RATE / 3600 < 0.5 + 45 / 3600
    kinds = [scene.kind for scene, _ in stream][:50]
    assert [kinds.count(kind) for kind in (WORDS, SPEECH, NOISE, QUIET)] == [10, 10, 25, 5]
    spoken = [scene for scene, _ in stream if scene.kind in (WORDS, SPEECH)][:20]
    assert sum(not scene.noise for scene in spoken) == 5, "a quarter clean"
    assert all(scene.noise for scene, _ in stream if scene.kind == NOISE)
    assert all(w.label == "_unknown_" for scene, _ in stream for w in scene.others)
    assert not any(scene.keywords for scene, _ in stream if scene.kind != WORDS)


def test_all_clips_come_equally_often(stream):
    counts = np.bincount([w.clip for scene, _ in stream for w in scene.keywords], minlength=21)[MATERIAL.keywords]
    assert np.ptp(counts) <= 1


@pytest.mark.parametrize("snr_db", [(0.0, 5.0), (math.inf, math.inf)])
def test_other_ranges_of_snr(snr_db):
    found = [w.snr_db for scene, _ in _stream(0.1, snr_db=snr_db) for w in (*scene.keywords, *scene.others)]
    assert snr_db[0] <= min(found) and max(found) <= snr_db[1]


@pytest.mark.parametrize("snr_db", [(5.0, 0.0), (math.nan, 5.0), (-1000.0, 5.0), (0.0, 1000.0)])
def test_no_range_of_snr(snr_db):
    with pytest.raises(UsageError, match="--snr: expected LOW,HIGH"):
        Composition(snr_db=snr_db)


def test_a_noise_that_pauses_does_not_silence_the_words():
    pausing = np.concatenate([np.random.default_rng(0).standard_normal(RATE), np.zeros(4 * RATE)])
    material = dataclasses.replace(MATERIAL, noises={"pausing": RecordedNoise("pausing", [pausing], RATE)})
    words = 0
    for scene, y in _stream(0.1, 3, material):
        for word in scene.keywords if scene.noise else ():
            assert np.abs(y[word.start - scene.start : word.stop - scene.start]).max() > 1e-3
            words += 1
    assert words


def test_bounds_of_a_word_in_its_clips_own_hiss():
    y = 0.003 * np.random.default_rng(0).standard_normal(RATE)
    y[4000:9000] += 0.2 * np.sin(np.arange(5000))
    first, last = word_bounds(y, RATE)
    assert (first, last) == pytest.approx((4000, 9000), abs=200)
    assert word_bounds(np.zeros(RATE), RATE) == (0, RATE)
