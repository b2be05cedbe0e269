"""One builder for signals (rank 1: batch, time, channels) and images (rank 2: batch, height, width, channels)."""

from __future__ import annotations

import keras

from .narrow_conv import NarrowConv1D

SIGNAL, IMAGE = 1, 2


def check_rank(rank: int, owner: str) -> int:
    """Return ``rank`` if it is 1 or 2."""
    if rank not in {SIGNAL, IMAGE}:
        raise ValueError(f"{owner}: expected rank 1 (signals) or 2 (images), got {rank!r}")
    return rank


def rank_of(shape) -> int:
    """Number of spatial axes of a channels-last shape with its batch axis."""
    return len(shape) - 2


def spatial_axes(shape) -> tuple[int, ...]:
    """Axes between batch and channels."""
    return tuple(range(1, len(shape) - 1))


def conv(rank: int, *args, **kwargs) -> keras.layers.Layer:
    """A convolution over a signal or an image."""
    return (NarrowConv1D if rank == SIGNAL else keras.layers.Conv2D)(*args, **kwargs)


def check_input(shape, rank: int | None, owner: str) -> None:
    """Refuse an input of the wrong rank or with unknown channels, naming the layer."""
    wanted = f"{rank + 2} axes" if rank else "3 axes (signals) or 4 (images)"
    if (rank and len(shape) != rank + 2) or (not rank and len(shape) not in {3, 4}):
        raise ValueError(f"{owner}: expected an input of {wanted}, channels last, got shape {tuple(shape)}")
    if shape[-1] is None:
        raise ValueError(f"{owner}: expected a known number of channels, got shape {tuple(shape)}")
