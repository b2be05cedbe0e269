"""The bundle of tests/edge/tiny_bundle.py, and window.tflite beside it: ``python tone_bundle.py FOLDER``.

There, "_silence_" has a bias and no weights at all; its step is so small that the bias fills 31 bits, which the C
generator refuses. window.tflite tells 256 standardised samples with knocks from even ones.
"""

import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "edge"))
import tiny_bundle

with_zeros = tiny_bundle.network


def network() -> keras.Model:
    """Silence is the absence of both tones."""
    model = with_zeros()
    model.layers[-1].set_weights([np.array([[8, 0, -1], [0, 8, -1]], np.float32), np.array([0, 0, 4], np.float32)])
    return model


def knocks() -> bytes:
    """(256, 1) standardised samples to two probabilities: where a few knock, the mean of |x| is small."""
    inputs = keras.Input((256, 1), batch_size=1)
    above = keras.layers.Conv2D(2, (3, 1), activation="relu")
    head = keras.layers.Dense(2, activation="softmax")
    outputs = head(keras.layers.GlobalAveragePooling2D()(above(keras.layers.Reshape((256, 1, 1))(inputs))))
    model = keras.Model(inputs, outputs)
    middle = np.zeros((3, 1, 1, 2), np.float32)
    middle[1, 0, 0] = 1, -1
    above.set_weights([middle, np.zeros(2, np.float32)])
    head.set_weights([np.array([[20, -20], [20, -20]], np.float32), np.array([-14, 14], np.float32)])
    rng = np.random.default_rng(2)
    clips = [rng.uniform(-1.7, 1.7, (1, 256, 1)), *(np.full((1, 256, 1), limit) for limit in (-8, 8))]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter.representative_dataset = lambda: ([clip.astype(np.float32)] for clip in clips)
    return converter.convert()


if __name__ == "__main__":
    tiny_bundle.network = network
    tiny_bundle.main(Path(sys.argv[1]))
    (Path(sys.argv[1]).parent / "window.tflite").write_bytes(knocks())
