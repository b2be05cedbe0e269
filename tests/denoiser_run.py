"""Runs of denoisers without a training: networks whose weights are set by hand, in complete run folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import soundfile

RATE_HZ, HOP = 16000, 16
#: A network of streams in whose weights a signal can be followed: the transform is none, so thresholds act on samples.
STREAM: dict[str, Any] = {
    "kind": "audio",
    "n_samples": 1024,
    "noise_kinds": ("white",),
    "network": {
        **{"hop_length": HOP, "coefficients": HOP, "filters": 4, "dilations": [1, 2]},
        **{"window": 3, "hidden": 3},
    },
}
SPIKES: dict[str, Any] = {"kind": "spikes", "model": "dncnn", "network": {"depth": 3, "width": 4}}


def write_speech(folder: Path) -> Path:
    """Tones that swell and fade: two recordings for each part, of 0.25 s."""
    t = np.arange(RATE_HZ // 4) / RATE_HZ
    for part, base_hz in (("train", 200.0), ("val", 250.0), ("test", 300.0)):
        (folder / part).mkdir(parents=True)
        for number in range(2):
            y = sum(np.sin(2 * np.pi * base_hz * n * (1 + number / 5) * t) / n for n in (1, 2, 5))
            y *= 0.2 * np.sin(4 * np.pi * t) ** 2
            soundfile.write(folder / part / f"{part}{number}.wav", y, RATE_HZ, subtype="PCM_16")
    return folder


def write_run(run: Path, **fields: Any) -> Path:
    """A finished run; ``fields`` are those of its configuration."""
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.denoising.measures import measures_of
    from drsn_keras.training.denoising.networks import build_denoiser, with_known_shape
    from drsn_keras.training.denoising.recipes import recipe
    from drsn_keras.training.denoising.tasks import prepare
    from drsn_keras.training.epochs import history_csv
    from drsn_keras.training.fit import save_model
    from drsn_keras.training.run_folder import CONFIG, HISTORY, MODEL, SUMMARY, write_json
    from drsn_keras.training.split_list import write_split_list

    config, task = prepare(DenoiseConfig(**{**recipe(fields["kind"], fields.get("model")), **fields}))
    run.mkdir(parents=True)
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, task)
    keras.utils.set_random_seed(1)
    model = build_denoiser(config)
    if config.model == "frame-drsn":
        set_stream_weights(model)
    model = with_known_shape(model, task.spec)
    save_model(model, run / MODEL)
    summary = {
        "task": config.task, "kind": config.kind, "model": config.model, "parameters": model.count_params(),
        "macs": 1000, "best_epoch": 1, "epochs": config.epochs, "measure": measures_of(task)[0].name,
        "validation": {"val_0db": 1.25, "val_mean": 1.25}, "validation_noisy": {"0db": 0.5},
        "training_noise": task.corruption.names, "protocol": task.protocol, "made": task.material.made,
    }  # fmt: skip
    write_json(run / SUMMARY, summary)
    (run / HISTORY).write_text(history_csv([{"epoch": 1, "loss": 2.0, **summary["validation"], "seconds": 1.0}]))
    return run


def set_stream_weights(model: keras.Model) -> None:
    """Analysis and synthesis pass samples on; thresholds are small and follow the signal."""
    identity = np.zeros((2, HOP, HOP), np.float32)
    identity[1] = np.eye(HOP)
    for name in ("analysis", "synthesis"):
        model.get_layer(name).set_weights([identity])
    kernel, bias = model.get_layer("tau").get_weights()
    model.get_layer("tau").set_weights([0.3 * np.abs(kernel), bias])
