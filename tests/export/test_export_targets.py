"""Int8 files on their targets: one XNNPACK partition, TFLite-Micro bit for bit, every operator on the Ethos-U."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from drsn_keras.export.benchmarking.latency import outside, partitions
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.lowering import lower
from drsn_keras.export.quantize import quantize
from drsn_keras.export.recipe import Recipe
from drsn_keras.models import catalogue
from random_weights import randomise

#: The projection shortcut is one more convolution: one kind says it for all.
NAMES = [name for name in catalogue() if "projection" not in name or name.endswith("drsn-cw")]
SHRINKING = [name for name in NAMES if "/drsn-c" in name]


def _int8(name, target):
    model = randomise(catalogue()[name]())
    x = np.random.default_rng(0).standard_normal((40, *model.input_shape[1:])).astype("float32")
    return quantize(lower(model, target, x), Recipe(target=target), x)


@pytest.fixture(scope="module")
def micro_files(tmp_path_factory):
    """Networks for ``tflm``, with inputs over the whole int8 range."""
    folder = tmp_path_factory.mktemp("micro")
    rng = np.random.default_rng(1)
    for name in NAMES:
        path = folder / f"{name.replace('/', '.')}.tflite"
        path.write_bytes(_int8(name, "tflm"))
        shape = Interpreter(model_content=path.read_bytes()).get_input_details()[0]["shape"]
        np.save(path.with_suffix(".npy"), rng.integers(-128, 128, (20, *shape)).astype(np.int8))
    return folder


@pytest.fixture(scope="module")
def micro_answers(micro_files):
    """What TFLite-Micro makes of them."""
    pytest.importorskip("tflite_micro", reason="tflite-micro has wheels for Linux on x86-64 only")
    runner = Path(__file__).parents[1] / "micro_runner.py"
    done = subprocess.run([sys.executable, str(runner), str(micro_files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: np.load(micro_files / f"{name.replace('/', '.')}.micro.npy").astype(int) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_tflite_micro_agrees_with_litert(micro_files, micro_answers, name):
    """Within one quantum of LiteRT's reference kernels; XNNPACK rounds in its own way, and such errors add up."""
    path, micro = micro_files / f"{name.replace('/', '.')}.tflite", micro_answers[name]
    assert np.ptp(micro) > 10, "an output that never changes would agree with everything"
    for resolver, quanta in ((OpResolverType.BUILTIN_REF, 1), (OpResolverType.AUTO, 3)):
        interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        source, sink = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        for x, expected in zip(np.load(path.with_suffix(".npy")), micro, strict=True):
            interpreter.set_tensor(source, x)
            interpreter.invoke()
            assert np.max(np.abs(interpreter.get_tensor(sink).astype(int) - expected)) <= quanta


@pytest.mark.parametrize("name", SHRINKING)
def test_the_ethos_u_gets_the_graph_of_tflm(name):
    graphs = [lower(catalogue()[name](), target).graph.ops() for target in ("tflm", "ethos-u")]
    assert [(op.kind, op.name, op.shape, op.options) for op in graphs[0]] == [
        (op.kind, op.name, op.shape, op.options) for op in graphs[1]
    ]


@pytest.mark.parametrize("name", SHRINKING)
def test_vela_places_every_operator_on_the_npu(micro_files, name, tmp_path):
    vela = Path(sys.executable).with_name("vela")
    if not vela.exists():
        pytest.skip("ethos-u-vela is installed with the tests on Linux only")
    path = micro_files / f"{name.replace('/', '.')}.tflite"
    options = ["--accelerator-config", "ethos-u55-128", "--output-dir", str(tmp_path), "--show-cpu-operations"]
    done = subprocess.run([vela, path, *options], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"CPU operators = 0 \(0\.0%\)", done.stdout), done.stdout[-2000:]
    assert int(re.search(r"NPU operators = (\d+) \(100\.0%\)", done.stdout).group(1)) > 20
    # What remains for the CPU is one operator: the call of the NPU.
    (compiled,) = tmp_path.glob("*_vela.tflite")
    assert [op.name.lower() for op in read_file(compiled.read_bytes(), compiled).operators] == ["ethos-u"]


@pytest.mark.parametrize("name", [*SHRINKING, "keywords/resnet", "image/senet"])
def test_one_partition_on_litert(name):
    content = _int8(name, "litert")
    assert partitions(content) == 1
    assert outside(content) == ("SOFTMAX",)
