"""Studies: their file, their statistics, and one that is run."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.errors import DataError, UsageError
from drsn_keras.training.cli import main
from drsn_keras.training.study.page import markdown
from drsn_keras.training.study.results import Scores, difference_of, mean_of, read_results, row_of_trial
from drsn_keras.training.study.run import RESULTS, run_study
from drsn_keras.training.study.study_file import read_study
from drsn_keras.training.study.trial import scores_of, store, trials_of

STUDY = """
command = "denoise"
seeds = [0]
baseline = "narrow"
levels = [3, 6]
[options]
task = "spikes"
epochs = 1
steps-per-epoch = 2
batch_size = 4
model = "dncnn"
[models.narrow]
network = ["depth=2", "width=2"]
[models.wide]
network = ["depth=2", "width=6"]
[averages]
noisy = [3, 6]
"""


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_options_become_words_of_the_training_command(tmp_path: Path) -> None:
    text = """
    command = "keywords"
    [options]
    data = "words"
    noise = ["a", "../b"]
    deterministic = true
    skip_bad = false
    snr = [-5, 10]
    [models.cw]
    model = "drsn-cw"
    [models.wide]
    model = "resnet"
    width = 1.5
    """
    study = read_study(_write(tmp_path, text))
    data, a, b = tmp_path / "words", tmp_path / "a", tmp_path.parent / "b"
    shared = (f"--data={data}", "--noise", str(a), str(b), "--deterministic", "--snr=-5,10")
    assert study.models == {
        "cw": (*shared, "--model=drsn-cw"),
        "wide": (*shared, "--model=resnet", "--width=1.5"),
    }
    assert (study.seeds, study.schemes, study.baseline, study.noises) == ((0,), ("keras",), None, None)
    moved = read_study(tmp_path / "study.toml", {"data": "/elsewhere"})
    assert moved.models["cw"][0] == "--data=/elsewhere"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('command = "sing"', "expected one of keywords, vibration, denoise, got 'sing'"),
        ("seed = [1]", "got seed"),
        ("seeds = [1, 1]", "a list of numbers, each once"),
        ('seeds = ["a"]', "a list of numbers"),
        ("seeds = []", "a list of numbers"),
        ('schemes = ["int4"]', "got 'int4'"),
        ('baseline = "nobody"', "expected one of m, got 'nobody'"),
        ("[options]\nloudness = 3", "options of drsn-train keywords, got 'loudness'"),
        ("[options]\nout = 'x'", "got 'out'"),
        ("[options]\nepochs = 'many'", "argument --epochs: invalid int value: 'many'"),
        ("[options]\nwidth = { a = 1 }", "text, a number, or a list of them"),
        ("[options]\nskip-bad = 1", "true or false, got 1"),
        ("[models.'a b']", "letters, digits, dots, dashes"),
    ],
)
def test_a_wrong_file_is_refused_in_a_line(change: str, said: str, tmp_path: Path) -> None:
    text = change if change.startswith("[") else change + "\n[options]"
    with pytest.raises(UsageError) as error:
        read_study(_write(tmp_path, text + "\n[models.m]\nmodel = 'resnet'\n"))
    assert said in str(error.value) and str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def test_no_file_no_toml_no_models(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing there"):
        read_study(tmp_path / "absent.toml")
    with pytest.raises(DataError, match="expected TOML"):
        read_study(_write(tmp_path, "seeds = [0"))
    with pytest.raises(UsageError, match=r"\[models.NAME\]"):
        read_study(_write(tmp_path, "seeds = [0]"))


def test_interval_and_paired_test_by_hand() -> None:
    mean = mean_of([80.0, 82.0, 84.0])
    assert (mean.mean, mean.n) == (82.0, 3) and mean.half == pytest.approx(4.303 * 2 / np.sqrt(3), abs=1e-3)
    # Seeds differ by far more than the models do: only the pairs show it.
    found = difference_of([61.0, 71.2, 80.9, 91.1], [60.0, 70.0, 80.0, 90.0])
    assert found.mean == pytest.approx(1.05) and found.p < 0.001 and found.half < 0.25
    assert difference_of([5.0], [4.0]).mean == 1.0 and np.isnan(difference_of([5.0], [4.0]).p)
    assert difference_of([1.0, 2.0], [1.0, 2.0]).p == 1.0


def test_scores_of_both_kinds_of_evaluation(tmp_path: Path) -> None:
    words = tmp_path / "words.csv"
    words.write_text(
        "model,scheme,noise,seen,snr_db,accuracy,ci_low,ci_high,n\n"
        "cw,keras,none,yes,inf,91.0,0,0,9\ncw,keras,recorded,no,-5,70.5,0,0,9\ncw,int8,none,yes,inf,90.0,0,0,9\n"
    )
    assert scores_of(words, ("keras", "int8")) == {
        "keras": {"clean": 91.0, "recorded -5": 70.5},
        "int8": {"clean": 90.0},
    }
    ecg = tmp_path / "ecg.csv"
    ecg.write_text(
        "model,scheme,noise,seen,level,level_is,n,snr_db,rmse\n"
        "f,keras,muscle,yes,0,snr_db,5,9.5,0.1\nnoisy,classical,muscle,yes,0,snr_db,5,0.0,0.3\n"
    )
    assert scores_of(ecg, ("keras",)) == {"keras": {"muscle 0": 9.5}}


def test_results_belong_to_their_words_and_conditions(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, STUDY))
    trial = trials_of(study)[0]
    row = {"model": trial.model, "seed": 0, "words": list(trial.words), "scores": {}}
    path = tmp_path / RESULTS
    store(path, {**row, "schemes": ["keras"], "noises": None, "levels": [3.0, 6.0]})
    with path.open("a") as file:
        file.write('{"cut off')
    rows = read_results(path)
    assert row_of_trial(rows, study, trial) is not None
    assert row_of_trial(rows, read_study(_write(tmp_path, STUDY.replace("epochs = 1", "epochs = 2"))), trial)
    other = trials_of(read_study(tmp_path / "study.toml"))[0]
    assert row_of_trial(rows, study, other) is None, "another training"
    wider = read_study(_write(tmp_path, STUDY.replace("levels = [3, 6]", "levels = [3]")))
    assert row_of_trial(rows, wider, trial) is None, "measured at other levels"


def test_a_study_is_run_and_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path, out = _write(tmp_path, STUDY), tmp_path / "out"
    assert main(["compare", str(path), "--out", str(out), "--workers", "2"]) == 0
    printed = capsys.readouterr()
    assert "2 trainings to do, 0 done before" in printed.err
    assert "| wide |" in printed.out and "Difference to narrow" in printed.out
    rows = read_results(out / RESULTS)
    assert {(row["model"], row["seed"]) for row in rows} == {("narrow", 0), ("wide", 0)}
    assert {row["model"]: row["parameters"] for row in rows} == {"narrow": 15, "wide": 43}
    study = read_study(path)
    scores = Scores(study, rows)
    assert scores.columns == ["gaussian 3", "gaussian 6", "noisy"]
    three, six, both = (scores.values("wide", "keras", c)[0] for c in scores.columns)
    assert both == pytest.approx((three + six) / 2)
    with (out / "table.csv").open() as file:
        table = list(csv.DictReader(file))
    assert len(table) == 2 * 3 and float(table[-1]["score"]) == pytest.approx(both, abs=1e-3)
    assert (out / "scores.png").stat().st_size > 5000 and (out / "study.md").read_text() == markdown(scores, "study")

    before = (out / RESULTS).read_bytes()
    assert main(["compare", str(path), "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    assert "0 trainings to do, 2 done before" in printed.err and (out / RESULTS).read_bytes() == before
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert [line["column"] for line in lines if line["model"] == "wide"] == scores.columns
    assert all(line["p"] is None and "difference" in line for line in lines if line["model"] == "wide")


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, STUDY))
    with pytest.raises(UsageError, match=r"one with study\.toml in it"):
        run_study(study, tmp_path)
    with pytest.raises(UsageError, match="--workers: expected at least 1, got 0"):
        run_study(study, tmp_path / "new", 0)
