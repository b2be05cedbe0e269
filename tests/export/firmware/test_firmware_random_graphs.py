"""Networks of odd structure: the same answers as TFLite-Micro bit for bit, or one line that says why not."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from graph_file import Graph
from random_graphs import random_graph

from drsn_keras.errors import BundleError
from drsn_keras.export.firmware import toolchain
from drsn_keras.export.firmware.generate import generate
from drsn_keras.export.firmware.project import firmware_folder

RUNNER = Path(__file__).with_name("model_runner.c")
MICRO = Path(__file__).parents[2] / "micro_runner.py"
FLAGS = ("-std=c99", "-O1", *toolchain.WARNINGS, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """Objects of all kernels, under sanitizers."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    folder, engine = tmp_path_factory.mktemp("kernels"), firmware_folder() / "engine"
    subprocess.run(["gcc", *FLAGS, f"-I{engine}", "-c", *engine.glob("*.c")], cwd=folder, check=True)
    return sorted(folder.glob("*.o"))


def compare(contents, folder, kernels, n=6):
    """Names of those that were refused; all others answer as TFLite-Micro."""
    rng = np.random.default_rng(0)
    made, refused = {}, []
    for name, content in contents.items():
        try:
            made[name] = generate(content, name)
        except BundleError as error:
            assert "\n" not in str(error)
            refused.append(name)
            continue
        network = made[name].program.network
        inputs = rng.integers(-128, 128, (n, *network.tensors[network.input].shape)).astype(np.int8)
        inputs[0], inputs[1] = -128, 127
        (folder / f"{name}.tflite").write_bytes(content)
        np.save(folder / f"{name}.npy", inputs)
    done = subprocess.run([sys.executable, MICRO, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    varied = 0
    for name, generated in made.items():
        build = folder / name
        build.mkdir()
        for file, text in generated.model_files().items():
            (build / file).write_text(text)
        includes = [f"-I{firmware_folder() / 'engine'}", f"-I{build}"]
        command = ["gcc", *FLAGS, *includes, build / "model.c", RUNNER, *kernels, "-o", build / "run"]
        subprocess.run(command, check=True)
        inputs = np.load(folder / f"{name}.npy")
        done = subprocess.run([build / "run"], input=inputs.tobytes(), capture_output=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr.decode()[-1000:]}"
        expected = np.load(folder / f"{name}.micro.npy").reshape(n, -1)
        np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int8).reshape(n, -1), expected, name)
        varied += np.ptp(expected.astype(int)) > 10
    assert varied * 3 >= len(made), "outputs that hardly change would agree with everything"
    return refused


def test_random_graphs(kernels, tmp_path):
    contents = {}
    for seed in range(25):
        rng = np.random.default_rng(seed)
        contents[f"{seed:02}"] = random_graph(rng, int(rng.integers(3, 14)))
    assert len(compare(contents, tmp_path, kernels)) <= 6


def new_graph(shape=(1, 8, 4, 8)):
    graph = Graph(np.random.default_rng(0))
    graph.maps.append(graph.map(shape, 0.05, 3, 3.0))
    return graph, graph.maps[0]


def shrunk(graph, x, along_rows=False):
    """x - min(max(x, -tau), tau) with tau from a mean, as one value for each channel or for each row."""
    axes = graph.constant(np.array([1, 2], np.int32))
    tau = graph.map((1, 1, 1, 8), x.scale, x.zero, 1.0)
    tau = graph.operator("MEAN", "ReducerOptions", {"keepDims": True}, [x.index, axes], tau)
    if along_rows:
        shape = graph.constant(np.array([1, 8, 1, 1], np.int32))
        turned = graph.map((1, 8, 1, 1), x.scale, x.zero, 1.0)
        tau = graph.operator("RESHAPE", "ReshapeOptions", {"newShape": [1, 8, 1, 1]}, [tau.index, shape], turned)
    minus = graph.map(tau.shape, x.scale, x.zero, 1.0)
    minus = graph.operator("LEAKY_RELU", "LeakyReluOptions", {"alpha": -1.0}, [tau.index], minus)
    for name, other in (("MAXIMUM", minus), ("MINIMUM", tau)):
        lower = graph.maps[-1] if name == "MINIMUM" else x
        y = graph.map(x.shape, x.scale, x.zero, 3.0)
        graph.operator(name, "MaximumMinimumOptions", {}, [lower.index, other.index], y)
    y = graph.map(x.shape, x.scale, x.zero, 3.0)
    return graph.operator("SUB", "SubOptions", {}, [x.index, graph.maps[-1].index], y)


