"""The bench command: a run's bundle beside what it is compared with, and what it refuses."""

import argparse
import json
import shutil

import numpy as np
import pytest

from drsn_keras.command_line import run as run_command
from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.export import bench_command
from drsn_keras.export.benchmarking import contestants
from drsn_keras.export.cli import main as export
from drsn_keras.models import KINDS
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.networks import build_model
from drsn_keras.training.run_folder import CONFIG, MODEL, SUMMARY, write_json
from random_weights import randomise

SNRS = "--snrs: expected 'clean' and numbers [dB], separated by commas"


def bench(*words):
    """The sub-command by itself; returns the exit code."""
    parser = argparse.ArgumentParser(prog="drsn-export")
    bench_command.add(parser.add_subparsers(required=True))
    return run_command(parser, ["bench", *map(str, words)])


@pytest.fixture(scope="module")
def run_folder(tones, tmp_path_factory):
    """A run on the tones that was never trained: weights do not matter here."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    folder.mkdir()
    config = KeywordConfig(data=str(tones), noise_kinds=("white", "pink"), width=0.34)
    randomise(build_model(config, 3)).save(folder / MODEL)
    write_json(folder / CONFIG, config.to_dict())
    summary = {
        **{"labels": ["high", "low", "_silence_"], "training_noise": [], "operating_point": []},
        **{"detector": {}, "validation": {}, "protocol": {}, "clips": {"train": 84, "val": 12}},
        **{"parameters": 1, "macs": 1, "best_epoch": 1, "synthetic_speech": False},
    }
    write_json(folder / SUMMARY, summary)
    assert export(["convert", str(folder), "--calibration-clips", "20"]) == 0
    return folder


@pytest.fixture
def bundle(run_folder, monkeypatch):
    """Its bundle, and conversions that take no time: they are tested above, here any flatbuffer will do."""
    found = run_folder / "bundles" / "int8"
    content = (found / "model.tflite").read_bytes()
    monkeypatch.setattr(contestants, "naive_conversions", lambda model, x: {"textbook-int8": content})
    monkeypatch.setattr(contestants, "untrained_rivals", lambda *_, kinds, **__: dict.fromkeys(kinds, content))
    return found


def test_bench_of_a_run(bundle, capsys):
    assert bench(bundle, bundle, "--rounds", 20, "--clips", 6, "--snrs", "clean, 5.0", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rounds"], said["threads"]) == (20, 1)
    rows = {row["name"]: row for row in said["models"]}
    twins = [f"untrained {kind}" for kind in KINDS if kind != "drsn-cw"]
    assert list(rows) == ["mine/int8", "mine/int8 (2)", "naive textbook", *twins]
    mine = rows["mine/int8"]
    assert (mine["ratio"], mine["clips"], mine["float_tensors"], mine["partitions"]) == (1.0, 6, 0, 1)
    assert (mine["scheme"], mine["target"], mine["outside"]) == ("int8", "litert", {"SOFTMAX": 1})
    assert mine["size_bytes"] == (bundle / "model.tflite").stat().st_size
    assert set(mine["accuracy"]) == {"clean", "5"}
    assert rows["mine/int8 (2)"]["accuracy"] == rows["naive textbook"]["accuracy"] == mine["accuracy"]
    assert rows["naive textbook"]["target"] is None
    assert all(rows[name]["accuracy"] == {} for name in twins)


def test_a_naive_conversion_that_does_not_run_is_left_out(bundle, monkeypatch, capsys):
    monkeypatch.setattr(contestants, "naive_conversions", lambda model, x: {"textbook-int8": b"no model"})
    assert bench(bundle, "--rounds", 10, "--no-accuracy", "--no-rivals", "--json") == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)["models"]) == 1
    assert "left out: naive textbook int8: expected a model that LiteRT runs, got one it refuses" in said.err


def test_the_table_tells_bundles_of_one_name_apart(bundle, tmp_path, capsys):
    other = shutil.copytree(bundle, tmp_path / "mine" / "bundles" / "int8")
    assert bench(bundle, other, "--rounds", 10, "--no-accuracy", "--no-rivals") == 0
    table, notes = capsys.readouterr().out.split("\n\n")
    rows = [line.split()[0] for line in table.splitlines()[2:]]
    assert rows == ["..." + str(bundle)[-27:], "mine/int8", "naive"]
    assert f"naive: the weights of {bundle}'s run through TensorFlow's converter" in " ".join(notes.split())
    assert "untrained" not in notes


def test_accuracy_is_that_of_the_test_clips(bundle, run_folder, capsys):
    from drsn_keras.training.features import BatchFeatures
    from drsn_keras.training.open_run import open_run

    assert bench(bundle, "--rounds", 10, "--snrs", "clean", "--no-rivals", "--no-naive", "--json") == 0
    (row,) = json.loads(capsys.readouterr().out)["models"]
    run = open_run(run_folder)
    clips = run.corpus.clips("test")
    x = BatchFeatures(run.config.spec)(clips.x.astype(np.float32) / 32768.0)
    right = Interpreter(bundle / "model.tflite").run_batch(x).argmax(axis=-1) == clips.y
    assert row["clips"] == len(clips)
    assert row["accuracy"] == {"clean": pytest.approx(100 * right.mean(), abs=0.01)}


def test_without_its_data_a_run_has_latencies_only(bundle, capsys, tmp_path):
    assert bench(bundle, "--rounds", 10, "--data", tmp_path / "gone", "--json") == 0
    said = capsys.readouterr()
    assert all(row["accuracy"] == {} and row["median_us"] > 0 for row in json.loads(said.out)["models"])
    reasons = [line for line in said.err.splitlines() if str(tmp_path / "gone") in line]
    assert len(reasons) == 2
    assert "integers are from white noise" in reasons[0]
    assert reasons[1].endswith("no accuracy")


def test_a_bundle_in_no_run_is_timed_alone_unless_the_run_is_named(bundle, run_folder, tmp_path, capsys):
    alone = shutil.copytree(bundle, tmp_path / "alone")
    assert bench(alone, "--rounds", 10) == 0
    said = capsys.readouterr()
    assert len(said.out.split("\n\n", maxsplit=1)[0].splitlines()) == 3
    assert f"{alone}: lies in no run, and there is no --run: nothing to compare it with" in said.err
    options = ("--rounds", 10, "--clips", 3, "--no-rivals", "--json")
    assert bench(alone, "--run", run_folder, *options) == 0
    rows = json.loads(capsys.readouterr().out)["models"]
    assert [row["clips"] for row in rows] == [3, 3]


def test_a_bundle_of_other_labels_is_refused(bundle, run_folder, tmp_path, capsys):
    other = shutil.copytree(bundle, tmp_path / "other")
    card = json.loads((other / "card.json").read_text())
    (other / "card.json").write_text(json.dumps({**card, "labels": ["high", "low", "middle"]}))
    assert bench(other, "--run", run_folder, "--rounds", 10) == 1
    assert f"drsn-export: {other}, labels: expected the run's" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["nowhere"], 1, "nowhere: expected a bundle folder, got nothing there"),
        (["x", "--snrs", "clean,loud"], 2, f"{SNRS}, got 'clean,loud'"),
        (["x", "--snrs", "inf"], 2, f"{SNRS}, got 'inf'"),
        (["x", "--snrs", ""], 2, f"{SNRS}, got ''"),
        (["x", "--rounds", "9"], 2, "--rounds: expected at least 10, got 9"),
        (["x", "--threads", "0"], 2, "--threads: expected at least 1, got 0"),
        (["x", "--clips", "0"], 2, "--clips: expected at least 1, got 0"),
    ],
)
def test_bad_arguments_are_one_line(words, code, fault, capsys):
    assert bench(*words) == code
    assert capsys.readouterr().err.strip() == f"drsn-export: {fault}"


def test_a_damaged_bundle_is_one_line(bundle, tmp_path, capsys):
    damaged = shutil.copytree(bundle, tmp_path / "damaged")
    (damaged / "model.tflite").write_bytes(b"no model")
    assert bench(bundle, damaged) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"drsn-export: {damaged / 'model.tflite'}: expected SHA-256")


def test_conditions():
    assert bench_command.parse_conditions("clean, 0,-5.0,0.0") == ["clean", "0", "-5"]
