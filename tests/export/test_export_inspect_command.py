"""``drsn-export inspect``: what it prints, writes and refuses."""

import argparse
import json
import shutil
from types import SimpleNamespace

import pytest

from drsn_keras.command_line import run as run_command
from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.export import inspect_command
from drsn_keras.model_card import CARD_NAME, MODEL_NAME, ModelCard, sha256_of


def _inspect(*words):
    parser = argparse.ArgumentParser(prog="drsn-export")
    inspect_command.add(parser.add_subparsers(required=True))
    return run_command(parser, ["inspect", *map(str, words)])


@pytest.fixture(scope="module")
def made(tones_run, tmp_path_factory):
    """A bundle of the small run: lowered, int8, outside its run folder."""
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.export.lowering import lower
    from drsn_keras.export.tflite import to_tflite
    from drsn_keras.training.open_run import open_run

    run = open_run(tones_run)
    folder = tmp_path_factory.mktemp("made") / "int8"
    folder.mkdir()
    path = folder / MODEL_NAME
    features = draw_calibration(run.corpus, run.config, 20).features
    path.write_bytes(to_tflite(lower(run.model, "tflm").model, "int8", features))
    interpreter = Interpreter(path)
    ModelCard(
        name="tones, int8",
        task="keywords",
        model=run.config.model,
        scheme="int8",
        target="tflm",
        labels=tuple(run.summary["labels"]),
        front_end=run.config.front_end,
        input=interpreter.input,
        output=interpreter.output,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
    ).write(folder)
    return folder


@pytest.fixture
def bundle(made, tmp_path):
    return shutil.copytree(made, tmp_path / "int8")


def test_a_bundle_with_its_run(bundle, tones_run, tmp_path, capsys):
    assert _inspect(bundle, "--run", tones_run, "--clips", "6", "--out", tmp_path / "deep" / "out", "--json") == 0
    captured = capsys.readouterr()
    values = json.loads(captured.out)
    assert values == json.loads((tmp_path / "deep" / "out" / "inspection.json").read_text())
    assert (tmp_path / "deep" / "out" / "inspection.png").read_bytes().startswith(b"\x89PNG")
    assert "note" not in captured.err
    assert values["missing"] is None
    assert values["target"] == "tflm"
    assert values["operators"]["MINIMUM"] == 3
    assert values["comparison"]["inputs"] == 6
    assert min(row["sqnr_db"] for row in values["comparison"]["layers"]) > 5
    assert [block["block"] for block in values["comparison"]["shrinkage"]] == [f"unit{i}/shrinkage" for i in (1, 2, 3)]


def test_a_bundle_inside_its_run_finds_it(bundle, tones_run, tmp_path, capsys):
    """Also: the page for people, and where the files go by default."""
    run = shutil.copytree(tones_run, tmp_path / "run", ignore=shutil.ignore_patterns("tensorboard", "bundles"))
    inside = shutil.copytree(bundle, run / "bundles" / "int8")
    assert _inspect(inside, "--clips", "4") == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{inside}: tones, int8, for tflm")
    for words in ("4 validation clips", "lowest ratio", "unit3/shrinkage: tau (median", "XNNPACK", "placed"):
        assert words in captured.out
    assert sorted(path.name for path in (run / "bundles" / "int8-inspection").iterdir()) == [
        "inspection.json", "inspection.png"
    ]  # fmt: skip
    assert sorted(path.name for path in inside.iterdir()) == [CARD_NAME, MODEL_NAME], "the bundle itself stays as it is"


def test_without_its_run_the_file_is_shown_and_the_rest_is_said(bundle, capsys):
    assert _inspect(bundle) == 0
    captured = capsys.readouterr()
    assert "CONV_2D" in captured.out
    assert "SQNR" not in captured.out
    assert "note: no comparison with the float model: " in captured.err
    assert "expected a bundle inside its run folder, or --run RUN, got neither" in captured.err


