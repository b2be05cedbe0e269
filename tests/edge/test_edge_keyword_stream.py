"""A listener on a model of streams: the same class as for windows, its past in the model's states."""

import json

import numpy as np
import pytest
from keyword_stream_file import BANDS, CONTRAST, FRAMES, LABELS, SILENCE, WINDOW, write_keyword_stream

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.errors import BundleError, DataError
from drsn_keras.frontend import LOG_MEL_40, WindowSpec, compute_features


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_keyword_stream(tmp_path_factory.mktemp("stream") / "bundle")


@pytest.fixture(scope="module")
def words(bursts):
    """A low and a high tone, and no whole number of steps."""
    return bursts(5.01, (1.0, 400.0), (3.0, 4000.0))


def by_hand(y: np.ndarray) -> np.ndarray:
    """What the model says after every step [shape=(steps, 3)]: zeros stand before the stream."""
    x = np.concatenate([np.zeros((WINDOW - FRAMES, BANDS)), compute_features(y, LOG_MEL_40)])
    rows = []
    for end in range(WINDOW, len(x) + 1, FRAMES):
        part = x[end - WINDOW : end]
        low = CONTRAST * (part[:, :16].mean() - part[:, -16:].mean())
        weights = np.exp([low, -low, SILENCE])
        rows.append(weights / weights.sum())
    return np.array(rows)


def test_it_hears_words_and_smooths_over_steps(folder, words):
    listener = KeywordListener(load_bundle(folder))
    assert (listener.hop_s, listener.step_frames, listener.window_s) == (0.04, FRAMES, pytest.approx(1.0))
    verdicts = listener.push(words)
    p, n = by_hand(words), 8  # of 0.3 s, halves up
    assert len(verdicts) == len(p)
    for i, verdict in enumerate(verdicts):
        np.testing.assert_allclose(verdict.probabilities, p[max(0, i + 1 - n) : i + 1].mean(axis=0), atol=1e-5)
        assert verdict.time_s == pytest.approx((480 + (FRAMES * (i + 1) - 1) * 160) / 16000)
    found = [v.detection for v in verdicts if v.detection]
    assert [d.label for d in found] == ["low", "high"]
    for detection, start_s in zip(found, (1.0, 3.0), strict=True):
        assert start_s < detection.time_s < start_s + 0.6
        assert detection.start_s == pytest.approx(max(0.0, detection.time_s - 1.0 - 7 * 0.04))


def test_chunks_do_not_matter_and_a_reset_forgets(folder, words):
    listener = KeywordListener(load_bundle(folder))

    def heard(chunks):
        listener.reset()
        verdicts = [v for part in np.split(words, chunks) for v in listener.push(part)] + listener.flush()
        return np.array([[v.time_s, *v.probabilities] for v in verdicts])

    whole = heard([])
    np.testing.assert_array_equal(heard(np.sort(np.random.default_rng(0).integers(0, len(words), 60))), whole)
    np.testing.assert_array_equal(heard([1, 640, 641]), whole)


def test_a_refused_chunk_takes_nothing(folder, words):
    listener = KeywordListener(load_bundle(folder))
    listener.push(words[:5000])
    with pytest.raises(DataError, match="finite"):
        listener.push(np.array([np.nan], np.float32))
    assert listener.samples_seen == 5000


def test_clips_are_steps_from_a_fresh_start(folder, words):
    interpreter = load_bundle(folder).interpreter
    x = compute_features(words[: 3 * 16000].reshape(3, 16000), LOG_MEL_40)
    expected = [by_hand(y)[-1] for y in words[: 3 * 16000].reshape(3, 16000)]
    np.testing.assert_allclose(interpreter.run_batch(x), expected, atol=1e-5)
    with pytest.raises(DataError, match=r"frames: expected shape \(4, 40\), got \(4, 39\)"):
        interpreter.run_batch(x[:, :, :39])


def test_commands(folder, words, tmp_path, wav_bytes, s16, drsn_edge):
    (tmp_path / "words.wav").write_bytes(wav_bytes(s16(words)))
    done = drsn_edge("listen", folder, "--wav", tmp_path / "words.wav", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and [line["label"] for line in lines] == ["low", "high"]
    done = drsn_edge("info", folder)
    assert b"4 frames a step, delay 640 samples, 1 states of 15360 bytes" in done.stdout
    assert b"detector    threshold 0.6, release 0.3, every 0.04 s" in done.stdout
    done = drsn_edge("bench", folder, "--seconds", "0.05", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["hop_s"] == 0.04


def test_what_is_no_stream_of_words(tmp_path):
    windows = write_keyword_stream(tmp_path / "windows", front_end=WindowSpec().to_dict())
    with pytest.raises(BundleError, match="stream: expected nothing but of a signal or of words, got something"):
        load_bundle(windows)
    labels = write_keyword_stream(tmp_path / "labels", labels=(*LABELS, "more"))
    with pytest.raises(BundleError, match=r"expected 3 labels"):
        load_bundle(labels)
