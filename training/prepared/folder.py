"""A folder of prepared data and its table of contents, ``prepared.json``. Standard library only."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import json_text, write_atomically
from drsn_keras.typed_fields import check_fields

from ..recordings import SPLITS

CONTENTS = "prepared.json"
FORMAT = 1


@dataclasses.dataclass(frozen=True)
class Shard:
    """A file of records, and beside it a CSV that names what they were made from.

    Parameters
    ----------
    file : str
    clips : int
        Records in it.
    bytes : int
    sha256, names_sha256 : str
        Of the file and of the CSV.
    """

    file: str
    clips: int
    bytes: int
    sha256: str
    names_sha256: str

    @property
    def names(self) -> str:
        """The CSV's name."""
        return self.file.rsplit(".", 1)[0] + ".csv"


@dataclasses.dataclass(frozen=True)
class NoisePart:
    """The recorded noise of one split: shards of pieces, whose labels are numbers of ``kinds``."""

    kinds: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()
    shards: tuple[Shard, ...] = ()


@dataclasses.dataclass(frozen=True)
class Prepared:
    """What is in a folder of prepared data.

    Parameters
    ----------
    folder : Path
    labels : tuple of str
    sample_rate_hz, n_samples : int
        Of a clip.
    parts : split -> tuple of Shard
    noise : split -> NoisePart
    protocol : dict
        How the data was divided, for the model card.
    read_notes : split -> list of str
        What was converted or left out while reading.
    noise_notes : tuple of str
        Which collections of noise were recognised.
    made_from : dict
        Options of ``drsn-train prepare``.
    """

    folder: Path
    labels: tuple[str, ...]
    sample_rate_hz: int
    n_samples: int
    parts: dict[str, tuple[Shard, ...]]
    noise: dict[str, NoisePart]
    protocol: dict[str, Any]
    read_notes: dict[str, list[str]]
    noise_notes: tuple[str, ...]
    made_from: dict[str, Any]

    def count(self, split: str) -> int:
        """Clips of a part."""
        return sum(shard.clips for shard in self.parts[split])

    @property
    def shards(self) -> list[tuple[str, str, Shard]]:
        """All files, as (split, "clips" or "noise", shard)."""
        clips = [(split, "clips", shard) for split in SPLITS for shard in self.parts[split]]
        return [*clips, *((split, "noise", shard) for split in SPLITS for shard in self.noise[split].shards)]

    def write(self) -> None:
        """Write ``prepared.json``: from now on the folder is prepared data."""
        values = {"format": FORMAT, **dataclasses.asdict(self)}
        del values["folder"]
        write_atomically(self.folder / CONTENTS, json_text(values, 1))


def is_prepared(folder: Path) -> bool:
    """Whether a folder is prepared data, all of it."""
    return (folder / CONTENTS).is_file()


def read_prepared(folder: Path) -> Prepared:
    """Read the table of contents, and see that every file is there and as long as it was.

    Raises
    ------
    DataError
        One line naming the file, what was expected and what came.
    """
    path = folder / CONTENTS
    if not path.is_file():
        raise DataError(mismatch(folder, f"prepared data ({CONTENTS})", "a folder without it" if folder.is_dir() else
                                 "a file" if folder.exists() else "nothing there"))  # fmt: skip
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise DataError(mismatch(f"{path}, format", FORMAT, values["format"]))
        prepared = Prepared(
            folder=folder.resolve(),
            labels=tuple(values["labels"]),
            sample_rate_hz=int(values["sample_rate_hz"]),
            n_samples=int(values["n_samples"]),
            parts={split: _shards(values["parts"][split], path) for split in SPLITS},
            noise={split: _noise(values["noise"][split], path) for split in SPLITS},
            protocol=dict(values["protocol"]),
            read_notes={split: list(values["read_notes"][split]) for split in SPLITS},
            noise_notes=tuple(values["noise_notes"]),
            made_from=dict(values["made_from"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(mismatch(path, "what drsn-train prepare writes", f"{type(error).__name__}: {error}")) from None
    for what, expected, got in _faults(prepared):
        raise DataError(mismatch(f"{path}, {what}", expected, got))
    for _, _, shard in prepared.shards:
        _check_there(prepared.folder / shard.file, shard.bytes)
    return prepared


def _faults(prepared: Prepared) -> Iterator[tuple[str, str, object]]:
    """Values that can stand in no table of contents: what, what was expected, what came."""
    labels = prepared.labels
    if not (labels and all(isinstance(label, str) for label in labels) and len(set(labels)) == len(labels)):
        yield "labels", "different words", list(labels)
    for name in ("sample_rate_hz", "n_samples"):
        if not 0 < getattr(prepared, name) < 2**31:
            yield name, "a number above 0", getattr(prepared, name)
    for split, _, shard in prepared.shards:
        if Path(shard.file).name != shard.file or "\0" in shard.file:
            yield f"{split}, file", "a file of this folder", repr(shard.file)
        if shard.clips < 1:
            yield f"{split}, {shard.file}, clips", "a number above 0", shard.clips
    for split, shards in prepared.parts.items():
        if not shards:
            yield f"parts, {split}", "at least one shard", "none"
        if not all(isinstance(note, str) for note in prepared.read_notes[split]):
            yield f"read_notes, {split}", "texts", prepared.read_notes[split]
    for split, part in prepared.noise.items():
        numbers = all(isinstance(s, (int, float)) and 0 <= s < 1e12 for s in part.seconds)
        if not (numbers and len(part.seconds) == len(part.kinds) and all(isinstance(k, str) for k in part.kinds)):
            yield f"noise, {split}", "seconds of every kind", f"{list(part.kinds)}, {list(part.seconds)}"


def _shards(values: list[dict[str, Any]], path: Path) -> tuple[Shard, ...]:
    return tuple(Shard(**check_fields(Shard, one, path)) for one in values)


def _noise(values: dict[str, Any], path: Path) -> NoisePart:
    return NoisePart(tuple(values["kinds"]), tuple(values["seconds"]), _shards(values["shards"], path))


def _check_there(path: Path, size: int) -> None:
    try:
        there = path.stat().st_size
    except OSError:
        raise DataError(mismatch(path, "a shard of prepared data", "nothing there")) from None
    if there != size:
        raise DataError(mismatch(path, f"{size:,} bytes", f"{there:,}"))
