"""Lengths that a Fourier transform is fast at."""

from __future__ import annotations

import functools

_FACTORS = (2, 3, 5, 7)


@functools.lru_cache(maxsize=64)
def good_fft_length(n_samples: int) -> int:
    """The largest even number up to ``n_samples`` without a prime factor above 7.

    A transform of a length with a large prime factor takes up to ten times as long; from 1000 samples on, at most 5 %
    of them are left out for a good one.

    Parameters
    ----------
    n_samples : int, >= 2

    Examples
    --------
    >>> good_fft_length(120_000), good_fft_length(119_993), good_fft_length(1031)
    (120000, 119070, 1024)
    """
    lengths = {2}
    for factor in _FACTORS:
        lengths |= {
            length * factor**power
            for length in lengths
            for power in range(1, n_samples.bit_length())
            if length * factor**power <= n_samples
        }
    return max(lengths)
