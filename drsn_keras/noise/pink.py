"""Pink noise."""

from __future__ import annotations

from .coloured import ColouredNoise


class PinkNoise(ColouredNoise):
    """Gaussian noise with equal power in every octave: -3 dB per octave, -10 dB per decade, above the corner.

    Parameters
    ----------
    corner_hz : float, > 0
        The spectrum is flat below it.

    References
    ----------
    R. F. Voss, J. Clarke, "1/f noise in music: music from 1/f noise", JASA 63:258, 1978.
    """

    name = "pink"
    exponent = 1.0
