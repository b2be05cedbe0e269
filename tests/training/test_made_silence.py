"""Data without ``_silence_`` gets that class, made of each part's own noise."""

import shutil

import numpy as np
import pytest
import soundfile

from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import open_corpus
from drsn_keras.training.made_silence import LEVEL_DB


@pytest.fixture
def words(tones, tmp_path):
    data = shutil.copytree(tones, tmp_path / "data")
    shutil.rmtree(data / "_silence_")
    return data


def _level_db(x):
    return 20 * np.log10(np.sqrt(np.mean(np.square(x.astype("f8") / 32768))))


def test_silence_of_generated_noise(words):
    config = KeywordConfig(data=str(words), noise_kinds=("white", "pink"))
    corpus = open_corpus(config)
    assert corpus.labels == ("high", "low", "_silence_")
    clips = corpus.clips("train")
    made = clips.y == 2
    assert made.sum() == round((len(clips) - made.sum()) / 2)
    levels = [_level_db(x) for x in clips.x[made]]
    assert min(levels) >= LEVEL_DB[0] - 1.5, "quiet clips round to few steps"
    assert max(levels) <= LEVEL_DB[1] + 0.1
    assert [r.label for r in clips.recordings] == [clips.labels[i] for i in clips.y]
    np.testing.assert_array_equal(clips.x, open_corpus(config).clips("train").x)


def test_speech_keeps_its_labels(words):
    clips = open_corpus(KeywordConfig(data=str(words))).clips("test")
    for r, i in zip(clips.recordings, clips.y, strict=True):
        assert r.label == clips.labels[i] == ("_silence_" if r.path.parts[0] == "noise" else r.path.parent.name)


def test_silence_of_recordings_comes_from_the_parts_own_stretch(words, tmp_path):
    """A recording whose frequency rises: 60 % at 500 Hz for training, then 1500 Hz, then 3000 Hz for the test."""
    (tmp_path / "noise").mkdir()
    t = np.arange(16000 * 30) / 16000
    hz = np.select([t < 18, t < 21], [500.0, 1500.0], 3000.0)
    soundfile.write(tmp_path / "noise" / "rising.wav", 0.3 * np.sin(2 * np.pi * hz * t), 16000)
    corpus = open_corpus(KeywordConfig(data=str(words), noise=(str(tmp_path / "noise"),), noise_kinds=("white",)))
    for split, expected in [("train", 500), ("val", 1500), ("test", 3000)]:
        clips = corpus.clips(split)
        for x in clips.x[clips.y == clips.labels.index("_silence_")]:
            assert abs(np.abs(np.fft.rfft(x * np.hanning(16000))).argmax() - expected) <= 2
