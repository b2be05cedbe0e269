"""Bundles that are not what they say, and folders that are none: refused in one line, nothing lost."""

import json
import shutil

import pytest

from drsn_keras.export.cli import main as export
from drsn_keras.model_card import CARD_NAME


@pytest.fixture(scope="module")
def bundle(tones_run, tmp_path_factory):
    """A good bundle outside its run."""
    folder = tmp_path_factory.mktemp("bundles") / "good"
    assert export(["convert", str(tones_run), "--out", str(folder), "--calibration-clips", "20"]) == 0
    return folder


@pytest.fixture
def edited(bundle, tmp_path):
    """A copy whose card says something else."""

    def edit(**changes):
        folder = tmp_path / "edited"
        shutil.copytree(bundle, folder)
        card = json.loads((folder / CARD_NAME).read_text())
        for name, value in changes.items():
            card[name] = {**card[name], **value} if name == "training" else value
        (folder / CARD_NAME).write_text(json.dumps(card))
        return folder

    return edit


def _last_line(capsys):
    return capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "resnet"}, "model: expected drsn-cw (of"),
        ({"training": {"seed": 77}}, "seed: expected 3 (of"),
        ({"target": "x86"}, "card.json, target: expected one of litert, tflm, ethos-u, got 'x86'"),
        ({"labels": ["high", "high", "low"]}, "card.json, labels: expected each once, got high, high, low"),
    ],
)
@pytest.mark.parametrize("command", ["verify", "inspect"])
def test_a_card_of_something_else_is_refused(edited, tones_run, capsys, command, changes, message):
    folder = edited(**changes)
    before = (folder / CARD_NAME).read_text()
    assert export([command, str(folder), "--run", str(tones_run)]) == 1
    assert message in _last_line(capsys)
    assert (folder / CARD_NAME).read_text() == before


def test_a_damaged_free_part_leaves_card_and_page_as_they_were(edited, tones_run, capsys):
    folder = edited(export={"keep": "x"})
    before = [(folder / name).read_text() for name in (CARD_NAME, "CARD.md")]
    assert export(["verify", str(folder), "--run", str(tones_run)]) == 1
    assert "card.json: expected a card that a page can be made from" in _last_line(capsys)
    assert [(folder / name).read_text() for name in (CARD_NAME, "CARD.md")] == before


def test_convert_leaves_somebody_elses_card_alone(tones_run, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / CARD_NAME).write_text('{"my": "cards"}')
    assert export(["convert", str(tones_run), "--out", str(tmp_path / "mine")]) == 2
    assert "expected a new folder or an older bundle, got something else there" in _last_line(capsys)
    assert (tmp_path / "mine" / CARD_NAME).read_text() == '{"my": "cards"}'
    (tmp_path / "file").write_text("")
    assert export(["convert", str(tones_run), "--out", str(tmp_path / "file" / "sub")]) == 2
    assert "expected a folder to lie in, got a file on the way" in _last_line(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["convert", "RUN", "--seed", "99999999999999999999"], "--seed: expected 0 to 4294967295"),
        (["bench", "BUNDLE", "--threads", "100000"], "--threads: expected at most 64, got 100000"),
        (["bench", "BUNDLE", "--snrs=-1e300"], "--snrs: expected 'clean' and numbers [dB]"),
    ],
)
def test_numbers_out_of_bounds(bundle, tones_run, capsys, arguments, message):
    assert export([{"RUN": str(tones_run), "BUNDLE": str(bundle)}.get(a, a) for a in arguments]) == 2
    assert message in _last_line(capsys)
