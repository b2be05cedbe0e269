"""The project around a generated model: make and cmake, the examples on the host and on every board."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.export.firmware.generate import generate
from drsn_keras.export.firmware.project import firmware_folder, with_headers, write_project
from drsn_keras.export.firmware.signal_constants import signal_source
from drsn_keras.export.firmware.skeleton import skeleton, with_prefix
from drsn_keras.export.firmware.toolchain import CORES, WARNINGS, build, find, run
from drsn_keras.frontend import WindowSpec, window_features

HERE = Path(__file__).parent
MAKE = shutil.which("make")
BOARDS = ("m4", "m7", "m55", "rv32")
STRICT = f"CFLAGS={' '.join(WARNINGS)}"
PREFIX = "model"

pytestmark = pytest.mark.skipif(MAKE is None or bool(find(CORES["host"])), reason="no make or C compiler")


@pytest.fixture(scope="module")
def bundle_folder(tmp_path_factory):
    """A bundle that tells low tones from high ones."""
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("tones") / "bundle"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, HERE / "tone_bundle.py", folder]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


def _write(bundle_folder, folder, prefix):
    bundle = load_bundle(bundle_folder)
    card = bundle.card
    generated = generate((bundle_folder / "model.tflite").read_bytes(), "model.tflite", prefix, card.labels)
    signal = signal_source(bundle.front_end, card.input, card.output, card.detector, card.labels, prefix)
    return _write_files(folder, generated, signal, skeleton(prefix, "listener"))


def _write_files(folder, generated, signal, around):
    firmware = firmware_folder()
    engine = with_headers(firmware / "engine", generated.program.sources)
    engine += [firmware / "signal" / name for name in signal.files]
    files = {**generated.model_files(), f"{signal.name}.h": signal.header, f"{signal.name}.c": signal.source}
    files |= {f"engine/{path.name}": path.read_text() for path in engine}
    write_project(folder, {**files, **around})
    return folder


@pytest.fixture(scope="module")
def project(bundle_folder, tmp_path_factory):
    """The whole project, built for the host by make without a warning."""
    folder = _write(bundle_folder, tmp_path_factory.mktemp("project") / "c", PREFIX)
    done = _make(folder, STRICT)
    assert done.returncode == 0, done.stderr
    return folder


def _make(folder, *arguments):
    return subprocess.run([MAKE, "-s", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def _call(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)


def _wav(samples, rate_hz=16000, channels=1, before=b"", size=None, extensible=False):
    """A WAV file around 16-bit samples."""
    data = np.asarray(samples).astype("<i2").tobytes()
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else 1, channels, rate_hz, 2 * rate_hz, 2 * channels, 16)
    if extensible:
        fmt += struct.pack("<HHIH", 22, 16, 0, 1) + bytes.fromhex("000000001000800000aa00389b71")
    size = len(data) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + before + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.fixture(scope="module")
def stream():
    """4.1 s of tone bursts in a little noise [shape=(n,), int16]."""
    rng = np.random.default_rng(3)
    t = np.arange(65537) / 16000
    y = 0.0002 * rng.standard_normal(len(t))
    for start_s, frequency_hz in ((0.4, 350.0), (2.03, 5000.0), (3.7, 450.0)):
        inside = (t >= start_s) & (t < start_s + 0.5)
        y[inside] += 0.5 * np.sin(2 * np.pi * frequency_hz * t[inside])
    return np.round(y * 32767).astype(np.int16)


@pytest.fixture(scope="module")
def heard(bundle_folder, stream, tmp_path_factory):
    """(WAV file, lines of ``drsn-edge listen``)."""
    path = tmp_path_factory.mktemp("wav") / "bursts.wav"
    path.write_bytes(_wav(stream))
    done = _call(sys.executable, "-m", "drsn_keras.edge", "listen", bundle_folder, "--wav", path)
    assert len(done.stdout.splitlines()) >= 3, done
    return path, done.stdout


def test_listen_prints_what_drsn_edge_listen_prints(project, heard):
    path, lines = heard
    done = _call(project / "build" / "host" / "listen", path)
    assert (done.returncode, done.stdout) == (0, lines)


@pytest.mark.parametrize("board", BOARDS)
def test_examples_on_a_board(project, heard, board):
    """The same detections on every core, and a share of real time that is known."""
    if packages := find(CORES[board]):
        pytest.skip(f"apt-get install {' '.join(packages)}")
    path, lines = heard
    built = _make(project, board, STRICT)
    assert built.returncode == 0, built.stderr
    done = _make(project, f"run-{board}", "PROGRAM=listen", f"ARGUMENTS={path}", STRICT)
    assert done.returncode == 0, done
    assert "".join(line for line in done.stdout.splitlines(True) if not line.startswith("#")) == lines
    said = dict(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("#"))
    assert 1_000_000 < int(said["instructions_per_second"]) < 20_000_000
    assert 10_000 < int(said["instructions_longest_call"]) < 1_000_000
    assert 100 < int(said["stack_bytes"]) < 2000
    done = _make(project, f"run-{board}", STRICT)
    assert done.returncode == 0
    assert re.search(r"^best: _silence_\n# instructions \d+$", done.stdout, re.MULTILINE), done.stdout


@pytest.mark.parametrize(
    "content",
    [
        {"before": b"LIST" + struct.pack("<I", 5) + b"abcde\0"},
        {"extensible": True},
        {"size": 0xFFFFFFFF},
        {"size": 0x7FFFF000},
    ],
    ids=lambda content: next(iter(content)),
)
def test_wav_files_of_other_programs(project, heard, stream, tmp_path, content):
    _, lines = heard
    path = tmp_path / "other.wav"
    path.write_bytes(_wav(stream, **content))
    done = _call(project / "build" / "host" / "listen", path)
    assert done.returncode == 0
    assert [line.split("  ")[1:] for line in done.stdout.splitlines()] == [
        line.split("  ")[1:] for line in lines.splitlines()
    ]


def _bad_files():
    good = _wav(np.zeros(1000))
    return {
        "cannot be opened": None,
        "not a WAV file": b"fLaC" + good[4:],
        "not at the model's sample rate": _wav(np.zeros(1000), rate_hz=8000),
        "not 16-bit mono PCM": _wav(np.zeros(1000), channels=2),
        "a damaged fmt chunk": good[:12] + b"fmt \x04\0\0\0abcd",
        "no samples": good[:36],
        "no fmt chunk before the samples": good[:12] + good[36:],
        "ends before it said (truncated file)": good[:-100],
    }


@pytest.mark.parametrize("complaint", _bad_files())
def test_bad_recordings_are_refused_in_one_line(project, tmp_path, complaint):
    path = tmp_path / "bad.wav"
    if (content := _bad_files()[complaint]) is not None:
        path.write_bytes(content)
    done = _call(project / "build" / "host" / "listen", path)
    assert (done.returncode, done.stdout) == (1, f"{path}: {complaint}\n")


def test_a_recording_without_samples_is_refused(project, tmp_path):
    """As drsn-edge listen does."""
    path = tmp_path / "empty.wav"
    path.write_bytes(_wav([]))
    done = _call(project / "build" / "host" / "listen", path)
    assert (done.returncode, done.stdout) == (1, f"{path}: no samples\n")


def test_examples_under_sanitizers(project, heard, tmp_path):
    """Good and bad recordings, truncated anywhere: no access out of bounds, no undefined behaviour."""
    path, lines = heard
    folder = tmp_path / "c"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("build"))
    flags = "-g -fsanitize=address,undefined -fno-sanitize-recover=all"
    built = _make(folder, f"CFLAGS={flags}", f"LDFLAGS={flags}")
    assert built.returncode == 0, built.stderr
    listen = folder / "build" / "host" / "listen"
    done = _call(listen, path)
    assert (done.returncode, done.stdout, done.stderr) == (0, lines, "")
    content = path.read_bytes()
    for cut in (*range(0, 48, 3), 1045, 20001):
        (tmp_path / "cut.wav").write_bytes(content[:cut])
        done = _call(listen, tmp_path / "cut.wav")
        assert (done.returncode, done.stderr) == (1, ""), cut
    assert _call(folder / "build" / "host" / "main").stderr == ""


def test_main_prints_the_outputs_of_each_input(project, bundle_folder, tmp_path):
    runner = Interpreter(bundle_folder / "model.tflite")
    rng = np.random.default_rng(1)
    inputs = rng.integers(-128, 128, (3, *runner.input.shape[-2:]), dtype=np.int8)
    (tmp_path / "inputs").write_bytes(inputs.tobytes())
    done = _call(project / "build" / "host" / "main", tmp_path / "inputs")
    assert done.returncode == 0
    lines = [line.split("  ") for line in done.stdout.splitlines()]
    found = np.array([[float(line[1]) for line in lines[start : start + 3]] for start in (0, 4, 8)])
    scale, zero = np.float32(runner.input.scale), runner.input.zero_point
    expected = [runner.run((x.astype(np.float32) - zero) * scale) for x in inputs]
    assert np.abs(found - expected).max() <= 1 / 256 + 1e-4  # LiteRT's kernels: within a quantum of the reference.
    for start in (0, 4, 8):
        best = max(lines[start : start + 3], key=lambda line: float(line[1]))[0]
        assert lines[start + 3] == [f"best: {best}"]
    (tmp_path / "inputs").write_bytes(inputs.tobytes()[:-1])
    done = _call(project / "build" / "host" / "main", tmp_path / "inputs")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (1, f"{tmp_path / 'inputs'}: ends within an input")


@pytest.mark.parametrize(
    "spec",
    [
        WindowSpec(sample_rate_hz=12000, n_samples=256, hop_length=100),
        WindowSpec(sample_rate_hz=12000, n_samples=512, hop_length=100, channels=("spectrum",)),
        WindowSpec(
            sample_rate_hz=12000,
            n_samples=512,
            hop_length=100,
            channels=("envelope_spectrum",),
            band_hz=(1000.0, 5000.0),
        ),
    ],
    ids=lambda spec: spec.channels[0],
)
def test_monitor_looks_at_every_window(bundle_folder, tmp_path, spec):
    """Label and probability of each window, as Python computes them."""
    path = bundle_folder.parent / "window.tflite"
    runner = Interpreter(path)
    labels = ("even", "knocks")
    signal = signal_source(spec, runner.input)
    folder = _write_files(
        tmp_path / "c", generate(path.read_bytes(), path, "model", labels), signal, skeleton("model", "window")
    )
    rng = np.random.default_rng(4)
    x = np.round(rng.uniform(-2000, 2000, 3000)).astype(np.int16)
    x[1500::90] = 20000
    (tmp_path / "knocks.wav").write_bytes(_wav(x, rate_hz=12000))
    assert _make(folder, STRICT).returncode == 0
    for name, command in {
        "host": [folder / "build" / "host" / "monitor", tmp_path / "knocks.wav"],
        "m4": [MAKE, "-s", "-C", folder, "run-m4", "PROGRAM=monitor", f"ARGUMENTS={tmp_path / 'knocks.wav'}"],
    }.items():
        if find(CORES[name]):
            continue
        done = _call(*command)
        assert done.returncode == 0, done
        rows = [line.split("  ")[1:] for line in done.stdout.splitlines() if not line.startswith(("#", "make"))]
        ends = range(spec.n_samples, 3001, 100)
        assert [row[0] for row in rows] == [f"{round(end / 12000, 4):.2f} s" for end in ends]
        for row, end in zip(rows, ends, strict=True):
            window = window_features(x[end - spec.n_samples : end] / 32768, spec)
            probabilities = runner.run(window)
            assert row[1] == labels[int(np.argmax(probabilities))]
            assert float(row[2]) == pytest.approx(probabilities.max(), abs=1 / 256 + 0.0051)
        assert {row[1] for row in rows} == set(labels) or spec.channels != ("signal",)


@pytest.mark.skipif(shutil.which("cmake") is None, reason="no cmake")
def test_cmake_on_the_host_and_for_a_board(project, heard, tmp_path):
    path, lines = heard
    for name, options in (("host", []), ("m4", ["-DCMAKE_TOOLCHAIN_FILE=boards/m4/toolchain.cmake"])):
        if find(CORES[name]):
            continue
        folder = tmp_path / name
        done = subprocess.run(
            ["cmake", "-B", folder, *options], cwd=project, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert _call("cmake", "--build", folder).returncode == 0
        outcome = run(CORES[name], folder / "listen", [str(path)])
        assert outcome.exit_code == 0
        assert "".join(line for line in outcome.stdout.splitlines(True) if not line.startswith("#")) == lines


@pytest.mark.skipif(shutil.which("cmake") is None, reason="no cmake")
def test_the_library_in_another_project(project, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(mine C)\n"
        f"add_subdirectory({project} generated)\nadd_executable(mine mine.c)\n"
        f"target_link_libraries(mine PRIVATE {PREFIX}_library)\n"
    )
    (tmp_path / "mine.c").write_text(
        f'#include "{PREFIX}_listener.h"\nstatic {PREFIX}_listener_memory memory;\n'
        f"int main(void)\n{{\n    {PREFIX}_listener_start(&memory);\n    return (int){PREFIX.upper()}_LABELS;\n}}\n"
    )
    assert _call("cmake", "-S", tmp_path, "-B", tmp_path / "build").returncode == 0
    assert _call("cmake", "--build", tmp_path / "build").returncode == 0
    assert _call(tmp_path / "build" / "mine").returncode == 3
    assert not (tmp_path / "build" / "generated" / "main").exists()


def test_another_prefix_builds(bundle_folder, tmp_path):
    folder = _write(bundle_folder, tmp_path / "c", "door")
    done = _make(folder, STRICT, "run-host")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "best: _silence_"


def test_the_c_of_the_porting_page_compiles(project, root, tmp_path):
    snippets = re.findall(r"```c\n(.*?)```", (root / "docs" / "porting.md").read_text(), re.DOTALL)
    assert snippets
    (tmp_path / "page.c").write_text("\n".join(snippets))
    options = ["-std=c99", "-fsyntax-only", *WARNINGS, f"-I{project}", f"-I{project / 'engine'}"]
    done = _call("cc", *options, tmp_path / "page.c")
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_arduino_and_zephyr_examples_are_c_that_compiles(project, tmp_path):
    """Against stand-ins for the platforms' headers: syntax, types and our own interface, no more."""
    sketch = tmp_path / "drsn_listen"
    shutil.copytree(project / "examples" / "arduino" / "drsn_listen", sketch)
    (sketch / "src").mkdir()
    for path in [*project.glob(f"{PREFIX}*.[ch]"), *(project / "engine").glob("*.[ch]")]:
        shutil.copy(path, sketch / "src")
    stand_ins = HERE / "stand_ins"
    check = ["-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{stand_ins}"]
    done = _call("g++", *check, "-x", "c++", sketch / "drsn_listen.ino")
    assert done.returncode == 0, done.stderr
    for path in (sketch / "src").glob("*.c"):  # All lies flat there, as Arduino compiles it.
        assert _call("cc", "-std=c99", "-fsyntax-only", path).returncode == 0
    includes = [f"-I{project}", f"-I{project / 'engine'}"]
    done = _call("cc", "-std=c11", *check, *includes, project / "examples" / "zephyr" / "src" / "main.c")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("smoothing", "rate_hz", "step"), [(1, 16000, 80), (3, 16000, 1601), (5, 8000, 4), (12, 44100, 9)]
)
def test_numbers_are_rounded_as_python_rounds_them(tmp_path, smoothing, rate_hz, step):
    examples = firmware_folder() / "examples"
    elf = build(CORES["host"], [HERE / "print_check.c"], [examples], tmp_path / "check", extra=WARNINGS)
    lines = run(CORES["host"], elf, [str(smoothing), str(rate_hz), str(step)]).stdout.split()
    averages = np.arange(255 * smoothing + 1, dtype=np.float32) / np.float32(256) / np.float32(smoothing)
    expected = [f"{round(float(average), 4):.2f}" for average in averages]
    expected += [f"{round(i * step / rate_hz, 4):.2f}" for i in range(20000)]
    assert lines == [*expected, "-12.3456", "0.005"]


@pytest.mark.parametrize("board", BOARDS)
def test_all_builds_take_the_same_flags(board):
    files = skeleton()
    flags = " ".join(CORES[board].flags)
    assert f"{board}_CC := {CORES[board].compiler} {flags}\n" in files["Makefile"]
    assert f"{board}_QEMU := {' '.join(CORES[board].emulator)}\n" in files["Makefile"]
    cmake = files[f"boards/{board}/toolchain.cmake"]
    assert f'set(CMAKE_C_FLAGS_INIT "{flags}")' in cmake
    assert f"set(DRSN_BOARD_SOURCES {' '.join(CORES[board].board_sources)})" in cmake


def test_the_prefix_reaches_every_name():
    files = skeleton("door", "listener")
    assert set(skeleton("door")) < set(files)
    for name, text in files.items():
        assert not re.search(r"\bmodel_|\bMODEL_|\"model\.h\"", text), name
    assert (
        with_prefix("model*.c MODEL_X drsn_model models.c remodel_x", "door")
        == "door*.c DOOR_X drsn_model models.c remodel_x"
    )
