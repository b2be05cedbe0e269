"""Evaluation by level: rows that must come out as known, gains, tables, the page."""

import csv
import dataclasses
import functools
import shutil

import numpy as np
import pytest
import soundfile

import denoiser_run
from drsn_keras.denoising import segmental_snr
from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.cli import main as edge
from drsn_keras.errors import UsageError
from drsn_keras.export.cli import main as export
from drsn_keras.training.cli import main as train
from drsn_keras.training.denoising.bundle_rows import bundle_candidates
from drsn_keras.training.denoising.commands import commands_of
from drsn_keras.training.denoising.config import DenoiseConfig
from drsn_keras.training.denoising.evaluate import evaluate, spoiled, write_evaluation
from drsn_keras.training.denoising.measures import measures_of, snr_db
from drsn_keras.training.denoising.recipes import recipe
from drsn_keras.training.denoising.report import ExampleKeeper, write_report
from drsn_keras.training.denoising.report.board import Board
from drsn_keras.training.denoising.report.sentences import beside, limits, verdict
from drsn_keras.training.denoising.rows import Candidate, classical_candidates, noise_deviation, row_names
from drsn_keras.training.denoising.spectral import spectral_gate, spectral_wiener
from drsn_keras.training.denoising.tasks import prepare
from drsn_keras.training.open_run import open_run

from .denoise_files import voice, write_record, write_speech


def _task(kind, **fields):
    return prepare(DenoiseConfig(**{**recipe(kind), "kind": kind, "model": "dncnn", "network": {}, **fields}))


def _half(noisy, _):
    """What stands in for a network: it halves signal and noise."""
    return [0.5 * y for y in noisy]


HALF = Candidate("half", "keras", _half)


@pytest.fixture(scope="module")
def spikes():
    return _task("spikes")[1]


@functools.lru_cache(maxsize=1)
def _spike_results():
    task = _task("spikes")[1]
    rows = classical_candidates(task, ["noisy", "zeros", "wiener", "soft-nonnegative", "bayes"])
    return task, evaluate([HALF, *rows], task, task.corruption.conditions(), count=400)


def test_the_published_rows_come_out():
    task, results = _spike_results()
    rmse = {r.model: r.mean("rmse") for r in results}
    assert rmse["noisy"] == pytest.approx(2.99, abs=0.03) and rmse["zeros"] == pytest.approx(2.78, abs=0.03)
    assert rmse["wiener"] == pytest.approx(2.40, abs=0.03) and rmse["soft-nonnegative"] == pytest.approx(1.67, abs=0.03)
    assert rmse["bayes"] == pytest.approx(1.62, abs=0.03) == min(rmse.values())
    names = [m.name for m in measures_of(task)]
    assert names == ["rmse", "psnr_db", "slide_psnr_db"]
    noisy = next(r for r in results if r.model == "noisy")
    assert noisy.mean("psnr_db") == pytest.approx(20 * np.log10(10 / 3), abs=0.1)
    assert noisy.mean("slide_psnr_db") == pytest.approx(20 * np.log10(10 / 9), abs=0.2)


def test_a_gain_is_paired_and_of_the_right_sign():
    task, results = _spike_results()
    board = Board(results, measures_of(task))
    (column,) = board.columns
    gain, low, high = board.gain(("half", "keras"), column)
    noisy, half = (next(r for r in results if r.model == m) for m in ("noisy", "half"))
    assert gain == pytest.approx(noisy.mean("rmse") - half.mean("rmse")) and 0 < low < gain < high
    assert board.best_classical(column) == ("soft-nonnegative", "classical")
    assert board.name(("bayes", "bound")) == "bayes (bound)" and board.name(("half", "keras")) == "half"
    text = "".join(part for part, _ in verdict(board, "spikes"))
    assert text.startswith("On 400 test signals, half brings the RMSE at σ 3 from 2.99")
    assert "it is behind the best row without training, soft-nonnegative" in beside(board)
    assert any("nothing but zeros" in text for text in limits(board, "spikes", "")) == (half.mean("rmse") > 2.78)


