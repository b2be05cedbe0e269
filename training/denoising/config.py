"""The resolved configuration of a denoiser's training: what a run folder stores and a resumed run reads back."""

from __future__ import annotations

import dataclasses
from typing import Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import SignalSpec

from ..run_config import RunConfig
from .recipes import AUDIO, IMAGES, KINDS, SPIKES

#: What is spoiled in an image: Gaussian noise, resolution (bicubic down and up), JPEG compression.
DEGRADATIONS = ("noise", "super-resolution", "jpeg")
LOSSES = ("mse", "half-sse", "l1", "huber", "si-sdr", "snr")
OPTIMIZERS = ("adam", "adamw", "sgd")
SCHEDULES = ("cosine", "step", "exponential", "restarts", "constant")
_LARGEST_DB = 100.0
#: Options that are not called like their fields.
_OPTIONS = {
    "kind": "task",
    "snr_db": "snr",
    "level_dbfs": "level",
    "n_samples": "samples",
    "resample_hz": "resample",
    "rate_hz": "rate",
}
#: Smallest and largest value.
_WHOLE_NUMBERS = {
    "epochs": (1, 1_000_000),
    "batch_size": (1, 65_536),
    "steps_per_epoch": (0, 1_000_000),
    "n_samples": (8, 1_000_000),
    "machines": (3, 1000),
    "drawn": (1, 100_000),
    "utterances": (30, 100_000),
    "seed": (0, 2**31 - 1),
}


