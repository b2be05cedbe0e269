"""From probabilities to figures: the fast replay is the detector, firings find their words, the point is chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.detector import Detector
from drsn_keras.model_card import DetectorSpec
from drsn_keras.training.streams.compose import PlacedWord, Scene
from drsn_keras.training.streams.composition import NOISE, WORDS, Composition
from drsn_keras.training.streams.events import FALSE_ACCEPT, HIT, MISS, events_of
from drsn_keras.training.streams.hear import Heard
from drsn_keras.training.streams.intervals import per_hour, poisson_interval, share_percent
from drsn_keras.training.streams.matching import ANSWER_S, match
from drsn_keras.training.streams.measures import measure
from drsn_keras.training.streams.operating_point import choose
from drsn_keras.training.streams.replay import Replay
from drsn_keras.training.streams.sweep import det_curve, sweep

LABELS = ("no", "yes", "_silence_", "_unknown_")
RATE = 100


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 120),
    st.sampled_from([0.0, 0.1, 0.3, 0.5]),
    st.sampled_from([0.0, 0.1, 0.35, 0.8]),
    st.tuples(st.sampled_from([0.25, 0.5, 0.75, 1.0]), st.sampled_from([0.25, 0.5, 1.0])),
)
def test_replay_gives_the_detectors_events(seed, n, smoothing_s, refractory_s, levels):
    """Few levels, so that equals, thresholds met exactly and long stretches above release come about."""
    rng = np.random.default_rng(seed)
    p = rng.choice(np.float32([0.0, 0.125, 0.25, 0.5, 0.75, 1.0]), (n, 4))
    p = np.repeat(p, rng.integers(1, 4), axis=0)
    threshold, share = levels
    spec = DetectorSpec(threshold, threshold * share, smoothing_s=smoothing_s, refractory_s=refractory_s)
    detector = Detector(LABELS, spec)
    expected = [(i, d.label) for i, row in enumerate(p) if (d := detector.update(row, i)) is not None]
    rows, labels = Replay(LABELS, p, spec).events(spec)
    assert [(int(i), LABELS[k]) for i, k in zip(rows, labels, strict=True)] == expected


def test_firings_and_words():
    starts, stops = np.array([1.0, 5.0, 9.0]), np.array([1.5, 5.5, 9.5])
    words = ["yes", "no", "yes"]
    firings = [
        (0.9, "yes", -1),  # before it was spoken
        (1.2, "yes", 0),  # while it is
        (1.9, "yes", -1),  # once more
        (5.6, "yes", -1),  # another keyword at a word's place
        (5.5 + ANSWER_S, "no", 1),  # the last moment
        (9.6 + ANSWER_S, "yes", -1),  # too late
    ]
    times, labels, expected = zip(*firings, strict=True)
    np.testing.assert_array_equal(match(times, labels, words, starts, stops), expected)


def _heard(peaks, words, seconds=360.0, split="val"):
    """A stream with the given peaks (time, label, probability) and words (time, label); a hop of 0.1 s."""
    n = round(seconds * 10)
    p = np.zeros((n, 4), np.float32)
    p[:, 2] = 1.0
    for time_s, label, value in peaks:
        # Wide enough to fill any average but the longest.
        row = round(time_s * 10)
        p[row - 5 : row + 1, LABELS.index(label)] = value
        p[row - 5 : row + 1, 2] = 1.0 - value
    spoken = tuple(
        PlacedWord(label, round(t * RATE), round((t + 0.5) * RATE), snr, 0, 0, 0, 0) for t, label, snr in words
    )
    half = round(seconds * RATE / 2)
    scenes = (Scene(0, WORDS, "", 0, half, spoken), Scene(1, NOISE, "hum", half, 2 * half))
    return Heard(split, LABELS, 0.1, 1.0, 0.1 * np.arange(n), p, scenes, seconds, 1.0, RATE)


#: Three words are found from 0.9, 0.7 and 0.5 on, one never; false accepts come at 0.6 and 0.8.
PEAKS = [
    (10.6, "yes", 0.9), (20.6, "no", 0.7), (30.6, "yes", 0.5), (40.6, "no", 0.8), (200.0, "yes", 0.6),
]  # fmt: skip
WORDS_SPOKEN = [(10.0, "yes", np.inf), (20.0, "no", 25.0), (30.0, "yes", 12.0), (40.0, "yes", 11.0)]


def test_sweep_and_curve_by_hand():
    points = sweep(_heard(PEAKS, WORDS_SPOKEN), DetectorSpec(smoothing_s=0.1), [0.45, 0.55, 0.65, 0.75, 0.85, 0.95])
    assert [(p.missed, p.false_accepts) for p in points] == [(1, 2), (2, 2), (2, 1), (3, 1), (3, 0), (4, 0)]
    curve = [(p.false_accepts, p.missed, p.detector.threshold) for p in det_curve(points)]
    assert curve == [(0, 3, 0.85), (1, 2, 0.65), (2, 1, 0.45)]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_along_the_curve_fewer_misses_cost_more_false_accepts(seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(1.5, 4.0, 30)) + 2
    peaks = [(t, rng.choice(["yes", "no"]), rng.uniform(0.3, 1.0)) for t in times]
    words = [(t - 0.6, rng.choice(["yes", "no"]), 20.0) for t in times[::2]]
    curve = det_curve(sweep(_heard(peaks, words, 200.0), DetectorSpec()))
    missed, false = [p.missed for p in curve], [p.false_accepts for p in curve]
    assert missed == sorted(missed, reverse=True) and len(set(missed)) == len(missed)
    assert false == sorted(false) and len(set(false)) == len(false)


def test_the_point_has_the_fewest_misses_within_the_limit():
    card = DetectorSpec(smoothing_s=0.1, hop_s=0.1)
    heard = _heard(PEAKS, WORDS_SPOKEN)
    # A tenth of an hour: one false accept is ten an hour.
    for limit, expected in [(0.0, (3, 0)), (9.9, (3, 0)), (10.1, (2, 1)), (50.0, (1, 2))]:
        chosen = choose(heard, card, limit)
        assert chosen.reached
        assert (chosen.point.missed, chosen.point.false_accepts) == expected
    # Of equals the middle: between 0.8, where there is a false accept, and 0.9, where a word is still heard.
    assert choose(heard, card, 0.0).point.detector.threshold == pytest.approx(0.85, abs=0.005)
    assert choose(heard, card, 0.0).point.detector.release == 0.3


def test_another_average_has_to_save_clearly():
    """False accepts are one evaluation long, words are six: averaging tells them apart, and is chosen."""
    heard = _heard([p for p in PEAKS if p[0] != 40.6 and p[0] < 100], WORDS_SPOKEN)
    heard.probabilities[1500, :3] = (0.95, 0.0, 0.05)
    assert choose(heard, DetectorSpec(smoothing_s=0.1), 0.0).point.detector.smoothing_s == 0.2
    quiet = _heard([p for p in PEAKS if p[0] != 40.6 and p[0] < 100], WORDS_SPOKEN)
    assert choose(quiet, DetectorSpec(smoothing_s=0.1), 0.0).point.detector.smoothing_s == 0.1


def test_limit_out_of_reach_is_said():
    heard = _heard([(100.0, "yes", 1.0)], [(10.0, "no", np.inf)])
    chosen = choose(heard, DetectorSpec(), 0.5, smoothings_s=())
    assert not chosen.reached and chosen.point.false_accepts == 1


def test_events_and_measures_by_hand():
    heard = _heard(PEAKS, WORDS_SPOKEN)
    events = events_of(heard, DetectorSpec(threshold=0.55, smoothing_s=0.1))
    kinds = [(e.kind, e.word and e.word.label, e.detection and e.detection.label) for e in events]
    assert kinds == [
        *[(HIT, "yes", "yes"), (HIT, "no", "no"), (MISS, "yes", None)],
        *[(FALSE_ACCEPT, "yes", "no"), (MISS, "yes", None), (FALSE_ACCEPT, None, "yes")],
    ]
    found = measure(heard, events, Composition())
    assert (found["words"], found["misses"]["count"], found["false_accepts"]["per_hour"]) == (4, 2, 20.0)
    assert found["at_a_word"] == 1
    by_scene = {kind: one["count"] for kind, one in found["false_accepts_by_scene"].items() if one["count"]}
    assert by_scene == {WORDS: 1, NOISE: 1}
    assert found["false_accepts_by_scene"][NOISE]["per_hour"] == 20.0, "of its own half"
    assert found["misses_by_snr"]["clean"]["count"] == 0 and found["misses_by_snr"]["10 to 20 dB"]["count"] == 2
    # The peaks are there from 0.1 s on after the beginning of words of 0.5 s.
    assert found["latency_s"] == {"mean": -0.4, "median": -0.4, "p95": -0.4}
    assert found["by_keyword"]["yes"]["misses"]["n"] == 3
    assert found["by_keyword"]["no"]["false_accepts"]["count"] == 1


def test_sweep_counts_what_the_detector_finds():
    heard = _heard(PEAKS, WORDS_SPOKEN)
    for point in sweep(heard, DetectorSpec(smoothing_s=0.2), [0.45, 0.65, 0.85]):
        events = events_of(heard, point.detector)
        assert sum(e.kind == MISS for e in events) == point.missed
        assert sum(e.kind == FALSE_ACCEPT for e in events) == point.false_accepts


def test_poisson_interval_holds_its_promise():
    """At its own limits the count seen is just as unlikely as promised."""
    stats = pytest.importorskip("scipy.stats")
    for count in (0, 1, 7):
        low, high = poisson_interval(count)
        assert stats.poisson.cdf(count, high) == pytest.approx(0.025)
        assert low == 0.0 if not count else stats.poisson.sf(count - 1, low) == pytest.approx(0.025)
    assert per_hour(1, 2.0)["per_hour"] == 0.5
    assert per_hour(0, 0.0)["per_hour"] is None
    assert share_percent(0, 0)["percent"] is None
