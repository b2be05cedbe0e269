"""Thresholds of a real model, summed up for the report."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import keras
import numpy as np
import pytest

from drsn_keras.models import keyword_network, thresholds
from drsn_keras.training.conditions import Condition
from drsn_keras.training.report import ThresholdRow, threshold_rows, write_thresholds

SHAPE = (24, 8)
UNITS = ((8, 1), (8, 2))


def model_of(kind: str) -> keras.Model:
    keras.utils.set_random_seed(3)
    return keyword_network(SHAPE, 3, kind, units=UNITS)


def features_of(n: int) -> np.ndarray:
    return np.random.default_rng(n).standard_normal((n, *SHAPE)).astype(np.float32)


@pytest.mark.parametrize("kind", ["drsn-cw", "drsn-cs"])
def test_rows_are_the_models_thresholds(kind: str) -> None:
    model, x = model_of(kind), features_of(40)
    rows = threshold_rows(model, Condition("pink", -5.0, True), x)
    expected = thresholds(model, x)
    assert [row.block for row in rows] == list(expected)
    assert {(row.noise, row.snr_db) for row in rows} == {("pink", -5.0)}
    for row, (tau, alpha) in zip(rows, expected.values(), strict=True):
        for name, values in (("tau", tau), ("alpha", alpha)):
            # By hand: a clip's value, sorted; percentile 10 of 40 lies 0.9 of the way from the 4th to the 5th.
            ordered = sorted(float(np.mean(clip)) for clip in values)
            low = ordered[3] + 0.9 * (ordered[4] - ordered[3])
            assert getattr(row, f"{name}_mean") == pytest.approx(sum(ordered) / 40, abs=2e-6)
            assert getattr(row, f"{name}_low") == pytest.approx(low, abs=2e-6)
            assert getattr(row, f"{name}_low") < getattr(row, f"{name}_mean") < getattr(row, f"{name}_high")
        assert row.alpha_low > 0
        assert row.alpha_high < 1


def test_at_most_256_clips_from_all_over() -> None:
    model, x = model_of("drsn-cs"), features_of(511)
    # Every second clip, the first and the last among them; clips are sorted by label, so the first 256 would not do.
    assert threshold_rows(model, Condition("none", math.inf, True), x) == threshold_rows(
        model, Condition("none", math.inf, True), x[::2]
    )


def test_no_rows_without_shrinkage() -> None:
    assert threshold_rows(model_of("resnet"), Condition("none", math.inf, True), features_of(2)) == []


def test_csv_holds_what_was_measured(tmp_path: Path) -> None:
    rows = [
        ThresholdRow("unit1", "none", math.inf, 1.5, 1.0, 2.0, 0.5, 0.25, 0.75),
        ThresholdRow("unit1", "a,b", -5.0, 2.5, 1.0, 3.0, 0.5, 0.25, 0.75),
    ]
    write_thresholds(tmp_path / "thresholds.csv", rows)
    with (tmp_path / "thresholds.csv").open(newline="") as file:
        read = [
            ThresholdRow(r.pop("block"), r.pop("noise"), *(float(v) for v in r.values())) for r in csv.DictReader(file)
        ]
    assert read == rows
    write_thresholds(tmp_path / "none.csv", [])
    assert (tmp_path / "none.csv").read_text().startswith("block,noise,snr_db,tau_mean,")
