"""``drsn-train evaluate RUN --baselines``: classical rows in the conditions of the network, fitted in its noises."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import json
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.errors import UsageError
from drsn_keras.frontend import WindowSpec
from drsn_keras.noise import make_noise, measure_snr_db
from drsn_keras.training.cli import main as train
from drsn_keras.training.conditions import Condition, noisy_clips
from drsn_keras.training.evaluate import CLASSICAL, Candidate, Result, evaluate
from drsn_keras.training.open_run import open_run
from drsn_keras.training.report.classical import paragraphs
from drsn_keras.training.report.grid import Grid
from drsn_keras.training.vibration.band import choose_envelope_band
from drsn_keras.training.vibration.baseline_rows import (
    Fitting,
    check_baselines,
    fit_baselines,
    with_noisy_copies,
)
from drsn_keras.training.vibration.baselines import BASELINES
from drsn_keras.training.vibration.config import VibrationConfig

from .test_report_cases import Page, check_sound
from .vibration_report_runs import write_machines, write_run

OPTIONS = ("--noises", "white", "--snrs", "0")


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    """A run on recordings whose full scale is 16 g, not 1; its network has no thresholds to measure."""
    data = write_machines(folder / "pumps")
    layout = {"unit": "g", "full_scale": 16.0}
    return write_run(folder / "runs" / "pumps", data, layout=layout, model="wdcnn")


@pytest.fixture(scope="module")
def printed(folder: Path, run: Path) -> list[dict[str, object]]:
    """What an evaluation with all rows printed."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert train(["evaluate", str(run), *OPTIONS, "--json", "--out", str(folder / "out"), "--baselines"]) == 0
    return [json.loads(line) for line in text.getvalue().splitlines()]


@pytest.fixture(scope="module")
def out(folder: Path, printed: list[dict[str, object]]) -> Path:
    """What it wrote."""
    return folder / "out"


@pytest.fixture(scope="module")
def opened(run: Path):
    return open_run(run)


def test_rows_stand_beside_a_network_that_stays_as_it_was(out: Path, printed: list, opened) -> None:
    assert [(r["model"], r["scheme"], r["noise"]) for r in printed] == [
        (*model, noise)
        for noise in ("none", "white")
        for model in (("wdcnn", "keras"), *((name, "classical") for name in BASELINES))
    ]
    csv_rows = table(out / "evaluation.csv")
    assert [{k: v for k, v in r.items() if k != "macro_f1"} for r in csv_rows] == [
        {k: str(v) for k, v in r.items()} for r in printed
    ]
    network = [Candidate("wdcnn", "keras", opened.predict)]
    alone = evaluate(network, opened.corpus, opened.config, noises=["white"], snrs_db=[0.0])
    assert [r for r in printed if r["scheme"] == "keras"] == [r.row() for r in alone]


def test_same_seed_same_answers_whatever_stands_beside_them(printed: list, opened) -> None:
    again, _ = fit_baselines(opened.corpus, opened.config, ["rms-kurtosis", "envelope-forest"])
    found = evaluate(again, opened.corpus, opened.config, noises=["white"], snrs_db=[0.0])
    wanted = {(r["model"], r["noise"]): r for r in printed}
    assert [r.row() for r in found] == [wanted[r.model, r.condition.noise] for r in found]


def test_windows_reach_the_rows_in_their_unit(out: Path) -> None:
    """States of these machines differ in level and spectrum: in a wrong unit the thresholds on RMS tell nothing."""
    clean = {r["model"]: r for r in table(out / "evaluation.csv") if r["noise"] == "none"}
    for name in BASELINES:
        assert float(clean[name]["accuracy"]) > 95
        assert float(clean[name]["macro_f1"]) > 95
    confusion = [r for r in table(out / "confusion.csv") if r["scheme"] == CLASSICAL]
    for name in BASELINES:
        for noise in ("none", "white"):
            counts = [int(r["clips"]) for r in confusion if (r["model"], r["noise"]) == (name, noise)]
            assert sum(counts) == int(clean[name]["n"])