@dataclasses.dataclass(frozen=True)
class DenoiseConfig(RunConfig):
    """Everything that decides what the training of a denoiser does.

    Parameters
    ----------
    kind : {"audio", "vibration", "ecg", "spikes", "images"}
        The task; what else is said goes for those that have it.
    data : str or None
        Folder or file of clean material, absolute. None: speech of a synthesiser, simulated machines, spikes and
        textures that are drawn; of ECG there is no such stand-in.
    manifest : str or None
        Audio: who is in which part.
    test_data : str or None
        Images: a folder tested on, instead of a part of ``data``.
    group_regex : str or None
        Audio: finds the speaker in a file's name.
    utterances : int
        Audio: synthetic utterances, where there is no data.
    source, layout, machines
        Vibration: as of :class:`~drsn_keras.training.vibration.config.VibrationConfig`.
    group : str
        Vibration: what stands in one part only: recording, machine, bearing, load, fault_size.
    resample_hz : float or None
        Audio and vibration: the rate that all recordings are brought to; None where they share one.
    rate_hz : float or None
        ECG: of files that do not say theirs.
    channel : str or None
        ECG: the lead; all by default.
    textures : float, 0 to 1
        Images: share of training patches that are drawn textures; all without data.
    drawn : int
        Images: different textures of training.
    noise : tuple of str
        Folders of recorded noise, absolute.
    noise_kinds : tuple of str
        Generated noises mixed in at training.
    snr_db : (float, float)
        Signals: range of ratios mixed in [dB].
    level_dbfs : (float, float)
        Audio: range of the speech's RMS level [dB of full scale].
    sigma : (float, float)
        Spikes and images: range of the noise's standard deviation, in the signal's unit.
    degradations : tuple of str
        Images: of :data:`DEGRADATIONS`, each as likely.
    n_samples : int
        Of one training example; of an image, the side of a patch.
    scale : float or None
        Real value that is 1.0 to the network; None chooses it by task and data.
    model : str
        Of :data:`~drsn_keras.training.denoising.networks.MODELS`.
    network : dict
        Arguments of the model's builder.
    loss, optimizer, schedule : str
        Of :data:`LOSSES`, :data:`OPTIMIZERS`, :data:`SCHEDULES`.
    learning_rate : float
        Its largest value.
    momentum : float
        Of ``sgd``.
    weight_decay : float
    clip_norm : float
        Limit of the gradient's norm over all weights; 0 for none.
    batch_size, epochs : int
    steps_per_epoch : int
        0: as many as show every recording once.
    seed : int
    deterministic : bool
        Two runs of one seed give the same weights (slower).
    front_end : dict
        :meth:`drsn_keras.frontend.SignalSpec.to_dict`.
    """

    SPEC = SignalSpec

    task: str = "denoise"
    kind: str = AUDIO
    data: str | None = None
    manifest: str | None = None
    test_data: str | None = None
    group_regex: str | None = None
    utterances: int = 600
    source: str = "simulated"
    layout: dict[str, Any] = dataclasses.field(default_factory=dict)
    machines: int = 5
    group: str = "recording"
    resample_hz: float | None = None
    rate_hz: float | None = None
    channel: str | None = None
    textures: float = 0.0
    drawn: int = 400
    noise: tuple[str, ...] = ()
    noise_kinds: tuple[str, ...] = ()
    snr_db: tuple[float, ...] = (-5.0, 20.0)
    level_dbfs: tuple[float, ...] = (-35.0, -10.0)
    sigma: tuple[float, ...] = (0.0, 55.0)
    degradations: tuple[str, ...] = ("noise",)
    n_samples: int = 16000
    scale: float | None = None
    model: str = "frame-drsn"
    network: dict[str, Any] = dataclasses.field(default_factory=dict)
    front_end: dict[str, Any] = dataclasses.field(default_factory=dict)
    loss: str = "mse"
    optimizer: str = "adam"
    schedule: str = "cosine"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    clip_norm: float = 0.0
    batch_size: int = 16
    epochs: int = 60
    steps_per_epoch: int = 0
    seed: int = 0
    deterministic: bool = False

    def __post_init__(self) -> None:
        def need(condition: bool, name: str, expected: str) -> None:
            if not condition:
                option = _OPTIONS.get(name, name.replace("_", "-"))
                raise UsageError(mismatch(f"--{option}", expected, repr(getattr(self, name))))

        need(self.task == "denoise", "task", "denoise")
        for name, known in (
            ("kind", KINDS),
            ("loss", LOSSES),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
        ):
            need(getattr(self, name) in known, name, ", ".join(known))
        for name, (low, high) in _WHOLE_NUMBERS.items():
            need(low <= getattr(self, name) <= high, name, f"{low} to {high}")
        need(0 < self.learning_rate <= 10.0, "learning_rate", "above 0, at most 10")
        need(0 <= self.momentum < 1, "momentum", "0 to below 1")
        need(0 <= self.weight_decay <= 1, "weight_decay", "0 to 1")
        need(0 <= self.clip_norm <= 1e6, "clip_norm", "0 (none) to 1,000,000")
        need(0 <= self.textures <= 1, "textures", "0 to 1")
        for name in ("resample_hz", "rate_hz", "scale"):
            value = getattr(self, name)
            need(value is None or 0 < value <= 1e9, name, "a number above 0")
        for name, low, high in (
            ("snr_db", -_LARGEST_DB, _LARGEST_DB),
            ("level_dbfs", -_LARGEST_DB, 0.0),
            ("sigma", 0.0, 1e6),
        ):
            pair = getattr(self, name)
            inside = len(pair) == 2 and low <= pair[0] <= pair[1] <= high
            need(inside, name, f"two numbers, LOW,HIGH, of {low:g} to {high:g}")
        few = 0 < len(set(self.degradations)) == len(self.degradations)
        need(few and set(self.degradations) <= set(DEGRADATIONS), "degradations", f"some of {', '.join(DEGRADATIONS)}")
        if self.kind in {SPIKES, IMAGES}:
            need(self.sigma[1] > 0 or self.degradations != ("noise",), "sigma", "a standard deviation above 0")

    @property
    def by_sigma(self) -> bool:
        """Whether noise is Gaussian of a standard deviation, and not a signal at a ratio."""
        return self.kind in {SPIKES, IMAGES}
