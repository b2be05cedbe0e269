"""Studies: their file, their statistics, and one that is run."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.errors import BundleError, CheckFailed, DataError, UsageError
from drsn_keras.training.cli import main
from drsn_keras.training.study.crew import CrewLost, Place
from drsn_keras.training.study.page import markdown, write_page
from drsn_keras.training.study.process import Process
from drsn_keras.training.study.results import Scores, difference_of, mean_of, read_results, row_of_trial
from drsn_keras.training.study.run import RESULTS, run_study
from drsn_keras.training.study.study_file import read_study
from drsn_keras.training.study.trial import ModelRefused, Trial, run_trial, scores_of, store, trials_of

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
    assert (study.seeds, study.schemes, study.baseline, study.noises) == (
        {"cw": (0,), "wide": (0,)},
        ("keras",),
        None,
        None,
    )
    moved = read_study(tmp_path / "study.toml", {"data": "/elsewhere"})
    assert moved.models["cw"][0] == "--data=/elsewhere"


def test_an_option_of_a_model_replaces_the_shared_one_however_it_is_written(tmp_path: Path) -> None:
    text = "\ufeff[options]\nskip-bad = true\ndata = '~/words'\n[models.m]\nskip_bad = false"
    assert read_study(_write(tmp_path, text)).models == {"m": (f"--data={Path.home().resolve() / 'words'}",)}


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
        ('baseline = ["m"]', "expected one of m, got ['m']"),
        ("seeds = [-1]", "seeds: expected 0 to 2147483647, got [-1]"),
        ("levels = [nan]", "levels: expected finite numbers, got [nan]"),
        ('noises = ["white,pink"]', "noises: expected a list of names"),
        ("baseline = 'm'\nseeds = [0]\n[models.n]\nseeds = [1]", "models.n, seeds: expected a seed of m"),
        ("[models.n]\nseeds = [-1]", "models.n, seeds: expected 0 to 2147483647, got [-1]"),
        ("[averages]\nclean = [1]", "not clean, got 'clean'"),
        ("levels = [1]\n[averages]\nlow = [7]", "averages, low: expected some of the study's levels, got 7"),
        ("[options]\ndata = 3", "data: expected a path, got 3"),
        ("[options]\nnoise = ['']", "noise: expected paths, got ['']"),
        ("[options]\nbatch-size = 1\nbatch_size = 2", "options: expected an option once"),
    ],
)
def test_a_wrong_file_is_refused_in_a_line(change: str, said: str, tmp_path: Path) -> None:
    text = change if "[options]" in change or "[averages]" in change else change + "\n[options]"
    with pytest.raises(UsageError) as error:
        read_study(_write(tmp_path, text + "\n[models.m]\nmodel = 'resnet'\n"))
    assert said in str(error.value) and str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def test_no_file_no_toml_no_models(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing there"):
        read_study(tmp_path / "absent.toml")
    with pytest.raises(DataError, match="expected TOML"):
        read_study(_write(tmp_path, "seeds = [0"))
    with pytest.raises(DataError, match="expected TOML"):
        read_study(_write(tmp_path, "a = " + "[" * 5000))
    images = STUDY.replace('"spikes"', '"images"').replace("levels", 'schemes = ["int8"]\nlevels')
    with pytest.raises(UsageError, match="expected keras alone"):
        read_study(_write(tmp_path, images))
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
    assert np.isnan(difference_of([2.0, 3.0], [1.0, 2.0]).p), "two equal differences prove nothing"


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
    with pytest.raises(BundleError, match=r"ecg\.csv: expected scores of int8, got none"):
        scores_of(ecg, ("keras", "int8"))
    ecg.write_text("model,scheme,level\n")
    with pytest.raises(BundleError, match="expected an evaluation"):
        scores_of(ecg, ("keras",))


def _row(trial: Trial, scores: dict[str, float], **values: object) -> dict[str, object]:
    costs = {"parameters": 1, "macs": 1, "train_seconds": 1.0}
    trained = {"model": trial.model, "seed": trial.seed, "words": list(trial.words)}
    return {**trained, **costs, "scores": {"keras": scores}, **values}


def test_a_page_says_what_is_compared_and_whether_less_is_better(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, STUDY))
    narrow, wide = trials_of(study)
    better, worse = {"gaussian 3": 1.812, "gaussian 6": 2.0}, {"gaussian 3": 1.84, "gaussian 6": 2.0}
    rows = [_row(narrow, worse, measure="rmse"), _row(wide, better, measure="rmse")]
    page = markdown(Scores(study, rows), "spikes")
    assert "RMSE, less is better: mean over 1 seed" in page and page.index("| wide |") < page.index("| narrow |")
    assert "| wide | -0.028 |" in page and "| narrow | 1 | 0.00 | 1 | 1.840 |" in page
    write_page(Scores(study, rows), tmp_path, r"$\nothing$ {")
    more = _row(wide, {**better, "gaussian 9": 3.0}, measure="rmse")
    assert Scores(study, [rows[0], more]).conditions == ["gaussian 3", "gaussian 6"], "those of all"
    for other, said in (
        (_row(wide, better, measure="psnr_db"), "one task, got scores in psnr_db and rmse"),
        (_row(wide, {"gaussian 9": 1.0}, measure="rmse"), "conditions that all are measured in, got none"),
    ):
        with pytest.raises(DataError, match=said):
            Scores(study, [rows[0], other])


def test_a_model_that_takes_long_may_have_fewer_seeds(tmp_path: Path) -> None:
    study = read_study(
        _write(tmp_path, STUDY.replace("seeds = [0]", "seeds = [0, 1]") + "[models.slow]\nseeds = [1]\n")
    )
    assert [trial.name for trial in trials_of(study)] == ["narrow-0", "wide-0", "narrow-1", "wide-1", "slow-1"]
    values = {"narrow": (1.0, 2.0), "wide": (3.0, 6.0), "slow": (0.0, 5.0)}
    rows = [
        {
            **{"model": trial.model, "seed": trial.seed, "measure": "rmse", "macs": 0, "train_seconds": 1},
            "parameters": 10,
            "scores": {"keras": {"gaussian 3": values[trial.model][trial.seed], "gaussian 6": 1.0}},
        }
        for trial in trials_of(study)
    ]
    scores = Scores(study, rows)
    assert scores.values("slow", "keras", "gaussian 3") == [5.0]
    found = scores.difference("slow", "narrow", "keras", "gaussian 3")
    assert (found.mean, found.n) == (3.0, 1), "paired with the baseline's seed 1"
    page = markdown(scores, "spikes")
    assert "mean over each model's seeds" in page and "| slow | 1 | 10 |" in page and "| wide | 0, 1 | 10 |" in page
    write_page(scores, tmp_path, "spikes")
    assert (tmp_path / "table.csv").read_text().count("slow,keras,gaussian 3") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux to tell the child")
def test_a_child_ends_with_a_study_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "waits.py").write_text("import os, time; print(os.getpid(), flush=True); time.sleep(60)")
    study = (
        "import pathlib, sys; from drsn_keras.training.study.process import Process;"
        "Process(1).run('held.waits', [], pathlib.Path('log'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", study], cwd=tmp_path, env=environment) as parent:
        log = tmp_path / "log"
        _until(lambda: log.is_file() and len(log.read_text().splitlines()) == 2)
        child = int(log.read_text().splitlines()[1])
        parent.kill()
    _until(lambda: not Path(f"/proc/{child}").exists())
    assert "KeyboardInterrupt" in log.read_text()


def test_a_run_of_other_options_is_not_taken_for_one_that_was_refused(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, STUDY))
    run = tmp_path / "out" / "runs" / "m-0"
    run.mkdir(parents=True)
    (run / "config.json").write_text('{"model": "dncnn", "front_end": {}, "seed": 0}')
    (run / "summary.json").write_text("{}")
    (run.parent / "m-0.json").write_text("[]")
    for _ in range(2):
        with pytest.raises(ModelRefused, match="unrecognized arguments: --nonsense"):
            run_trial(study, Trial("m", 0, ("--nonsense",)), tmp_path / "out", Process(1))
        assert not (run / "summary.json").exists()


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_results_belong_to_their_words_and_conditions(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, STUDY))
    trial = trials_of(study)[0]
    row = _row(trial, {"gaussian 3": 1.0})
    path = tmp_path / RESULTS
    for damaged in (b"\xff{\n", b'{"model": "narrow", "seed": 0, "words": 3, "scores": {}}\n', b"[]\n", b'{"cut off'):
        path.write_bytes(damaged)
        store(path, row)
        assert read_results(path) == [row]
    path.unlink()
    store(path, {**row, "schemes": ["keras"], "noises": None, "levels": [3.0, 6.0]})
    with path.open("a") as file:
        file.write('{"cut off')
    rows = read_results(path)
    assert row_of_trial(rows, study, trial) is not None
    assert row_of_trial(rows, read_study(_write(tmp_path, STUDY.replace("epochs = 1", "epochs = 2"))), trial)
    other = trials_of(read_study(tmp_path / "study.toml"))[0]
    assert row_of_trial(rows, study, other) is None, "another training"
    wider = read_study(_write(tmp_path, STUDY.replace("[3, 6]", "[3]")))
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


def test_a_training_that_is_stopped_unasked_ends_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(study: object, trial: Trial, out: Path, process: Process) -> None:
        process.stop()
        raise CheckFailed("interrupted")

    monkeypatch.setattr("drsn_keras.training.study.run.run_trial", stops)
    with pytest.raises(CrewLost, match="narrow-0: stopped, and not by this command"):
        run_study(read_study(_write(tmp_path, STUDY)), tmp_path / "out")


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    study = read_study(_write(tmp_path, STUDY))
    (tmp_path / ".results.jsonl.7.tmp").touch()  # of a study that was killed
    with pytest.raises(UsageError, match=r"one with study\.toml in it"):
        run_study(study, tmp_path)
    with pytest.raises(UsageError, match="--workers: expected at least 1, got 0"):
        run_study(study, tmp_path / "new", Place(workers=0))