def test_a_row_hears_the_waveforms_of_the_condition(opened) -> None:
    heard = []

    def answer(y: np.ndarray) -> np.ndarray:
        heard.append(y)
        return np.eye(3)[np.zeros(len(y), int)]

    corpus, config = opened.corpus, opened.config
    evaluate([Candidate("a", CLASSICAL, answer, "signal")], corpus, config, noises=["white"], snrs_db=[0.0], seed=4)
    clips = corpus.clips("test")
    ((_, mixed),) = noisy_clips(clips, [make_noise("white")], [0.0], seed=4)
    np.testing.assert_array_equal(heard[0], clips.x / np.float32(32768))
    np.testing.assert_array_equal(heard[1], mixed)


def test_band_and_noise_are_those_of_the_run(opened) -> None:
    corpus, config = opened.corpus, opened.config
    (forest,), fitting = fit_baselines(corpus, config, ["envelope-forest"])
    assert (forest.model, forest.scheme, forest.input) == ("envelope-forest", "classical", "signal")
    assert (fitting.n_windows, fitting.noises) == (len(corpus.split.train), ("white", "pink"))
    assert fitting.snr_db == (-10.0, 20.0)
    assert fitting.seconds["envelope-forest"] > 0
    # Chosen as everywhere: the band around the 600 Hz that ring.
    train = corpus.windows.x[corpus.split.train]
    assert fitting.band_hz == pytest.approx(choose_envelope_band(train, 2000, np.random.default_rng(0)))
    assert fitting.band_hz[0] < 600 < fitting.band_hz[1]
    # A network that looks at envelopes has chosen already.
    spec = dataclasses.replace(config.spec, channels=("envelope_spectrum",), band_hz=(100.0, 900.0))
    config = dataclasses.replace(config, front_end=spec.to_dict())
    assert fit_baselines(corpus, config, ["envelope-forest"])[1].band_hz == (100.0, 900.0)
    assert fit_baselines(corpus, config, ["fft-ridge"])[1].band_hz is None


def test_the_page_says_what_the_rows_are(out: Path) -> None:
    page = Page(out / "report.html")
    check_sound(page)
    for said in (
        "fft-svm (log spectrum; support vectors)",
        "They were fitted on the 54 training windows, each clean and once more in a noise of training’s own (white, "
        "pink) at −10 to 20 dB, drawn by the run’s seed.",
        "Fitting took",
        "Keras minus the best of these rows, picked anew at each level: clean −",
        "Dashed: classical rows",
        f"--snrs 0 --baselines {','.join(BASELINES)}",
    ):
        assert said in page.text, said
    glance = page.source[page.source.index('aria-label="Accuracy at a glance"') :]
    glance = glance[: glance.index("</table>")]
    places = [glance.index(f"</span>{name}</th>") for name in ("Keras", *BASELINES)]
    assert places == sorted(places)
    # The page is the network's: its score stands at the top, the windows have its answers.
    assert "the Keras model names the right state" in page.text
    windows = page.source[page.source.index('id="windows"') :]
    assert "fft-ridge" not in windows[: windows.index("</section>")]


