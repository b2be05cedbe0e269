"""Thresholds that follow the noise."""

import dataclasses
import shutil

import numpy as np
import pytest

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.detector import with_threshold
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.errors import BundleError
from drsn_keras.model_card import MODEL_NAME
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME


def _told(card, level_db, steps):
    """A noise level that is always the same, whatever its network says."""
    spec = {"block": "none", "weights": [0.0] * 3, "bias": level_db, "low_db": -40.0, "high_db": 20.0, "rmse_db": 1.0}
    card.update(noise_level={**spec, "sha256": card["sha256"]}, noise_thresholds=steps)


def _detections(folder, y, spec=None):
    found = (v.detection for v in KeywordListener(load_bundle(folder), spec).push(y))
    return [detection for detection in found if detection]


@pytest.mark.parametrize(("level_db", "threshold"), [(-30.0, 0.7), (-20.0, 0.7), (-10.0, 0.9), (5.0, 0.6)])
def test_the_first_level_that_is_not_exceeded_says_the_threshold(altered, bursts, level_db, threshold):
    folder = altered(lambda card: _told(card, level_db, [[-20.0, 0.7], [0.0, 0.9]]))
    shutil.copy(folder / MODEL_NAME, folder / NOISE_MODEL_NAME)
    y = bursts(4.0, (1.0, 400), (2.6, 4000))
    spec = with_threshold(load_bundle(folder).card.detector, threshold)
    wanted = _detections(folder, y, spec)
    assert [one.label for one in wanted] == ["low", "high"] and wanted[0].score >= threshold
    assert _detections(folder, y) == wanted
    other = with_threshold(spec, 0.5)  # one that is given counts for all noise
    assert _detections(folder, y, other) != wanted


def test_a_score_at_the_threshold_fires_as_with_one_threshold(altered, bursts):
    """Decided in float32: a double just above the score is the same number there."""
    folder = altered(lambda card: _told(card, -30.0, []))
    shutil.copy(folder / MODEL_NAME, folder / NOISE_MODEL_NAME)
    y = bursts(2.0, (1.0, 400))
    bundle = load_bundle(folder)
    found = _detections(folder, y)
    value = float(np.nextafter(found[0].score, 1.0))
    assert float(np.float32(value)) == found[0].score < value
    spec = with_threshold(bundle.card.detector, value)
    assert _detections(folder, y, spec) == found
    card = dataclasses.replace(bundle.card, detector=with_threshold(spec, 1.0), noise_thresholds=((0.0, value),))
    card.write(folder)
    assert _detections(folder, y) == found


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([[-10.0]], "pairs of a level in dB and a threshold"),
        ([[-10.0, 0.7], [-10.0, 0.6]], "levels that rise"),
        ([[-10.0, 1.2]], "thresholds from release"),
        ([[-10.0, 0.1]], "thresholds from release"),
        (["-10"], "a list"),
    ],
)
def test_what_makes_no_sense_is_refused(altered, steps, expected):
    folder = altered(lambda card: _told(card, 0.0, steps))
    with pytest.raises(BundleError, match=expected):
        load_bundle(folder)


def test_without_a_noise_level_there_is_nothing_to_follow(altered):
    folder = altered(lambda card: card.update(noise_thresholds=[[-10.0, 0.7]]))
    with pytest.raises(BundleError, match="nothing without noise_level"):
        load_bundle(folder)
