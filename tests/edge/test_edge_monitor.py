"""The stream: verdicts, abstentions, health, and that chunks do not matter."""

import dataclasses
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vibration_bundle_file import WINDOW, machine, write_vibration_bundle

from drsn_keras.edge import ConditionMonitor, KeywordListener, load_bundle
from drsn_keras.edge.monitor_quality import clipped_samples, window_flag
from drsn_keras.errors import BundleError, DataError
from drsn_keras.model_card import CARD_NAME


@pytest.fixture(scope="module")
def watcher(vibration_bundle):
    return ConditionMonitor(load_bundle(vibration_bundle))


def watch(watcher, y, **more):
    watcher.reset()
    return watcher.push(y, **more)


@pytest.mark.parametrize("label", ["normal", "fault"])
def test_states_are_named(watcher, label):
    verdicts = watch(watcher, machine(label, 5, 9))
    assert len(verdicts) == 1 + (60000 - 1024) // 512
    assert {v.label for v in verdicts} == {label} and {v.reason for v in verdicts} == {None}
    assert all(v.probability > 0.9 and v.novelty < 1.0 for v in verdicts)
    np.testing.assert_allclose([v.time_s for v in verdicts], (1024 + 512 * np.arange(len(verdicts))) / 12000)
    assert watcher.samples_seen == 60000


@pytest.mark.parametrize("gain", [3.0, 0.2])
def test_another_gain_is_unlike_anything_trained_on(watcher, gain):
    verdicts = watch(watcher, gain * machine("normal", 1, 9))
    assert {(v.label, v.reason) for v in verdicts} == {(None, "novel")}
    assert all(v.novelty > 1.0 and v.probability is None and v.health_percent is None for v in verdicts)


def test_a_low_probability_is_unsure(vibration_bundle, tmp_path):
    bundle = load_bundle(write_vibration_bundle(tmp_path / "b", min_probability=0.9999))
    verdicts = ConditionMonitor(bundle).push(machine("fault", 1, 9))
    assert {(v.label, v.reason) for v in verdicts} == {(None, "unsure")}
    assert all(0.9 < v.probability < 0.9999 for v in verdicts)


def test_faults_of_the_signal_are_never_classified(watcher):
    y = machine("normal", 1, 9)
    dead, clipped, gap = y.copy(), np.clip(y, -1.0, 1.0), y.copy()
    dead[:] = 9.81
    gap[6000] = np.nan
    assert {v.reason for v in watch(watcher, dead)} == {"constant"}
    assert {v.reason for v in watch(watcher, clipped)} == {"clipped"}
    verdicts = watch(watcher, gap)
    assert [v.reason for v in verdicts].count("nan") == 2  # both windows that hold it
    assert all(v.label is None and v.probability is None and v.novelty is None for v in verdicts if v.reason)
    assert {v.reason for v in watch(watcher, np.where(np.isnan(gap), np.inf, y))} == {None, "nan"}
    assert {v.reason for v in watch(watcher, 1e200 * y)} == {"nan"}  # beyond float32


def test_samples_known_to_be_clipped_count(watcher):
    y = machine("normal", 1, 9)
    known = np.zeros(len(y), bool)
    known[3000:3010] = True
    assert [v.reason for v in watch(watcher, y, clipped=known)].count("clipped") == 2
    known[3005:] = False  # 5 of 1024: below half a percent
    assert {v.reason for v in watch(watcher, y, clipped=known)} == {None}


def test_clipping_is_runs_at_the_limits():
    y = np.array([1, 1, 1, 0, 2, 2, 2, 2, 0, -3, -3, 0, 2, 2, np.nan, 2])
    assert np.flatnonzero(clipped_samples(y)).tolist() == [4, 5, 6, 7]
    assert not clipped_samples(np.full(10, 3.0)).any() and not clipped_samples(np.full(3, np.nan)).any()
    sine = np.sin(np.arange(1024) / 5.0)
    assert window_flag(sine, np.zeros(1024, bool)) is None
    assert window_flag(1.0 + 1e-8 * sine, np.zeros(1024, bool)) == "constant"


def test_health_is_the_moving_average_of_the_healthy_probability(watcher):
    first, second = watch(watcher, machine("normal", 2, 9)), watcher.push(machine("fault", 2, 9))
    verdicts = [v for v in first + second if v.label]
    healthy = [100.0 * v.probabilities[0] for v in verdicts]
    for i, verdict in enumerate(verdicts):
        assert verdict.health_percent == pytest.approx(np.mean(healthy[max(0, i - 4) : i + 1]), abs=1e-4)
    assert verdicts[0].health_percent > 95.0 and verdicts[-1].health_percent < 5.0