def test_without_the_data_the_file_is_shown_and_the_rest_is_said(bundle, tones_run, tmp_path, capsys):
    run = shutil.copytree(tones_run, tmp_path / "run", ignore=shutil.ignore_patterns("tensorboard", "bundles"))
    config = json.loads((run / "config.json").read_text())
    (run / "config.json").write_text(json.dumps({**config, "data": str(tmp_path / "moved")}))
    inside = shutil.copytree(bundle, run / "bundles" / "int8")
    assert _inspect(inside, "--json") == 0
    captured = capsys.readouterr()
    values = json.loads(captured.out)
    assert values["comparison"] is None
    assert str(tmp_path / "moved") in values["missing"]
    assert values["missing"] in captured.err


def test_what_the_user_named_must_be_there(bundle, tones_run, tmp_path, capsys):
    assert _inspect(bundle, "--run", tmp_path / "nowhere") == 1
    assert "nowhere: expected a run folder, got nothing there" in capsys.readouterr().err
    assert _inspect(bundle, "--run", tones_run, "--data", tmp_path / "nothing") == 1
    assert str(tmp_path / "nothing") in capsys.readouterr().err


def test_damaged_bundles_are_one_line(bundle, tmp_path, capsys):
    content = bytearray((bundle / MODEL_NAME).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / MODEL_NAME).write_bytes(bytes(content))
    assert _inspect(bundle) == 1
    assert f"drsn-export: {bundle / MODEL_NAME}: expected SHA-256" in capsys.readouterr().err
    (bundle / CARD_NAME).unlink()
    assert _inspect(bundle) == 1
    assert capsys.readouterr().err.strip() == (
        f"drsn-export: {bundle / CARD_NAME}: expected a file of the bundle, got nothing there"
    )
    assert not (tmp_path / "int8-inspection").exists()


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["--clips", "0"], 2, "--clips: expected at least 1, got 0"),
        (["--out", "{file}"], 2, "{file}: expected a folder, got a file"),
    ],
)
def test_bad_arguments_are_one_line(words, code, fault, bundle, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("here")
    assert _inspect(bundle, *(word.format(file=file) for word in words)) == code
    assert capsys.readouterr().err.strip() == f"drsn-export: {fault.format(file=file)}"


def test_page_and_picture(cw_litert, tmp_path):
    from drsn_keras.export.inspection.examine import Inspection, compare, examine
    from drsn_keras.export.inspection.layers import worst
    from drsn_keras.export.inspection.page import text_lines, to_json
    from drsn_keras.export.inspection.picture import picture

    card = SimpleNamespace(name="small net, int8", scheme="int8", target="litert")
    bundle = SimpleNamespace(card=card, folder=tmp_path)
    contents, found = examine(cw_litert.int8), compare(cw_litert.twin, cw_litert.int8, cw_litert.inputs)
    whole, alone = Inspection(bundle, contents, found), Inspection(bundle, contents, missing="no run")
    values = json.loads(json.dumps(to_json(whole), allow_nan=False))
    assert sum(row["macs"] for row in values["layers"]) == values["macs"] > 0
    assert values["comparison"]["lowest_ratio"][0] == worst(found.layers)[0].layer
    assert [block["block"] for block in values["comparison"]["shrinkage"]] == ["unit1/shrinkage", "unit2/shrinkage"]
    assert len(values["xnnpack"]["partitions"]) >= 1
    text = "\n".join(text_lines(whole))
    assert "unit2/shrinkage: tau (median" in text
    assert f"{values['macs']:,} MACs" in text
    assert to_json(alone)["comparison"] is None
    assert to_json(alone)["missing"] == "no run"
    assert "SQNR" not in "\n".join(text_lines(alone))
    pictures = [picture(one) for one in (whole, alone)]
    assert all(png.startswith(b"\x89PNG") for png in pictures)
    assert pictures[0] != pictures[1]
