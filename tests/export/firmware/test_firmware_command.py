"""``drsn-export c``: from a bundle to a folder that builds, hears and says what it costs."""

import dataclasses
import json
import shutil
import subprocess

import numpy as np
import pytest

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.cli import main as edge
from drsn_keras.export.cli import main as export
from drsn_keras.export.firmware import toolchain
from drsn_keras.export.firmware.source_bundle import open_source
from drsn_keras.frontend import WindowSpec, window_features
from drsn_keras.model_card import MODEL_NAME, ModelCard, TensorSpec, sha256_of

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
WINDOW = WindowSpec(sample_rate_hz=12000, n_samples=128, hop_length=64)
needs_compiler = pytest.mark.skipif(
    shutil.which("make") is None or bool(toolchain.find(toolchain.CORES["host"])), reason="no make or C compiler"
)


@pytest.fixture(scope="module")
def keyword_bundle(tones_run, tmp_path_factory):
    """A trained spotter of two tones, for microcontrollers."""
    bundle = tmp_path_factory.mktemp("c") / "tones"
    options = ["--target", "tflm", "--out", str(bundle), "--calibration-clips", "60"]
    assert export(["convert", str(tones_run), *options]) == 0
    return bundle


@pytest.fixture(scope="module")
def vibration_bundle(micro_files, tmp_path_factory):
    """The paper's network on windows of 128 samples, random weights."""
    bundle = tmp_path_factory.mktemp("c") / "vibration"
    bundle.mkdir()
    (bundle / MODEL_NAME).write_bytes(micro_files.path("paper/drsn-cw").read_bytes())
    network = open_source(bundle / MODEL_NAME).network
    ends = [network.tensors[i] for i in (network.input, network.output)]
    x, y = (TensorSpec(t.shape, t.dtype, float(t.scales[0]), int(t.zero_points[0])) for t in ends)
    ModelCard(
        name="vibration",
        task="vibration",
        model="drsn-cw",
        scheme="int8-tflm",
        target="tflm",
        labels=("ok", "inner", "outer", "ball"),
        front_end=WINDOW.to_dict(),
        input=x,
        output=y,
        sha256=sha256_of(bundle / MODEL_NAME),
        size_bytes=(bundle / MODEL_NAME).stat().st_size,
    ).write(bundle)
    return bundle


def make(folder, *arguments):
    """Build and run strictly, all of it (model, signal side, examples) under AddressSanitizer and UBSan."""
    options = [f"CFLAGS={' '.join(toolchain.WARNINGS)} -g", f"CC=gcc {' '.join(SANITIZERS)}"]
    return subprocess.run(
        ["make", "-s", "-C", folder, *options, *arguments], capture_output=True, text=True, check=False
    )


@needs_compiler
def test_firmware_hears_what_the_edge_hears(keyword_bundle, tones, tmp_path, capsys):
    """Same file, time, word, score; compiled without a warning."""
    out = tmp_path / "fw"
    assert export(["c", str(keyword_bundle), "--out", str(out), "--name", "spotter"]) == 0
    clip = tones / "low" / "00000005_nohash_0.wav"
    shutil.copy(clip, out / "clip.wav")
    capsys.readouterr()
    assert edge(["listen", str(keyword_bundle), "--wav", str(out / "clip.wav")]) == 0
    expected = [line.split("  ", 1)[1] for line in capsys.readouterr().out.splitlines()]
    done = make(out, "run-host", "PROGRAM=listen", "ARGUMENTS=clip.wav")
    assert done.returncode == 0, done.stderr
    found = [line.split("  ", 1)[1] for line in done.stdout.splitlines() if not line.startswith("#")]
    assert found == expected
    assert any("low" in line for line in found)
    names = {path.name for path in out.rglob("*") if path.is_file()}
    assert {"spotter.c", "spotter.h", "spotter_listener.c", "Makefile", "CMakeLists.txt", "README.md"} <= names
    assert not {"mirror_pad_s8.c", "drsn_envelope.c", "drsn_window.c", "add_exact_s8.c"} & names, "only what it needs"


def test_thresholds_by_noise_level_become_the_highest_and_that_is_said(keyword_bundle, tmp_path, capsys):
    """Integers tell no noise level: the C is that of a card with one threshold, and a note says which."""
    card = load_bundle(keyword_bundle).card
    spec = {"block": "unit1", "weights": [1.0], "bias": 0.0, "low_db": -15.0, "high_db": 10.0, "rmse_db": 3.0}
    follows = dataclasses.replace(card, noise_level=spec, noise_thresholds=((-9.0, 0.82), (0.0, 0.7)))
    for name, one in (("one", {"detector": dataclasses.replace(card.detector, threshold=0.82)}), ("noise", {})):
        shutil.copytree(keyword_bundle, tmp_path / name)
        dataclasses.replace(follows if name == "noise" else card, **one).write(tmp_path / name)
        assert export(["c", str(tmp_path / name), "--json"]) == 0
        err = capsys.readouterr().err
        assert ("note: the card's thresholds follow the noise level" in err) == (name == "noise")
        assert ("it fires at 0.82, the highest of them, in all noise" in err) == (name == "noise")
    written = [(tmp_path / f"{name}-c" / "model_listener.c").read_text() for name in ("one", "noise")]
    assert written[0] == written[1]


