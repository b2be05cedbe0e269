"""``drsn-export tflm``: the C++ files, the arena, and what is refused."""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.command_line import run as run_command
from drsn_keras.errors import DrsnError
from drsn_keras.export import tflm_command
from drsn_keras.export.inspection import micro
from drsn_keras.export.inspection.arena import plan_arena
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.tflm.memory import needed_memory
from drsn_keras.export.tflm.model_file import open_model
from drsn_keras.export.tflm.operators import OPERATORS, method
from drsn_keras.model_card import MODEL_NAME, ModelCard, TensorSpec, sha256_of

STAND_IN = Path(__file__).parent / "tflm_stand_in"
#: A label may hold what ends a string, starts an escape or is no ASCII.
LABELS = ("on", 'a "quote"\\', "Tür??/1")
#: Loads a file with an arena of so many bytes, and evaluates it once.
RUN_WITH = """
import sys
import numpy as np
from tflite_micro import runtime
interpreter = runtime.Interpreter.from_bytes(open(sys.argv[1], "rb").read(), arena_size=int(sys.argv[2]))
interpreter.set_input(np.load(sys.argv[3]), 0)
interpreter.invoke()
np.save(sys.argv[4], interpreter.get_output(0))
"""


def _tflm(*words):
    parser = argparse.ArgumentParser(prog="drsn-export")
    tflm_command.add(parser.add_subparsers(required=True))
    return run_command(parser, ["tflm", *map(str, words)])


def _bundle(folder, network, content, scheme="int8"):
    folder.mkdir(parents=True)
    path = folder / MODEL_NAME
    path.write_bytes(content)
    file = read_file(content)
    ends = []
    for (index,) in (file.inputs, file.outputs):
        tensor = file.tensors[index]
        numbers = (float(tensor.scales[0]), int(tensor.zero_points[0])) if tensor.scales.size else ()
        ends.append(TensorSpec(tensor.shape, tensor.dtype, *numbers))
    ModelCard(
        name="small net",
        task="keywords",
        model=network.kind,
        scheme=scheme,
        target=network.target,
        labels=LABELS,
        front_end={},
        input=ends[0],
        output=ends[1],
        sha256=sha256_of(path),
        size_bytes=len(content),
        outside_graph={"log-mel features": "drsn_keras.frontend.compute_features"},
    ).write(folder)
    return folder


@pytest.fixture
def bundle(cs_tflm, tmp_path):
    return _bundle(tmp_path / "int8", cs_tflm, cs_tflm.int8)


def _edited(content, edit):
    """The file after a change to its parts."""
    model = schema.ModelT.InitFromPackedBuf(bytearray(content), 0)
    edit(model)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _last_line(capsys):
    return capsys.readouterr().err.strip().splitlines()[-1]


# Operators


