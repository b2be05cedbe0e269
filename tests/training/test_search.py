"""Searches: their file, what is drawn and remembered, one that is run."""

from __future__ import annotations

import csv
import itertools
import json
import math
import shlex
import warnings
from pathlib import Path

import pytest

from drsn_keras.errors import CheckFailed, DataError, UsageError
from drsn_keras.training.cli import build_parser, main
from drsn_keras.training.search.page import best_command, markdown, ranked
from drsn_keras.training.search.run import Hunt
from drsn_keras.training.search.sampling import JOURNAL, Sampler, Tried
from drsn_keras.training.search.search_file import Search, read_search
from drsn_keras.training.search.space import Choice, Range, dimension_of
from drsn_keras.training.study.crew import CrewLost, LocalCrew
from drsn_keras.training.study.process import Process
from drsn_keras.training.study.trial import Trial, files_of

SEARCH = """
command = "denoise"
trials = 2
[options]
task = "spikes"
epochs = 1
steps-per-epoch = 2
model = "dncnn"
[search]
network = [["depth=2", "width=2"], ["depth=2", "width=6"]]
learning-rate = { low = 1e-4, high = 1e-2, log = true }
batch_size = { low = 4, high = 9, step = 2 }
"""


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "search.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _sampler(folder: Path, search: Search) -> Sampler:
    return Sampler(folder, search.space, search.seed, search.identity)


