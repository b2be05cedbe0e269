"""Numbers of the report: intervals that count a clip once, kinds of noise, and whether tau grows."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drsn_keras.training.conditions import SNR_GRID_DB, Condition, wilson_interval
from drsn_keras.training.evaluate import Result
from drsn_keras.training.report.grid import Grid
from drsn_keras.training.report.measure import ThresholdRow
from drsn_keras.training.report.sentences import limits, loudness, quantisation, verdict
from drsn_keras.training.report.shares import difference, share
from drsn_keras.training.report.tables import confused_pairs, noise_groups
from drsn_keras.training.report.trend import FALLS, FLAT, GROWS, UNSTEADY, sentence, spearman, trends

GENERATED = {"white", "pink"}
TRUTH = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, 1])


def result(scheme: str, noise: str, snr_db: float, wrong: list[int], *, seen: bool = True) -> Result:
    predicted = TRUTH.copy()
    predicted[wrong] = 1 - predicted[wrong]
    return Result("m", scheme, Condition(noise, snr_db, seen), predicted, TRUTH)


def plain(sentence_parts: list[tuple[str, bool]]) -> str:
    return "".join(part for part, _ in sentence_parts).replace("\u00a0", " ")


def test_one_condition_has_wilsons_interval() -> None:
    for correct, n in ((90, 100), (0, 7), (7, 7), (1, 1), (499, 1000)):
        s = share(np.arange(n) < correct)
        low, high = wilson_interval(correct, n)
        assert (s.percent, s.clips) == (pytest.approx(100 * correct / n), n)
        assert (s.low, s.high) == (pytest.approx(max(low, 0), abs=1e-9), pytest.approx(min(high, 100), abs=1e-9))


def test_a_clip_in_many_noises_is_not_many_clips() -> None:
    right = np.arange(50) < 40
    once = share(right)
    # The same outcome in nine noises tells nothing new; treating it as 450 clips would give a third of the width.
    same = share(np.mean([right] * 9, axis=0))
    assert (same.low, same.high) == (pytest.approx(once.low), pytest.approx(once.high))
    # Independent outcomes do tell more.
    rng = np.random.default_rng(0)
    many = share(np.mean(rng.random((9, 2000)) < 0.8, axis=0))
    low, high = wilson_interval(round(many.percent / 100 * 18000), 18000)
    assert many.high - many.low == pytest.approx(high - low, rel=0.1)
    # By hand: p = 0.625, variance of the mean 0.6875 / 3 / 4, so 0.234375 / 0.0572917 = 4.0909 trials.
    s = share(np.array([1.0, 1.0, 0.5, 0.0]))
    low, high = wilson_interval(0.625 * 4.090909, 4.090909)
    assert (s.low, s.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_differences_are_paired() -> None:
    d = difference(np.array([1.0, 1.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0, 1.0]))
    # Differences 0, 100, 0, 0: mean 25, standard deviation 50, standard error 25.
    assert d.points == 25
    assert d.high - d.points == pytest.approx(1.959964 * 25)
    same = difference(np.array([1.0, 0.0]), np.array([1.0, 0.0]))
    assert (same.points, same.low, same.high) == (0, 0, 0)


def test_single_recordings_do_not_count_twice() -> None:
    results = [
        result("int8", "none", math.inf, []),
        result("int8", "recorded", 0.0, [0]),
        result("int8", "street/cars", 0.0, [0, 1, 2, 3, 4]),
        result("int8", "white", 0.0, [0, 1, 2], seen=False),
        result("keras", "white", 0.0, [0, 1, 2], seen=False),
    ]
    grid = Grid(results, 2, GENERATED)
    assert grid.series == [("m", "keras"), ("m", "int8")]
    assert (grid.kinds, grid.recordings) == (["recorded", "white"], ["street/cars"])
    assert grid.share(("m", "int8"), 0.0).percent == pytest.approx((90 + 70) / 2)
    assert grid.share(("m", "int8"), math.inf).percent == 100
    assert grid.share(("m", "int8"), -5.0) is None
    assert grid.commonest == (0, 60.0)
    groups = noise_groups(grid)
    assert [(title, [r.name for r in rows]) for title, rows in groups] == [
        ("Heard in training", ["recorded (all)"]),
        ("Never heard in training", ["white"]),
        ("Each recording by itself", ["street/cars"]),
    ]
    # Without the pool the recording is a kind of its own.
    assert Grid(results[2:], 2, GENERATED).kinds == ["street/cars", "white"]


def test_the_verdict_says_what_was_measured() -> None:
    results = [result("keras", "none", math.inf, []), result("int8", "none", math.inf, [9])]
    for scheme, wrong in (("keras", [0, 1]), ("int8", [0, 1, 2])):
        results += [result(scheme, "white", 0.0, wrong), result(scheme, "pink", 0.0, [*wrong, 8, 9], seen=False)]
        results += [result(scheme, "white", -10.0, [0, 1, 2, 3, 4, 5]), result(scheme, "white", 10.0, [])]
    grid = Grid(results, 2, GENERATED)
    said = plain(verdict(grid, 72_400))
    # int8 at 0 dB: 7 of 10 in white, 5 of 10 in pink.
    assert said.startswith("Of 10 test clips that training never heard, the int8 model (72 kB) names")
    assert "90.0 % of clean clips" in said
    assert "60.0 % at 0 dB (noise as strong as the speech)" in said
    assert said.endswith("over 2 kinds of noise, 1 of them never heard in training.")
    # -5 dB was not measured and is not spoken of.
    assert "−5" not in said
    assert "at most 10.0 percentage points" in quantisation(grid).replace("\u00a0", " ")
    assert quantisation(Grid(results[:1], 2, GENERATED)) is None


def test_loudness_in_words() -> None:
    assert loudness(-5.0) == "noise 3.2 times as strong as the speech"
    assert loudness(10.0) == "speech 10 times as strong as the noise"


def test_limits_name_few_speakers_and_synthesis() -> None:
    grid = Grid([result("keras", "none", math.inf, []), result("keras", "white", 0.0, [])], 2, GENERATED)
    few = {"protocol": {"groups": {"test": 1}}, "labels": ["a", "b"]}
    said = " ".join(limits(grid, few, synthetic=True, has_recordings=False))
    assert "comes from 1 group (" in said
    assert "Nobody spoke" in said
    assert "all of it is generated" in said
    assert "no class for other words" in said
    said = " ".join(limits(grid, {"labels": ["a", "_unknown_"]}, synthetic=False, has_recordings=True))
    assert "Nobody spoke" not in said
    assert "comes from" not in said
    assert "generated" not in said


def test_confused_pairs_are_sorted_by_share() -> None:
    labels = ["a", "b"]
    noisy = result("keras", "white", 0.0, [0, 1, 2, 6, 7, 8])
    title, pairs = confused_pairs(Grid([result("keras", "none", math.inf, [9]), noisy], 2, GENERATED), labels)
    assert title == "In noise, 0 dB"
    assert [(p.said, p.heard, p.count, p.percent, p.clean_percent) for p in pairs] == [
        ("b", "a", 3, 75.0, 25.0),
        ("a", "b", 3, 50.0, 0.0),
    ]


def test_spearman_by_hand_with_ties() -> None:
    assert spearman([1, 2, 3, 4, 5], [2, 4, 6, 8, 99]) == pytest.approx(1)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
    assert spearman([1, 2, 3, 4], [1, 7, 7, 9]) == pytest.approx(4.5 / math.sqrt(4.5 * 5))
    assert math.isnan(spearman([1, 2, 3], [5, 5, 5]))


def rows_of(block: str, tau_by_noise: dict[str, list[float]]) -> list[ThresholdRow]:
    clean = ThresholdRow(block, "none", math.inf, 99.0, 98.0, 100.0, 0.5, 0.4, 0.6)
    return [clean] + [
        ThresholdRow(block, noise, snr_db, tau, 0.9 * tau, 1.1 * tau, 0.5, 0.4, 0.6)
        for noise, taus in tau_by_noise.items()
        for snr_db, tau in zip(SNR_GRID_DB, taus, strict=True)
    ]


def test_does_tau_grow() -> None:
    up, down = [1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 3.0], [3.0, 2.0, 1.8, 1.6, 1.4, 1.2, 1.0]
    rows = rows_of("up", {"white": up, "pink": up})
    rows += rows_of("down", {"white": down, "pink": down})
    rows += rows_of("flat", {"white": [1, 1.01, 1.02, 1.03, 1.04, 1.05, 1.06], "pink": [1.0] * 7})
    rows += rows_of("wild", {"white": [1, 5, 1, 5, 1, 0.5, 2.0], "pink": [1, 5, 1, 5, 1, 0.5, 2.0]})
    found = {t.block: t for t in trends(rows, ["white", "pink"])}
    assert {name: t.verdict for name, t in found.items()} == {
        "up": GROWS,
        "down": FALLS,
        "flat": FLAT,
        "wild": UNSTEADY,
    }
    assert (found["up"].ratio, found["up"].rho) == (pytest.approx(3), pytest.approx(1))
    assert (found["up"].quiet_db, found["up"].loud_db) == (20.0, -10.0)
    assert (found["flat"].grows_in, found["flat"].kinds) == (1, 2)
    said = sentence(list(found.values())).replace("\u00a0", " ")
    assert said.startswith("In part: from 20 dB to −10 dB the mean τ grows in 1 of 4 blocks (up)")
    assert "falls in down" in said
    assert sentence([found["up"]]).replace("\u00a0", " ").startswith("Yes, in the one block")
    assert sentence([found["down"]]).startswith("No: ")
    assert "too few" in sentence(trends(rows[:1], ["white"]))


def test_noises_that_are_no_kind_have_no_say() -> None:
    rows = rows_of("unit1", {"white": [1.0] * 7, "street/cars": [1, 2, 3, 4, 5, 6, 7]})
    (only,) = trends(rows, ["white"])
    assert only.verdict == FLAT
    assert only.kinds == 1
