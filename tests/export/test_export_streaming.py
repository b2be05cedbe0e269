"""A causal model step by step: equal to the whole signal in float, states on one scale in int8."""

import keras
import numpy as np
import pytest

from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.lowering import lower_stream
from drsn_keras.export.quantize import quantize
from drsn_keras.export.recipe import Recipe
from drsn_keras.layers import LinearUpsample, StepConv1D
from random_weights import randomise
from stream_model import FRAMES, HOP, signals, small_denoiser


@pytest.fixture(scope="module")
def model():
    return small_denoiser()


@pytest.mark.parametrize(("target", "frames"), [("litert", 1), ("litert", FRAMES), ("tflm", 1), ("ethos-u", 2)])
def test_steps_make_the_whole(model, target, frames):
    twin = lower_stream(model, target, frames, signals())
    assert twin.parity <= 1e-5
    assert len(twin.state_names) == len(set(twin.state_names)) == 8


@pytest.fixture(scope="module")
def files(model, tmp_path_factory):
    """float32 and int8 files of one step, and what Keras makes of the signals."""
    folder = tmp_path_factory.mktemp("stream")
    twin = lower_stream(model, "litert", FRAMES, signals())
    for scheme in ("float32", "int8"):
        content = quantize(twin, Recipe(scheme=scheme), twin.step_inputs(signals()))
        (folder / f"{scheme}.tflite").write_bytes(content)
    return folder, np.asarray(model(signals()))


def stepped(interpreter, x):
    interpreter.reset()
    return np.concatenate([interpreter.run(x[i : i + FRAMES]) for i in range(0, len(x), FRAMES)])


def test_the_float_file_is_the_model(files):
    folder, expected = files
    interpreter = StepInterpreter(folder / "float32.tflite")
    for x, y in zip(signals(), expected, strict=True):
        np.testing.assert_allclose(stepped(interpreter, x), y, atol=1e-5)


def test_the_integer_file_is_close_and_all_integer(files):
    folder, expected = files
    path = folder / "int8.tflite"
    assert not read_file(path.read_bytes()).float_tensors
    interpreter = StepInterpreter(path)
    found = np.stack([stepped(interpreter, x) for x in signals()])
    assert np.sqrt(np.mean((found - expected) ** 2) / np.mean(expected**2)) < 0.05
    # analysis, synthesis: a frame each; in a unit dilation * 2 frames, 2 frames, and 4 frames of the running mean
    assert interpreter.state_bytes == 8 + 12 + 6 * (2 + 2 + 4) + 6 * (4 + 2 + 4)


def test_a_reset_forgets_and_a_step_does_not(files):
    folder, _ = files
    interpreter = StepInterpreter(folder / "int8.tflite")
    x = signals()[0]
    first = stepped(interpreter, x)
    np.testing.assert_array_equal(stepped(interpreter, x), first)
    again = interpreter.run(x[:FRAMES])  # with the past of the whole signal
    assert not np.array_equal(again, first[:FRAMES])


def test_bad_input_is_one_line(files):
    folder, _ = files
    interpreter = StepInterpreter(folder / "int8.tflite")
    with pytest.raises(DataError, match=r"frames: expected shape \(4, 8\), got \(3, 8\)"):
        interpreter.run(np.zeros((3, 8)))
    with pytest.raises(DataError, match="finite"):
        interpreter.run(np.full((FRAMES, 8), np.nan))
    with pytest.raises(BundleError, match="nothing there"):
        StepInterpreter(folder / "none.tflite")


@pytest.mark.parametrize(
    ("layers", "what"),
    [
        ([keras.layers.Conv1D(2, 3, padding="same")], "conv"),
        ([keras.layers.Conv1D(2, 3, padding="causal", strides=3)], "conv"),
        ([keras.layers.Conv1D(2, 3)], "conv"),
        ([keras.layers.GlobalAveragePooling1D()], "mean"),
        ([keras.layers.AveragePooling1D(2, strides=1)], "average_pool"),
        ([keras.layers.AveragePooling1D(2, padding="same", strides=1)], "average_pool"),
        ([LinearUpsample()], "upsample"),
    ],
)
def test_what_looks_ahead_is_refused(layers, what):
    looking = keras.Sequential([keras.Input((None, 2)), *layers])
    with pytest.raises(UsageError, match=f"cannot be computed step by step: {what}"):
        lower_stream(looking, frames=4)


@pytest.mark.parametrize("padding", ["causal", "step"])
def test_strides_that_divide_the_step(padding):
    """Keras's causal convolution looks at the first of two new frames, the layer for steps at both."""
    strided = StepConv1D(3, 4, 2) if padding == "step" else keras.layers.Conv1D(3, 4, padding="causal", strides=2)
    behind = keras.layers.Conv1D(2, 2, padding="causal")
    network = randomise(keras.Sequential([keras.Input((None, HOP)), strided, behind]))
    twin = lower_stream(network, frames=FRAMES, examples=signals())
    assert twin.parity <= 1e-5 and twin.graph.output.shape == (FRAMES // 2, 1, 2)


def test_steps_need_whole_frames(model):
    with pytest.raises(DataError, match="a multiple of 4 frames"):
        lower_stream(model, frames=4).predict(signals(1, 7))
    with pytest.raises(UsageError, match="frames of a step"):
        lower_stream(model, frames=0)
