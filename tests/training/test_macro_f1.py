"""Macro-F1: a value worked by hand, and scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.training.conditions import Condition
from drsn_keras.training.evaluate import COLUMNS, Result, confusion_matrix, write_evaluation
from drsn_keras.training.macro_f1 import macro_f1
from drsn_keras.training.report.f1_table import level_rows
from drsn_keras.training.report.grid import Grid

TRUTH = np.array([0] * 6 + [1] * 3 + [2])
#: 5 of 6, 1 of 3, 1 of 1; one 0 and one 1 are called 2, another 1 is called 0.
ANSWER = np.array([0, 0, 0, 0, 0, 2, 1, 2, 0, 2])


def test_by_hand() -> None:
    """Class 0: 5 right of 6 true and 6 named, 10/12. Class 1: 1 of 3 and 1, 2/4. Class 2: 1 of 1 and 3, 2/4."""
    result = Result("m", "keras", Condition("none", math.inf, True), ANSWER, TRUTH)
    counts = confusion_matrix(result, 3)
    assert macro_f1(counts) == pytest.approx(100 * (10 / 12 + 2 / 4 + 2 / 4) / 3)
    # The accuracy hides that the rare states are missed.
    assert result.accuracy == 70
    # A class that occurs nowhere counts as little as in scikit-learn.
    assert macro_f1(confusion_matrix(result, 5)) == macro_f1(counts)


def test_extremes() -> None:
    assert macro_f1(np.diag([5, 1, 3])) == 100
    assert macro_f1(np.array([[0, 4], [0, 0]])) == 0
    # Always answering the common class: 2*9/19 and 0.
    assert macro_f1(np.array([[9, 0], [1, 0]])) == pytest.approx(100 * (18 / 19) / 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_against_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth, answer = np.array(pairs).T
    counts = confusion_matrix(Result("m", "s", Condition("none", math.inf, True), answer, truth), 4)
    expected = metrics.f1_score(truth, answer, average="macro", zero_division=0.0)
    assert macro_f1(counts) == pytest.approx(100 * expected)


def test_means_over_kinds_of_noise() -> None:
    perfect = Result("m", "keras", Condition("white", 0.0, True), TRUTH, TRUTH)
    poor = Result("m", "keras", Condition("pink", 0.0, True), ANSWER, TRUTH)
    (row,) = level_rows(Grid([perfect, poor], 3, {"white", "pink"}))
    ((share, f1),) = row.cells
    assert (row.snr_db, share.percent) == (0.0, pytest.approx(85))
    assert f1 == pytest.approx((100 + 100 * (10 / 12 + 1) / 3) / 2)


def test_the_column_is_there_where_it_is_wanted(tmp_path) -> None:
    result = Result("m", "keras", Condition("none", math.inf, True), ANSWER, TRUTH)
    write_evaluation(tmp_path / "words.csv", [result])
    write_evaluation(tmp_path / "states.csv", [result], f1_classes=3)
    head, line = (tmp_path / "words.csv").read_text().splitlines()
    assert head == ",".join(COLUMNS)
    assert (tmp_path / "states.csv").read_text().splitlines() == [f"{head},macro_f1", f"{line},61.11"]