def test_a_configuration_becomes_words_of_the_training_command(tmp_path: Path) -> None:
    search = read_search(_write(tmp_path, SEARCH))
    assert search.space == {
        "network": Choice((["depth=2", "width=2"], ["depth=2", "width=6"])),
        "learning_rate": Range(1e-4, 1e-2, None, True),
        "batch_size": Range(4, 9, 2),
    }
    label = search.space["network"].labels[1]
    words = search.words({"network": label, "learning_rate": 0.00123456789, "batch_size": 8})
    shared = ("--task=spikes", "--epochs=1", "--steps-per-epoch=2", "--model=dncnn")
    assert words == (*shared, "--network", "depth=2", "width=6", "--learning-rate=0.00123457", "--batch-size=8")
    assert (search.trials, search.seed, search.prune) == (2, 0, True)
    assert search.score(2.0) == -2.0, "of an error less is better"
    assert Range(0.5, 2.0).value(1.99999999) == 2.0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trials = 2", "trials = 0", "trials: expected a whole number, 1 to 100000, got 0"),
        ("trials = 2", "trial = 2", "got trial"),
        ("trials = 2", "seed = true", "seed: expected a whole number"),
        ("trials = 2", "prune = 1", "prune: expected true or false, got 1"),
        ('"denoise"', '"sing"', "got 'sing'"),
        ("low = 4, high = 9, step = 2", "low = 4", "numbers low and high"),
        ("low = 4, high = 9, step = 2", "low = 9, high = 4", "low below high"),
        ("low = 4, high = 9, step = 2", "low = 4, high = 9, step = 6", "a step above 0 that fits"),
        ("low = 4, high = 9, step = 2", "low = 4, high = 9, step = 0.5", "a whole step"),
        ("low = 4, high = 9, step = 2", "low = 4.5, high = 9", "argument --batch-size: invalid int value: '4.5'"),
        ("low = 4, high = 9, step = 2", "low = 4, high = nan", "numbers low and high"),
        ("low = 4, high = 9, step = 2", "low = 4, high = 9, by = 1", "got by"),
        ("low = 1e-4", "low = 0.0", "low above 0"),
        ("learning-rate", "loudness", "options of drsn-train denoise, got 'loudness'"),
        ("{ low = 4, high = 9, step = 2 }", "[4]", "two values or more, each once, got [4]"),
        ("{ low = 4, high = 9, step = 2 }", "[4, 4]", "two values or more, each once"),
        ("{ low = 4, high = 9, step = 2 }", "[8, 'many']", "invalid int value: 'many'"),
        ("{ low = 4, high = 9, step = 2 }", "8", "a list of values, or { low = .., high = .. }, got 8"),
        ("{ low = 4, high = 9, step = 2 }", "[1979-05-27, 4]", "a list of values, or"),
        ("batch_size = {", 'task = ["spikes", "ecg"]\nbatch_size = {', "one task for all"),
        ("[search]", "[search]\nbatch-size = [1, 2]", "an option once"),
        ("[search]", "[options.search]", "a table [search], got none"),
    ],
)
def test_a_wrong_file_is_refused_in_a_line(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in SEARCH
    with pytest.raises(UsageError) as error:
        read_search(_write(tmp_path, SEARCH.replace(old, new, 1)))
    assert said in str(error.value) and str(tmp_path) in str(error.value) and "\n" not in str(error.value)


def test_ranges_and_choices_are_told_apart() -> None:
    assert dimension_of([True, False], "x").value(False) is False
    with pytest.raises(UsageError, match="each once"):
        dimension_of([1, True], "x")
    assert dimension_of({"low": 1, "high": 2.0}, "x").whole is False


def test_a_search_draws_on_where_it_was(tmp_path: Path) -> None:
    """What is known guides; what was being trained is asked for again, under its number; nothing is drawn twice."""
    search = read_search(_write(tmp_path, SEARCH))
    first = _sampler(tmp_path, search)
    asked = [first.ask() for _ in range(3)]
    assert [number for number, _ in asked] == [0, 1, 2]
    assert all(drawn["batch_size"] in {4, 6, 8} for _, drawn in asked)
    first.tell(0, "done", -1.5, {"measure": "rmse", "value": 1.5})
    first.tell(2, "failed", None, {"error": "a full disk"})
    again = _sampler(tmp_path, search)
    assert [(one.number, one.state, one.score) for one in again.tried()] == [(0, "done", -1.5), (2, "failed", None)]
    assert again.ask() == asked[1], "it was interrupted"
    number, drawn = again.ask()
    assert number == 3 and drawn not in [known for _, known in asked]
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"cut off')
    (tmp_path / f"{JOURNAL}.lock").symlink_to("nobody")
    assert len(_sampler(tmp_path, search).tried()) == 2
    other = read_search(_write(tmp_path, SEARCH.replace("epochs = 1", "epochs = 2")))
    with pytest.raises(UsageError, match="or a new folder, got another one"):
        _sampler(tmp_path, other)
    for damaged in (b"nonsense\n{}\n", b"\x8a no line at all", b'{"op_code": 99, "x": 1}\n'):
        (tmp_path / JOURNAL).write_bytes(damaged)
        with pytest.raises(DataError, match=r"journal\.log: expected the journal of a search"):
            _sampler(tmp_path, search)
        assert (tmp_path / JOURNAL).read_bytes() == damaged


def test_draws_go_where_scores_are_high(tmp_path: Path) -> None:
    text = '[options]\n[search]\nwidth = { low = 0.5, high = 2.5 }\nmodel = ["drsn-cw", "resnet"]'
    search = read_search(_write(tmp_path, text))
    sampler = _sampler(tmp_path, search)
    widths = []
    for _ in range(40):
        number, drawn = sampler.ask()
        widths.append(drawn["width"])
        score = 90.0 - 20.0 * (math.log(drawn["width"] / 2.0)) ** 2
        assert not sampler.report(number, 1, score)
        sampler.tell(number, "done", score, {"value": score})
    late, early = (sum(abs(w - 2.0) for w in part) / len(part) for part in (widths[-12:], widths[:12]))
    assert late < 0.5 * early
    importance = sampler.importance()
    assert importance["width"] > 0.8 and importance["model"] < 0.2


@pytest.mark.parametrize(
    ("low", "high", "step", "last"),
    [(0.0, 0.9, 0.3, 0.9), (0.1, 0.3, 0.1, 0.3), (0.1, 0.7, 0.2, 0.7), (0, 1.0, 0.4, 0.8), (1, 9, 3, 7)],
)
def test_a_stepped_range_has_both_ends(low: float, high: float, step: float, last: float, tmp_path: Path) -> None:
    dimension = dimension_of({"low": low, "high": high, "step": step}, "width")
    values = [dimension.at(index) for index in range(dimension.count)]
    assert values[0] == low and values[-1] == dimension.last == last
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampler = Sampler(tmp_path, {"width": dimension}, 0, "it")
        drawn = [dimension.value(asked[1]["width"]) for asked in iter(sampler.ask, None)]
    assert sorted(drawn) == values, "each once"


def test_a_journal_of_a_range_that_was_cut_short_is_gone_on_with(tmp_path: Path) -> None:
    optuna = pytest.importorskip("optuna")
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(tmp_path / JOURNAL)))
    study = optuna.create_study(storage=storage, study_name="search", direction="maximize")
    for number, width in enumerate((0.0, 0.3, 0.3, 0.6)):
        study.enqueue_trial({"width": width})
        trial = study.ask({"width": optuna.distributions.FloatDistribution(0.0, 0.6, step=0.3)})
        for name, value in {"number": number, "score": math.nan if number else 1.0, "state": "done"}.items():
            trial.set_user_attr(name, value)
        if number == 3:
            break  # killed while it was told
        study.tell(trial, 1.0)
    sampler = Sampler(tmp_path, {"width": Range(0.0, 0.9, 0.3)}, 0, "it")
    assert [(one.number, one.state, one.score) for one in sampler.tried()] == [
        (0, "done", 1.0),
        *((number, "failed", None) for number in (1, 2, 3)),
    ]
    assert sampler.left == 1
    number, drawn = sampler.ask()
    assert number == 4 and drawn["width"] == pytest.approx(0.9) and sampler.ask() is None


