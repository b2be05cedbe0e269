"""``drsn-train evaluate`` on a vibration run: the page speaks of machines, and says what its numbers are worth."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drsn_keras.training.cli import main as train

from .test_report_cases import Page, check_sound
from .vibration_report_runs import STATES, write_machines, write_noise, write_run

#: Words of the other task.
FOREIGN = re.compile(
    r"speech|speak|spok|keyword|voice|microphone|\bclips?\b|\bwords?\b|\bhear|\bsaid\b|listen|babble|roadside", re.I
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_machines(tmp_path_factory.mktemp("data") / "pumps")


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "runs" / "pumps"
    write_run(folder, data, write_noise(folder.parent.parent / "hall"))
    assert train(["evaluate", str(folder), "--snrs", "0,-5"]) == 0
    return folder


@pytest.fixture(scope="module")
def page(run: Path) -> Page:
    return Page(run / "report.html")


def test_the_page_is_sound_and_speaks_of_machines(page: Page) -> None:
    check_sound(page)
    assert not FOREIGN.findall(page.text)
    for attrs in (*page.all("img"), *page.all("div")):
        assert not FOREIGN.findall(attrs.get("alt") or attrs.get("aria-label") or "")
    for said in (
        "Evaluation of a fault diagnosis · wide-drsn-cw",
        "wide-drsn-cw fault diagnosis in noise",
        "test windows that training never saw",
        "names the right state for",
        "at 0 dB (noise as strong as the vibration)",
        "sets its own threshold τ for each window",
        "Rows: the true state; columns: the answer",
        "Windows by state and part.",
    ):
        assert said in page.text, said
    # Recordings of a machine that somebody measured, kept apart: there is nothing to warn of.
    assert "simulat" not in page.text
    assert "LEAKY" not in page.text
    assert page.all("audio") == []


def test_noises_are_those_of_machines(run: Path) -> None:
    with (run / "evaluation.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = list(dict.fromkeys(row["noise"] for row in rows))
    assert names == ["none", "recorded", "impulsive", "laplacian", "pink", "white", "hall/hall"]
    seen = {row["noise"]: row["seen"] for row in rows}
    # This run mixed in white, pink and its recording.
    assert seen == {
        **dict.fromkeys(("none", "recorded", "pink", "white", "hall/hall"), "yes"),
        **dict.fromkeys(("impulsive", "laplacian"), "no"),
    }


def test_noises_of_speech_are_refused(run: Path, capsys: pytest.CaptureFixture) -> None:
    assert train(["evaluate", str(run), "--noises", "babble"]) == 2
    assert "--noises: expected some of" in capsys.readouterr().err.strip().splitlines()[-1]


def test_macro_f1_stands_beside_accuracy(run: Path, page: Page) -> None:
    with (run / "evaluation.csv").open() as file:
        rows = {(r["noise"], r["snr_db"]): r for r in csv.DictReader(file)}
    with (run / "confusion.csv").open() as file:
        clean = [r for r in csv.DictReader(file) if r["noise"] == "none"]
    f1 = []
    for state in STATES:
        right = sum(int(r["clips"]) for r in clean if r["label"] == r["answer"] == state)
        named = sum(int(r["clips"]) * ((r["label"] == state) + (r["answer"] == state)) for r in clean)
        f1.append(2 * right / named if named else None)
    expected = 100 * np.mean([v for v in f1 if v is not None])
    assert float(rows["none", "inf"]["macro_f1"]) == pytest.approx(expected, abs=0.006)
    table = page.source[page.source.index('id="f1"') :]
    table = table[: table.index("</table>")]
    cells = [re.findall(r'<td class="n">([\d.]+)', row) for row in re.findall(r"<tr>.*?</tr>", table)[2:]]
    assert cells[0] == [f"{float(rows['none', 'inf'][k]):.1f}" for k in ("accuracy", "macro_f1")]
    # In noise: the mean over the kinds; the recording by itself stands for nothing more.
    kinds = ("recorded", "impulsive", "laplacian", "pink", "white")
    for cell, level in zip(cells[1:], ("0", "-5"), strict=True):
        assert float(cell[1]) == pytest.approx(np.mean([float(rows[k, level]["macro_f1"]) for k in kinds]), abs=0.06)


def test_windows_are_drawn_with_their_units(run: Path, page: Page) -> None:
    section = page.source[page.source.index('id="windows"') :]
    section = section[: section.index("</section>")]
    titles = re.findall(r"<h3>(.*?) · (.*?)</h3>", section)
    assert [state for state, _ in titles] == list(STATES)
    assert all(recording.startswith(f"{state}/day") for state, recording in titles)
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td><span class="(right|wrong)">. (\w+)</span> (\d+)', section)
    assert len(rows) == 4 * len(STATES)
    for number, (name, verdict, answer, percent) in enumerate(rows):
        level = ("Clean", "10\u00a0dB", "0\u00a0dB", "−5\u00a0dB")[number % 4]
        assert name.endswith(level)
        assert verdict == ("right" if answer == STATES[number // 4] else "wrong")
        assert 100 / len(STATES) - 1 < float(percent) <= 100
    assert "chosen by the kurtogram of training windows" in page.text
    assert "zero-to-peak, in g;" in page.text
    for number in (1, 2, 3):
        with Image.open(run / "figures" / f"window_{number}.png") as image:
            assert image.width == round(8.6 * 192)
    assert not (run / "figures" / "window_4.png").exists()


def test_the_protocol_is_told(page: Page) -> None:
    for said in (
        "How it was split recording-shares",
        "Kept apart by recording",
        "Split by recording: no recording is in two parts.",
        "Recordings train: 9, val: 3, test: 3",
        "Mixed in at training hall/hall, white, pink",
        "At levels of −10 to 20 dB, uniform",
        "They are not: they come from 3 recordings, and windows of one recording are alike.",
    ):
        assert said in page.text, said
    assert (
        "drsn-train vibration --data pumps --task folder --unit g --full-scale 1 --split recording-shares" in page.text
    )


def test_a_leaky_split_is_said_first(data: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "leaky", data, split="random-windows", model="wdcnn")
    assert train(["evaluate", str(run), "--noises", "white", "--snrs", "0"]) == 0
    page = Page(run / "report.html")
    check_sound(page)
    sentence = json.loads((run / "summary.json").read_text())["protocol"]["sentence"]
    banner = page.source.index('id="leaky"')
    assert banner < page.source.index('class="lead"')
    told = re.sub("<.*?>", "", page.source[banner : page.source.index("</p>", banner)]).partition(">")[2]
    assert told == sentence
    assert "(LEAKY)</title>" in page.source
    # Nobody may claim that these windows are new.
    assert "never saw" not in page.text[: page.text.index("Accuracy over SNR")]
    assert "of recordings that training knows" in page.text
    # A network without shrinkage has no thresholds.
    assert 'id="thresholds"' not in page.source
    assert "threshold" not in page.text.lower()


def test_simulated_machines_are_said_first(run: Path, tmp_path: Path) -> None:
    """The page of a run whose configuration says that it is simulated; its data need not be made for that."""
    from drsn_keras.training.report import write_report

    from .test_report_cases import arguments, make_results

    values = arguments(STATES, make_results(3, 30))
    summary = json.loads((run / "summary.json").read_text())
    values["summary"].update({name: summary[name] for name in ("protocol", "monitor")})
    values["bundles"][0]["monitor"] = summary["monitor"]
    values = {**values, "config": {"task": "vibration", "seed": 1}, "sounds": (), "synthetic": True}
    page = Page(write_report(tmp_path, **values))
    check_sound(page)
    assert page.source.index("Simulated machines.") < page.source.index('class="lead"')
    assert "(simulated machines)</title>" in page.source
    assert page.text.count("No machine was measured") == 2
    assert "The machines are simulated." in page.text
    assert "speech" not in page.text
    assert "Sure from" in page.text
    assert "abstains where an answer’s probability is below 0.41" in page.text
    assert "on 2.5 % of the validation windows" in page.text


def test_a_bundle_elsewhere_and_moved_data(run: Path, data: Path, tmp_path: Path) -> None:
    """A folder copied to another place is evaluated with its data given anew."""
    moved = tmp_path / "copy"
    shutil.copytree(run, moved)
    there = tmp_path / "there"
    shutil.copytree(data, there)
    options = ["--data", str(there), "--noises", "white", "--snrs", "0", "--out", str(tmp_path / "out")]
    assert train(["evaluate", str(moved), *options]) == 0
    assert (tmp_path / "out" / "report.html").is_file()
