"""Write real int8 bundles that tell a low tone from a high one: ``python tiny_bundle.py FOLDER``.

In FOLDER one over log-mel, in ``root`` beside it one over root-mel features.

A program of its own, run once a session by conftest.py, so that TensorFlow stays out of the process that tests a
runtime without it. The weights are set by hand: a frame is "low" by how much the mean of the lower 16 bands
is above that of the upper 16, "high" the other way round; 0.2 s of either outweighs "_silence_".
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.frontend import LOG_MEL_40, ROOT_MEL_40, FrontEndSpec, compute_features
from drsn_keras.model_card import MODEL_NAME, DetectorSpec, ModelCard, sha256_of

LABELS = ("low", "high", "_silence_")
#: Weights of the mean of the lower 16 bands and of the upper 16 in "low" and "high", biases, weight in the answer.
#: A high tone differs less: mel bands are wider up there.
WEIGHTS = {
    "log_mel": ([1, -3], [-1, 3], [-2.5, -7.5], 8),
    "root_mel": ([2, -6], [-4, 2.6], [-0.3, -0.3], 12),
}


def network(spec: FrontEndSpec = LOG_MEL_40) -> keras.Model:
    """(98, 40) features to three probabilities."""
    lower, upper, biases, weight = WEIGHTS[spec.kind]
    inputs = keras.Input(spec.shape, batch_size=1)
    per_frame = keras.layers.Dense(2, activation="relu")
    head = keras.layers.Dense(3, activation="softmax")
    outputs = head(keras.layers.GlobalAveragePooling1D()(per_frame(inputs)))
    model = keras.Model(inputs, outputs)
    bands = np.zeros((40, 2), dtype=np.float32)
    bands[:16] = np.array(lower) / 16
    bands[-16:] = np.array(upper) / 16
    per_frame.set_weights([bands, np.array(biases, dtype=np.float32)])
    head.set_weights([np.array([[weight, 0, 0], [0, weight, 0]], dtype=np.float32), np.array([0, 0, 5], np.float32)])
    return model


def signals() -> list[np.ndarray]:
    """What the converter learns the ranges from: silence, noise and bursts of tones."""
    rng = np.random.default_rng(7)
    t = np.arange(16000) / 16000
    found = [np.zeros(16000), 0.1 * rng.standard_normal(16000)]
    for frequency_hz in (300.0, 500.0, 4000.0, 6000.0):
        tone = 0.5 * np.sin(2 * np.pi * frequency_hz * t)
        found += [tone * (t < length_s) for length_s in (0.3, 0.6, 1.0)]
    return found


def convert(model: keras.Model, int8: bool = True, spec: FrontEndSpec = LOG_MEL_40) -> bytes:
    """The flatbuffer of a network."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        shape = model.input_shape
        converter.representative_dataset = lambda: ([compute_features(y, spec).reshape(shape)] for y in signals())
    return converter.convert()


def with_unit_axis(model: keras.Model) -> keras.Model:
    """The same network over (1, 98, 1, 40)."""
    inputs = keras.Input((98, 1, 40), batch_size=1)
    return keras.Model(inputs, model(keras.layers.Reshape(LOG_MEL_40.shape)(inputs)))


def two_headed(model: keras.Model) -> keras.Model:
    """The same network with a second output, which the runtime has to refuse."""
    return keras.Model(model.input, [model.output, keras.layers.Flatten()(model.input)])


def main(folder: Path) -> None:
    """Convert and write the bundle, and a few models that are no bundle beside it."""
    model = network()
    write_bundle(folder, model, LOG_MEL_40)
    for name, data in (
        ("float", convert(model, int8=False)),
        ("unit_axis", convert(with_unit_axis(model))),
        ("two_headed", convert(two_headed(model), int8=False)),
    ):
        (folder.parent / f"{name}.tflite").write_bytes(data)


def write_bundle(folder: Path, model: keras.Model, spec: FrontEndSpec) -> None:
    """Convert a network over features of ``spec`` and write it with its card."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MODEL_NAME
    path.write_bytes(convert(model, spec=spec))
    runner = Interpreter(path)
    ModelCard(
        name="tones",
        task="keyword spotting",
        model="set by hand",
        scheme="int8",
        labels=LABELS,
        front_end=spec.to_dict(),
        input=runner.input,
        output=runner.output,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        detector=DetectorSpec(),
        parameters=91,
        synthetic_speech=True,
        training={"data": "none"},
        metrics={"clean": {"accuracy": 1.0}},
    ).write(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    write_bundle(Path(sys.argv[1]).parent / "root", network(ROOT_MEL_40), ROOT_MEL_40)
