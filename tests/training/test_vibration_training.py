"""A vibration training for real on small data: its folder, its repeatability, its batches, and what is made of it."""

import dataclasses
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

import drsn_keras.layers  # noqa: F401  (registers what a saved model names)
from drsn_keras.edge.cli import main as edge
from drsn_keras.export.calibration import draw_calibration
from drsn_keras.export.card_page import card_page
from drsn_keras.export.cli import main as export
from drsn_keras.model_card import read_bundle
from drsn_keras.training.cli import main as train
from drsn_keras.training.conditions import noisy_clips
from drsn_keras.training.open_run import open_run
from drsn_keras.training.vibration.batches import VibrationBatches
from drsn_keras.training.vibration.config import VibrationConfig
from drsn_keras.training.vibration.open_corpus import WindowOptions, prepare

from .vibration_machines import MACHINES, RATE_HZ, STATES, save, vibration


@pytest.fixture(scope="module")
def run(vibration_runs) -> Path:
    return vibration_runs / "whole"


@pytest.fixture(scope="module")
def bundle(run) -> Path:
    assert export(["convert", str(run), "--target", "tflm", "--calibration-clips", "60"]) == 0
    return run / "bundles" / "int8-tflm"


def _batches(machines, rule="leave-one-machine-out", options=None, **fields):
    config = VibrationConfig(data=str(machines), source="npz", split=rule, batch_size=32, **fields)
    config, corpus = prepare(config, options or WindowOptions(256, 128))
    return VibrationBatches(corpus, config, 3)


def test_run_folder_is_complete(run):
    summary, config = (json.loads((run / f"{name}.json").read_text()) for name in ("summary", "config"))
    assert summary["labels"] == list(STATES) and summary["task"] == "vibration"
    assert summary["clips"] == {"train": 183, "val": 183}
    assert summary["validation"]["val_clean"] >= 75
    protocol = summary["protocol"]
    assert (protocol["rule"], protocol["held_out"], protocol["leaky"]) == ("leave-one-machine-out", "pump", False)
    assert protocol["recordings"]["train"] == [f"{state}/mill.npz" for state in STATES]
    assert protocol["windows"]["test"] == dict.fromkeys(STATES, 61)
    monitor = summary["monitor"]
    assert (monitor["unit"], monitor["healthy"], monitor["protocol"]) == ("g", ["normal"], protocol["sentence"])
    assert 0 < monitor["min_probability"] < 1 and 0 <= monitor["false_abstention_percent"] < 10
    assert config["held_out"] == "pump", "what the data decided is stored"
    assert config["front_end"]["full_scale"] == 16.0, "twice the largest sample, gravity included, rounded up"
    assert VibrationConfig.from_dict(config, "config.json").to_dict() == {
        **config,
        **{name: tuple(config[name]) for name in ("noise", "noise_kinds", "snr_db", "healthy")},
    }
    assert (run / "history.csv").read_text().startswith("epoch,loss,accuracy,val_clean,val_10db")


def test_split_list_has_a_line_a_recording(run):
    lines = (run / "splits.csv").read_text().splitlines()
    assert lines[0] == "split,label,group,file,content"
    assert lines[1] == 'train,loose,loose/mill.npz,loose/mill.npz,"8000 samples, 61 windows"'
    assert [line.split(",")[0] for line in lines[1:]] == ["train"] * 3 + ["val"] * 3 + ["test"] * 3


def test_interrupted_and_resumed_equals_uninterrupted(vibration_runs):
    """Which makes two runs of one seed equal, too: the second began anew."""
    whole, resumed = (keras.models.load_model(vibration_runs / n / "model.keras") for n in ("whole", "resumed"))
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    texts = [(vibration_runs / n / "history.csv").read_text().splitlines() for n in ("whole", "resumed")]
    without_time = [[line.rsplit(",", 1)[0] for line in lines] for lines in texts]
    assert without_time[0] == without_time[1]
    summaries = [json.loads((vibration_runs / n / "summary.json").read_text()) for n in ("whole", "resumed")]
    assert summaries[0]["monitor"] == summaries[1]["monitor"]


def test_batches_depend_on_seed_and_step_alone(machines):
    first, again = _batches(machines), _batches(machines)
    later = [first.batch(step) for step in (7, 2)][::-1]
    for step, (x, y) in zip((2, 7), later, strict=True):
        np.testing.assert_array_equal(again.batch(step)[0], x)
        np.testing.assert_array_equal(again.batch(step)[1], y)
    assert np.any(first.batch(2)[0] != first.batch(3)[0])
    other = dataclasses.replace(again, seed=4)
    assert np.any(other.batch(2)[0] != later[0][0])


@pytest.mark.parametrize("snr_db", [-10.0, 0.0, 15.0])
def test_batches_mix_at_the_ratio_drawn(machines, snr_db):
    """Measured with the mean left out: there is 1 g of gravity in every recording."""
    mixed = _batches(machines, noisy=1.0, snr_db=(snr_db, snr_db)).waves(1)[0]
    clean = _batches(machines, noisy=0.0, snr_db=(snr_db, snr_db)).waves(1)[0]
    assert abs(clean.mean(axis=1)).min() > 0.8
    measured = 10 * np.log10(np.var(clean, axis=1) / np.mean(np.square(mixed - clean), axis=1))
    np.testing.assert_allclose(measured, snr_db, atol=1e-6)


