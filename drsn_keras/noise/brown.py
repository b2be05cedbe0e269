"""Brown (red) noise."""

from __future__ import annotations

from .coloured import ColouredNoise


class BrownNoise(ColouredNoise):
    """Integrated white Gaussian noise, as of Brownian motion: -6 dB per octave, -20 dB per decade, above the corner.

    Parameters
    ----------
    corner_hz : float, > 0
        The spectrum is flat below it.

    References
    ----------
    G. E. Uhlenbeck, L. S. Ornstein, "On the theory of the Brownian motion", Physical Review 36:823, 1930.
    """

    name = "brown"
    exponent = 2.0
