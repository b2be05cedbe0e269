"""The five tasks; each opens its clean material and says how it is spoiled."""

from __future__ import annotations

import dataclasses
import importlib

from drsn_keras.errors import DataError, mismatch

from ..config import DenoiseConfig
from ..task import DenoiseTask

__all__ = ["open_task", "prepare"]


def open_task(config: DenoiseConfig) -> DenoiseTask:
    """Find and read the material of a configuration.

    Raises
    ------
    DataError, SplitError, UsageError
        One line naming the file or option, what was expected and what came; also where an earlier run's material has
        another rate or scale today.
    """
    task = importlib.import_module(f".{config.kind}", __name__).open_task(config)
    if config.front_end and config.spec != task.spec:
        was, now = config.spec.to_dict(), task.spec.to_dict()
        name = next(key for key in was if was[key] != now[key])
        raise DataError(mismatch(f"{config.data}, {name}", f"{was[name]} (that the run was trained on)", now[name]))
    return task


def prepare(config: DenoiseConfig) -> tuple[DenoiseConfig, DenoiseTask]:
    """Read a new run's material; its front end gets the rate and the scale that the material has."""
    task = open_task(config)
    return dataclasses.replace(config, front_end=task.spec.to_dict()), task