def test_evaluation_mixes_at_the_same_ratio(machines):
    """As training does, and whatever steady acceleration a sensor shows besides."""
    batches = _batches(machines)
    clips = batches.corpus.clips("val")
    np.testing.assert_allclose(clips.x.mean(axis=1), 0.0, atol=1e-2 * clips.x.std())
    (_, mixed), *_ = noisy_clips(clips, [batches.corpus.source("white", "val")], [0.0], 1)
    noise = mixed - clips.x / 32768.0
    windows = batches.corpus.windows.x[batches.corpus.split.val] / batches.corpus.full_scale
    measured = 10 * np.log10(np.var(windows, axis=1) / np.mean(np.square(noise), axis=1))
    np.testing.assert_allclose(measured, 0.0, atol=1e-3)


def test_speed_changes_by_the_share_and_no_more(tmp_path):
    """By which a tone of a recording moves; its height stays."""
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    for state, hz in zip(STATES, (400.0, 500.0, 700.0), strict=True):
        for machine in MACHINES:
            save(tmp_path / f"{state}-{machine}.npz", np.sin(2 * np.pi * hz * t), label=state, machine=machine)
    batches = _batches(tmp_path, options=WindowOptions(2048, 1024), noisy=0.0, speed_change=0.1)
    waves, labels = batches.waves(0)
    spectra = np.abs(np.fft.rfft(waves * np.hanning(2048), 8 * 2048))
    rates = spectra.argmax(axis=1) * RATE_HZ / (8 * 2048) / np.array([400.0, 500.0, 700.0])[labels]
    assert 0.897 < rates.min() < 0.95 and 1.05 < rates.max() < 1.103, "to a few samples"
    np.testing.assert_allclose(np.abs(waves[:, 500:1500]).max(axis=1), 1.0, atol=0.05)


def test_windows_stay_where_they_are_if_recordings_are_on_both_sides(machines, capsys):
    """A moved window of training would overlap one of the test."""
    batches = _batches(machines, rule="random-windows", noisy=0.0)
    assert "LEAKY: windows were drawn at random" in capsys.readouterr().err
    x = batches.corpus.windows.x[batches.corpus.split.train].astype(np.float64)
    for wave in batches.waves(0)[0]:
        assert min(np.abs(x - wave).max(axis=1).min(), np.abs(x + wave).max(axis=1).min()) == 0.0


def test_convert_verify_and_c(bundle, tmp_path, capsys):
    assert export(["verify", str(bundle)]) in {0, 1}, "few windows: half a point is one of them"
    out, _ = capsys.readouterr()
    assert float(out.splitlines()[-1].split("agreement ")[1].split(" ")[0]) >= 95
    assert export(["c", str(bundle), "--out", str(tmp_path / "c")]) == 0
    assert list((tmp_path / "c").rglob("*.c"))
    again = ["convert", str(bundle.parents[1]), "--target", "tflm", "--calibration", str(bundle / "calibration.csv")]
    assert export([*again, "--out", str(tmp_path / "b")]) == 0
    assert (tmp_path / "b" / "model.tflite").read_bytes() == (bundle / "model.tflite").read_bytes()
    capsys.readouterr()


def test_evaluate_and_no_folder_of_this_machine_anywhere(bundle, tmp_path, capsys, machines):
    run = shutil.copytree(bundle.parents[1], tmp_path / "run")
    assert train(["evaluate", str(run), "--noises", "white", "--snrs", "0"]) == 0
    assert (run / "evaluation.csv").read_text().count("\n") == 5, "clean and 0 dB of Keras and bundle"
    texts = {path.name: path.read_text() for path in run.rglob("*") if path.suffix in {".json", ".md", ".html", ".csv"}}
    assert len(texts) >= 9
    folders = (str(machines.parent), str(tmp_path))
    assert [name for name, text in texts.items() if any(f in text for f in folders)] == ["config.json"]
    assert "rpm is missing for 9 of 9 recordings (first loose/fan.npz)" in open_run(run).summary["notes"]
    capsys.readouterr()


def test_leaky_card_says_so_first(bundle, machines):
    card, _ = read_bundle(bundle)
    protocol = _batches(machines, rule="random-windows").corpus.protocol
    page = card_page(dataclasses.replace(card, training={**card.training, "protocol": protocol}))
    assert page.splitlines()[2].startswith("> **LEAKY: windows were drawn at random")
    assert "LEAKY" not in card_page(card)


def test_monitor_names_the_state_and_knows_what_it_does_not_know(bundle, tmp_path, capsys):
    clean = vibration("worn", 7)
    files = {"worn": clean, "tilted": clean - 2.0, "odd": 100 * np.random.default_rng(0).standard_normal(8000)}
    paths = [str(save(tmp_path / f"{name}.npz", y)) for name, y in files.items()]
    assert edge(["monitor", str(bundle), "--summary-only", "--json", "--file", *paths]) == 0
    worn, tilted, odd = map(json.loads, capsys.readouterr().out.splitlines())
    assert worn["state"] == "worn" and worn["share"] >= 0.9 and worn["classified"] >= 0.9 * worn["windows"]
    assert {**tilted, "source": ""} == {**worn, "source": ""}, "gravity is no vibration"
    assert odd["state"] is None and odd["abstained"]["novel"] == odd["windows"]


def test_a_manifests_files_are_named_below_it_and_a_calibration_names_recordings(machines, tmp_path):
    shutil.copytree(machines, tmp_path / "in")
    rows = [f"in/{state}/{m}.npz,{state},{m},{state} of {m}" for state in STATES for m in MACHINES]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(["file,label,machine,recording_id", *rows]))
    config = VibrationConfig(data=str(path), source="csv", noise_kinds=())
    config, corpus = prepare(config, WindowOptions(256, 128))
    assert corpus.listing()[0][:4] == ("train", "loose", "loose of mill", "in/loose/mill.npz")
    calibration = draw_calibration(corpus, config, 30)
    assert {row.noise for row in calibration.rows} == {"none"}, "there is none to mix in"
    assert {row.clip.split("@")[0] for row in calibration.rows} == {f"{state} of mill" for state in STATES}