def test_copies_have_the_asked_ratio_and_keep_their_labels() -> None:
    rng = np.random.default_rng(0)
    x = (3 + np.sin(np.arange(40 * 512) / 3)).reshape(40, 512).astype(np.float32)
    x[7] = 2.5
    y = np.arange(40)
    sources = [make_noise("white"), make_noise("pink")]
    noisy, labels = with_noisy_copies(x, y, sources, 2000, (-10.0, 20.0), rng, copies=2)
    np.testing.assert_array_equal(labels, np.tile(y, 3))
    np.testing.assert_array_equal(noisy[:40], x)
    # A sensor that was off.
    np.testing.assert_array_equal(noisy[[47, 87]], x[[7, 7]])
    assert noisy.dtype == np.float32
    alive = np.delete(np.arange(120), [7, 47, 87])
    centred = x - x.mean(axis=1, keepdims=True)
    ratios = np.array([measure_snr_db(centred[i % 40], noisy[i]) for i in alive if i >= 40])
    assert ratios.min() >= -10.01
    assert ratios.max() <= 20.01
    # Uniform: of 78 draws some lie in every quarter.
    assert np.histogram(ratios, 4, (-10.01, 20.01))[0].min() >= 8
    # Every copy has a noise of its own, and both kinds occur: half of pink noise lies below 1/16 of the rate.
    noise = np.array([noisy[i] - centred[i % 40] for i in alive if i >= 40])
    power = np.square(np.abs(np.fft.rfft(noise)))
    low = power[:, 1:32].sum(axis=1) / power.sum(axis=1)
    assert 20 < np.count_nonzero(low > 0.35) < 58
    again, _ = with_noisy_copies(x, y, sources, 2000, (-10.0, 20.0), np.random.default_rng(0), copies=2)
    np.testing.assert_array_equal(again, noisy)
    assert not np.array_equal(noisy[40:80], noisy[80:])
    # Where training mixed nothing in there is nothing to copy.
    clean, labels = with_noisy_copies(x, y, [], 2000, (-10.0, 20.0), rng)
    np.testing.assert_array_equal(clean, x)
    np.testing.assert_array_equal(labels, y)


def test_classical_rows_are_never_what_ships() -> None:
    truth = np.arange(10) % 2
    clean = Condition("none", float("inf"), True)

    def one(model: str, scheme: str, wrong: int) -> Result:
        return Result(model, scheme, clean, np.where(np.arange(10) < wrong, 1 - truth, truth), truth)

    results = [one("fft-svm", CLASSICAL, 1), one("net", "float16", 4), one("net", "keras", 5)]
    grid = Grid(results, 2, ())
    assert [grid.name(s) for s in grid.series] == ["Keras", "float16", "fft-svm"]
    assert grid.shipped == ("net", "float16")
    text = paragraphs(grid, Fitting({"fft-svm": 2.04}, 1200, (), (-10.0, 20.0)))
    assert text[1] == (
        "They were fitted on the 1,200 training windows, clean: the training mixed in no noise. Fitting took 2.0 s."
    )
    assert text[2].startswith(
        "float16 minus the best of these rows, picked anew at each level: clean −30.0 points (fft-svm; 95 % interval −"
    )
    assert len(paragraphs(Grid(results[:1], 2, ()), Fitting({"fft-svm": 2.0}, 9, (), (0.0, 0.0)))) == 2


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ("fft-svm,cnn", "--baselines: expected some of envelope-forest, fft-svm, fft-ridge, rms-kurtosis, got 'cnn'"),
        (",", "--baselines: expected some of envelope-forest, fft-svm, fft-ridge, rms-kurtosis, got ''"),
    ],
)
def test_rows_that_there_are_not(names: str, fault: str, run: Path, capsys) -> None:
    assert train(["evaluate", str(run), "--baselines", names]) == 2
    assert capsys.readouterr().err.strip().splitlines() == [f"drsn-train: {fault}"]


def test_no_band_can_be_found_in_short_windows() -> None:
    config = VibrationConfig(front_end=WindowSpec(n_samples=512, hop_length=512).to_dict())
    with pytest.raises(UsageError, match=r"envelope-forest: expected windows of at least 1024 .* fft-svm,.* got 512$"):
        check_baselines(BASELINES, config)
    check_baselines(BASELINES[1:], config)
    spec = WindowSpec(n_samples=512, hop_length=512, channels=("envelope_spectrum",), band_hz=(2000.0, 4000.0))
    check_baselines(BASELINES, VibrationConfig(front_end=spec.to_dict()))