def test_the_resolver_has_exactly_what_a_keyword_drsn_needs(bundle, tmp_path, capsys):
    assert _tflm(bundle, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    expected = [
        "AddAbs", "AddAdd", "AddConcatenation", "AddConv2D", "AddDepthwiseConv2D", "AddLogistic", "AddMaximum",
        "AddMean", "AddMinimum", "AddMul", "AddReshape", "AddSoftmax", "AddSub",
    ]  # fmt: skip
    assert facts["resolver"] == expected
    text = (tmp_path / "int8-tflm" / "resolver.h").read_text()
    assert re.findall(r"resolver\.(Add\w+)\(", text) == expected
    assert f"MicroMutableOpResolver<{len(expected)}>" in text
    assert sorted(method(name) for name in facts["operators"]) == expected


def test_our_list_of_operators_is_that_of_the_installed_package():
    """Every kernel that the package holds has a symbol; a schema's operator is ours exactly where it has one."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro._runtime", reason="no tflite-micro here")
    symbols = Path(runtime.__file__).read_bytes()
    known = {name for name in vars(schema.BuiltinOperator) if not name.startswith("_")}
    assert {name for name in known if f"Register_{name}Ev".encode() in symbols} == OPERATORS


# C++


@pytest.fixture(scope="module")
def compiler():
    path = shutil.which("g++") or shutil.which("clang++") or shutil.which("c++")
    if path is None:
        pytest.skip("no C++ compiler here")
    return [path, "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-I", STAND_IN]


def test_the_array_holds_the_file_and_the_header_its_facts(bundle, cs_tflm, compiler, tmp_path, capsys):
    """Compiled and run: nothing of TFLite-Micro's is needed for that but the resolver's stand-in."""
    out = tmp_path / "out"
    assert _tflm(bundle, "--out", out, "--name", "keywords", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    program = tmp_path / "dump"
    subprocess.run([*compiler, "-I", out, STAND_IN / "dump.cc", out / "keywords.cc", "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, check=True)
    assert bytes.fromhex(done.stderr.decode()) == cs_tflm.int8
    lines = done.stdout.decode("utf-8").splitlines()
    source, sink = facts["input"], facts["output"]
    assert lines[:2] == [str(len(facts["resolver"])), "0"], "all operators entered; aligned to 16 bytes"
    assert lines[2] == f"{facts['arena']['arena_bytes']} {20 * 8} {len(LABELS)}"
    for line, end in zip(lines[3:5], (source, sink), strict=True):
        scale, zero_point = line.split()
        assert np.float32(scale) == np.float32(end["scale"])
        assert int(zero_point) == end["zero_point"]
    assert [int(n) for n in lines[5].split()] == source["shape"]
    assert tuple(lines[6:]) == LABELS


@pytest.mark.parametrize("scheme", ["int8", "int16x8"])
def test_the_example_compiles(cs_tflm, compiler, scheme, tmp_path):
    """Syntax and types only, against stand-in headers: no registry carries TFLite-Micro's sources."""
    out = tmp_path / "out"
    if scheme == "int8":
        source = _bundle(tmp_path / "bundle", cs_tflm, cs_tflm.int8)
    else:
        source = tmp_path / "bare.tflite"
        source.write_bytes(cs_tflm.convert(scheme))
    assert _tflm(source, "--out", out) == 0
    done = subprocess.run(
        [*compiler, "-I", out, "-fsyntax-only", out / "main.cc", out / "model.cc"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


# Arena


def _evaluate(folder, content, arena, x):
    """The output with such an arena; None where TFLite-Micro does not start."""
    model, given, found = (folder / name for name in ("model.tflite", "x.npy", "y.npy"))
    model.write_bytes(content)
    np.save(given, x)
    found.unlink(missing_ok=True)
    command = [sys.executable, "-c", RUN_WITH, model, str(arena), given, found]
    done = subprocess.run(command, capture_output=True, check=False)
    return np.load(found) if done.returncode == 0 else None


def test_the_arena_is_the_smallest_that_tflite_micro_runs_with(cs_tflm, bundle, tmp_path, capsys):
    pytest.importorskip("tflite_micro", reason="tflite-micro has wheels for Linux on x86-64 only")
    assert _tflm(bundle, "--json") == 0
    arena = json.loads(capsys.readouterr().out)["arena"]
    said = micro.measure_micro_arena(cs_tflm.int8, plan_arena(read_file(cs_tflm.int8)))
    assert arena["measured"]
    assert [arena[f"{part}_bytes"] for part in ("allocated", "activation", "bookkeeping")] == [
        said["total"], said["head"], said["tail"]
    ]  # fmt: skip
    assert arena["arena_bytes"] >= arena["allocated_bytes"]
    shape = read_file(cs_tflm.int8).tensors[read_file(cs_tflm.int8).inputs[0]].shape
    x = np.random.default_rng(5).integers(-128, 128, shape).astype(np.int8)
    found = _evaluate(tmp_path, cs_tflm.int8, arena["arena_bytes"], x)
    assert np.array_equal(found, _evaluate(tmp_path, cs_tflm.int8, 1_000_000, x))
    assert _evaluate(tmp_path, cs_tflm.int8, arena["arena_bytes"] - 16, x) is None
    page = (tmp_path / "int8-tflm" / "README.md").read_text()
    assert f"{arena['arena_bytes']:,}" in page
    assert "7 to 19 %" in page
    assert "drsn_keras.frontend.compute_features" in page


def test_without_the_package_the_arena_is_estimated_from_above(bundle, cw_litert, tmp_path, monkeypatch, capsys):
    bare = tmp_path / "other.tflite"
    bare.write_bytes(cw_litert.int8)
    sources = (bundle, bare)
    measured = [needed_memory(open_model(source)) for source in sources] if micro.is_installed() else [None, None]
    monkeypatch.setattr(micro.importlib.util, "find_spec", lambda name: None)
    for source, known in zip(sources, measured, strict=True):
        assert _tflm(source, "--json") == 0
        captured = capsys.readouterr()
        arena = json.loads(captured.out)["arena"]
        assert not arena["measured"]
        assert "note: the arena is estimated: the Python package tflite-micro is not installed" in captured.err
        if known is not None:
            assert known.arena_bytes <= arena["arena_bytes"] <= 1.5 * known.arena_bytes
    assert "an estimate" in (tmp_path / "other-tflm" / "README.md").read_text()


# Other targets


def test_a_file_without_a_bundle_has_no_labels(cs_tflm, tmp_path, capsys):
    path = tmp_path / "bare.tflite"
    path.write_bytes(cs_tflm.int8)
    assert _tflm(path) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"{tmp_path / 'bare-tflm'}: {len(cs_tflm.int8):,} bytes, 13 operators: AddAbs")
    assert "arena: " in captured.out
    assert "labels" not in (tmp_path / "bare-tflm" / "model.h").read_text()


def test_a_bundle_for_litert_is_taken_and_told(cw_litert, tmp_path, capsys):
    assert _tflm(_bundle(tmp_path / "int8", cw_litert, cw_litert.int8)) == 0
    assert "note: lowered for litert; drsn-export convert RUN --target tflm" in capsys.readouterr().err


def _sign(model):
    """One operator becomes SIGN, which TFLite-Micro does not have."""
    model.operatorCodes[0].builtinCode = schema.BuiltinOperator.SIGN
    model.operatorCodes[0].deprecatedBuiltinCode = 127


def test_an_operator_that_is_missing_is_named(cs_tflm, cw_litert, tmp_path, capsys):
    for network in (cs_tflm, cw_litert):
        folder = _bundle(tmp_path / network.target, network, _edited(network.int8, _sign))
        assert _tflm(folder) == 1
        expected = f"drsn-export: {folder / MODEL_NAME}: TFLite-Micro has no operator SIGN"
        advice = "; drsn-export convert RUN --target tflm makes a graph without" if network is cw_litert else ""
        assert capsys.readouterr().err.strip() == expected + advice
        assert not folder.with_name(f"{network.target}-tflm").exists()


@pytest.mark.parametrize("scheme", ["float32", "dynamic"])
def test_a_float_model_is_refused_with_the_tensor(cs_tflm, scheme, tmp_path, capsys):
    content = cs_tflm.convert(scheme)
    folder = _bundle(tmp_path / scheme, cs_tflm, content, scheme)
    assert _tflm(folder) == 1
    line = _last_line(capsys)
    assert f"expected an integer model, got float32 in tensor {read_file(content).float_tensors[0]!r} and " in line
    assert line.endswith("; drsn-export convert RUN --scheme int8 makes one")


# Hostile files


def _set(place, value):
    """An edit of the first graph: ``tensors.3.shape`` names a place."""

    def edit(model):
        *path, last = place.split(".")
        thing = model.subgraphs[0]
        for name in path:
            thing = thing[int(name)] if name.isdigit() else getattr(thing, name)
        if last.isdigit():
            thing[int(last)] = value
        else:
            setattr(thing, last, value)

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_set("tensors.3.shape", [1 << 30, 1 << 30]), "expected a fixed shape of at most 67,108,864 values"),
        (_set("tensors.3.shape", [1, -1]), "expected a fixed shape"),
        (_set("tensors.3.type", schema.TensorType.STRING), "expected an integer model, got string in tensor"),
        (_set("operators.1.inputs.0", 9999), "expected a tensor below"),
        (_set("operators.1.outputs.0", -7), "expected a tensor below"),
        (_set("operators.1.outputs", []), "expected inputs made before it and a result, got no result"),
        (_set("operators", []), "expected operators, got none"),
        (_set("inputs", [0, 0]), "expected one input, got 2"),
        (_set("outputs", []), "expected one output, got 0"),
    ],
)
def test_absurd_parts_are_one_line(cs_tflm, edit, message, tmp_path, capsys):
    path = tmp_path / "bad.tflite"
    path.write_bytes(_edited(cs_tflm.int8, edit))
    assert _tflm(path) == 1
    error = capsys.readouterr().err.strip()
    assert message in error
    assert "\n" not in error
    assert not (tmp_path / "bad-tflm").exists()


