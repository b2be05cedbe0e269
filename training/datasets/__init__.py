"""Datasets: each layout of recordings on disk becomes one list of :class:`Recording`."""

from .layout import open_dataset

__all__ = ["open_dataset"]