def test_nothing_is_drawn_twice(tmp_path: Path) -> None:
    """Not while others are trained, not after they have failed, not by the next command."""
    space = {"model": Choice(("a", "b")), "width": Range(1, 3), "rate": Range(0.1, 0.3, 0.2)}
    sampler = Sampler(tmp_path, space, 0, "it")
    asked = [sampler.ask() for _ in range(5)]
    sampler.tell(0, "done", 1.0, {})
    sampler.tell(1, "failed", None, {})
    sampler = Sampler(tmp_path, space, 0, "it")
    again = list(iter(sampler.ask, None))
    assert again[:3] == asked[2:], "they were being trained"
    drawn = [tuple(drawn.values()) for _, drawn in asked[:2] + again]
    assert len(set(drawn)) == len(drawn) == 12 and [number for number, _ in again] == list(range(2, 12))
    assert sampler.left == 10, "two have been tried"
    assert Sampler(tmp_path, space | {"rate": Range(0.1, 0.3)}, 0, "it").left == math.inf


def test_killed_while_it_was_told_it_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    search = read_search(_write(tmp_path, SEARCH))
    sampler = _sampler(tmp_path, search)
    (_, first), (_, second) = sampler.ask(), sampler.ask()
    monkeypatch.setattr(Sampler, "_end", lambda *_: None)
    sampler.tell(0, "done", -1.0, {"value": 1.0})
    monkeypatch.undo()
    sampler = _sampler(tmp_path, search)
    assert [(one.number, one.state, one.drawn) for one in sampler.tried()] == [(0, "done", first)]
    assert sampler.ask() == (1, second) and sampler.ask()[0] == 2
    for _ in range(2):  # killed again before the first of those that wait is asked for
        sampler = _sampler(tmp_path, search)
    assert [number for number, _ in (sampler.ask() for _ in range(3))] == [1, 2, 3]


def test_what_is_behind_the_others_is_stopped(tmp_path: Path) -> None:
    search = read_search(_write(tmp_path, SEARCH))
    sampler = _sampler(tmp_path, search)
    for value in (3.0, 2.0, 2.5, 1.0, 1.5):
        number, _ = sampler.ask()
        assert not any(sampler.report(number, epoch, -value / epoch) for epoch in range(1, 6))
        sampler.tell(number, "done", -value / 6, {})
    number, _ = sampler.ask()
    told = [sampler.report(number, epoch, -9.0) for epoch in range(1, 6)]
    assert told == [False, False, False, True, True], "every training gets some epochs"
    assert sampler.importance() is not None
    sampler.tell(number, "pruned", None, {"value": 9.0, "epochs": 4})
    assert sampler.tried()[-1].state == "pruned"


def test_a_page_ranks_and_the_command_is_one_that_runs(tmp_path: Path) -> None:
    search = read_search(_write(tmp_path, SEARCH))
    labels = search.space["network"].labels
    drawn = [{"network": label, "learning_rate": 1e-3, "batch_size": 4 + 2 * i} for i, label in enumerate(labels)]
    facts = {"measure": "rmse", "train_seconds": 2.0, "epochs": 1}
    tried = [
        Tried(0, drawn[0], None, "failed", {"error": "no"}),
        Tried(1, drawn[0], -2.0, "done", {**facts, "value": 2.0}),
        Tried(2, drawn[1], -1.25, "done", {**facts, "value": 1.25}),
        Tried(3, drawn[1], None, "pruned", {"value": 9.0, "epochs": 4}),
    ]
    assert [one.number for one in ranked(tried)] == [2, 1, 0, 3]
    for order in itertools.permutations([Tried(4, drawn[0], math.nan, "done", {}), *tried[:3]]):
        assert [one.number for one in ranked(order)] == [2, 1, 0, 4], "what is no number is behind"
    page = markdown(search, tried, {"batch_size": 0.75, "network": 0.25})
    assert "| 2 | 1.250 | depth=2,width=6 | 0.001 | 6 | 1 | 2 |  |" in page and "batch-size 75 %" in page
    command = shlex.split(best_command(search, tried))
    arguments = build_parser().parse_args(command[1:])
    assert (arguments.seed, arguments.batch_size, arguments.network) == (0, 6, ["depth=2", "width=6"])