@needs_compiler
def test_vibration_windows(vibration_bundle, tmp_path):
    """Raw samples through the generated windows and model equal the features of Python through the interpreter."""
    import wave

    out = tmp_path / "fw"
    assert export(["c", str(vibration_bundle), "--out", str(out)]) == 0
    samples = np.random.default_rng(0).normal(0, 3000, 4000).astype("<i2")
    with wave.open(str(out / "machine.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(WINDOW.sample_rate_hz)
        file.writeframes(samples.tobytes())
    done = make(out, "run-host", "PROGRAM=monitor", "ARGUMENTS=machine.wav")
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines() if not line.startswith("#")]
    cut = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float32) / 32768, WINDOW.n_samples)
    windows = window_features(cut[:: WINDOW.hop_length], WINDOW)
    assert len(rows) == len(windows) == 1 + (4000 - 128) // 64
    source = open_source(vibration_bundle)
    from drsn_keras.edge.interpreter import Interpreter

    interpreter = Interpreter(source.path, reference=True)
    best = [source.card.labels[int(np.argmax(interpreter.run(w)))] for w in windows]
    # A feature may be a quantum apart, which may decide a draw.
    assert np.mean([row[3] == label for row, label in zip(rows, best, strict=True)]) > 0.95


def test_a_bundle_for_tflm_answers_as_the_firmware(micro_files, vibration_bundle):
    """LiteRT's reference kernels are TFLite-Micro's, bit for bit; XNNPACK's are not."""
    from drsn_keras.edge.interpreter import Interpreter

    x = micro_files.inputs("paper/drsn-cw")
    expected = micro_files.answers("paper/drsn-cw").reshape(len(x), -1)
    interpreter = Interpreter(vibration_bundle / MODEL_NAME, reference=True)
    spec = interpreter.input
    answers = [interpreter.run((one.astype(np.float32) - spec.zero_point) * np.float32(spec.scale)) for one in x]
    np.testing.assert_array_equal(np.round(np.stack(answers) * 256 - 128).astype(int), expected)


def test_load_bundle_takes_the_reference_kernels(keyword_bundle, monkeypatch):
    import drsn_keras.edge.bundle as module

    asked = []
    real = module.Interpreter
    monkeypatch.setattr(module, "Interpreter", lambda *a, **k: asked.append(k) or real(*a, **k))
    load_bundle(keyword_bundle)
    assert asked == [{"reference": True}]


