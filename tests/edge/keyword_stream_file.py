"""Write the bundle of a keyword network for streams without TensorFlow: its state is the second that went before.

At every step the bands' means over the last 100 frames are weighed: low tones make "low", high ones "high".
"""

from pathlib import Path

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from denoiser_bundle_file import ModelFile

from drsn_keras.edge.step_interpreter import StepInterpreter
from drsn_keras.frontend import LOG_MEL_40
from drsn_keras.model_card import MODEL_NAME, DetectorSpec, ModelCard, sha256_of

LABELS = ("low", "high", "_silence_")
FRAMES, WINDOW, BANDS = 4, 100, 40
#: Of the mean of the lower and of the upper 16 bands, and what silence has for itself.
CONTRAST, SILENCE = 3.0, 1.5


def write_keyword_stream(folder: Path, **changes) -> Path:
    """The bundle; ``changes`` are fields of its card."""
    folder.mkdir(parents=True)
    path = folder / MODEL_NAME
    path.write_bytes(keyword_stream_model())
    runner = StepInterpreter(path)
    stream = {"frames": FRAMES, "states": 1, "state_bytes": 4 * (WINDOW - FRAMES) * BANDS, "delay_samples": 640}
    fields = {
        **{"name": "tones in steps", "task": "keywords", "model": "set by hand", "scheme": "float32", "labels": LABELS},
        **{"front_end": LOG_MEL_40.to_dict(), "input": runner.input, "output": runner.output, "stream": stream},
        **{"sha256": sha256_of(path), "size_bytes": path.stat().st_size, "detector": DetectorSpec(hop_s=0.04)},
    }
    ModelCard(**{**fields, **changes}).write(folder)
    return folder


def keyword_stream_model() -> bytes:
    """[frames, frames before] to [probabilities, frames before]: join, weigh, cut."""
    model = ModelFile(False)
    frames, state = model.tensor((1, FRAMES, 1, BANDS)), model.tensor((1, WINDOW - FRAMES, 1, BANDS))
    joined = model.tensor((1, WINDOW, 1, BANDS))
    join = schema.ConcatenationOptionsT()
    join.axis = 1
    model.operator("CONCATENATION", [state, frames], joined, "ConcatenationOptions", join)
    kernel = np.zeros((3, WINDOW, 1, BANDS), np.float32)
    kernel[0, :, 0, :16], kernel[0, :, 0, -16:] = CONTRAST / 16 / WINDOW, -CONTRAST / 16 / WINDOW
    kernel[1] = -kernel[0]
    weigh = schema.Conv2DOptionsT()
    weigh.padding, weigh.strideH, weigh.strideW = schema.Padding.VALID, 1, 1
    weigh.dilationHFactor = weigh.dilationWFactor = 1
    evidence = model.tensor((1, 1, 1, 3))
    biases = model.bias(np.array([0.0, 0.0, SILENCE]))
    model.operator("CONV_2D", [joined, model.kernel(kernel), biases], evidence, "Conv2DOptions", weigh)
    flat, result = model.tensor((1, 3)), model.tensor((1, 3))
    shape = schema.ReshapeOptionsT()
    shape.newShape = [1, 3]
    model.operator("RESHAPE", [evidence, model.integers([1, 3])], flat, "ReshapeOptions", shape)
    softmax = schema.SoftmaxOptionsT()
    softmax.beta = 1.0
    model.operator("SOFTMAX", [flat], result, "SoftmaxOptions", softmax)
    kept = model.tensor((1, WINDOW - FRAMES, 1, BANDS))
    places = [model.integers([0, FRAMES, 0, 0]), model.integers([1, WINDOW - FRAMES, 1, BANDS])]
    model.operator("SLICE", [joined, *places], kept, "SliceOptions", schema.SliceOptionsT())
    return model.content([frames, state], [result, kept])
