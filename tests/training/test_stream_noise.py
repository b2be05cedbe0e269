"""Thresholds that follow the noise level: chosen where they help, the same in the listener and in the evaluation."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge import KeywordListener, load_bundle
from drsn_keras.edge.detector import Detector
from drsn_keras.model_card import MODEL_NAME, DetectorSpec
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME
from drsn_keras.noise_thresholds import threshold_at
from drsn_keras.training.cli import main as train
from drsn_keras.training.open_run import open_run
from drsn_keras.training.streams import evaluate
from drsn_keras.training.streams.compose import PlacedWord, Scene, compose
from drsn_keras.training.streams.composition import WORDS, Composition
from drsn_keras.training.streams.events import FALSE_ACCEPT, MISS, events_of
from drsn_keras.training.streams.hear import Heard, ears_of, hear
from drsn_keras.training.streams.material import material_of
from drsn_keras.training.streams.noise_bins import Enough, by_bin, edges_of, levels_of_words
from drsn_keras.training.streams.noise_choice import NoiseChoice, choose_by_noise
from drsn_keras.training.streams.operating_point import choose
from drsn_keras.training.streams.sweep import Tally

LABELS = ("yes", "_silence_")
RATE = 100
CARD = DetectorSpec(smoothing_s=0.1, hop_s=0.1)
SMALL = Enough(words=4, hours=0.001, bins=3)


def _heard(parts, quiet_db=-15.0):
    """Stretches of (noise level, peaks of words, peaks of false accepts), one event every three seconds."""
    p, levels, spoken = [], [], []
    for level_db, words, false in parts:
        for peak, is_word in [*((w, True) for w in words), *((f, False) for f in false)]:
            at = len(p)
            p += [0.0] * 5 + [peak] * 6 + [0.0] * 19
            levels += [level_db] * 30
            if is_word:
                spoken.append(PlacedWord("yes", 10 * (at + 3), 10 * (at + 8), 10.0, 0, 0, 0, 0))
    p, n = np.array(p, np.float32), len(p)
    scenes = (Scene(0, WORDS, "", 0, 10 * n, tuple(spoken)),)
    probabilities = np.stack([p, 1 - p], axis=1)
    return Heard(
        "val", LABELS, 0.1, 1.0, 0.1 * np.arange(n), probabilities, scenes, n / 10, 1.0, RATE, np.array(levels, float)
    )


def _chosen(heard, limit=0.0, enough=SMALL):
    one = choose(heard, CARD, limit, smoothings_s=())
    return one, choose_by_noise(heard, one, limit, enough)


#: Little noise, some and much: words and false accepts are lower and lower, and one threshold cannot be right for all.
FALLING = [(-12.0, [0.9] * 5, [0.8]), (-4.0, [0.7] * 5, [0.6]), (6.0, [0.5] * 5, [0.4])]


def test_thresholds_fall_with_the_noise_where_scores_do():
    one, found = _chosen(_heard(FALLING))
    assert (one.point.missed, one.point.false_accepts) == (10, 0) and 0.8 < one.point.detector.threshold <= 0.9
    assert found.kept and found.edges == (-12.0, -4.0)
    assert (found.point.missed, found.point.false_accepts) == (0, 0)
    (quiet_db, quiet), (some_db, some) = found.point.noise_thresholds
    much = found.point.detector.threshold
    assert (quiet_db, some_db) == (-12.0, -4.0)
    # Of equals the middle: between the false accept and the words.
    np.testing.assert_allclose([quiet, some, much], [0.85, 0.65, 0.45], atol=0.011)
    assert found.point.detector.release <= much / 2 + 1e-9
    assert "0 of 15 words are missed on validation, 10 with one threshold" in found.reason
    assert dataclasses.replace(found.point.detector, threshold=0.5, release=0.2) == dataclasses.replace(
        one.point.detector, threshold=0.5, release=0.2
    )


def test_they_rise_where_scores_do():
    parts = [(level_db, *rest) for (level_db, *_), (_, *rest) in zip(FALLING, reversed(FALLING), strict=True)]
    _, found = _chosen(_heard(parts))
    values = [*(t for _, t in found.point.noise_thresholds), found.point.detector.threshold]
    np.testing.assert_allclose(values, [0.45, 0.65, 0.85], atol=0.011)
    assert found.kept and found.point.missed == 0


def test_neither_falls_nor_rises_is_not_taken():
    """Some noise would have to have the lowest; with another as low there is a false accept."""
    parts = [(-12.0, [0.9] * 6, [0.8]), (-4.0, [0.5] * 5, [0.4]), (6.0, [0.9] * 5, [0.8])]
    _, found = _chosen(_heard(parts))
    assert found.edges == (-12.0, -4.0)
    assert found.point is None and not found.kept
    assert found.reason == "none that fall or rise with the noise level miss fewer words"


def test_the_middle_gives_way_to_falling():
    """In some noise anything from 0.1 to 0.9 does; its middle, 0.5, would lie below that of much noise."""
    parts = [(-12.0, [0.9] * 5, [0.8]), (-4.0, [0.95] * 5, []), (6.0, [0.7] * 5, [0.6])]
    _, found = _chosen(_heard(parts))
    values = [*(t for _, t in found.point.noise_thresholds), found.point.detector.threshold]
    assert found.point.missed == 0 and found.kept
    assert values == sorted(values, reverse=True) and 0.6 < values[-1] <= 0.7 and 0.8 < values[0] <= 0.9


def test_one_threshold_that_is_as_good_is_kept_and_that_is_said():
    _, found = _chosen(_heard([(level_db, [0.9] * 5, [0.5]) for level_db in (-12.0, -4.0, 6.0)]))
    assert not found.kept
    one, found = _chosen(_heard([(-12.0, [0.9] * 70, [0.8]), (6.0, [*[0.9] * 70, 0.7], [0.6])]))
    assert one.point.missed == 1 and found.point.missed == 0
    assert not found.kept and "0 of 141 words are missed on validation, 1 with one" in found.reason
    assert "not 1 in a hundred fewer" in found.reason


def test_a_false_accept_that_is_allowed_is_spent_where_it_saves_most():
    """One false accept in all: it buys eight words in much noise, three in little."""
    parts = [(-12.0, [*[0.9] * 6, *[0.6] * 3], [0.7]), (6.0, [*[0.9] * 2, *[0.6] * 8], [0.7])]
    heard = _heard(parts)
    _, found = _chosen(heard, 1.01 / (heard.duration_s / 3600))
    (_, quiet), much = found.point.noise_thresholds[0], found.point.detector.threshold
    assert 0.7 < quiet <= 0.9 and much <= 0.6
    assert (found.point.missed, found.point.false_accepts, found.kept) == (3, 1, True)


def test_ranges_with_too_little_are_joined():
    heard = _heard([(-12.0, [0.9] * 8, [0.8]), (-4.0, [0.7] * 8, [0.6]), (6.0, [0.5] * 8, [0.4])])
    assert edges_of(heard, CARD, SMALL) == (-12.0, -4.0)
    uneven = _heard([(-12.0, [0.9] * 8, []), (-4.0, [0.7] * 9, [0.6]), (6.0, [0.5] * 9, [0.4] * 8)])
    assert edges_of(uneven, CARD, dataclasses.replace(SMALL, words=9)) == (-4.0,)
    hours = 12 * 3.0 / 3600  # the last has 17 events of three seconds, the others 8 and 10
    assert edges_of(uneven, CARD, dataclasses.replace(SMALL, hours=hours)) == (-4.0,)
    assert edges_of(heard, CARD, Enough()) == ()
    one, found = _chosen(heard, enough=Enough())
    assert found.point is None and not found.kept
    assert found.reason == "no two ranges of the noise level have 60 words and 0.1 h each" and one.reached


def test_where_no_threshold_keeps_the_limit_there_is_nothing_to_divide():
    _, found = _chosen(_heard([(-12.0, [0.5] * 5, [1.0]), (6.0, [0.5] * 5, [0.2])]))
    assert found.point is None and "no threshold keeps 0 false accepts an hour" in found.reason


def test_ranges_add_up_to_the_stream():
    heard = _heard(FALLING)
    tally = Tally(heard, CARD)
    assert levels_of_words(tally).tolist() == [-12.0] * 5 + [-4.0] * 5 + [6.0] * 5
    steps, spec = ((-12.0, 0.75), (-4.0, 0.65)), dataclasses.replace(CARD, threshold=0.55, release=0.2)
    rows = by_bin(tally, spec, steps, (-12.0, -4.0))
    found = [(r["up_to_db"], r["threshold"], r["words"], r["missed"], r["false_accepts"]) for r in rows]
    assert found == [(-12.0, 0.75, 5, 0, 1), (-4.0, 0.65, 5, 0, 0), (None, 0.55, 5, 5, 0)]
    assert sum(r["hours"] for r in rows) == pytest.approx(heard.duration_s / 3600, abs=1e-3)
    point = tally.point(spec, steps)
    events = events_of(heard, spec, steps)
    assert sum(e.kind == MISS for e in events) == point.missed == 5
    assert sum(e.kind == FALSE_ACCEPT for e in events) == point.false_accepts == 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.3]), st.integers(1, 3))
def test_fast_counting_is_the_detector_at_every_noise_level(seed, smoothing_s, n_steps):
    """Levels on a step's end, thresholds met exactly: the array arithmetic, and the detector asked one by one."""
    rng = np.random.default_rng(seed)
    n = 150
    p = np.repeat(rng.choice(np.float32([0.0, 0.25, 0.5, 0.7, 0.75, 1.0]), n), rng.integers(1, 4))
    levels = np.repeat(rng.choice([-10.0, -5.0, -5.0 + 1e-9, 0.0, 3.0], len(p) // 5 + 1), 5)[: len(p)]
    spec = DetectorSpec(float(rng.choice([0.25, 0.7, 0.75, 1.0])), 0.2, 0.1, smoothing_s, 0.3)
    steps = tuple((e, float(rng.choice([0.3, 0.7, 0.75, 1.0]))) for e in (-10.0, -5.0, 0.0)[:n_steps])
    both = np.stack([p, 1 - p], axis=1)
    heard = Heard("val", LABELS, 0.1, 1.0, 0.1 * np.arange(len(p)), both, (), 1.0, 1.0, RATE, levels)
    detector = Detector(LABELS, spec, 1.0)
    expected = []
    for i, row in enumerate(both):
        wanted = threshold_at(steps, levels[i], spec.threshold)
        if detector.update(row, i, lambda score, wanted=wanted: wanted) is not None:
            expected.append(i)
    rows, _ = Tally(heard, spec).fired(spec, steps)
    assert rows.tolist() == expected
    assert [d.time_s for d in heard.detections(spec, steps)] == [heard.times_s[i] for i in expected]


@pytest.fixture
def bundle(stream_run, tmp_path):
    """The run's bundle with a noise level, read off its own probabilities; its data is where it was."""
    bundle = shutil.copytree(stream_run / "run", tmp_path / "run") / "bundles" / "float32"
    shutil.copy(bundle / MODEL_NAME, bundle / NOISE_MODEL_NAME)
    card = load_bundle(bundle).card
    spec = {"block": "none", "weights": [0.0, 0.0, 2.0, 0.0], "bias": 6.0, "low_db": -15.0, "high_db": 10.0}
    dataclasses.replace(card, noise_level={**spec, "rmse_db": 3.0, "sha256": card.sha256}).write(bundle)
    return bundle


def _listened(bundle, y):
    listener = KeywordListener(load_bundle(bundle))
    verdicts = [v for part in np.array_split(y, 29) for v in listener.push(part)] + listener.flush()
    return [v.detection for v in verdicts if v.detection]


def test_the_listener_finds_the_same_detections(stream_run, bundle):
    """A card's thresholds by noise level in the device's listener, and in the evaluation on what it kept."""
    stream = list(compose(material_of(open_run(stream_run / "run").corpus, "test"), Composition(), 0.06, 3))
    y = np.concatenate([y for _, y in stream])
    opened = load_bundle(bundle)
    heard = hear(ears_of(opened), stream, opened.card.labels, "test", 16000)
    middle = float(np.median(heard.noise_db[heard.probabilities[:, :2].max(axis=1) > 0.5]))
    differ = []
    for steps in (((middle, 0.35),), ((middle, 0.95),), ((middle - 1.0, 0.9), (middle, 0.7))):
        card = dataclasses.replace(opened.card, noise_thresholds=steps)
        card.write(bundle)
        expected = _listened(bundle, y)
        found = heard.detections(card.detector, steps)
        assert found == [d for d in expected if d.time_s <= heard.times_s[-1]] and len(found) > 5
        differ.append(found != heard.detections(card.detector))
    assert any(differ), "thresholds by noise level change something"


def _evaluated(capsys, bundle, *words):
    data = ("--hours", "0.1", "--max-false-accepts", "20", "--set-operating-point", "--json")
    assert train(["stream-evaluate", str(bundle), *data, *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_chosen_thresholds_go_into_the_card_and_are_taken_out_again(bundle, capsys, monkeypatch, stream_run):
    """Whatever was chosen (tones ask for none): card, page, JSON and device hold together."""

    def forced(heard, one, max_per_hour):
        detector = dataclasses.replace(one.point.detector, threshold=0.3, release=0.15)
        point = Tally(heard, detector).point(detector, ((-7.0, 0.95),))
        detector = dataclasses.replace(detector, hop_s=one.point.detector.hop_s)
        return NoiseChoice((-7.0,), dataclasses.replace(point, detector=detector), True, "by a test")

    monkeypatch.setattr(evaluate, "choose_by_noise", forced)
    result = _evaluated(capsys, bundle)
    levels, point = result["noise_levels"], result["operating_point"]
    card = load_bundle(bundle).card
    assert levels["kept"] and card.noise_thresholds
    assert [list(step) for step in card.noise_thresholds] == point["noise_thresholds"]
    assert dataclasses.asdict(card.detector) == point["detector"]
    assert levels["by_noise_level"]["streams"]["test"] == result["streams"]["test"]
    assert levels["one_threshold"]["noise_thresholds"] == []
    for name in ("one_threshold", "by_noise_level"):
        for split, found in levels[name]["streams"].items():
            ranges = levels[name]["ranges"][split]
            assert sum(r["words"] for r in ranges) == found["words"]
            assert sum(r["missed"] for r in ranges) == found["misses"]["count"]
            assert sum(r["false_accepts"] for r in ranges) == found["false_accepts"]["count"]
    steps_words = "threshold 0.95 in noise of up to -7 dB, 0.3 above"
    page = (bundle.parent / "float32-stream" / "stream.md").read_text()
    assert "## By noise level" in page and "| test | one threshold |" in page and steps_words in page
    # What the device now does on the test stream is what was measured.
    stream = list(compose(material_of(open_run(stream_run / "run").corpus, "test"), Composition(), 0.1, 0))
    detections = _listened(bundle, np.concatenate([y for _, y in stream]))
    found = result["streams"]["test"]
    assert len(detections) == found["words"] - found["misses"]["count"] + found["false_accepts"]["count"]
    # One for all takes their place, and the card's own were those measured beside it.
    again = _evaluated(capsys, bundle, "--one-threshold")
    assert "noise_levels" not in again and again["operating_point"]["noise_thresholds"] == []
    assert again["with_card"]["test"] == {**found, "speed": again["with_card"]["test"]["speed"]}
    assert load_bundle(bundle).card.noise_thresholds == ()


def test_a_bundle_without_a_noise_level_has_none(stream_run, bundle, tmp_path):
    """No key of the result and no row of the page tells of noise levels."""
    opened = load_bundle(stream_run / "run" / "bundles" / "float32")
    corpus = open_run(stream_run / "run").corpus
    result = evaluate.stream_evaluate(opened, corpus, evaluate.Settings(0.05, "val"), tmp_path / "out")
    assert "noise_levels" not in result and "noise_thresholds" not in result["operating_point"]
    assert "noise level" not in (tmp_path / "out" / "stream.md").read_text()
