"""A keyword network for streams: a clip, its steps, their files; a run to a bundle and what is refused of it."""

import json
import shutil

import numpy as np
import pytest

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.export.cli import main as export
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.keyword_stream import behind_each_other, calibration_inputs, lower_classifier
from drsn_keras.export.lowering import lower
from drsn_keras.export.quantize import quantize
from drsn_keras.export.recipe import Recipe
from drsn_keras.frontend import compute_features
from drsn_keras.layers import SpectralShrinkage
from drsn_keras.model_card import CARD_NAME, read_bundle
from drsn_keras.models.streaming_keywords import over_streams, streaming_keyword_network
from drsn_keras.training.open_run import open_run
from random_weights import randomise

#: 11 steps of 4 frames, and two frames that no step comes to.
N_FRAMES, BANDS, STEP, STEPS = 46, 12, 4, 11
CLIPS = ("--calibration-clips", "24")


@pytest.fixture(scope="module")
def model():
    options = {"width": 0.3, "kernel_size": 3, "dilations": (1, 2), "window_frames": 24}
    return randomise(streaming_keyword_network((N_FRAMES, BANDS), 5, "drsn-cw", **options))


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(4).standard_normal((24, N_FRAMES, BANDS)).astype("float32")


@pytest.mark.parametrize("target", ["litert", "tflm", "ethos-u"])
def test_every_step_says_what_the_clip_so_far_says(model, clips, target):
    """Longer than all the network looks back on, so that warm states are among them."""
    twin = lower_classifier(model, target, clips)
    assert twin.frames == STEP and twin.answers_once and twin.parity <= 1e-5
    x = clips.reshape(4, 6 * N_FRAMES, BANDS)[:, : 69 * STEP]
    stepped = np.stack([outputs[0] for _, outputs in twin.steps(x)], axis=1)
    expected = np.asarray(over_streams(model, every_step=True)(x))
    np.testing.assert_allclose(stepped, expected, atol=1e-5)
    at = 31
    np.testing.assert_allclose(over_streams(model)(x[:, : at * STEP]), stepped[:, at - 1], atol=1e-5)


def test_a_threshold_on_the_spectrum_streams(clips):
    front = SpectralShrinkage(hidden=6, local=3, window=24)
    options = {"width": 0.2, "kernel_size": 3, "dilations": (1,), "window_frames": 24, "front": front}
    model = randomise(streaming_keyword_network((N_FRAMES, BANDS), 5, "drsn-cw", **options))
    x = np.abs(clips).reshape(4, 6 * N_FRAMES, BANDS)[:, : 20 * STEP]
    twin = lower_classifier(model, "tflm", np.abs(clips))
    stepped = np.stack([outputs[0] for _, outputs in twin.steps(x)], axis=1)
    np.testing.assert_allclose(stepped, np.asarray(over_streams(model, every_step=True)(x)), atol=1e-5)


def test_the_lowered_whole_is_the_model(model, clips):
    assert lower(model, "litert", clips).parity <= 1e-5


@pytest.fixture(scope="module")
def files(model, clips, tmp_path_factory):
    """Interpreters of the step, both schemes, and of the whole clip in integers."""
    folder = tmp_path_factory.mktemp("files")
    whole, step = lower(model, "litert"), lower_classifier(model, "litert")
    found = {}
    for name, scheme, twin in (("step", "float32", step), ("step", "int8", step), ("whole", "int8", whole)):
        recipe = Recipe(scheme=scheme)
        path = folder / f"{name}-{scheme}.tflite"
        path.write_bytes(quantize(twin, recipe, calibration_inputs(twin, clips, recipe)))
        found[name, scheme] = (Interpreter if name == "whole" else StepInterpreter)(path)
    return found


def test_the_float_file_is_the_model(files, model, clips):
    np.testing.assert_allclose(files["step", "float32"].run_batch(clips), np.asarray(model(clips)), atol=1e-5)


def test_integer_steps_are_the_integer_whole_within_a_few_quanta(files, model, clips):
    """Of a probability, 1/256 each: the two files round the same maps on ranges of other inputs."""
    assert not read_file(files["step", "int8"].model_path.read_bytes()).float_tensors
    whole, step = (files[name, "int8"].run_batch(clips) for name in ("whole", "step"))
    assert np.abs(step - whole).max() <= 6 / 256
    assert np.abs(step - np.asarray(model(clips))).max() <= 6 / 256
    assert np.ptp(whole, axis=0).max() > 0.2


def test_a_batch_is_clips_that_are_heard_alone(files, clips):
    step = files["step", "int8"]
    step.reset()
    for start in range(0, STEPS * STEP, STEP):
        last = step.run(clips[3, start : start + STEP])
    np.testing.assert_array_equal(step.run_batch(clips[3:4])[0], last)
    np.testing.assert_array_equal(step.run(clips[3, :STEP]), step.run_batch(clips[3:4, :STEP])[0])
    assert step.run_batch(clips[:0]).shape == (0, 5)


def test_clips_stand_behind_each_other(clips):
    both = behind_each_other(clips[:3], STEP)
    assert both.shape == (2, 92, BANDS)
    np.testing.assert_array_equal(both[0], np.concatenate([clips[0], clips[1]]))
    np.testing.assert_array_equal(both[1, N_FRAMES:], clips[2])