def test_a_constant_that_is_too_short_is_refused(cs_tflm, tmp_path, capsys):
    """The engine would read past its end."""

    def shorten(model):
        longest = max(model.buffers, key=lambda buffer: 0 if buffer.data is None else len(buffer.data))
        longest.data = longest.data[:-1]

    path = tmp_path / "bad.tflite"
    path.write_bytes(_edited(cs_tflm.int8, shorten))
    assert _tflm(path) == 1
    assert ": expected a constant of " in _last_line(capsys)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_truncated_or_flipped_file_is_read_or_refused(cs_tflm, tmp_path_factory, data):
    content = bytearray(cs_tflm.int8)
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content) - 1)) :]
    for place in data.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=4)):
        if content:
            content[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path_factory.getbasetemp() / "flipped.tflite"
    path.write_bytes(bytes(content))
    try:
        plan_arena(open_model(path).file)
    except DrsnError as error:
        assert "\n" not in str(error)
        assert str(error).startswith(str(path))


@pytest.mark.parametrize("length", [0, 4, 8, 1000, -1])
def test_a_truncated_file_is_one_line(cs_tflm, length, tmp_path, capsys):
    path = tmp_path / "short.tflite"
    path.write_bytes(cs_tflm.int8[:length])
    assert _tflm(path) == 1
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"drsn-export: {path}")
    assert "\n" not in error


