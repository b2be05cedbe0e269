"""Training a keyword network for streams: what stands before a clip, a training from end to end, its detector."""

import json

import numpy as np
import pytest
import tensorflow as tf

from drsn_keras.edge.detector import Detector
from drsn_keras.frontend import LOG_MEL_40
from drsn_keras.model_card import DetectorSpec
from drsn_keras.models.streaming_keywords import over_streams, step_frames, streaming_keyword_network
from drsn_keras.training.augment import Augmenter, AugmentSpec, NoiseBank
from drsn_keras.training.batch_look import BatchLook
from drsn_keras.training.cli import main as train
from drsn_keras.training.features import BatchFeatures
from drsn_keras.training.operating_point import _peaks_of
from drsn_keras.training.pipeline import Batches
from random_weights import randomise

RATE, N = 16000, 16000
OFF = {"gain_db": (0.0, 0.0), "speed": (1.0, 1.0), "shift_s": 0.0, "reverb_probability": 0.0}


def _augmenter(**changes):
    rng = np.random.default_rng(0)
    bank = NoiseBank.from_signals({"white": [rng.standard_normal(50_000).astype("f4")]}, 2 * N)
    return Augmenter(AugmentSpec(**{**OFF, "noise_probability": 1.0, **changes}), bank, None, RATE)


def test_before_a_clip_is_another_one_or_nothing_and_the_same_noise():
    augmenter = _augmenter(snr_db=(-10.0, 20.0))
    rng = np.random.default_rng(1)
    clips = rng.standard_normal((40, N)).astype("f4") * np.linspace(0.1, 1.0, 40, dtype="f4")[:, None]
    parameters = augmenter.draw(tf.constant([3, 0], tf.int64), 40)
    y = augmenter.apply_in_stream(tf.constant(clips), parameters).numpy()
    spoken = parameters["spoken_before"].numpy() > 0
    assert 10 < spoken.sum() < 30
    before = np.roll(clips, 1, axis=0) * spoken[:, None]
    noise = y - np.concatenate([before, clips], axis=1)
    power = np.mean(np.square(noise, dtype="f8").reshape(40, 2, N), axis=2)
    measured = 10 * np.log10(np.mean(np.square(clips, dtype="f8"), axis=1) / power[:, 1])
    np.testing.assert_allclose(measured, parameters["snr_db"], atol=0.01)
    np.testing.assert_allclose(10 * np.log10(power[:, 0] / power[:, 1]), 0, atol=0.5)


def test_every_other_batch_has_a_past():
    """Even steps are those of a model of windows, to the bit; odd ones end with the clip."""
    clips = (3000 * np.random.default_rng(2).standard_normal((8, N))).astype(np.int16)
    masks = {"time_masks": 0, "band_masks": 0}
    parts = 8, _augmenter(noise_probability=0.0, **masks), LOG_MEL_40, 4, 0
    # By the same operators: compiled loops round otherwise.
    looks = BatchLook(*parts, in_graph=True), BatchLook(*parts, in_stream=True)
    plain, stream = (Batches(clips, np.arange(8), look) for look in looks)
    pairs = list(zip(plain.dataset(2).take(4), stream.dataset(2).take(4), strict=True))
    for step, ((x, y), (found, labels)) in enumerate(pairs, start=2):
        np.testing.assert_array_equal(y, labels)
        if step % 2 == 0:
            np.testing.assert_array_equal(found, x)
        else:
            assert found.shape == (4, 198, 40)
            np.testing.assert_allclose(found[:, -98:], x, atol=1e-4)
            silent = np.abs(found[:, :98] - np.log(1e-6)).max(axis=(1, 2)) < 1e-3
            assert 0 < silent.sum() < 4 or step == 3


def test_peaks_are_what_the_detector_would_see():
    """Of two seconds, heard from their beginning: the average over 0.3 s in steps of 40 ms is over eight."""
    model = randomise(streaming_keyword_network(LOG_MEL_40.shape, 3, width=0.2))
    detector = DetectorSpec(hop_s=0.04)
    y = (0.1 * np.random.default_rng(5).standard_normal((2, 2 * N))).astype("f4")
    peaks = _peaks_of(model, LOG_MEL_40, 2 * N, detector)(y)
    long = BatchFeatures(type(LOG_MEL_40)(duration_s=2.0))(y)
    p = np.asarray(over_streams(model, every_step=True)(long))
    for row, expected in zip(p, peaks, strict=True):
        averaged, device = [], Detector(("a", "b", "c"), detector)
        for one in row:
            device.update(one, 0.0)
            averaged.append(device.smoothed)
        assert device.n_smoothing == 8
        np.testing.assert_allclose(np.max(averaged[7:], axis=0), expected, atol=1e-5)


@pytest.fixture(scope="module")
def run(tones, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    options = ["--model", "streaming-drsn-cw", "--width", "0.2", "--epochs", "2", "--batch-size", "16"]
    options += ["--noise-kinds", "white", "--deterministic", "--seed", "3"]
    assert train(["keywords", "--data", str(tones), "--out", str(folder), *options]) == 0
    return folder


def test_a_training_from_end_to_end(run):
    from drsn_keras.training.open_run import open_run

    summary = json.loads((run / "summary.json").read_text())
    assert summary["model"] == "streaming-drsn-cw" and summary["noise_level"] == {}
    assert summary["detector"]["hop_s"] == 0.04 and 0.3 <= summary["detector"]["threshold"] <= 0.95
    assert [row["condition"] for row in summary["operating_point"]] == ["clean", "10 dB", "0 dB"]
    losses = [float(line.split(",")[1]) for line in (run / "history.csv").read_text().splitlines()[1:]]
    assert losses[1] < losses[0] < 1.5
    model = open_run(run).model
    assert model.input_shape == (None, 98, 40) and step_frames(model) == 4


def test_an_unknown_kind_is_refused(tones, tmp_path, capsys):
    with pytest.raises(SystemExit):
        train(["keywords", "--data", str(tones), "--out", str(tmp_path / "r"), "--model", "streaming-senet"])
    assert "invalid choice: 'streaming-senet'" in capsys.readouterr().err