@pytest.fixture(scope="module")
def run(stream_words_run, tmp_path_factory):
    return shutil.copytree(stream_words_run, tmp_path_factory.mktemp("streams") / "run")


@pytest.fixture(scope="module")
def bundle(run):
    assert export(["convert", str(run), *CLIPS]) == 0
    return run / "bundles" / "int8"


def test_the_card_says_what_a_step_is(bundle):
    card, _ = read_bundle(bundle)
    # stem: 4 frames of 40 bands; in each of three units 4 and 4 positions, and 24 of the running mean, as at the end
    assert card.stream == {"frames": 4, "states": 11, "state_bytes": 160 + 8 * (3 * 32 + 24), "delay_samples": 640}
    assert card.labels == ("high", "low", "_silence_") and card.detector.hop_s == 0.04 and not card.noise_level
    assert card.macs == 8 * 8 * 40 + 3 * (2 * 5 * 64 + 2 * 64) + 8 * 3
    assert card.outside_graph["states from step to step"] == "drsn_keras.edge.listener"
    page = (bundle / "CARD.md").read_text()
    assert f"{card.macs:,} MACs a step, {25e-6 * card.macs:.2f} M MACs a second" in page
    assert "a stream in steps of 4 frames (40 ms); 11 states, 1,120 bytes, zeros before its start" in page


def test_verify_hears_clips_step_by_step(bundle, capsys):
    assert export(["verify", str(bundle), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] and found["float_difference"] <= 1e-5
    assert min(row["int8"] for row in found["rows"] if row["noise"] == "none") == 100.0


def test_the_listener_says_what_the_model_says(bundle, run, tones):
    """Features, steps and states of the device against Keras over the same samples, after every step."""
    import soundfile

    y = np.concatenate([soundfile.read(p, dtype="float32")[0] for p in sorted(tones.glob("*/00000003*"))])
    listener = KeywordListener(load_bundle(bundle))
    model, spec = over_streams(open_run(run).model, every_step=True), listener.front_end
    p = np.asarray(model(compute_features(y, spec)[None]))[0]
    verdicts = listener.push(y)
    assert len(verdicts) == len(p) == 74
    n = listener.detector.n_smoothing
    assert (n, listener.hop_s, listener.window_s) == (8, 0.04, 1.0)
    for i, verdict in enumerate(verdicts):
        assert np.abs(verdict.probabilities - p[max(0, i + 1 - n) : i + 1].mean(axis=0)).max() < 0.03
        assert verdict.time_s == pytest.approx((4 * (i + 1) - 1) * 0.01 + 0.03)
    assert [v.detection.label for v in verdicts if v.detection] == ["high", "low"]


@pytest.mark.parametrize(
    ("words", "code", "fault"),
    [
        (["--scheme", "int8-qat"], 2, "--scheme: expected one of float32, float16, dynamic, int8 for streaming-drsn"),
        (["--scheme", "int16x8"], 2, "--scheme: expected one of float32, float16, dynamic, int8"),
        (["--prune", "0.5"], 2, "--prune: expected a network of windows, got one of streams (streaming-drsn-cw)"),
        (["--keep", "unit1=float"], 2, "--keep: expected a network of windows"),
        (["--step-frames", "2"], 2, "--step-frames: expected a denoiser of streams, got keywords"),
    ],
)
def test_what_a_stream_has_not_is_refused(run, words, code, fault, capsys, tmp_path):
    assert export(["convert", str(run), *words, *CLIPS, "--out", str(tmp_path / "b")]) == code
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.startswith(f"drsn-export: {fault}")
    assert not (tmp_path / "b").exists()


def test_other_commands_say_what_they_cannot(bundle, capsys, tmp_path):
    assert export(["bench", str(bundle)]) == 1
    assert "expected a model of whole windows, got steps of a stream (drsn-edge bench" in capsys.readouterr().err
    assert export(["tflm", str(bundle), "--out", str(tmp_path / "t")]) == 1
    assert "expected one input, got 12" in capsys.readouterr().err
    assert export(["inspect", str(bundle), "--out", str(tmp_path / "i")]) == 0
    captured = capsys.readouterr()
    assert "of a step costs alone are shown" in captured.err and "head_mean" in captured.out


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"stream": {"frames": 2}}, "stream, delay_samples: expected 320 (the model file), got 640"),
        ({"stream": {"frames": 2, "delay_samples": 320}}, "front_end: expected the model's input (1, 4, 1, 40)"),
        ({"stream": {"states": 3}}, "stream, states: expected 11 (the model file), got 3"),
        ({"noise_level": {"block": "unit1"}}, "noise_level: expected nothing of a stream"),
    ],
)
def test_a_card_that_contradicts_the_file(bundle, tmp_path, change, fault):
    from drsn_keras.errors import BundleError

    folder = shutil.copytree(bundle, tmp_path / "b")
    card = json.loads((folder / CARD_NAME).read_text())
    for name, values in change.items():
        card[name] |= values
    (folder / CARD_NAME).write_text(json.dumps(card))
    with pytest.raises(BundleError, match=fault.replace("(", r"\(").replace(")", r"\)")):
        load_bundle(folder)
