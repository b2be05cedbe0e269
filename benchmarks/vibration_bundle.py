"""The vibration bundle of ``make bench-firmware``: the paper's DRSN-CW on CWRU windows, trained on three loads.

The fourth load is the test part, so that no recording is shared; the benchmark is about what the network costs and
whether C answers like TFLite-Micro, not about its accuracy, which it prints all the same.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.frontend import WindowSpec, window_features
from drsn_keras.model_card import MODEL_NAME, ModelCard, TensorSpec, sha256_of

SPEC = WindowSpec(sample_rate_hz=12000, n_samples=2048, hop_length=1024)
#: Motor load [hp] that is held out, and windows by recording that are enough for a benchmark.
_TEST_LOAD = 3
_EPOCHS, _BATCH = 12, 64


@dataclasses.dataclass(frozen=True, eq=False)
class Windows:
    """Standardised windows [shape=(n, 2048, 1), float32], their classes, and the int16 samples they came from."""

    x: np.ndarray
    y: np.ndarray
    samples: np.ndarray


def read_windows(data: Path, test: bool) -> tuple[Windows, tuple[str, ...]]:
    """Windows of the training loads or of the held-out one, and the labels."""
    files = sorted((data / "vibration" / "cwru_12k_de").glob("*.npz"))
    if not files:
        raise SystemExit(f"{data}: expected vibration/cwru_12k_de/*.npz")
    parts = [np.load(path) for path in files]
    labels = tuple(sorted({str(part["label"]) for part in parts}))
    samples, classes = [], []
    for part in parts:
        if (int(part["load_hp"]) == _TEST_LOAD) is test:
            x = part["x"]
            cut = np.lib.stride_tricks.sliding_window_view(x, SPEC.n_samples)[:: SPEC.hop_length]
            samples.append(cut)
            classes += [labels.index(str(part["label"]))] * len(cut)
    raw = np.concatenate(samples).astype(np.int16)
    features = np.stack([window_features(w / np.float32(32768), SPEC) for w in raw])
    return Windows(features, np.array(classes), raw), labels


def vibration_bundle(data: Path, folder: Path, seed: int = 0) -> Path:
    """The bundle in a folder if it is there, else a new training, lowered for tflm and quantised."""
    bundle = folder / "bundles" / "int8-tflm"
    front_end = json.loads(json.dumps(SPEC.to_dict()))
    if (bundle / "card.json").is_file() and json.loads((bundle / "card.json").read_text())["front_end"] == front_end:
        log(f"{bundle}: made before")
        return bundle
    import keras

    from drsn_keras.export.lowering import lower
    from drsn_keras.export.quantize import quantize
    from drsn_keras.export.recipe import Recipe
    from drsn_keras.models import residual_network

    train, labels = read_windows(data, test=False)
    test, _ = read_windows(data, test=True)
    keras.utils.set_random_seed(seed)
    model = residual_network((SPEC.n_samples, 1), len(labels), "drsn-cw")
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    log(f"training {model.name} on {len(train.x)} windows of loads 0 to 2")
    model.fit(train.x, train.y, batch_size=_BATCH, epochs=_EPOCHS, verbose=0)
    keras_accuracy = float(np.mean(model.predict(test.x, verbose=0).argmax(axis=1) == test.y))
    log(f"accuracy on load {_TEST_LOAD}: {100 * keras_accuracy:.1f} %")
    rows = np.random.default_rng(seed).choice(len(train.x), 200, replace=False)
    content = quantize(lower(model, "tflm", train.x[rows]), Recipe(target="tflm"), train.x[rows])
    bundle.mkdir(parents=True, exist_ok=True)
    (bundle / MODEL_NAME).write_bytes(content)
    ends = _ends(content)
    card = ModelCard(
        name="drsn-cw vibration, int8-tflm",
        task="vibration",
        model="drsn-cw",
        scheme="int8-tflm",
        target="tflm",
        labels=labels,
        front_end=SPEC.to_dict(),
        input=ends[0],
        output=ends[1],
        sha256=sha256_of(bundle / MODEL_NAME),
        size_bytes=len(content),
        training={"data": "CWRU drive end 12 kHz", "split": "leave load 3 out", "epochs": _EPOCHS, "seed": seed},
        metrics={"accuracy_load_3_keras": keras_accuracy},
    )
    card.write(bundle)
    return bundle


def _ends(content: bytes) -> tuple[TensorSpec, TensorSpec]:
    from drsn_keras.export.inspection.flatbuffer import read_file

    file = read_file(content)
    tensors = [file.tensors[indices[0]] for indices in (file.inputs, file.outputs)]
    x, y = (TensorSpec(t.shape, t.dtype, float(t.scales[0]), int(t.zero_points[0])) for t in tensors)
    return x, y
