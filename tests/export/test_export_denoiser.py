"""A denoiser's run to a bundle: a step of a stream or a piece, its card, and how it is held against Keras."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from denoiser_run import HOP, SPIKES, STREAM, write_run, write_speech
from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.denoiser import PieceDenoiser, StreamDenoiser, open_denoiser
from drsn_keras.export.cli import main as export
from drsn_keras.export.denoiser_inputs import NoisyPieces, draw_pieces, some_steps
from drsn_keras.export.lowering import lower_stream
from drsn_keras.export.verify_denoiser import DenoiserVerification, pairs_of
from drsn_keras.frontend import SignalSpec
from drsn_keras.model_card import read_bundle
from drsn_keras.training.open_run import open_run

PIECES = ("--calibration-clips", "12")


@pytest.fixture(scope="module")
def stream_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("denoisers")
    return write_run(folder / "stream", data=str(write_speech(folder / "speech")), **STREAM)


@pytest.fixture(scope="module")
def spikes_run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("denoisers") / "spikes", **SPIKES)


@pytest.fixture(scope="module")
def stream_bundle(stream_run):
    assert export(["convert", str(stream_run), *PIECES]) == 0
    return stream_run / "bundles" / "int8"


@pytest.fixture(scope="module")
def piece_bundle(spikes_run):
    assert export(["convert", str(spikes_run), *PIECES]) == 0
    return spikes_run / "bundles" / "int8"


def test_a_stream_becomes_one_step(stream_bundle, stream_run):
    card, _ = read_bundle(stream_bundle)
    assert (card.task, card.model, card.labels, card.scheme) == ("denoise", "frame-drsn", (), "int8")
    assert card.stream["frames"] == 8 and card.stream["delay_samples"] == 8 * HOP
    # analysis, synthesis: a frame each of 16; units of dilation 1 and 2: 2 * d, 2, and 2 frames of the mean, of 4
    assert (card.stream["states"], card.stream["state_bytes"]) == (8, 2 * HOP + 4 * (2 + 2 + 2) + 4 * (4 + 2 + 2))
    assert [n for n in card.input.shape if n > 1] == [8, HOP]
    assert card.input.dtype == card.output.dtype == "int8"
    assert card.export["parity"] <= 1e-5 and card.export["ranges"] == "mse"
    assert card.training["calibration"] == {"pieces": 12, "drawn": "from the training part, seed 40001"}
    assert card.training["snr_db"] == [-5.0, 20.0] and card.training["noise"] == ["white"]
    assert card.metrics == {"validation_si_sdr_db": [{"condition": "0db", "noisy": 0.5, "keras": 1.25}]}
    assert isinstance(open_denoiser(load_bundle(stream_bundle)), StreamDenoiser)
    page = (stream_bundle / "CARD.md").read_text()
    assert "a stream in steps of 8 frames of 16 samples, delay 128 samples (8 ms); 8 states, 88 bytes" in page
    assert "Takes noise out of sound at 16000 Hz." in page and "`drsn_keras.edge.denoiser.StreamDenoiser`" in page
    assert f"loud parts at {card.training['level']['loud_db']:g} dB of 1.0" in page
    assert {p.name for p in stream_bundle.iterdir()} == {"model.tflite", "card.json", "CARD.md"}
    assert str(stream_run.parent) not in page + (stream_bundle / "card.json").read_text(), "no path of a machine"


def test_the_bundle_cleans_as_keras_does(stream_bundle, stream_run):
    run = open_run(stream_run)
    y = draw_pieces(run.denoise_task, 3).noisy
    expected = np.asarray(run.model(y.reshape(3, -1, HOP))).reshape(3, -1)
    assert 0.1 < np.sqrt(np.mean((expected - y) ** 2) / np.mean(y**2)) < 0.9, "something is taken away, not all"
    denoiser = open_denoiser(load_bundle(stream_bundle))
    for one, wanted in zip(y, expected, strict=True):
        denoiser.reset()
        found = np.concatenate([denoiser.push(one), denoiser.flush()])
        assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.01


def test_the_network_is_that_of_its_file(stream_run, tmp_path):
    """Not that which today's builder would make of the configuration."""
    from drsn_keras.export.denoiser import flexible_model

    folder = shutil.copytree(stream_run, tmp_path / "run")
    config = json.loads((folder / "config.json").read_text())
    config["network"]["dilations"] = [4, 4]
    (folder / "config.json").write_text(json.dumps(config))
    run = open_run(folder)
    x = np.random.default_rng(0).standard_normal((2, 64, HOP)).astype("float32")
    np.testing.assert_allclose(flexible_model(run)(x), run.model(x), atol=1e-6)
    assert flexible_model(run).input_shape == (None, None, HOP)


