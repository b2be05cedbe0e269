"""A streaming model in C: bit for bit TFLite-Micro, step after step, states in the arena."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.edge.interpreter import quantize as to_integers
from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.errors import BundleError
from drsn_keras.export.firmware import toolchain
from drsn_keras.export.firmware.generate import generate
from drsn_keras.export.firmware.project import firmware_folder, with_headers
from drsn_keras.export.lowering import lower_stream
from drsn_keras.export.quantize import quantize
from drsn_keras.export.recipe import Recipe
from stream_model import HOP, signals, small_denoiser

RUNNER = Path(__file__).with_name("stream_runner.c")
STEPS = Path(__file__).parents[2] / "micro_steps.py"


@pytest.mark.parametrize(("target", "frames"), [("tflm", 1), ("tflm", 4), ("litert", 2)])
def test_c_answers_as_tflite_micro_step_by_step(target, frames, tmp_path):
    twin = lower_stream(small_denoiser(), target, frames, signals())
    file = tmp_path / "model.tflite"
    file.write_bytes(quantize(twin, Recipe(target=target), twin.step_inputs(signals())))
    spec = StepInterpreter(file).input
    steps = signals(1)[0].reshape(-1, frames * HOP)
    inputs = to_integers(steps, spec).reshape(-1, *spec.shape)

    np.save(tmp_path / "inputs.npy", inputs)
    states = len(twin.state_names)
    command = [sys.executable, STEPS, file, tmp_path / "inputs.npy", tmp_path / "out.npy", str(states)]
    subprocess.run(command, check=True, capture_output=True)
    expected = np.load(tmp_path / "out.npy").reshape(len(inputs), -1).astype(int)
    assert np.ptp(expected) > 50

    generated = generate(file.read_bytes(), file)
    for name, text in generated.model_files().items():
        (tmp_path / name).write_text(text)
    engine = firmware_folder() / "engine"
    kernels = [path for path in with_headers(engine, generated.program.sources) if path.suffix == ".c"]
    compiler = ["gcc", "-std=c99", "-O1", *toolchain.WARNINGS, "-fsanitize=address,undefined", "-g", f"-I{engine}"]
    program = tmp_path / "run"
    subprocess.run([*compiler, f"-I{tmp_path}", tmp_path / "model.c", RUNNER, *kernels, "-o", program], check=True)
    done = subprocess.run([program], input=inputs.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found = np.frombuffer(done.stdout, np.int8).reshape(len(inputs), -1).astype(int)
    np.testing.assert_array_equal(found, expected)


def test_states_keep_their_memory(tmp_path):
    """No map of a step lies on a state, and the new state lies on the old one."""
    twin = lower_stream(small_denoiser(), "tflm", 2)
    generated = generate(quantize(twin, Recipe(target="tflm"), twin.step_inputs(signals())), "stream")
    network, plan = generated.program.network, generated.plan
    taken = np.zeros(plan.n_bytes, int)
    for state, kept in network.states:
        assert plan.tensors[state] == plan.tensors[kept]
        taken[plan.tensors[state] :][: network.tensors[state].elements] += 1
    assert taken.max() == 1
    ends = {index for pair in network.states for index in pair}
    for index, start in plan.tensors.items():
        if index not in ends:
            assert not taken[start : start + network.tensors[index].elements].any(), network.tensors[index].name


def test_a_state_that_comes_back_otherwise_is_refused(monkeypatch):
    twin = lower_stream(small_denoiser(), "tflm", 2)
    content = quantize(twin, Recipe(target="tflm"), twin.step_inputs(signals()))
    from drsn_keras.export.firmware import network
    from drsn_keras.export.inspection.flatbuffer import File, read_file

    def shuffled(content, what):
        file = read_file(content, what)
        return File(file.operators, file.tensors, file.inputs, (file.outputs[0], *file.outputs[:0:-1]), 0)

    monkeypatch.setattr(network, "read_file", shuffled)
    with pytest.raises(BundleError, match=r"state \d+: expected int8 .* on one scale, in and out"):
        network.read_network(content, "stream")
