"""Which shards of a preparation are made: a line each, so that one that was killed goes on."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import write_atomically

from .folder import Shard
from .make_shard import MadeShard

PROGRESS = "progress.jsonl"


class Progress:
    """The file of finished shards in the folder of a preparation.

    Parameters
    ----------
    folder : Path
    identity : dict
        Of the plan; a folder that was begun with another one is refused.

    Attributes
    ----------
    made : file -> MadeShard

    Raises
    ------
    UsageError
        Naming the first option that differs.
    """

    def __init__(self, folder: Path, identity: dict[str, Any]) -> None:
        self._path = folder / PROGRESS
        self.made: dict[str, MadeShard] = {}
        lines = _whole_lines(self._path)
        if lines:
            _check_same(folder, lines[0], identity)
        for line in lines[1:]:
            values = json.loads(line)
            with contextlib.suppress(TypeError, KeyError):  # damaged: that shard is made again
                made = MadeShard(**{**values, "shard": Shard(**values["shard"]), "bad": tuple(values["bad"])})
                self.made[made.shard.file] = made
        # Anew, without half a line at its end.
        text = "\n".join(lines or [json.dumps(identity)]) + "\n"
        write_atomically(self._path, text)

    def add(self, made: MadeShard) -> None:
        """Note a finished shard, for good."""
        self.made[made.shard.file] = made
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dataclasses.asdict(made)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def remove(self) -> None:
        """All is made."""
        self._path.unlink(missing_ok=True)


def is_begun(folder: Path) -> bool:
    """Whether a preparation was begun in a folder: a file of anybody else's of that name is none of ours."""
    try:
        with (folder / PROGRESS).open("rb") as file:
            header = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(header, dict) and header.keys() >= {"format", "recordings"}


def _whole_lines(path: Path) -> list[str]:
    """Lines that a kill did not cut."""
    lines = []
    for line in path.read_bytes().split(b"\n") if path.is_file() else []:
        try:
            json.loads(line)
            lines.append(line.decode())
        except ValueError:
            break
    return lines


def _check_same(folder: Path, line: str, identity: dict[str, Any]) -> None:
    begun, now = json.loads(line), json.loads(json.dumps(identity))
    for name in identity:
        if begun.get(name) != now[name]:
            if name == "recordings":
                raise UsageError(mismatch(folder, "the recordings that it was begun with", "others; take a new folder"))
            option = f"--{name.replace('_', '-')}"
            expected = f"{option} {begun.get(name)}, with which it was begun"
            raise UsageError(mismatch(folder, expected, f"{now[name]}; take a new folder"))