def test_another_network_becomes_a_piece(piece_bundle, spikes_run):
    card, _ = read_bundle(piece_bundle)
    assert card.stream == {} and card.labels == () and card.training["sigma"] == [3.0, 3.0]
    assert card.training["data"] == "drawn spikes, as published"
    denoiser = open_denoiser(load_bundle(piece_bundle))
    assert isinstance(denoiser, PieceDenoiser) and denoiser.delay_samples == 100
    y = draw_pieces(open_run(spikes_run).denoise_task, 1).noisy[0]
    found = np.concatenate([denoiser.push(y), denoiser.flush()])
    expected = np.asarray(open_run(spikes_run).model(y[None, :, None])).reshape(-1)
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.02 * np.abs(expected).max()
    page = (piece_bundle / "CARD.md").read_text()
    assert "pieces of 100 samples" in page and "3 standard deviation" in page
    assert "> **Trained and tested on drawn spikes, as published.**" in page


def test_verify_stores_what_it_measured(stream_bundle, capsys):
    assert export(["verify", str(stream_bundle), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] and found["float_difference"] <= 1e-5 and abs(found["loss"]) <= 0.5
    assert [(row["level"], row["noise"], row["n"]) for row in found["rows"]] == [
        (level, "white", 2) for level in ("10\u00a0dB", "5\u00a0dB", "0\u00a0dB")
    ]
    for row in found["rows"]:
        level = float(row["level"].split("\u00a0")[0])
        assert row["measure"] == "SI-SDR [dB]" and abs(row["noisy"] - level) < 0.5
        assert row["gain"] == pytest.approx(row["int8"] - row["noisy"], abs=2e-4)
    card, _ = read_bundle(stream_bundle)
    assert card.metrics["verification"] == found["rows"]
    row = found["rows"][1]
    values = " | ".join(f"{row[name]:.3f}" for name in ("noisy", "keras", "float32", "int8"))
    assert f"| 5\u00a0dB | white | {values} | {row['gain']:+.3f} |" in (stream_bundle / "CARD.md").read_text()


def test_verify_of_pieces_is_in_percent(piece_bundle, capsys):
    assert export(["verify", str(piece_bundle)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "RMSE [amplitude]" and out[1].startswith("σ 3 ") and "40 pieces: noisy 3.0" in out[1]
    assert out[-1].startswith("loss ") and out[-1].endswith(" %")


def test_verify_fails_a_bundle_of_another_model(stream_run, tmp_path, capsys):
    """Weights of a network that takes nearly all away, the signal included."""
    from drsn_keras.export.denoiser import convert_denoiser
    from drsn_keras.export.recipe import Recipe

    run = open_run(stream_run)
    other = run.model
    kernel, bias = other.get_layer("tau").get_weights()
    other.get_layer("tau").set_weights([kernel, bias + 0.1])
    convert_denoiser(run, Recipe(scheme="float32"), tmp_path / "b", pieces=2)
    assert export(["verify", str(tmp_path / "b"), "--run", str(stream_run)]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"drsn-export: {tmp_path / 'b'}: loss of SI-SDR [dB]: expected at most 0.5 dB, got ")


@pytest.mark.parametrize(
    ("unit", "loss", "difference", "faults"),
    [
        ("dB", 0.5, 1e-4, []),
        ("dB", 0.51, 0.0, ["loss of m: expected at most 0.5 dB, got 0.51"]),
        ("%", 2.9, 0.0, []),
        ("%", 3.1, 0.0, ["loss of m: expected at most 3 %, got 3.10"]),
        ("dB", float("nan"), 0.0, ["loss of m: expected at most 0.5 dB, got nan"]),
        ("dB", -9.0, 2e-4, ["float32 file against Keras: expected at most 0.0001, got 0.0002"]),
    ],
)
def test_limits_of_a_verification(unit, loss, difference, faults):
    assert DenoiserVerification((), "int8", "m", unit, loss, difference).faults == faults


@pytest.mark.parametrize(
    ("run", "words", "fault"),
    [
        (
            "stream",
            ["--scheme", "int8-qat"],
            "--scheme: expected one of float32, float16, dynamic, int8 for frame-drsn",
        ),
        ("stream", ["--scheme", "int16x8"], "--scheme: expected one of float32, float16, dynamic, int8 for frame-drsn"),
        ("stream", ["--prune", "0.5"], "--prune: expected a keyword or vibration run, got a denoiser (frame-drsn)"),
        ("stream", ["--cluster", "8"], "--cluster: expected a keyword or vibration run"),
        ("stream", ["--keep", "unit1=float"], "--keep: expected a keyword or vibration run"),
        ("stream", ["--calibration", "x.csv"], "--calibration: expected --calibration-clips N"),
        ("stream", ["--step-frames", "65"], "--step-frames: expected 1 to 64 (training's piece), got 65"),
        ("stream", ["--step-frames", "0"], "--step-frames: expected 1 to 64"),
        ("spikes", ["--step-frames", "4"], "--step-frames: expected a network of streams (frame-drsn), got dncnn"),
        ("spikes", ["--scheme", "int8-qat"], "--scheme: expected one of float32, float16, dynamic, int8, int16x8"),
    ],
)
def test_what_does_not_go_is_one_line(stream_run, spikes_run, run, words, fault, tmp_path, capsys):
    folder = {"stream": stream_run, "spikes": spikes_run}[run]
    assert export(["convert", str(folder), *words, "--out", str(tmp_path / "b")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and fault in err and not (tmp_path / "b").exists()


def test_other_commands_refuse_a_denoiser(stream_bundle, tmp_path, capsys):
    assert export(["bench", str(stream_bundle)]) == 1
    assert "expected a model that tells classes apart, got a denoiser" in capsys.readouterr().err
    assert export(["tflm", str(stream_bundle), "--out", str(tmp_path / "t")]) == 1
    assert "model.tflite: expected one input, got 9" in capsys.readouterr().err
    assert export(["inspect", str(stream_bundle), "--out", str(tmp_path / "i")]) == 0
    done = capsys.readouterr()
    assert "CONCATENATION" in done.out and "of a denoiser costs alone are shown" in done.err


def test_steps_have_the_states_of_the_stream(stream_run):
    from drsn_keras.training.denoising.networks import build_denoiser

    run = open_run(stream_run)
    twin = lower_stream(build_denoiser(run.config), "litert", 8)
    x = draw_pieces(run.denoise_task, 6).inputs
    every = [inputs for inputs, _ in twin.steps(x)]
    whole, some = some_steps(twin, x, 48), some_steps(twin, x, 20)
    assert len(whole[0]) == 48 and len(some[0]) == 16  # every third of 6 x 8
    for number, part in enumerate(some):
        rows = [every[step][number][piece] for step in range(8) for piece in range(6) if (piece + step) % 3 == 0]
        np.testing.assert_array_equal(part, np.stack(rows))
    assert any(part[4:].any(axis=tuple(range(1, part.ndim))).all() for part in some[1:]), "states are not all zero"


def test_pieces_are_drawn_alike_and_over_all_ratios(stream_run):
    task = open_run(stream_run).denoise_task
    a, b = draw_pieces(task, 20), draw_pieces(task, 20)
    np.testing.assert_array_equal(a.noisy, b.noisy)
    # The end of the tones is silent: what is there is the noise, by which the ratios can be told apart.
    assert a.noisy.shape == (20, 1024) and a.inputs.shape == (20, 64, HOP)
    levels = 10 * np.log10(np.mean(a.noisy**2, axis=1))
    assert np.ptp(levels) > 10


def test_the_level_is_that_of_loud_windows():
    y = np.zeros((3, 1024), np.float32)
    for row, level in enumerate((0.01, 0.1, 1.0)):
        y[row, :256] = level
    found = NoisyPieces(y, SignalSpec(shape=(1024, 1), sample_rate_hz=1000)).level()
    assert (found["loud_db"], found["window_samples"]) == (-20.0, 32)
    assert NoisyPieces(y, SignalSpec(shape=(1024, 1), sample_rate_hz=None)).level()["window_samples"] == 128
    assert NoisyPieces(0 * y, SignalSpec(shape=(1024, 1))).level() == {}
    image = SignalSpec(kind="image", shape=(32, 32, 1), sample_rate_hz=None, unit="grey")
    assert NoisyPieces(y.reshape(3, 32, 32), image).level() == {}


def test_pairs_of_images_have_the_shape_of_the_file():
    """Whatever a degradation cuts away: patches of 40 x 40 of test images that are larger, or just as large."""
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.denoising.tasks import prepare

    ways = ("noise", "super-resolution", "jpeg")
    config, task = prepare(DenoiseConfig(kind="images", textures=1.0, drawn=2, degradations=ways, n_samples=40))
    found = list(pairs_of(task, config))
    assert {c.measure for conditions, _, _ in found for c in conditions} == {"sigma", "scale", "quality"}
    for _, noisy, clean in found:
        assert {y.shape for y in (*noisy, *clean)} == {(40, 40)}
        assert all(np.abs(a - b).max() > 0 for a, b in zip(noisy, clean, strict=True))


def test_ratios_are_those_of_training(stream_run):
    run = open_run(stream_run)
    config = dataclasses.replace(run.config, snr_db=(-5.0, 6.0))
    assert [c[0].level for c, _, _ in pairs_of(run.denoise_task, config)] == [5.0, 0.0]
    config = dataclasses.replace(run.config, snr_db=(-15.0, -12.0))
    assert [c[0].level for c, _, _ in pairs_of(run.denoise_task, config)] == [-12.0, -15.0]
