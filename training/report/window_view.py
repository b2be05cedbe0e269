"""How windows of a machine are shown: their unit, scale, and the band of their envelope."""

from __future__ import annotations

import dataclasses

import numpy as np

from drsn_keras.errors import DataError

from ..vibration.band import choose_envelope_band
from ..vibration.config import VibrationConfig
from ..vibration.corpus import VibrationCorpus

_BAND_SEED = 70_002
#: Training windows that a band is chosen by, where the model needs none.
_BAND_WINDOWS = 64


@dataclasses.dataclass(frozen=True)
class WindowView:
    """What turns a window's samples into a figure with units.

    Parameters
    ----------
    unit : str
    full_scale : float
        In ``unit``, of a sample of 1.0.
    band_hz : (float, float) or None
        Of the envelope; None leaves its spectrum out.
    band_from : str
        Where the band comes from, in words.
    """

    unit: str
    full_scale: float
    band_hz: tuple[float, float] | None
    band_from: str = ""

    @property
    def unit_text(self) -> str:
        """The unit as a person writes it: ``m/s²``."""
        return self.unit.replace("^2", "²")

    @property
    def band_text(self) -> str:
        """``1500 to 3000 Hz``, or nothing."""
        return "" if self.band_hz is None else f"{self.band_hz[0]:.0f} to {self.band_hz[1]:.0f} Hz"


def window_view(corpus: VibrationCorpus, config: VibrationConfig) -> WindowView:
    """The model's own band where it looks at envelopes, else the kurtogram's of training windows."""
    spec = config.spec
    band, source = spec.band_hz, "the model’s"
    if band is None:
        rng = np.random.default_rng([config.seed, _BAND_SEED])
        try:
            train = corpus.windows.x[corpus.split.train]
            band = choose_envelope_band(train, spec.sample_rate_hz, rng, _BAND_WINDOWS)
            source = "chosen by the kurtogram of training windows"
        except DataError:  # windows too short for a kurtogram
            return WindowView(corpus.windows.unit, spec.full_scale, None)
    return WindowView(corpus.windows.unit, spec.full_scale, (float(band[0]), float(band[1])), source)
