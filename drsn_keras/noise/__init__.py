"""Noise generators and mixing at a signal-to-noise ratio. NumPy only, any sampling rate, every draw can be replayed."""

from __future__ import annotations

from ..errors import UsageError, mismatch
from .active import active_power
from .babble import BabbleNoise
from .base import NoiseSource
from .brown import BrownNoise
from .factory import FactoryNoise
from .impulsive import ImpulsiveNoise
from .laplacian import LaplacianNoise
from .mix import Mix, apply_mix, draw_mix
from .pink import PinkNoise
from .recorded import RecordedNoise
from .roadside import RoadsideNoise
from .snr import measure_snr_db, mix_at_snr
from .white import WhiteNoise

#: The kinds of noise that need no recordings.
GENERATORS: dict[str, type[NoiseSource]] = {
    kind.name: kind
    for kind in (
        WhiteNoise,
        PinkNoise,
        BrownNoise,
        LaplacianNoise,
        ImpulsiveNoise,
        RoadsideNoise,
        FactoryNoise,
    )
}


def make_noise(name: str) -> NoiseSource:
    """A generator by its name.

    Parameters
    ----------
    name : str
        One of :data:`GENERATORS`.

    Raises
    ------
    UsageError
        If there is no such generator.

    Examples
    --------
    >>> make_noise("factory").name
    'factory'
    """
    if name not in GENERATORS:
        raise UsageError(mismatch("noise", f"one of {', '.join(GENERATORS)}", repr(name)))
    return GENERATORS[name]()


__all__ = [
    "GENERATORS",
    "BabbleNoise",
    "BrownNoise",
    "FactoryNoise",
    "ImpulsiveNoise",
    "LaplacianNoise",
    "Mix",
    "NoiseSource",
    "PinkNoise",
    "RecordedNoise",
    "RoadsideNoise",
    "WhiteNoise",
    "active_power",
    "apply_mix",
    "draw_mix",
    "make_noise",
    "measure_snr_db",
    "mix_at_snr",
]