def test_two_shrinkages_that_are_added(kernels, tmp_path):
    """Both could take the sum into their second pass; only one may."""
    graph, x = new_graph()
    a, b = shrunk(graph, x), shrunk(graph, x)
    y = graph.operator("ADD", "AddOptions", {}, [a.index, b.index], graph.map(x.shape, 0.1, 0, 3.0))
    assert compare({"sum": graph.content(y)}, tmp_path, kernels) == []


def test_thresholds_along_another_axis_are_not_taken_for_those_of_channels():
    """As many rows as channels: the fused kernel would have read the row's threshold as the channel's."""
    graph, x = new_graph()
    with pytest.raises(BundleError, match=r"MAXIMUM: .*\(1, 8, 1, 1\)"):
        generate(graph.content(shrunk(graph, x, along_rows=True)), "rows")


@pytest.mark.parametrize(
    ("name", "options", "n_inputs", "complaint"),
    [
        ("MAXIMUM", "MaximumMinimumOptions", 3, "2 inputs, got 3"),
        ("PAD", "PadOptions", 1, "2 inputs, got 1"),
        ("ABS", "AbsOptions", 2, "1 inputs, got 2"),
        ("LEAKY_RELU", "", 1, "slope"),
        ("CONV_2D", "Conv2DOptions", 4, "2 to 3 inputs, got 4"),
    ],
)
def test_other_numbers_of_inputs_are_refused(name, options, n_inputs, complaint):
    graph, x = new_graph()
    y = graph.operator(name, options, {}, [x.index] * n_inputs, graph.map(x.shape, 0.05, 3, 3.0))
    with pytest.raises(BundleError, match=complaint):
        generate(graph.content(y), "inputs")


def test_a_convolution_of_a_constant_is_refused():
    graph, x = new_graph()
    constant = graph.constant(np.ones(x.shape, np.int8), [0.1], [0])
    kernel = graph.constant(np.ones((1, 1, 1, 8), np.int8), [0.01], [0])
    settings = {"padding": 0, "strideH": 1, "strideW": 1, "depthMultiplier": 1}
    y = graph.map(x.shape, 0.1, 0, 1.0)
    y = graph.operator("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions", settings, [constant, kernel], y)
    y = graph.operator("ADD", "AddOptions", {}, [x.index, y.index], graph.map(x.shape, 0.1, 0, 1.0))
    with pytest.raises(BundleError, match="DEPTHWISE_CONV_2D: expected a computed input"):
        generate(graph.content(y), "constant")


def test_padding_that_no_sixteen_bits_hold_is_refused():
    graph, x = new_graph((1, 6, 1, 1))
    kernel = graph.constant(np.ones((1, 5, 1, 1), np.int8), [0.01], [0])
    settings = {"padding": 0, "strideH": 1, "strideW": 1, "dilationHFactor": 65_535, "dilationWFactor": 1}
    y = graph.operator("CONV_2D", "Conv2DOptions", settings, [x.index, kernel], graph.map(x.shape, 0.1, 0, 1.0))
    with pytest.raises(BundleError, match="dilated window"):
        generate(graph.content(y), "dilation")


@pytest.mark.parametrize(
    ("x_scale", "y_scale", "name"), [(1.0, 1e-45, "RELU"), (1e20, 1e-12, "QUANTIZE"), (3e38, 1e-40, "ABS")]
)
def test_scales_that_overflow_are_refused(x_scale, y_scale, name):
    graph = Graph(np.random.default_rng(0))
    graph.maps.append(graph.map((1, 4), 0.1, 0, 1.0))
    x = graph.map((1, 4), x_scale, 0, 1.0)
    graph.operator("RESHAPE", "ReshapeOptions", {}, [graph.maps[0].index], x)
    y = graph.operator(name, "", {}, [x.index], graph.map((1, 4), y_scale, 0, 1.0))
    back = graph.operator("RELU", "", {}, [y.index], graph.map((1, 4), 0.1, 0, 1.0))
    with pytest.raises(BundleError, match=f"{name}: expected scales that are not so far apart"):
        generate(graph.content(back), "scales")


@pytest.mark.parametrize("name", ["*\\ #error", "\\*", "/*/", "a??/", "**//", "line\nbreak", "% {0} {out}"])
def test_names_of_tensors_stay_in_their_comments(name, kernels, tmp_path):
    graph, x = new_graph()
    y = graph.operator("ABS", "AbsOptions", {}, [x.index], graph.map(x.shape, 0.05, 0, 3.0))
    graph.tensors[y.index].name = name.encode()
    assert compare({"named": graph.content(y)}, tmp_path, kernels) == []
    graph.tensors[y.index].type = 0
    with pytest.raises(BundleError) as caught:
        generate(graph.content(y), "named")
    assert "\n" not in str(caught.value)
