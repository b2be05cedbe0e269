"""Conversion: integer graphs hold no float, every scheme agrees with Keras, bundles say what they are."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter as LiteRt

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.errors import BundleError
from drsn_keras.export.cli import main as export
from drsn_keras.export.convert import outside_graph
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.lowering import lower
from drsn_keras.export.tflite import PLAIN_SCHEMES, to_tflite
from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM
from drsn_keras.model_card import read_bundle
from drsn_keras.models import KINDS, keyword_network
from drsn_keras.training.config import KeywordConfig
from random_weights import randomise

#: Operators that may stand in an int8 DRSN; all of them exist in integers on the target.
COMMON = {
    "ADD",
    "CONCATENATION",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "LOGISTIC",
    "MEAN",
    "MUL",
    "RESHAPE",
    "SOFTMAX",
    "SUB",
}
OPERATORS = {
    "litert": COMMON | {"LEAKY_RELU"},
    "tflm": COMMON | {"ABS", "MAXIMUM", "MINIMUM"},  # ethos-u is the same graph
}


def _model(kind="drsn-cw"):
    """A small net with weights that no layer would start with, and inputs."""
    model = randomise(keyword_network((49, 16), 4, kind, units=((16, 1), (24, 2)), kernel_size=3))
    return model, np.random.default_rng(0).standard_normal((60, 49, 16)).astype("float32")


@pytest.mark.parametrize("target", ["litert", "tflm"])
@pytest.mark.parametrize("kind", KINDS)
def test_int8_graph_is_all_integer(kind, target):
    model, x = _model(kind)
    content = to_tflite(lower(model, target, x).model, "int8", x)
    graph = read_file(content)
    assert graph.float_tensors == []
    assert set(graph.dtype_counts) <= {"int8", "int32"}
    assert set(graph.operator_counts) <= OPERATORS[target], graph.operator_counts


def test_int16x8_computes_in_int16():
    model, x = _model()
    content = to_tflite(lower(model).model, "int16x8", x)
    assert read_file(content).float_tensors == []
    interpreter = LiteRt(model_content=content)
    assert interpreter.get_input_details()[0]["dtype"] == interpreter.get_output_details()[0]["dtype"] == np.int16


def test_a_float_graph_is_recognised():
    assert read_file(to_tflite(lower(_model()[0]).model, "float32")).float_tensors


@pytest.mark.parametrize("target", ["litert", "tflm"])
@pytest.mark.parametrize(
    ("scheme", "tolerance"),
    [("float32", 1e-5), ("float16", 5e-3), ("dynamic", 0.05), ("int8", 0.12), ("int16x8", 0.02)],
)
def test_schemes_agree_with_keras(scheme, target, tolerance, tmp_path):
    model, x = _model()
    path = tmp_path / "m.tflite"
    path.write_bytes(to_tflite(lower(model, target).model, scheme, x))
    p = Interpreter(path).run_batch(x)
    expected = model(x, training=False).numpy()
    np.testing.assert_allclose(p, expected, atol=tolerance)
    assert np.mean(p.argmax(1) == expected.argmax(1)) >= 0.9


def test_wrong_scheme():
    with pytest.raises(ValueError, match="expected one of float32, float16, dynamic, int8, int16x8, got 'int4'"):
        to_tflite(lower(_model()[0]).model, "int4")


@pytest.mark.parametrize("scheme", PLAIN_SCHEMES)
def test_bundle_of_a_run(tones_run, scheme, tmp_path, capsys):
    bundle = tmp_path / scheme
    assert (
        export(["convert", str(tones_run), "--scheme", scheme, "--out", str(bundle), "--calibration-clips", "40"]) == 0
    )
    assert f"{bundle}: drsn-cw keywords, {scheme}" in capsys.readouterr().out
    card, model_path = read_bundle(bundle)
    assert card.scheme == scheme
    assert card.labels == ("high", "low", "_silence_")
    assert card.size_bytes == model_path.stat().st_size
    assert card.training["protocol"]["speaker_disjoint"] == "yes"
    assert len((bundle / "calibration.csv").read_text().splitlines()) == 41
    page = (bundle / "CARD.md").read_text()
    assert card.sha256 in page
    assert str(tones_run) not in (bundle / "card.json").read_text() + page, "no path of a machine"
    assert card.target == "litert"
    assert card.export["parity"] <= 1e-5
    assert 0 < card.export["gzip_bytes"] < card.size_bytes
    assert any("FFT" in part for part in card.outside_graph)
    if scheme == "int8":
        assert card.input.dtype == card.output.dtype == "int8"
        assert card.input.scale > 0


@pytest.mark.parametrize(
    ("spec", "last"),
    [
        (LOG_MEL_40, "log-mel front end (framing, window, FFT, mel bands, logarithm)"),
        (MFCC_MLPERF, "mfcc front end (framing, window, FFT, mel bands, logarithm, cosine transform)"),
        (ROOT_MEL_40, "root-mel front end (framing, window, FFT, mel bands, fourth root)"),
        (WAVEFORM, "samples in [-1, 1] (no front end)"),
    ],
)
def test_a_card_names_what_the_front_end_does(spec, last):
    model = "raw-m5" if spec is WAVEFORM else "drsn-cw"
    assert last in outside_graph(KeywordConfig(synthesize=("lamp",), model=model, front_end=spec.to_dict()))


def test_calibration_is_repeatable(tones_run):
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.training.open_run import open_run

    run = open_run(tones_run)
    a, b = (draw_calibration(run.corpus, run.config, 20) for _ in range(2))
    np.testing.assert_array_equal(a.features, b.features)
    assert a.rows == b.rows
    assert {row.noise for row in a.rows} == {"none", "white", "pink"}


def test_verify_passes_a_good_bundle_and_writes_it_into_the_card(tones_run, capsys):
    assert export(["convert", str(tones_run), "--calibration-clips", "60"]) == 0
    bundle = tones_run / "bundles" / "int8"
    assert export(["verify", str(bundle), "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out[out.index("{") :])
    assert found["passed"]
    assert found["agreement"] >= 97
    assert found["float_difference"] <= 1e-5
    card, _ = read_bundle(bundle)
    rows = card.metrics["verification"]
    assert [(row["noise"], row["snr_db"]) for row in rows] == [
        ("none", "inf"), *(("generated", snr_db) for snr_db in ("20", "10", "5", "0", "-5"))
    ]  # fmt: skip
    page = (bundle / "CARD.md").read_text()
    zero = next(row for row in rows if row["snr_db"] == "0")
    assert f"| generated | 0 dB | {zero['keras']:.2f} | {zero['float32']:.2f} | {zero['int8']:.2f} |" in page


def test_verify_fails_a_bundle_of_another_model(tones_run, tmp_path, capsys):
    """The same file shape and labels, but weights of an untrained network: found out, exit code 1, one line."""
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.export.convert import convert_run
    from drsn_keras.export.recipe import Recipe
    from drsn_keras.training.networks import build_model
    from drsn_keras.training.open_run import open_run

    run = open_run(tones_run)
    calibration = draw_calibration(run.corpus, run.config, 20)
    bundle = tmp_path / "stranger"
    vars(run)["model"] = build_model(run.config, 3)
    convert_run(run, Recipe(), calibration, bundle)
    assert export(["verify", str(bundle), "--run", str(tones_run)]) == 1
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert "agreement with Keras: expected at least 97 %" in err


def test_damaged_bundles_are_refused(tones_run, tmp_path, capsys):
    export(["convert", str(tones_run), "--out", str(tmp_path / "b"), "--calibration-clips", "20"])
    capsys.readouterr()
    flipped = bytearray((tmp_path / "b" / "model.tflite").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (tmp_path / "b" / "model.tflite").write_bytes(bytes(flipped))
    assert export(["verify", str(tmp_path / "b"), "--run", str(tones_run)]) == 1
    assert "model.tflite: expected SHA-256" in capsys.readouterr().err
    with pytest.raises(BundleError, match="expected SHA-256"):
        read_bundle(tmp_path / "b")


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["convert", "nowhere"], 1, "nowhere: expected a run folder, got nothing there"),
        (["verify", "nowhere"], 1, "nowhere: expected a bundle folder with model.tflite, got nothing there"),
        (["convert", "nowhere", "--calibration-clips", "0"], 2, "--calibration-clips: expected at least 1, got 0"),
    ],
)
def test_bad_arguments_are_one_line(words, code, fault, capsys):
    assert export(words) == code
    assert capsys.readouterr().err.strip() == f"drsn-export: {fault}"


def test_a_foreign_folder_is_never_replaced(tones_run, tmp_path, capsys):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years")
    assert export(["convert", str(tones_run), "--out", str(tmp_path / "precious")]) == 2
    assert "expected a new folder or an older bundle" in capsys.readouterr().err
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "years"


def test_interrupted_run_cannot_be_converted(tones_run, tmp_path, capsys):
    shutil.copy(tones_run / "config.json", tmp_path / "config.json")
    assert export(["convert", str(tmp_path)]) == 1
    assert "expected a finished training" in capsys.readouterr().err


def test_card_round_trip(tones_run, tmp_path):
    export(["convert", str(tones_run), "--out", str(tmp_path / "b"), "--calibration-clips", "20"])
    card, _ = read_bundle(tmp_path / "b")
    assert type(card).from_dict(json.loads(json.dumps(card.to_dict()))) == card
    with pytest.raises(BundleError, match="labels"):
        type(card).from_dict(dataclasses.replace(card, labels=("one",)).to_dict())
