"""A run of a keyword network for streams without a training: weights set by hand tell low tones from high ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np

from random_weights import randomise

#: Bands that a tone of each word lies in, and those that none does; how far the former must be above the latter.
WORDS = {"high": slice(21, 27), "low": slice(3, 9)}
_NEITHER, _ABOVE = slice(30, 38), 0.8
#: Weight of the mean over a second in the answer, and what it has to outweigh.
_ANSWER, _SILENCE = 20.0, 2.0


def write_run(run: Path, data: Path, **fields: Any) -> Path:
    """A finished run on the recordings of :func:`small_runs.write_tones`; ``fields`` are those of its configuration."""
    from drsn_keras.models import count_macs, count_parameters
    from drsn_keras.training.config import KeywordConfig
    from drsn_keras.training.corpus import open_corpus
    from drsn_keras.training.epochs import history_csv
    from drsn_keras.training.fit import save_model
    from drsn_keras.training.networks import build_model
    from drsn_keras.training.run_folder import CONFIG, HISTORY, MODEL, SUMMARY, write_json
    from drsn_keras.training.split_list import write_split_list

    given = {"model": "streaming-drsn-cw", "width": 0.2, "noise_kinds": ("white",), "epochs": 1, **fields}
    config = KeywordConfig(data=str(data), **given)
    corpus = open_corpus(config)
    corpus.read_all()
    keras.utils.set_random_seed(1)
    model = set_tone_weights(build_model(config, len(corpus.labels)), corpus.labels)
    run.mkdir(parents=True)
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, corpus)
    save_model(model, run / MODEL)
    validation = {"val_clean": 100.0, "val_mean": 100.0}
    summary = {
        "task": config.task, "model": config.model, "labels": list(corpus.labels), "best_epoch": 1, "epochs": 1,
        "parameters": count_parameters(model), "macs": count_macs(model), "validation": validation,
        "detector": {"hop_s": 0.04, "threshold": 0.6, "release": 0.3}, "operating_point": [], "monitor": {},
        "noise_level": {}, "clips": {part: len(corpus.clips(part)) for part in ("train", "val")},
        "training_noise": corpus.training_noise_names, "protocol": corpus.protocol, "synthetic_speech": False,
    }  # fmt: skip
    write_json(run / SUMMARY, summary)
    history = [{"epoch": 1, "loss": 1.0, "accuracy": 100.0, **validation, "seconds": 1.0}]
    (run / HISTORY).write_text(history_csv(history))
    return run


def set_tone_weights(model: keras.Model, labels: tuple[str, ...]) -> keras.Model:
    """The first two channels are how high and how low the tone of a step is; what the units add is small."""
    randomise(model)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            ones = np.ones(layer.gamma.shape, np.float32)
            layer.set_weights([ones * np.sqrt(1 + layer.epsilon), 0 * ones, 0 * ones, ones])
    stem = model.get_layer("stem")
    kernel, bias = (np.zeros(w.shape, np.float32) for w in stem.get_weights())
    for channel, bands in enumerate(WORDS.values()):
        kernel[:, bands, channel] = 1 / (bands.stop - bands.start)
        kernel[:, _NEITHER, channel] = -1 / (_NEITHER.stop - _NEITHER.start)
        bias[channel] = -_ABOVE
    stem.set_weights([kernel / len(kernel), bias])
    for unit in (layer for layer in model.layers if layer.name.startswith("unit")):
        unit.conv_2.set_weights([0.02 * w for w in unit.conv_2.get_weights()])
    head = model.get_layer("classes")
    kernel, bias = (np.zeros(w.shape, np.float32) for w in head.get_weights())
    for channel, label in enumerate(WORDS):
        kernel[channel, labels.index(label)] = _ANSWER
    bias[labels.index("_silence_")] = _SILENCE
    head.set_weights([kernel, bias])
    return model
