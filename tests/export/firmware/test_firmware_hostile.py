"""What must not break: damaged model files are refused in one line, generated C takes any input."""

import shutil
import subprocess
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from drsn_keras.errors import BundleError, UsageError
from drsn_keras.export.firmware import toolchain
from drsn_keras.export.firmware.generate import generate
from drsn_keras.export.firmware.project import firmware_folder, with_headers

CORNERS = (0, 1, 65_535, 2**31 - 1, 2**31, 2**32 - 1)
FUZZ = Path(__file__).with_name("model_fuzz.c")


def damaged(content, rng, kind):
    """A copy that is cut off, has bytes turned over, or corner values in the place of offsets, counts and shapes."""
    copy = bytearray(content)
    if kind == "cut":
        return bytes(copy[: rng.integers(0, len(copy))])
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(0, len(copy) - 4))
        if kind == "bytes":
            copy[at] = rng.integers(0, 256)
        else:
            copy[at : at + 4] = int(rng.choice(CORNERS)).to_bytes(4, "little")
    return bytes(copy)


@pytest.mark.parametrize("kind", ["cut", "bytes", "corners"])
@pytest.mark.parametrize("name", ["paper/resnet", "keywords/drsn-cw"])
def test_damaged_files_are_refused_in_one_line(micro_files, name, kind):
    """A file that still is a model generates; any other raises the error that the command line prints."""
    content = micro_files.path(name).read_bytes()
    rng = np.random.default_rng(len(kind))
    refused = 0
    for _ in range(60):
        try:
            generate(damaged(content, rng, kind), "damaged.tflite")
        except BundleError as error:
            refused += 1
            assert str(error).startswith("damaged.tflite")
            assert "\n" not in str(error)
            assert len(str(error)) < 400, str(error)
    assert refused >= 20


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x00" * 64, b"....TFL3" + b"\xff" * 200, b"PK\x03\x04" * 50])
def test_other_files_are_refused(content):
    with pytest.raises(BundleError, match=r"other\.bin"):
        generate(content, "other.bin")


def test_float_files_and_unknown_operators_are_named(cs_tflm):
    with pytest.raises(BundleError, match="float32"):
        generate(cs_tflm.float32, "float.tflite")
    # An operator that the schema knows and no rule does.
    model = schema.ModelT.InitFromPackedBuf(bytearray(cs_tflm.int8), 0)
    code = next(c for c in model.operatorCodes if c.builtinCode == schema.BuiltinOperator.ABS)
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.COS
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    with pytest.raises(BundleError, match=r"operator \d+ COS: expected one of ABS, ADD, .*, got COS"):
        generate(bytes(builder.Output()), "cos.tflite")


@pytest.mark.parametrize("prefix", ["", "2nd", "a-b", "Model", "drsn_x", "x" * 40, "a;b", "ü"])
def test_prefixes_that_are_no_names_are_refused(cs_tflm, prefix):
    with pytest.raises(UsageError, match="--name"):
        generate(cs_tflm.int8, "net.tflite", prefix)


@pytest.mark.parametrize("name", ["keywords/drsn-cw", "image/drsn-cs"])
def test_fuzzed_inputs(micro_files, name, tmp_path):
    """AddressSanitizer and UBSan under libFuzzer's inputs."""
    clang = shutil.which("clang-16") or shutil.which("clang")
    if clang is None:
        pytest.skip("needs clang-16 libclang-rt-16-dev")
    engine = firmware_folder() / "engine"
    generated = generate(micro_files.path(name).read_bytes(), name)
    for file, text in generated.model_files().items():
        (tmp_path / file).write_text(text)
    kernels = [path for path in with_headers(engine, generated.program.sources) if path.suffix == ".c"]
    command = [clang, "-std=c99", "-O1", "-g", *toolchain.WARNINGS, f"-I{engine}", f"-I{tmp_path}"]
    command += ["-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all"]
    built = subprocess.run(
        [*command, tmp_path / "model.c", FUZZ, *kernels, "-o", tmp_path / "fuzz"],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode and "libclang_rt" in built.stderr:
        pytest.skip("needs libclang-rt-16-dev")
    assert built.returncode == 0, built.stderr[-2000:]
    size = generated.program.network.tensors[generated.program.network.input].elements
    limits = ["-runs=400", "-seed=1", f"-max_len={size}", "-max_total_time=20", "-print_final_stats=0"]
    done = subprocess.run([tmp_path / "fuzz", *limits], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
