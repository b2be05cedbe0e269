"""A keyword network for streams in C: steps as TFLite-Micro computes them, words as drsn-edge hears them."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.interpreter import dequantize
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.export.cli import main as export
from drsn_keras.export.firmware import toolchain
from drsn_keras.export.firmware.build_project import build_project, facts
from drsn_keras.export.firmware.source_bundle import open_source
from drsn_keras.export.firmware.stream import can_stream, stream
from drsn_keras.export.firmware.toolchain import CORES, WARNINGS, find

MAKE = shutil.which("make")
RUNNER = Path(__file__).with_name("stream_runner.c")
STEPS = Path(__file__).parents[2] / "micro_steps.py"

pytestmark = pytest.mark.skipif(MAKE is None or bool(find(CORES["host"])), reason="no make or C compiler")


@pytest.fixture(scope="module")
def bundle(stream_words_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles") / "int8-tflm"
    options = ["--target", "tflm", "--calibration-clips", "24", "--out", str(folder)]
    assert export(["convert", str(stream_words_run), *options]) == 0
    return folder


@pytest.fixture(scope="module")
def project(bundle, tmp_path_factory):
    """The C project, built for the host without a warning."""
    folder = tmp_path_factory.mktemp("c") / "project"
    assert export(["c", str(bundle), "--out", str(folder)]) == 0
    command = [MAKE, "-s", f"CFLAGS={' '.join(WARNINGS)}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def recording(tones, tmp_path_factory):
    """Four words behind each other in one file, and its samples."""
    paths = [sorted(tones.glob(f"{label}/*"))[i] for i in (2, 5) for label in ("high", "low")]
    y = np.concatenate([soundfile.read(path, dtype="int16")[0] for path in paths])[:-77]
    path = tmp_path_factory.mktemp("wav") / "words.wav"
    soundfile.write(path, y, 16000, subtype="PCM_16")
    return path, y


def _lines(listener: KeywordListener, y: np.ndarray, name: str) -> list[str]:
    """What ``drsn-edge listen`` prints."""
    verdicts = listener.push(y / np.float32(32768)) + listener.flush()
    heard = [v.detection for v in verdicts if v.detection]
    return [f"{name}  {d.time_s:.2f} s  {d.label}  {d.score:.2f}" for d in heard]


def test_it_hears_what_edge_hears(project, bundle, recording):
    path, y = recording
    done = subprocess.run([project / "build" / "host" / "listen", path], capture_output=True, text=True, check=False)
    expected = _lines(KeywordListener(load_bundle(bundle)), y, str(path))
    assert done.returncode == 0 and done.stdout.splitlines() == expected
    assert [line.split("  ")[2] for line in expected] == ["high", "low", "high", "low"]


def test_the_listener_keeps_the_past_apart(project, bundle):
    """States outlive a step: the front end may not work where the model does."""
    header = (project / "model_listener.h").read_text()
    assert "struct {\n        model_state model;\n        drsn_bin scratch" in header and "union" not in header
    assert "#define MODEL_N_FRAMES 4U" in header
    assert "model_reset(&memory->work.model);" in (project / "model_listener.c").read_text()
    found = facts(build_project(open_source(bundle)))
    assert found["signal"] == "listener" and found["signal_ram_bytes"] > 8 * 257 + 2 * 480 + 4 * 40


def test_steps_are_those_of_tflite_micro(bundle, project, tmp_path):
    pytest.importorskip("tflite_micro", reason="tflite-micro has wheels for Linux on x86-64 only")
    source = open_source(bundle)
    generated = build_project(source).generated
    network = generated.program.network
    shape = network.tensors[network.input].shape
    inputs = np.random.default_rng(0).integers(-128, 128, (40, *shape)).astype(np.int8)
    inputs[:3] = np.array([-128, 127, 0], np.int8).reshape(3, *[1] * len(shape))
    np.save(tmp_path / "in.npy", inputs)
    words = [STEPS, source.path, tmp_path / "in.npy", tmp_path / "out.npy", str(len(network.states))]
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    expected = np.load(tmp_path / "out.npy").reshape(len(inputs), -1).astype(int)
    assert np.ptp(expected) > 50
    kernels = sorted((project / "engine").glob("*_s8.c"))
    compiler = ["gcc", "-std=c99", "-O1", *toolchain.WARNINGS, "-fsanitize=address,undefined", "-g"]
    includes = [f"-I{project}", f"-I{project / 'engine'}"]
    program = tmp_path / "run"
    subprocess.run([*compiler, *includes, project / "model.c", RUNNER, *kernels, "-o", program], check=True)
    done = subprocess.run([program], input=inputs.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int8).reshape(len(inputs), -1), expected)
    edge = load_bundle(bundle).interpreter
    found = [edge.run(dequantize(x[0], edge.input)) for x in inputs]
    np.testing.assert_allclose(found, dequantize(expected, edge.output), atol=1e-6)


@pytest.mark.parametrize("core", ["m4"])
def test_a_board_hears_the_same(bundle, recording, core):
    if packages := find(CORES[core]):
        pytest.skip(f"apt-get install {' '.join(packages)}")
    project = build_project(open_source(bundle))
    assert can_stream(project)
    y = recording[1][: 2 * 16000]
    done = stream(project, core, y)
    assert list(done.lines) == _lines(KeywordListener(load_bundle(bundle)), y, "stream.wav")
    assert 0 < done.instructions_per_second < 40e6
