"""The resolved configuration of a vibration training: what a run folder stores and a resumed run reads back."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.frontend import WindowSpec
from drsn_keras.models import VIBRATION_MODELS
from drsn_keras.noise import GENERATORS

from ..run_config import RunConfig
from .layouts.tasks import TASKS
from .splits import RULES
from .windows import GROUPS

#: The source that needs no data.
SIMULATED = "simulated"
#: Generated noises that training mixes in by default; ``impulsive`` is kept back as one it never heard.
TRAINING_NOISES = ("white", "pink", "laplacian")
UNSEEN_NOISES = ("impulsive",)
#: Beyond this nothing is left of the noise, or of the vibration.
_LARGEST_DB = 100.0
#: Options that are not called like their fields.
_OPTIONS = {"source": "task", "resample_hz": "resample", "snr_db": "snr"}
#: Smallest and largest value.
_WHOLE_NUMBERS = {
    "epochs": (1, 1_000_000),
    "batch_size": (1, 65_536),
    "machines": (3, 1000),
    "seed": (0, 2**31 - 1),
}


@dataclasses.dataclass(frozen=True)
class VibrationConfig(RunConfig):
    """Everything that decides what a vibration training does.

    Parameters
    ----------
    data : str or None
        Folder or file of recordings, absolute; None with the source ``simulated``.
    source : str
        Of :data:`~drsn_keras.training.vibration.layouts.tasks.TASKS`.
    layout : dict
        Options of :class:`~drsn_keras.training.vibration.layouts.LayoutOptions` that are not the default.
    machines : int
        Simulated machines.
    resample_hz : float or None
        Rate that all recordings are brought to; None where they share one.
    split, held_out, without : rule of :func:`~drsn_keras.training.vibration.splits.plan_splits`, the group tested on,
        and the group that divides recordings without the rule's
    noise : tuple of str
        Folders of recorded noise, absolute.
    noise_kinds : tuple of str
        Generated noises mixed in at training.
    snr_db : (float, float)
        Range of ratios mixed in [dB].
    noisy : float, 0 to 1
        Share of training windows that get noise.
    speed_change : float, 0 to 0.2
        Training windows are played faster or slower by up to this share: the speed of a machine varies with its load.
    healthy : tuple of str
        Labels of a sound machine, for the health index.
    model : str
        Of :data:`drsn_keras.models.VIBRATION_MODELS`.
    width : float
        Scales the network's channels.
    front_end : dict
        :meth:`drsn_keras.frontend.WindowSpec.to_dict`, its band and full scale chosen.
    epochs, batch_size, learning_rate, weight_decay, label_smoothing, seed, deterministic, mixed_precision
        As of a keyword training.
    """

    SPEC = WindowSpec

    task: str = "vibration"
    data: str | None = None
    source: str = SIMULATED
    layout: dict[str, Any] = dataclasses.field(default_factory=dict)
    machines: int = 5
    resample_hz: float | None = None
    split: str = "leave-one-machine-out"
    held_out: str | None = None
    without: str | None = None
    noise: tuple[str, ...] = ()
    noise_kinds: tuple[str, ...] = TRAINING_NOISES
    snr_db: tuple[float, ...] = (-10.0, 20.0)
    noisy: float = 0.75
    speed_change: float = 0.03
    healthy: tuple[str, ...] = ("normal",)
    model: str = "wide-drsn-cw"
    width: float = 1.0
    front_end: dict[str, Any] = dataclasses.field(default_factory=dict)
    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    seed: int = 0
    deterministic: bool = False
    mixed_precision: bool = False

    def __post_init__(self) -> None:
        def need(condition: bool, name: str, expected: str) -> None:
            if not condition:
                option = _OPTIONS.get(name, name.replace("_", "-"))
                raise UsageError(mismatch(f"--{option}", expected, repr(getattr(self, name))))

        need(self.task == "vibration", "task", "vibration")
        need(self.source in TASKS, "source", ", ".join(TASKS))
        if (self.data is None) != (self.source == SIMULATED):
            got = "none" if self.data is None else self.data
            wanted = "a folder or file of recordings" if self.data is None else "none (machines are simulated)"
            raise UsageError(mismatch(f"--data with --task {self.source}", wanted, got))
        need(self.model in VIBRATION_MODELS, "model", ", ".join(VIBRATION_MODELS))
        need(self.split in RULES, "split", ", ".join(RULES))
        for name, (low, high) in _WHOLE_NUMBERS.items():
            need(low <= getattr(self, name) <= high, name, f"{low} to {high}")
        for name, high in (("learning_rate", 10.0), ("width", 64.0)):
            need(0 < getattr(self, name) <= high, name, f"above 0, at most {high:g}")
        need(0 <= self.noisy <= 1, "noisy", "0 to 1")
        need(0 <= self.speed_change <= 0.2, "speed_change", "0 to 0.2")
        pair = len(self.snr_db) == 2 and -_LARGEST_DB <= self.snr_db[0] <= self.snr_db[1] <= _LARGEST_DB
        need(pair, "snr_db", f"two numbers, LOW,HIGH, of -{_LARGEST_DB:g} to {_LARGEST_DB:g} dB")
        need(self.without in {None, *GROUPS}, "without", f"one of {', '.join(GROUPS)}")
        need(set(self.noise_kinds) <= set(GENERATORS), "noise_kinds", f"none, or some of {', '.join(GENERATORS)}")
        need(self.resample_hz is None or 0 < self.resample_hz < math.inf, "resample_hz", "a rate above 0")

    @property
    def root(self) -> Path | None:
        """Folder that files are named below; None where there are none."""
        if self.data is None:
            return None
        data = Path(self.data)
        return data.parent if data.is_file() else data