def test_health_is_kept_over_a_few_abstentions_and_then_no_more(watcher):
    assert watcher.spec.smoothing == 5
    (*_, last), held = watch(watcher, machine("fault", 2, 9)[: 1024 + 39 * 512]), watcher.push(np.zeros(10 * 512))
    assert last.label == "fault" and last.health_percent < 5.0
    assert {v.label for v in held} == {None} and held[-1].reason == "constant"
    assert [v.health_percent for v in held] == [last.health_percent] * 4 + [None] * 6
    # It begins anew: what was long ago says nothing about now.
    again = [v for v in watcher.push(machine("normal", 1, 9)) if v.label]
    assert again[0].health_percent == pytest.approx(100.0 * again[0].probabilities[0], abs=1e-4)


def test_without_healthy_labels_there_is_no_health(tmp_path):
    bundle = load_bundle(write_vibration_bundle(tmp_path / "b", healthy=[]))
    assert {v.health_percent for v in ConditionMonitor(bundle).push(machine("normal", 1))} == {None}


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(0, 3000), max_size=12))
def test_chunks_do_not_matter(watcher, sizes):
    y = np.concatenate([machine("normal", 0.5, 9), np.zeros(1500), machine("fault", 0.5, 9)])
    whole = watch(watcher, y)
    watcher.reset()
    cuts = np.minimum(np.cumsum([0, *sizes]), len(y))
    parts = [*(y[a:b] for a, b in itertools.pairwise(cuts)), y[cuts[-1] :]]
    pieces = [verdict for part in parts for verdict in watcher.push(part)]
    assert pieces == whole  # to the last bit
    for one, other in zip(pieces, whole, strict=True):
        np.testing.assert_array_equal(one.probabilities, other.probabilities)


def test_no_window_no_verdict(watcher):
    assert watch(watcher, machine("normal", 1)[:1023]) == [] and watcher.push([]) == []
    for samples, clipped in ((np.zeros((4, 2)), None), (np.float64(3.0), None), (np.zeros(4), np.zeros(3, bool))):
        with pytest.raises(DataError, match="one axis"):
            watcher.push(samples, clipped)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"unit": " "}, "monitor, unit: expected a unit"),
        ({"healthy": ["good"]}, "healthy: expected some of normal, fault, got good"),
        ({"healthy": ["normal", "normal"]}, "each label once"),
        ({"min_probability": 1.5}, "min_probability: expected 0 to 1, got 1.5"),
        ({"min_probability": "high"}, "min_probability: expected a finite number"),
        ({"false_abstention_percent": -1.0}, "false_abstention_percent: expected 0 to 100"),
        ({"smoothing": 0}, "smoothing: expected 1 to 10000 windows, got 0"),
        ({"novelty": {}}, "novelty: expected centroids"),
        ({"novelty": {"centroids": [[0.0]], "whitening": [[1.0]], "threshold": 1.0}}, "19 numbers a centroid, got 1"),
        ({"surprise": 1}, "also surprise"),
    ],
)
def test_a_card_that_says_nonsense_is_one_line(tmp_path, changes, says):
    bundle = load_bundle(write_vibration_bundle(tmp_path / "b", **changes))
    with pytest.raises(BundleError, match=says) as caught:
        ConditionMonitor(bundle)
    assert str(caught.value).startswith(str(tmp_path / "b" / CARD_NAME)) and "\n" not in str(caught.value)


def test_bundles_of_another_kind_are_refused(vibration_bundle, tmp_path):
    bundle = load_bundle(vibration_bundle)
    assert bundle.front_end == WINDOW
    with pytest.raises(BundleError, match=r"front_end: expected log_mel, mfcc or root_mel of a sound, got windows"):
        KeywordListener(bundle)
    card = dataclasses.replace(bundle.card, monitor={})
    with pytest.raises(BundleError, match=r"monitor: expected what a monitor needs .*, got nothing"):
        ConditionMonitor(dataclasses.replace(bundle, card=card))
    folder = write_vibration_bundle(tmp_path / "b")
    values = json.loads((folder / CARD_NAME).read_text())
    values["front_end"]["n_samples"] = 2048
    (folder / CARD_NAME).write_text(json.dumps(values))
    with pytest.raises(BundleError, match="front_end: expected the model's input"):
        load_bundle(folder)


def test_a_keyword_bundle_is_refused(bundle_folder):
    with pytest.raises(BundleError, match=r"front_end: expected windows of a vibration signal, got log_mel of a sound"):
        ConditionMonitor(load_bundle(bundle_folder))


def test_a_model_that_gives_no_numbers_is_unsure(vibration_bundle):
    class Broken:
        def run(self, features):
            return np.full(2, np.nan, np.float32)

    bundle = dataclasses.replace(load_bundle(vibration_bundle), interpreter=Broken())
    verdicts = ConditionMonitor(bundle).push(machine("normal", 1, 9))
    assert {(v.label, v.reason, v.probability) for v in verdicts} == {(None, "unsure", None)}
