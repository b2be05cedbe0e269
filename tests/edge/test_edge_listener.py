import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drsn_keras.edge import KeywordListener, load_bundle
from drsn_keras.errors import DataError
from drsn_keras.frontend import compute_features
from drsn_keras.model_card import DetectorSpec


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return load_bundle(bundle_folder)


@pytest.fixture(scope="module", params=["log-mel", "root-mel"])
def each_bundle(request, bundle, root_folder):
    return bundle if request.param == "log-mel" else load_bundle(root_folder)


def _all(listener, y, chunks=()):
    """Every verdict on a signal that comes in chunks, the rest in one."""
    listener.reset()
    verdicts, done = [], 0
    for chunk in chunks:
        verdicts += listener.push(y[done : done + chunk])
        done += chunk
    return verdicts + listener.push(y[done:]) + listener.flush()


def _words(verdicts):
    return [v.detection.label for v in verdicts if v.detection]


def test_each_burst_is_heard_once_with_its_name_and_time(each_bundle, bursts):
    y = bursts(8.0, (1.0, 400), (3.0, 4000), (5.0, 500), (6.5, 3500))
    detections = [v.detection for v in _all(KeywordListener(each_bundle), y) if v.detection]
    assert [d.label for d in detections] == ["low", "high", "low", "high"]
    for detection, start_s in zip(detections, (1.0, 3.0, 5.0, 6.5), strict=True):
        assert start_s < detection.time_s < start_s + 1.0
        assert detection.start_s <= start_s
        assert detection.score >= each_bundle.card.detector.threshold


@pytest.mark.parametrize("level", [0.0, 0.001, 0.1])
def test_silence_and_noise_are_no_word(each_bundle, level):
    y = level * np.random.default_rng(5).standard_normal(16000 * 5)
    verdicts = _all(KeywordListener(each_bundle), y)
    assert _words(verdicts) == []
    assert {v.label for v in verdicts} == {"_silence_"}


@pytest.mark.parametrize("start_s", [0.0, 0.3, 0.6])
def test_word_in_a_clip_of_one_second_is_heard(bundle, bursts, start_s):
    assert _words(_all(KeywordListener(bundle), bursts(1.0, (start_s, 400)))) == ["low"]


def test_clip_shorter_than_a_frame_gives_verdicts_and_no_error(bundle):
    verdicts = _all(KeywordListener(bundle), np.zeros(100))
    assert verdicts and _words(verdicts) == []


def test_windows_equal_those_of_the_whole_signal(each_bundle, bursts):
    # No smoothing: a verdict is the model's answer on the features that the batch reference gives.
    spec = DetectorSpec(hop_s=0.1, smoothing_s=0.0)
    y = bursts(2.5, (0.8, 400)) + 0.01 * np.random.default_rng(1).standard_normal(40000).astype(np.float32)
    verdicts = KeywordListener(each_bundle, spec).push(y)
    features = compute_features(y, each_bundle.front_end)
    n_frames, hop = each_bundle.front_end.n_frames, each_bundle.front_end.hop_length
    compared = 0
    for i, verdict in enumerate(verdicts):
        end = (i + 1) * 10
        assert verdict.time_s == pytest.approx(((end - 1) * hop + 480) / 16000)
        if end >= n_frames:
            expected = each_bundle.interpreter.run(features[end - n_frames : end])
            np.testing.assert_allclose(verdict.probabilities, expected, atol=1.5 / 256)
            compared += 1
    assert compared >= 10


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.integers(0, 40), st.integers(0, 9000)), max_size=12))
def test_output_is_bit_for_bit_independent_of_the_chunks(bundle, bursts, chunks):
    y = bursts(1.6, (0.5, 400)) + 0.02 * np.random.default_rng(2).standard_normal(25600).astype(np.float32)
    listener = KeywordListener(bundle)
    whole, parts = _all(listener, y), _all(listener, y, chunks)
    assert parts == whole
    for a, b in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(a.probabilities, b.probabilities)


@pytest.mark.parametrize(("hop_s", "frames"), [(0.1, 10), (0.02, 2), (0.014, 1), (0.015, 2), (0.001, 1)])
def test_hop_is_rounded_to_frames(bundle, hop_s, frames):
    listener = KeywordListener(bundle, DetectorSpec(hop_s=hop_s, smoothing_s=0.0))
    assert listener.hop_s == pytest.approx(frames * 0.01)
    times = [v.time_s for v in listener.push(np.zeros(16000))]
    assert times[0] == pytest.approx(0.03 + (frames - 1) * 0.01)
    np.testing.assert_allclose(np.diff(times), frames * 0.01)


def test_samples_seen_and_tail(bundle):
    listener = KeywordListener(bundle)
    assert listener.samples_seen == 0
    seen = 0
    for n in (1, 1919, 5000, 0, 333):
        listener.push(np.zeros(n))
        seen += n
        assert listener.samples_seen == seen
    verdicts = listener.flush(tail_s=0.0)
    assert len(verdicts) == 1  # Only the block that had begun.
    assert len(listener.flush(tail_s=1.0)) == 10


def test_bad_samples_are_refused_and_nothing_of_them_is_kept(bundle):
    listener = KeywordListener(bundle)
    with pytest.raises(DataError, match="finite"):
        listener.push(np.array([0.0, np.nan]))
    with pytest.raises(DataError, match="one axis"):
        listener.push(np.zeros((4, 2)))
    assert listener.samples_seen == 0