def test_a_search_is_run_and_gone_on_with(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path, out = _write(tmp_path, SEARCH), tmp_path / "out"
    assert main(["search", str(path), "--out", str(out), "--workers", "2", "--json"]) == 0
    printed = capsys.readouterr()
    assert "2 configurations to try, 0 tried before" in printed.err
    *rows, last = [json.loads(line) for line in printed.out.splitlines()]
    assert {row["configuration"] for row in rows} == {0, 1} and rows[0]["value"] <= rows[1]["value"]
    for row in rows:
        run = out / "runs" / f"config-{row['configuration']}-0"
        summary = json.loads((run / "summary.json").read_text())
        assert row["value"] == summary["validation"]["val_mean"] and not (run / "evaluation.csv").exists()
        assert f"--batch-size={row['options']['batch_size']}" in (run.parent / f"{run.name}.json").read_text()
    assert last["best"].startswith("drsn-train denoise --task=spikes")
    with (out / "trials.csv").open() as file:
        assert [line["state"] for line in csv.DictReader(file)] == ["done", "done"]
    assert main(["search", str(path), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert "0 configurations to try, 2 tried before" in printed.err and last["best"] in printed.out


def _diverges(trial: Trial, out: Path, process: Process) -> dict[str, object]:
    return {"measure": "rmse", "value": math.nan if trial.model == "config-1" else 2.0, "epochs": 1}


def _gives_up(trial: Trial, out: Path, process: Process) -> dict[str, object]:
    process.stop()
    raise CheckFailed("interrupted")


def test_a_search_ends_with_all_that_there_is(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three configurations where thirty are asked for; one of them has no number for a mean."""
    text = SEARCH.replace("trials = 2", "trials = 30").split("network = [[")[0] + "steps-per-epoch = [1, 2, 3]\n"
    path, out = _write(tmp_path, text), tmp_path / "out"
    monkeypatch.setattr("drsn_keras.training.search.run.reach", lambda command, *rest: _diverges(*rest))
    assert main(["search", str(path), "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    assert "3 configurations to try, 0 tried before; that is all of them, trials = 30 asks for more" in printed.err
    assert "config-1-0: validation rmse: expected a number, got nan" in printed.err and "NaN" not in printed.out
    *rows, _ = [json.loads(line) for line in printed.out.splitlines()]
    assert [(row["configuration"], row["state"], row["value"]) for row in rows] == [
        (0, "done", 2.0),
        (2, "done", 2.0),
        (1, "failed", None),
    ]
    assert len({row["options"]["steps_per_epoch"] for row in rows}) == 3
    assert main(["search", str(path), "--out", str(out)]) == 0
    assert "0 configurations to try, 3 tried before; that is all of them" in capsys.readouterr().err


def test_a_training_that_is_stopped_unasked_ends_the_search(tmp_path: Path) -> None:
    search = read_search(_write(tmp_path, SEARCH))
    with pytest.raises(CrewLost, match="config-0-0: stopped, and not by this command"):
        Hunt(search, _sampler(tmp_path, search), LocalCrew(_gives_up, tmp_path, 1), tmp_path).run(3)
    again = _sampler(tmp_path, search)
    assert again.tried() == [] and again.ask()[0] == 0


def _refused(trial: Trial, out: Path, process: Process) -> dict[str, object]:
    raise DataError(f"{trial.name}: no such recordings")


def test_a_search_whose_trainings_all_fail_ends(tmp_path: Path) -> None:
    search = read_search(_write(tmp_path, SEARCH))
    sampler = _sampler(tmp_path, search)
    with pytest.raises(CheckFailed, match="5 configurations after another failed, the others are kept: config-0-0: "):
        Hunt(search, sampler, LocalCrew(_refused, tmp_path, 2), tmp_path).run(30)
    assert [one.state for one in sampler.tried()] == ["failed"] * len(sampler.tried()) and len(sampler.tried()) < 8


def _slow(trial: Trial, out: Path, process: Process) -> dict[str, object]:
    """A training that does not get better, until it is stopped."""
    run, log, _ = files_of(trial, out)
    run.mkdir(parents=True)
    log.parent.mkdir(exist_ok=True)
    (run / "history.csv").write_text("epoch,val_mean\n" + "".join(f"{epoch},9.0\n" for epoch in range(1, 7)))
    process.run("held.waits", [], log)
    raise AssertionError("it was not stopped")


def test_a_training_that_is_behind_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "waits.py").write_text("import time; time.sleep(60)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    search = read_search(_write(tmp_path, SEARCH))
    sampler = _sampler(tmp_path, search)
    for _ in range(5):
        number, _ = sampler.ask()
        assert not any(sampler.report(number, epoch, -1.0) for epoch in range(1, 6))
        sampler.tell(number, "done", -1.0, {})
    Hunt(search, sampler, LocalCrew(_slow, tmp_path, 2), tmp_path).run(2)
    assert [(one.state, one.facts) for one in sampler.tried()[5:]] == [("pruned", {"value": 9.0, "epochs": 6})] * 2