def test_csv_has_a_line_a_row(tmp_path):
    task, results = _spike_results()
    write_evaluation(tmp_path / "evaluation.csv", results, measures_of(task))
    with (tmp_path / "evaluation.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6 and list(rows[0])[:7] == ["model", "scheme", "noise", "seen", "level", "level_is", "n"]
    half = rows[0]
    assert (half["model"], half["scheme"], half["noise"], half["level"], half["level_is"], half["n"]) == (
        *("half", "keras", "gaussian", "3", "sigma"),
        "400",
    )
    assert float(half["rmse_low"]) < float(half["rmse"]) < float(half["rmse_high"])


def test_the_same_noise_at_every_level_and_other_noise_in_validation(tmp_path):
    task = _task("ecg", data=str(write_record(tmp_path / "a.npz")), n_samples=512)[1]
    conditions = [c for c in task.corruption.conditions(["muscle"], [10.0, -10.0]) if not c.clean]
    (quiet, clean), (loud, _) = (spoiled(task, c, count=2) for c in conditions)
    np.testing.assert_allclose(10 * (quiet[0] - clean[0]), loud[0] - clean[0], atol=1e-5)
    again, _ = spoiled(task, conditions[0], count=2)
    np.testing.assert_array_equal(quiet[1], again[1])


def test_rows_by_name(spikes):
    assert {"noisy", "zeros", "wiener", "l1", "gmc", "bayes"} <= set(row_names(spikes))
    with pytest.raises(UsageError, match=r"--baselines: expected some of noisy, zeros, .*, got bm4d"):
        classical_candidates(spikes, ["bm4d"])


def test_noise_is_estimated_where_no_level_is_told():
    rng = np.random.default_rng(0)
    signal = np.sin(np.arange(5000) / 50)
    assert noise_deviation(signal + rng.normal(0, 0.3, 5000)) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize("filtered", [spectral_gate, spectral_wiener])
def test_spectral_filters_gain_in_white_noise_and_keep_clean_speech(filtered):
    rng = np.random.default_rng(0)
    clean = np.concatenate([voice(3), np.zeros(4000), voice(4), np.zeros(4000)])
    noisy = clean + rng.normal(0, np.sqrt(np.mean(np.square(clean))), len(clean))
    found = filtered(noisy, 8000)
    assert found.shape == clean.shape
    assert snr_db(clean, found) > snr_db(clean, noisy) + 4
    assert snr_db(clean, filtered(clean, 8000)) > 12
    np.testing.assert_array_equal(filtered(np.zeros(999), 8000), np.zeros(999))


HISTORY = [
    {"epoch": 1, "loss": 2.0, "val_5db": 3.0, "val_mean": 3.0},
    {"epoch": 2, "loss": 1.0, "val_5db": 4.0, "val_mean": 4.0},
]
SUMMARY = {
    "model": "half",
    "kind": "audio",
    "parameters": 7,
    "macs": 16000,
    "best_epoch": 2,
    "epochs": 2,
    "train_seconds": 9.0,
}


def _page(tmp_path, task, config, names, noises, levels, history=(), count=3):
    conditions = task.corruption.conditions(noises, levels)
    keeper = ExampleKeeper(task, conditions, count)
    rows = [HALF, *classical_candidates(task, names)]
    results = evaluate(rows, task, conditions, count=count, observe=keeper.observe)
    page = write_report(
        tmp_path / "out",
        title="half for speech in noise",
        task=task,
        summary={**SUMMARY, "kind": task.kind},
        config=config.to_dict(),
        history=history,
        results=results,
        shown=keeper.shown,
        commands=["drsn-train denoise"],
    )
    return page.read_text(), keeper.shown


def test_page_of_speech_plays(tmp_path):
    config, task = _task(
        *("audio",),
        data=str(write_speech(tmp_path / "speech")),
        resample_hz=8000.0,
        n_samples=4000,
        noise_kinds=("white",),
        group_regex=r"/(\w+)-",
    )
    text, shown = _page(tmp_path, task, config, ["noisy", "spectral-gate"], ["white", "pink"], [5.0, 0.0], HISTORY)
    assert len(shown) == 2, "as many as the test part has"
    assert text.count("<audio controls") == 4 * len(shown), "clean, noisy, network, the best classical row"
    assert text.count('<span class="tag">unseen</span>') == 1 and "mean over 2 kinds of noise" in text
    assert "One second of signal" in text and "32" not in text.split("One second of signal")[1][:60].split("M")[0]
    figures = {p.name for p in (tmp_path / "out" / "figures").iterdir()}
    assert figures == {"measure_over_level.png", "training.png"}


def test_page_of_images_and_of_a_signal(tmp_path):
    config, task = _task("images", textures=1.0, drawn=2, n_samples=24, degradations=("noise", "jpeg"))
    text, shown = _page(tmp_path, task, config, ["noisy", "wiener"], ["gaussian", "jpeg"], [25.0])
    assert len(shown) == 3 and text.count('class="strips"') == 3 and "No recordings:" in text
    assert "jpeg, quality 10" in text and "20 log10(255/RMSE)" in text
    config, task = _task("ecg", data=str(write_record(tmp_path / "a.npz")), n_samples=512)
    text, shown = _page(tmp_path, task, config, ["noisy", "band-pass"], ["hum"], [0.0], count=1)
    assert {p.name for p in (tmp_path / "out" / "figures").iterdir()} == {"measure_over_level.png", "example_1.png"}
    assert "No diagnosis was checked" in text and "over the clean signal" in text


NETWORK = {"model": "dncnn", "network": {"depth": 3, "width": 4}}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A stream of sound with an int8 bundle; pieces of an ECG, whose full scale is not 1, with two of one scheme."""
    folder = tmp_path_factory.mktemp("runs")
    sound = denoiser_run.write_speech(folder / "speech")
    denoiser_run.write_run(folder / "audio", data=str(sound), **denoiser_run.STREAM)
    record = write_record(folder / "record.npz")
    denoiser_run.write_run(folder / "ecg", kind="ecg", data=str(record), n_samples=256, **NETWORK)
    for kind in ("audio", "ecg"):
        assert export(["convert", str(folder / kind), "--calibration-clips", "12"]) == 0
    shutil.copytree(folder / "ecg" / "bundles" / "int8", folder / "ecg" / "bundles" / "again")
    assert open_run(folder / "ecg").config.spec.full_scale != 1.0
    return folder


def _by_device(bundle, task, condition, tmp_path):
    """Clean and cleaned examples in real units, by ``drsn-edge denoise`` on a file of each."""
    spec = task.spec
    for row, (y, s) in enumerate(zip(*spoiled(task, condition, count=2), strict=True)):
        y, s = y * spec.full_scale, s * spec.full_scale
        ends = [tmp_path / f"{name}{row}{'.wav' if task.kind == 'audio' else '.npz'}" for name in ("noisy", "cleaned")]
        if task.kind == "audio":
            soundfile.write(ends[0], y, spec.sample_rate_hz, subtype="FLOAT")
        else:
            np.savez(ends[0], signal=y, sample_rate_hz=spec.sample_rate_hz, unit="mV")
        assert edge(["denoise", str(bundle), "--file", str(ends[0]), "--out", str(ends[1])]) == 0
        yield s, soundfile.read(ends[1])[0] if task.kind == "audio" else np.load(ends[1])["signal"]


@pytest.mark.parametrize(
    ("kind", "noise", "target", "out", "schemes"),
    [
        ("audio", "white", "audio/bundles/int8", "audio/bundles/int8-evaluation", ["keras", "int8"]),
        ("ecg", "hum", "ecg", "ecg", ["keras", "again", "int8"]),
    ],
)
def test_bundles_are_judged_as_the_device_runs_them(runs, kind, noise, target, out, schemes, tmp_path, capsys):
    run, bundle = open_run(runs / kind), runs / kind / "bundles" / "int8"
    words = ["--noises", noise, "--snrs", "0", "--examples", "2", "--baselines", "noisy"]
    assert train(["evaluate", str(runs / target), *words]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(runs / out / "report.html")
    with (runs / out / "evaluation.csv").open() as file:
        rows = {row["scheme"]: row for row in csv.DictReader(file) if row["noise"] == noise}
    assert list(rows) == [*schemes, "classical"] and {rows[s]["model"] for s in schemes} == {run.config.model}
    (condition,) = [c for c in run.denoise_task.corruption.conditions([noise], [0.0]) if not c.clean]
    wanted = np.mean([snr_db(s, y) for s, y in _by_device(bundle, run.denoise_task, condition, tmp_path)])
    found = {scheme: float(row["snr_db"]) for scheme, row in rows.items()}
    assert all(found[scheme] == pytest.approx(wanted, abs=0.006) for scheme in schemes[1:])
    assert found["keras"] == pytest.approx(wanted, abs=0.5) and abs(wanted - found["classical"]) > 0.1
    page = (runs / out / "report.html").read_text()
    assert f"{run.config.model}, int8 (" in page and str(runs) not in page
    frames = " --step-frames 8" if kind == "audio" else ""
    convert = f"drsn-export convert {kind} --scheme int8 --target litert --ranges mse{frames} --calibration-clips 12"
    assert page.count(convert) == len(schemes) - 1
    assert f"drsn-train evaluate {kind} --noises {noise} --snrs=0 --baselines noisy --examples 2" in page


def test_the_command_of_one_bundle(runs):
    inside, outside = (load_bundle(runs / kind / "bundles" / "int8") for kind in ("ecg", "audio"))
    run = open_run(runs / "ecg")
    assert commands_of(run, [inside])[-1] == "drsn-train evaluate ecg/bundles/int8"
    assert commands_of(run, [outside])[-1] == "drsn-train evaluate int8 --run ecg"
    named = dataclasses.replace(inside, folder=inside.folder.with_name("keras"))
    assert [row.scheme for row in bundle_candidates([named, inside])] == ["bundle keras", "int8"]


def test_bundles_that_do_not_belong(runs, tmp_path, capsys):
    def fault(*words):
        assert train(["evaluate", *map(str, words)]) == 1
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("drsn-train:")]
        return line

    bundle = shutil.copytree(runs / "ecg" / "bundles" / "int8", tmp_path / "away" / "int8")
    assert "expected a bundle inside its run folder, or --run RUN, got neither" in fault(bundle)
    assert f"{bundle}, front_end: expected the run's (" in fault(bundle, "--run", runs / "audio")
    drawn = {"textures": 1.0, "drawn": 2, "n_samples": 16}
    images = denoiser_run.write_run(tmp_path / "images", kind="images", **drawn, **NETWORK)
    assert export(["convert", str(images), "--calibration-clips", "4"]) == 0
    assert "expected pieces of a signal to clean, got images to clean" in fault(images / "bundles" / "int8")


def test_segments_of_speech_last_30_ms(runs):
    task = open_run(runs / "audio").denoise_task
    (measure,) = [m for m in measures_of(task) if m.name == "segmental_snr_db"]
    clean, noisy = np.random.default_rng(0).normal(0, 1, (2, 16000)) * np.linspace(0, 1, 16000)
    noisy = clean + 0.1 * noisy[::-1]
    assert measure.compute(clean, noisy) == segmental_snr(clean, noisy, 16000, 0.03)
    assert np.isnan(measure.compute(clean[:479], noisy[:479]))
