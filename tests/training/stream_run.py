"""Write a finished run and its bundle for streams: ``python stream_run.py FOLDER``.

A program of its own, run once a session, so that training and converting stay out of the tests' process. Words are
tones, one file a speaker; noise is hiss and hum; the network is a layer on every frame, trained in seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
import soundfile
import tensorflow as tf

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.frontend import LOG_MEL_40, compute_features
from drsn_keras.model_card import MODEL_NAME, DetectorSpec, ModelCard, sha256_of
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import open_corpus
from drsn_keras.training.run_folder import CONFIG, MODEL, SUMMARY, write_json
from drsn_keras.training.split_list import write_split_list

RATE_HZ = 16000
LABELS = ("high", "low", "_silence_", "_unknown_")


def write_data(folder: Path, speakers: int = 30) -> None:
    """``words/`` and ``noise/``."""
    rng = np.random.default_rng(0)
    t = np.arange(RATE_HZ) / RATE_HZ
    for label, hz in zip(LABELS, (4000.0, 400.0, 0.0, 1500.0), strict=True):
        (folder / "words" / label).mkdir(parents=True)
        for i in range(speakers):
            inside = np.abs(t - rng.uniform(0.4, 0.6)) < 0.2
            y = 0.3 * inside * np.sin(2 * np.pi * hz * rng.uniform(0.9, 1.1) * t)
            y += 0.0005 * rng.standard_normal(RATE_HZ)
            soundfile.write(folder / "words" / label / f"{i:08x}_nohash_0.wav", y, RATE_HZ, subtype="PCM_16")
    (folder / "noise").mkdir()
    for name in ("hiss", "hum"):
        y = rng.standard_normal(20 * RATE_HZ)
        y = np.convolve(y, np.ones(8) / 8, "same") if name == "hum" else y
        soundfile.write(folder / "noise" / f"{name}.wav", 0.1 * y, RATE_HZ, subtype="PCM_16")


def windows(folder: Path, n: int = 700) -> tuple[np.ndarray, np.ndarray]:
    """Features and classes of training words in noise, shifted; what is not whole in its window is silence."""
    rng = np.random.default_rng(1)
    noises = [soundfile.read(path)[0][: 12 * RATE_HZ] for path in sorted((folder / "noise").iterdir())]
    clips = [[soundfile.read(path)[0] for path in sorted((folder / "words" / label).iterdir())] for label in LABELS]
    x, y = np.empty((n, *LOG_MEL_40.shape), np.float32), np.empty(n, int)
    for row in range(n):
        label, whole = rng.integers(4), rng.random() < 0.8
        shift = round((rng.uniform(-0.2, 0.2) if whole else rng.choice((-0.6, 0.6))) * RATE_HZ)
        word = np.roll(np.pad(clips[label][rng.integers(len(clips[label]))], RATE_HZ), shift)[RATE_HZ:-RATE_HZ]
        at = rng.integers(11 * RATE_HZ)
        mixed = word + 10.0 ** rng.uniform(-2.5, 0.0) * noises[row % 2][at : at + RATE_HZ]
        x[row] = compute_features(mixed * 10.0 ** rng.uniform(-1.5, 0.2), LOG_MEL_40)
        y[row] = label if whole else LABELS.index("_silence_")
    return x, y


def network(folder: Path) -> keras.Model:
    """(98, 40) features to four probabilities."""
    keras.utils.set_random_seed(3)
    inputs = keras.Input(LOG_MEL_40.shape, batch_size=None)
    y = keras.layers.Dense(16, activation="relu")(keras.layers.BatchNormalization()(inputs))
    outputs = keras.layers.Dense(4, activation="softmax")(keras.layers.GlobalAveragePooling1D()(y))
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*windows(folder), batch_size=32, epochs=16, verbose=0)
    fixed = keras.Input(LOG_MEL_40.shape, batch_size=1)
    return keras.Model(fixed, model(fixed))


def main(folder: Path) -> None:
    """Data, run and bundle."""
    write_data(folder)
    config = KeywordConfig(
        data=str(folder / "words"), noise=(str(folder / "noise"),), model="drsn-cw", noise_kinds=("white",)
    )
    run = folder / "run"
    bundle = run / "bundles" / "float32"
    bundle.mkdir(parents=True)
    write_json(run / CONFIG, config.to_dict())
    summary = {"labels": list(LABELS), "detector": {}, "validation": {}, "protocol": {}, "clips": {}}
    summary |= {"training_noise": [], "operating_point": [], "parameters": 1, "macs": 1, "best_epoch": 1}
    write_json(run / SUMMARY, {**summary, "synthetic_speech": False})
    write_split_list(run, open_corpus(config))
    model = network(folder)
    model.save(run / MODEL)
    path = bundle / MODEL_NAME
    path.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    runner = Interpreter(path)
    ModelCard(
        name="tones",
        task="keyword spotting",
        model="drsn-cw",
        scheme="float32",
        labels=LABELS,
        front_end=config.spec.to_dict(),
        input=runner.input,
        output=runner.output,
        sha256=sha256_of(path),
        size_bytes=path.stat().st_size,
        detector=DetectorSpec(threshold=0.5, release=0.2),
        training={"seed": 0, "best_epoch": 1},
        metrics={"clean": {"accuracy": 1.0}},
    ).write(bundle)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
