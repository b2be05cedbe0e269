"""How a calibration list names a clip: a path below the data folder, the same on every machine."""

from __future__ import annotations

from pathlib import Path

from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.recordings import Recording, plain_name


def clip_name(recording: Recording, config: KeywordConfig) -> str:
    """Path below the data folder, with ``@START`` [samples] behind it for a part of a file."""
    path = Path(recording.path)
    part = f"@{recording.start}" if recording.start else ""
    if config.data and path.is_relative_to(config.data):
        return plain_name(path.relative_to(config.data).as_posix()) + part
    return plain_name(path.as_posix() if not path.is_absolute() else path.name) + part
