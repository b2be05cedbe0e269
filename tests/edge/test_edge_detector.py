import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.edge.detector import Detection, Detector, with_threshold
from drsn_keras.errors import BundleError, DataError
from drsn_keras.model_card import DetectorSpec

LABELS = ("_silence_", "a", "b")


def _run(detector, pairs):
    """(evaluation, label, score) of what fires on probabilities of (a, b)."""
    fired = []
    for i, (a, b) in enumerate(pairs):
        found = detector.update(np.array([max(0.0, 1 - a - b), a, b]), i / 10)
        if found is not None:
            assert found.time_s == i / 10
            fired.append((i, found.label, found.score))
    return fired


def test_golden_sequence():
    spec = DetectorSpec(threshold=0.6, release=0.3, hop_s=0.1, smoothing_s=0.2, refractory_s=0.3)
    pairs = [
        (1.0, 0.0),  # 0: one evaluation only, nothing fires
        (0.5, 0.0),  # 1: a 0.75, fires
        (1.0, 0.0),  # 2: a 0.75, has fired
        (0.0, 1.0),  # 3: a 0.5, b 0.5
        (0.0, 1.0),  # 4: b 1.0, fires 0.3 s after a; a is at 0: ready again
        (1.0, 0.0),  # 5: a 0.5, b 0.5
        (1.0, 0.0),  # 6: a 1.0, but b fired 0.2 s ago
        (0.5, 0.0),  # 7: a 0.75, fires
        (0.5, 0.0),  # 8: a 0.5
        (0.25, 0.0),  # 9: a 0.375, not below 0.3
        (0.5, 0.0),  # 10: a 0.375
        (1.0, 0.0),  # 11: a 0.75, but has not been below 0.3
        (1.0, 0.0),  # 12: a 1.0, the same
        (0.0, 0.0),  # 13: a 0.5
        (0.25, 0.0),  # 14: a 0.125: ready again
        (1.0, 0.0),  # 15: a 0.625, fires
    ]
    expected = [(1, "a", 0.75), (4, "b", 1.0), (7, "a", 0.75), (15, "a", 0.625)]
    detector = Detector(LABELS, spec)
    assert _run(detector, pairs) == expected
    detector.reset()
    assert _run(detector, pairs) == expected


def test_threshold_is_reached_by_equality():
    detector = Detector(LABELS, DetectorSpec(threshold=0.7, smoothing_s=0.0))
    assert [label for _, label, _ in _run(detector, [(0.7, 0.0)])] == ["a"]


def test_background_never_fires_however_sure():
    detector = Detector(("_unknown_", "_silence_", "yes"), DetectorSpec(threshold=0.1, release=0.1))
    assert all(detector.update(np.array([1.0, 1.0, 0.0]), i) is None for i in range(20))


def test_start_is_what_the_average_looked_back_on_and_not_before_the_stream():
    spec = DetectorSpec(hop_s=0.1, smoothing_s=0.3)
    detector = Detector(LABELS, spec, window_s=1.0)
    found = [detector.update(np.array([0.0, 1.0, 0.0]), 1.8 + i / 10) for i in range(3)]
    assert found[:2] == [None, None]
    assert found[2] == Detection("a", 1.0, 2.0, pytest.approx(0.8))  # 2.0 - 1.0 - 2 hops
    detector.reset()
    assert [detector.update(np.array([0.0, 1.0, 0.0]), i / 10) for i in range(3)][2].start_s == 0.0


@pytest.mark.parametrize(("smoothing_s", "n"), [(0.0, 1), (0.3, 3), (0.25, 3), (0.24, 2), (1.0, 10)])
def test_smoothing_in_evaluations(smoothing_s, n):
    assert Detector(LABELS, DetectorSpec(smoothing_s=smoothing_s)).n_smoothing == n


@pytest.mark.parametrize(
    ("hop_s", "refractory_s", "n"), [(0.1, 0.8, 8), (0.1, 0.3, 3), (0.3, 0.9, 3), (0.1, 0.81, 9), (0.1, 0.0, 0)]
)
def test_refractory_in_evaluations(hop_s, refractory_s, n):
    assert Detector(LABELS, DetectorSpec(hop_s=hop_s, refractory_s=refractory_s)).n_refractory == n


_unit = st.floats(0, 1, width=32)


@given(
    st.lists(st.tuples(_unit, _unit, _unit), max_size=60),
    st.floats(0.05, 1.0),
    _unit,
    st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    st.sampled_from([0.0, 0.1, 0.3, 0.8]),
)
def test_properties(stream, threshold, part, smoothing_s, refractory_s):
    release = max(1e-3, float(part * threshold))
    spec = DetectorSpec(threshold, release, 0.1, smoothing_s, refractory_s)
    detector = Detector(LABELS, spec)
    last = {}
    fired_at = None
    lowest_since = {"a": 2.0, "b": 2.0}
    for i, probabilities in enumerate(stream):
        found = detector.update(np.array(probabilities), i * 0.1)
        smoothed = np.mean(stream[max(0, i - detector.n_smoothing + 1) : i + 1], axis=0)
        np.testing.assert_allclose(detector.smoothed, smoothed, atol=1e-6)
        for index, word in ((1, "a"), (2, "b")):
            lowest_since[word] = min(lowest_since[word], detector.smoothed[index])
        if found is None:
            continue
        assert found.label in ("a", "b")
        assert found.score >= np.float32(threshold)
        assert found.score == max(detector.smoothed[1:])
        if fired_at is not None:
            assert (i - fired_at) * 0.1 >= refractory_s - 1e-9
        if found.label in last:
            assert lowest_since[found.label] < np.float32(release)
        fired_at = last[found.label] = i
        lowest_since[found.label] = 2.0


def test_lower_threshold_takes_the_release_along():
    spec = with_threshold(DetectorSpec(threshold=0.6, release=0.3), 0.2)
    assert (spec.threshold, spec.release) == (0.2, 0.2)
    assert with_threshold(DetectorSpec(threshold=0.6, release=0.3), 0.9).release == 0.3
    with pytest.raises(BundleError, match="threshold"):
        with_threshold(DetectorSpec(), 1.5)


def test_bad_probabilities_and_no_words_are_refused():
    detector = Detector(LABELS, DetectorSpec())
    for bad in ([0.1, 0.9], [0.1, np.nan, 0.9], [[0.1, 0.2, 0.7]]):
        with pytest.raises(DataError, match="3 finite numbers"):
            detector.update(np.array(bad), 0.0)
    with pytest.raises(BundleError, match="at least one word"):
        Detector(("_silence_", "_unknown_"), DetectorSpec())