def test_report(keyword_bundle, tmp_path, capsys):
    if missing := toolchain.find(toolchain.CORES["m4"]):
        pytest.skip(f"needs {' '.join(missing)}")
    out = tmp_path / "fw"
    options = ["--out", str(out), "--report", "--cores", "m4", "--json", "--name", "ears"]
    assert export(["c", str(keyword_bundle), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    cost = found["cores"]["m4"]
    written = json.loads((out / "report.json").read_text())
    assert written == {"cores": found["cores"], "layers": found["layers"]}
    assert cost["ram_bytes"] == cost["arena_bytes"] + cost["stack_bytes"] == found["arena_bytes"] + cost["stack_bytes"]
    assert 0 < cost["stack_bytes"] < 1500
    assert found["constant_bytes"] < cost["model_flash_bytes"] < cost["flash_bytes"] < 110_000
    assert sum(layer["instructions"]["m4"] for layer in found["layers"]) == pytest.approx(
        cost["instructions_M"] * 1e6, rel=0.05
    )
    # Ten evaluations a second at most, and a hundred frames.
    assert 1.0 < cost["instructions_per_second_M"] < 10 * cost["instructions_M"] + 15
    assert (out / "report.png").read_bytes().startswith(b"\x89PNG")


def test_report_of_a_vibration_bundle(vibration_bundle, tmp_path, capsys):
    if missing := toolchain.find(toolchain.CORES["m4"]):
        pytest.skip(f"needs {' '.join(missing)}")
    assert export(["c", str(vibration_bundle), "--out", str(tmp_path / "fw"), "--report", "--cores", "m4"]) == 0
    cost = json.loads((tmp_path / "fw" / "report.json").read_text())["cores"]["m4"]
    # 187.5 windows of 128 samples a second at a hop of 64.
    assert cost["instructions_per_second_M"] > 180 * cost["instructions_M"]
    assert cost["longest_call_M"] > cost["instructions_M"]
    assert "M instructions a second" in capsys.readouterr().out


def test_what_is_there_is_kept(keyword_bundle, tmp_path, capsys):
    out = tmp_path / "fw"
    command = ["c", str(keyword_bundle), "--out", str(out)]
    assert export(command) == 0
    (out / "mine.c").write_text("int mine;\n")
    assert export(command) == 0, "nothing was changed"
    assert (out / "mine.c").exists()
    changed = out / "examples" / "main.c"
    changed.write_text("/* my own */\n")
    capsys.readouterr()
    assert export(command) == 2
    assert "main.c: expected a generated file that nobody changed" in capsys.readouterr().err
    assert changed.read_text() == "/* my own */\n"
    assert export([*command, "--overwrite"]) == 0
    assert "my own" not in changed.read_text()
    assert export(["c", str(keyword_bundle), "--out", str(out), "--name", "other"]) == 0
    assert (out / "other.c").exists()
    assert not (out / "model.c").exists(), "what is no longer generated goes"

    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "Makefile").write_text("all:\n")
    assert export(["c", str(keyword_bundle), "--out", str(strange)]) == 2
    assert sorted(path.name for path in strange.iterdir()) == ["Makefile"]
    assert (strange / "Makefile").read_text() == "all:\n"
    assert export(["c", str(keyword_bundle), "--out", str(strange / "Makefile")]) == 2


@needs_compiler
def test_the_example_refuses_what_is_no_input(vibration_bundle, tmp_path):
    out = tmp_path / "fw"
    assert export(["c", str(vibration_bundle), "--out", str(out)]) == 0
    for name, content, message in (
        ("empty", b"", "empty: empty"),
        ("short", b"1" * 200, "short: ends within an input"),
    ):
        (out / name).write_bytes(content)
        done = make(out, "run-host", f"ARGUMENTS={name}")
        assert done.returncode != 0
        assert message in done.stdout
    (out / "two").write_bytes(bytes(256))
    done = make(out, "run-host", "ARGUMENTS=two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("best: ") == 2


def edited(bundle, folder, **changes):
    shutil.copytree(bundle, folder)
    card, _ = ModelCard.from_dict(json.loads((bundle / "card.json").read_text())), None
    dataclasses.replace(card, **changes).write(folder)
    return folder


@pytest.mark.parametrize(
    ("options", "message", "code"),
    [
        (["--cores", "m3"], "--cores: expected some of m4, m7, m55, rv32, got m3", 2),
        (["--cores", ""], "--cores", 2),
        (["--name", "2 b"], "--name: expected a small letter", 2),
    ],
)
def test_bad_options(keyword_bundle, tmp_path, capsys, options, message, code):
    assert export(["c", str(keyword_bundle), "--out", str(tmp_path / "fw"), *options]) == code
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "fw").exists()


def test_bad_bundles(keyword_bundle, tones_run, tmp_path, capsys):
    """One line, exit code 1 or 2, nothing written."""
    card = ModelCard.from_dict(json.loads((keyword_bundle / "card.json").read_text()))
    flipped = shutil.copytree(keyword_bundle, tmp_path / "flipped")
    content = bytearray((flipped / MODEL_NAME).read_bytes())
    content[len(content) // 2] ^= 1
    (flipped / MODEL_NAME).write_bytes(content)
    floating = tmp_path / "float"
    assert export(["convert", str(tones_run), "--scheme", "float32", "--out", str(floating)]) == 0
    cases = {
        tmp_path / "nothing": (2, "nothing there"),
        flipped: (1, "SHA-256"),
        floating: (1, "int8"),
        edited(keyword_bundle, tmp_path / "zero", input=dataclasses.replace(card.input, zero_point=1)): (1, "input"),
        edited(keyword_bundle, tmp_path / "fft", front_end={**card.front_end, "fft_length": 500}): (1, "json: fr"),
        edited(keyword_bundle, tmp_path / "mels", front_end={**card.front_end, "n_mels": 39}): (1, "front_end"),
        edited(keyword_bundle, tmp_path / "kind", front_end={"kind": "wavelets"}): (1, "kind"),
    }
    for bundle, (code, message) in cases.items():
        capsys.readouterr()
        assert export(["c", str(bundle), "--out", str(tmp_path / "fw")]) == code, bundle
        error = capsys.readouterr().err
        assert message in error, error
        assert len(error.splitlines()) == 1, error
        assert not (tmp_path / "fw").exists()
