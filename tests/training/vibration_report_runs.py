"""A finished vibration run without a training: three states of a made-up machine, an untrained network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import soundfile

from drsn_keras.models.cost import count_macs, count_parameters
from drsn_keras.training.epochs import history_csv
from drsn_keras.training.fit import save_model
from drsn_keras.training.networks import build_model
from drsn_keras.training.run_folder import CONFIG, HISTORY, MODEL, SUMMARY, environment, write_json
from drsn_keras.training.split_list import write_split_list
from drsn_keras.training.vibration.config import VibrationConfig
from drsn_keras.training.vibration.open_corpus import WindowOptions, prepare
from random_weights import randomise

RATE_HZ = 2000
STATES = ("loose", "normal", "worn")


def write_machines(folder: Path, recordings: int = 5) -> Path:
    """A folder a state: hum, rattle, and impacts 40 times a second that make 600 Hz ring; 2 s each."""
    rng = np.random.default_rng(0)
    t = np.arange(2 * RATE_HZ) / RATE_HZ
    for state in STATES:
        (folder / state).mkdir(parents=True)
        for i in range(recordings):
            y = np.sin(2 * np.pi * rng.uniform(24, 26) * t) + 0.1 * rng.standard_normal(len(t))
            if state == "loose":
                y += 0.8 * np.sin(2 * np.pi * 100 * t)
            if state == "worn":
                y += 3 * np.exp(-300 * (t % (1 / 40))) * np.sin(2 * np.pi * 600 * t)
            soundfile.write(folder / state / f"day{i}.wav", 0.1 * y, RATE_HZ, subtype="FLOAT")
    return folder


def write_noise(folder: Path) -> Path:
    """Five seconds of a plant's noise."""
    folder.mkdir(parents=True)
    y = 0.1 * np.random.default_rng(1).standard_normal(5 * RATE_HZ)
    soundfile.write(folder / "hall.wav", y, RATE_HZ, subtype="FLOAT")
    return folder


def write_run(run: Path, data: Path, noise: Path | None = None, **fields: Any) -> Path:
    """A run folder as training leaves it, but for the training."""
    config = VibrationConfig(
        **{
            "data": str(data),
            "source": "folder",
            "layout": {"unit": "g", "full_scale": 1.0},
            "split": "recording-shares",
            "noise": (str(noise),) if noise else (),
            "noise_kinds": ("white", "pink"),
            "model": "wide-drsn-cw",
            "width": 0.25,
            "epochs": 2,
            "batch_size": 8,
            "seed": 3,
            **fields,
        }
    )
    config, corpus = prepare(config, WindowOptions(1024, 512))
    keras.utils.set_random_seed(config.seed)
    model = randomise(build_model(config, len(corpus.labels)), 5)
    run.mkdir(parents=True)
    save_model(model, run / MODEL)
    write_json(run / CONFIG, config.to_dict())
    write_split_list(run, corpus)
    history = [{"epoch": e, "loss": 1.0 / e, "accuracy": 40.0 + e, "val_clean": 50.0, "val_mean": 45.0} for e in (1, 2)]
    (run / HISTORY).write_text(history_csv(history))
    summary = {
        "task": config.task,
        "model": config.model,
        "labels": list(corpus.labels),
        "parameters": count_parameters(model),
        "macs": count_macs(model),
        "best_epoch": 2,
        "epochs": 2,
        "validation": {"val_clean": 50.0, "val_mean": 45.0},
        "detector": {},
        "operating_point": [],
        "monitor": {"min_probability": 0.41, "false_abstention_percent": 2.5},
        "noise_level": {},
        "clips": {split: len(corpus.clips(split)) for split in ("train", "val")},
        "training_noise": corpus.training_noise_names,
        "protocol": corpus.protocol,
        "notes": corpus.notes,
        "synthetic_speech": False,
        "git_revision": None,
        "versions": environment(),
    }
    write_json(run / SUMMARY, summary)
    return run
