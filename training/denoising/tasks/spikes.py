"""Spikes in white noise, drawn anew at every step: the task of the prior-guided network's slides."""

from __future__ import annotations

import numpy as np

from drsn_keras.frontend import SignalSpec

from ...recordings import SPLITS
from ..config import DenoiseConfig
from ..material import Example, Material
from ..recipes import LEVELS, SPIKES
from ..shapes import signal_shape
from ..sigma_noise import SigmaNoise
from ..spikes import N_SAMPLES, N_SPIKES, PEAK, draw_spikes
from ..task import DenoiseTask

#: Generators of the parts that are looked at; training draws from its own seed.
_SEEDS = {"val": 40_001, "test": 40_002}


def open_task(config: DenoiseConfig) -> DenoiseTask:
    """Spikes need no data; see :func:`drsn_keras.training.denoising.tasks.open_task`."""
    spec = SignalSpec(shape=signal_shape(config), sample_rate_hz=None, full_scale=config.scale or 1.0, unit="amplitude")
    material = SpikeMaterial(spec)
    levels = (config.sigma[0],) if config.sigma[0] == config.sigma[1] else (*LEVELS[SPIKES], *config.sigma)
    noise = SigmaNoise(spec, config.sigma, sorted({s for s in levels if s > 0}))
    return DenoiseTask(SPIKES, material, noise, peak=PEAK)


class SpikeMaterial(Material):
    """A fifth of the places drawn for a spike, as published."""

    validation_examples, test_examples = 500, 1000

    def __init__(self, spec: SignalSpec) -> None:
        protocol = {
            "layout": "drawn spikes",
            "split_rule": "other draws in each part",
            "spikes": self._count(spec),
        }
        super().__init__(spec, protocol, made="drawn spikes, as published")

    @staticmethod
    def _count(spec: SignalSpec) -> int:
        return max(1, round(spec.n_samples * N_SPIKES / N_SAMPLES))

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """New signals."""
        clean = draw_spikes(rng, count, self.spec.n_samples, self._count(self.spec))
        return clean / self.spec.full_scale

    def _examples(self, split: str, count: int) -> list[Example]:
        clean = self.draw(np.random.default_rng(_SEEDS[split]), count).astype(np.float32)
        return [Example(f"draw {i + 1}", f"draw {i + 1}", y) for i, y in enumerate(clean)]

    def listing(self) -> list[tuple[str, ...]]:
        """A row a part."""
        return [
            (split, "spikes", f"drawn {split}", "spikes", f"seed {_SEEDS.get(split, 'of run')}") for split in SPLITS
        ]

    @property
    def size(self) -> int:
        """There is no end of them: as many as the published network was tested on."""
        return 1000
