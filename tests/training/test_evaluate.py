"""Evaluation: conditions measured back, intervals, the files that it writes."""

import csv
import math

import numpy as np
import pytest

from drsn_keras.noise import make_noise, measure_snr_db
from drsn_keras.training.cli import main as train
from drsn_keras.training.clips import Clips
from drsn_keras.training.conditions import Condition, noisy_clips, wilson_interval
from drsn_keras.training.evaluate import COLUMNS, Result, confusion_matrix

RATE = 16000


def _clips(x):
    return Clips(x, np.zeros(len(x), np.int64), (), ("a",), RATE)


def test_every_clip_has_the_asked_snr():
    x = (np.random.default_rng(0).standard_normal((5, RATE)) * 1000).astype("i2")
    sources = [make_noise("pink"), make_noise("factory")]
    for snr_db, mixed in noisy_clips(_clips(x), sources, [20.0, 0.0, -10.0], seed=1):
        for clean, noisy in zip(x / np.float32(32768), mixed, strict=True):
            assert measure_snr_db(clean, noisy) == pytest.approx(snr_db, abs=0.02)


def test_same_noise_at_every_snr_and_for_every_call():
    x = (np.random.default_rng(0).standard_normal((2, RATE)) * 1000).astype("i2")
    sources = [make_noise("white")]
    (_, a), (_, b) = noisy_clips(_clips(x), sources, [0.0, -20.0], seed=1)
    clean = x / np.float32(32768)
    np.testing.assert_allclose((b - clean), 10 * (a - clean), atol=1e-5)
    (_, again), *_ = noisy_clips(_clips(x), sources, [0.0], seed=1)
    np.testing.assert_array_equal(a, again)
    (_, other), *_ = noisy_clips(_clips(x), sources, [0.0], seed=2)
    assert not np.array_equal(a, other)


def test_digital_silence_gets_noise_at_minus_60_dbfs():
    ((_, mixed),) = noisy_clips(_clips(np.zeros((1, RATE), "i2")), [make_noise("white")], [-10.0], seed=1)
    assert 10 * math.log10(np.mean(mixed.astype("f8") ** 2)) == pytest.approx(-50.0, abs=0.01)


def test_wilson_interval_against_scipy():
    stats = pytest.importorskip("scipy.stats")
    for correct, n in [(0, 10), (5, 10), (1040, 1148), (10, 10)]:
        expected = stats.binomtest(correct, n).proportion_ci(method="wilson")
        np.testing.assert_allclose(wilson_interval(correct, n), [100 * expected.low, 100 * expected.high], atol=1e-6)


def test_row_and_confusion_by_hand():
    result = Result("m", "int8", Condition("pink", -5.0, False), np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
    assert result.accuracy == 75.0
    row = result.row()
    assert (row["noise"], row["seen"], row["snr_db"], row["accuracy"], row["n"]) == ("pink", "no", "-5", "75.00", 4)
    np.testing.assert_array_equal(confusion_matrix(result, 2), [[2, 1], [0, 1]])


def test_evaluate_a_run_and_a_bundle(tones_run, tmp_path, capsys):
    from drsn_keras.export.cli import main as export

    bundle = tmp_path / "bundle"
    assert export(["convert", str(tones_run), "--out", str(bundle), "--calibration-clips", "60"]) == 0
    options = ["--noises", "white,factory", "--snrs", "10,-10", "--out", str(tmp_path / "out")]
    assert train(["evaluate", str(bundle), "--run", str(tones_run), *options]) == 0
    capsys.readouterr()
    with (tmp_path / "out" / "evaluation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(r["noise"], r["snr_db"], r["seen"]) for r in rows] == [
        ("none", "inf", "yes"), ("white", "10", "yes"), ("white", "-10", "yes"), ("factory", "10", "no"),
        ("factory", "-10", "no"),
    ]  # fmt: skip
    assert {r["scheme"] for r in rows} == {"int8"}
    assert float(rows[0]["accuracy"]) >= 95
    for r in rows:
        assert float(r["ci_low"]) <= float(r["accuracy"]) <= float(r["ci_high"])
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<audio" in page
    assert f"{float(rows[0]['accuracy']):.1f}" in page
    for name in ("accuracy_over_snr", "confusion_matrix", "threshold_over_snr", "training"):
        assert (tmp_path / "out" / "figures" / f"{name}.png").stat().st_size > 5000
    with (tmp_path / "out" / "confusion.csv").open() as file:
        confusion = list(csv.DictReader(file))
    clean = [r for r in confusion if r["noise"] == "none"]
    assert sum(int(r["clips"]) for r in clean) == int(rows[0]["n"])
    right = sum(int(r["clips"]) for r in clean if r["label"] == r["answer"])
    assert 100 * right / int(rows[0]["n"]) == pytest.approx(float(rows[0]["accuracy"]), abs=0.01)
    assert "unit1" in (tmp_path / "out" / "thresholds.csv").read_text()


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["evaluate", "nowhere"], 1, "nowhere: expected a run folder, got nothing there"),
        (["evaluate", "RUN", "--snrs", "ten"], 2, "--snrs: expected comma-separated numbers [dB], got 'ten'"),
        (["evaluate", "RUN", "--noises", "purple"], 2, "--noises: expected some of babble"),
        (["evaluate", "RUN", "--noises", "recorded"], 2, "--noises: expected some of babble"),
        (["evaluate", "RUN", "--data", "elsewhere"], 1, "elsewhere: expected"),
        (["evaluate", "RUN", "--baselines"], 2, "--baselines: expected a vibration run, got a run of keywords"),
    ],
)
def test_bad_arguments_are_one_line(words, code, fault, tones_run, capsys):
    assert train([str(tones_run) if word == "RUN" else word for word in words]) == code
    assert fault in capsys.readouterr().err.strip().splitlines()[-1]
