"""What each denoising task does where the command line says nothing."""

from __future__ import annotations

from typing import Any

AUDIO, VIBRATION, ECG, SPIKES, IMAGES = KINDS = ("audio", "vibration", "ecg", "spikes", "images")
#: Generated noises that a test mixes in and training never does.
UNSEEN_NOISES = {AUDIO: ("impulsive", "factory"), VIBRATION: ("impulsive",), ECG: ()}
#: Noise levels of an evaluation: ratios [dB] of signals; standard deviations of spikes, and of images [grey levels].
LEVELS: dict[str, tuple[float, ...]] = {
    **dict.fromkeys((AUDIO, VIBRATION, ECG), (15.0, 10.0, 5.0, 0.0, -5.0)),
    SPIKES: (3.0,),
    IMAGES: (15.0, 25.0, 50.0),
}

#: Fields of the configuration that not all tasks have.
ONLY_FOR: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("manifest", "group_regex", "utterances", "level_dbfs"), (AUDIO,)),
    **dict.fromkeys(("source", "layout", "machines", "group"), (VIBRATION,)),
    "resample_hz": (AUDIO, VIBRATION),
    "rate_hz": (VIBRATION, ECG),
    "channel": (VIBRATION, ECG),
    "noise": (AUDIO, VIBRATION),
    **dict.fromkeys(("noise_kinds", "snr_db"), (AUDIO, VIBRATION, ECG)),
    "sigma": (SPIKES, IMAGES),
    **dict.fromkeys(("degradations", "textures", "drawn", "test_data"), (IMAGES,)),
    "data": (AUDIO, VIBRATION, ECG, IMAGES),
}

#: Fields of the configuration by task.
RECIPES: dict[str, dict[str, Any]] = {
    AUDIO: {
        "model": "frame-drsn",
        "n_samples": 16000,
        "resample_hz": 16000.0,
        "noise_kinds": ("white", "pink", "brown", "laplacian", "roadside", "babble"),
        "snr_db": (-5.0, 20.0),
        "loss": "snr",
        "batch_size": 16,
        "epochs": 60,
        "clip_norm": 5.0,
    },
    VIBRATION: {
        "model": "frame-drsn",
        "network": {"hop_length": 32, "coefficients": 64, "filters": 32},
        "n_samples": 2048,
        "noise_kinds": ("white", "pink", "laplacian"),
        "snr_db": (-10.0, 15.0),
        "loss": "snr",
        "batch_size": 16,
        "epochs": 40,
        "clip_norm": 5.0,
    },
    ECG: {
        "model": "frame-drsn",
        # A wandering baseline of 0.3 Hz takes 3 s for a turn: the network looks back 5.7 s at 360 Hz.
        "network": {"hop_length": 16, "coefficients": 32, "filters": 32, "dilations": [1, 2, 4, 8, 16, 1]},
        "n_samples": 2048,
        "noise_kinds": ("baseline", "muscle", "white", "hum", "mixed"),
        "snr_db": (-5.0, 15.0),
        "loss": "snr",
        "batch_size": 16,
        "epochs": 40,
        "clip_norm": 5.0,
    },
    SPIKES: {
        "model": "spike-shrinkage",
        "network": {"kernel_size": 1},  # neighbours tell nothing
        "n_samples": 100,
        "sigma": (3.0, 3.0),
        "loss": "mse",
        "batch_size": 64,
        "epochs": 30,
        "steps_per_epoch": 100,
    },
    IMAGES: {
        "model": "dncnn",
        # Residual outputs then have the noise's size from the first step on: at 255 ten times the steps get less far.
        "scale": 16.0,
        "learning_rate": 4e-3,
        "n_samples": 40,
        "sigma": (0.0, 55.0),
        "loss": "mse",
        "batch_size": 32,
        "epochs": 50,
        "steps_per_epoch": 200,
    },
}

_OF_OWN_NETWORK = ("network", "scale", "learning_rate")


def recipe(kind: str, model: str | None = None) -> dict[str, Any]:
    """Fields of a task's configuration; what was chosen for its own network goes only with that network.

    Examples
    --------
    >>> recipe("vibration")["network"]["hop_length"], "network" in recipe("vibration", "dran")
    (32, False)
    """
    fields = dict(RECIPES[kind])
    if model not in {None, fields["model"]}:
        for name in _OF_OWN_NETWORK:
            fields.pop(name, None)
    return fields
