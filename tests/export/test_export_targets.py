"""Int8 files on their targets: one XNNPACK partition, TFLite-Micro bit for bit, every operator on the Ethos-U."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from catalogue_files import catalogue_int8
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.inspection.partitions import delegation
from drsn_keras.export.lowering import lower
from drsn_keras.models import catalogue

#: The projection shortcut is one more convolution: one kind says it for all.
NAMES = [name for name in catalogue() if "projection" not in name or name.endswith("drsn-cw")]
SHRINKING = [name for name in NAMES if "/drsn-c" in name]
#: Root mean square of the differences to XNNPACK's kernels [quanta]: 0.1 to 1.1 over 200 inputs, up to 1.6 over 20.
_XNNPACK_RMS = 2.0


@pytest.mark.parametrize("name", NAMES)
def test_tflite_micro_agrees_with_litert(micro_files, name):
    """Within one quantum of LiteRT's reference kernels at every value, of XNNPACK's in the mean.

    XNNPACK rounds in its own way. Over many units such errors add up where a threshold is near: now and then a single
    value is off by several quanta, which ones depends on the inputs drawn.
    """
    path, micro = micro_files.path(name), micro_files.answers(name)
    assert np.ptp(micro) > 10, "an output that never changes would agree with everything"
    errors = {}
    for resolver in (OpResolverType.BUILTIN_REF, OpResolverType.AUTO):
        interpreter = Interpreter(model_path=str(path), experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
        source, sink = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        found = []
        for x in micro_files.inputs(name):
            interpreter.set_tensor(source, x)
            interpreter.invoke()
            found.append(interpreter.get_tensor(sink).astype(int))
        errors[resolver] = np.stack(found) - micro
    assert np.abs(errors[OpResolverType.BUILTIN_REF]).max() <= 1
    assert np.sqrt(np.mean(np.square(errors[OpResolverType.AUTO]))) <= _XNNPACK_RMS


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
    path = micro_files.path(name)
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
    content = catalogue_int8(name, "litert")
    assert delegation(content) == (1, ("SOFTMAX",))