def test_what_is_no_bundle_is_one_line(tmp_path, capsys):
    assert _tflm(tmp_path / "nowhere") == 1
    assert "nowhere: expected a bundle folder, got nothing there" in _last_line(capsys)
    (tmp_path / "empty").mkdir()
    assert _tflm(tmp_path / "empty") == 1
    assert "card.json: expected a file of the bundle, got nothing there" in _last_line(capsys)


# The folder


def test_only_its_own_folder_is_written_anew(bundle, tmp_path, capsys):
    out = tmp_path / "deep" / "out"
    assert _tflm(bundle, "--out", out) == 0
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert sorted(first) == ["README.md", "main.cc", "model.cc", "model.h", "resolver.h"]
    (out / "model.h").unlink()
    assert _tflm(bundle, "--out", out) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first, "the same at every run"
    (out / "main.cc").write_text("int main() { return 0; }\n")
    capsys.readouterr()
    assert _tflm(bundle, "--out", out) == 2
    assert _last_line(capsys).endswith(
        f"{out}: expected a new folder, or one of an earlier drsn-export tflm, got 'main.cc'"
    )
    assert (out / "main.cc").read_text() == "int main() { return 0; }\n"
    assert _tflm(bundle, "--out", bundle) == 2
    assert "got 'card.json'" in _last_line(capsys)
    (tmp_path / "file").write_text("here")
    assert _tflm(bundle, "--out", tmp_path / "file") == 2
    assert _tflm(bundle, "--out", tmp_path / "file" / "sub") == 2
    assert "expected a folder to lie in, got a file on the way" in _last_line(capsys)


@pytest.mark.parametrize("name", ["", "2nd", "Model", "a-b", "a__b", "a_", "../x", "main", "resolver", "a" * 41, "é"])
def test_names_that_are_none_in_c_are_refused(bundle, name, capsys):
    assert _tflm(bundle, "--name", name) == 2
    assert "--name: expected small letters, digits and single _" in _last_line(capsys)
