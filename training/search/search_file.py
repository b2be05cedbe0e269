"""The file of a search: which options are fixed, which are varied, how many configurations are tried."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drsn_keras.errors import UsageError, mismatch

from ..study.option_words import check_words, options_of, parser_of, read_file, shared_options, table_of, words_of
from .space import Choice, Range, dimension_of

_KEYS = ("command", "trials", "seed", "prune", "options", "search")
#: The task whose measure is an error: less is better.
_OF_RMSE = "spikes"
_MOST_TRIALS = 100_000
_MOST_SEED = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Search:
    """What is searched for.

    Parameters
    ----------
    path : Path
        The file.
    command : str
        Of ``drsn-train``: keywords, vibration or denoise.
    trials : int
        Configurations to try.
    seed : int
        Of every training, and of what is drawn.
    prune : bool
        End trainings early that are behind the others.
    options : dict
        Of every configuration.
    space : dict of str to Range or Choice
        What is varied.
    """

    path: Path
    command: str
    trials: int
    seed: int
    prune: bool
    options: dict[str, Any]
    space: dict[str, Range | Choice]

    def words(self, drawn: Mapping[str, Any]) -> tuple[str, ...]:
        """Words of a configuration's command line, without seed and folder."""
        own = {name: dimension.value(drawn[name]) for name, dimension in self.space.items()}
        return tuple(words_of({**self.options, **own}, parser_of(self.command), self.path, f"{self.path}, search"))

    def score(self, value: float) -> float:
        """Of a mean over the validation part: more is better."""
        return -value if self.options.get("task") == _OF_RMSE else value

    @property
    def identity(self) -> str:
        """What all results of a search have in common: with another they cannot be compared."""
        space = {name: repr(dimension) for name, dimension in self.space.items()}
        return json.dumps([self.command, self.seed, self.options, space], sort_keys=True, default=str)


def read_search(path: Path, moved: Mapping[str, Any] | None = None) -> Search:
    """Read and check a search's file (TOML).

    Parameters
    ----------
    path : Path
        Paths in it are relative to its folder.
    moved : dict, optional
        Options that replace those of ``[options]``: where the data is on this machine.

    Raises
    ------
    UsageError, DataError
        No file, no TOML, an unknown key, a value that the training's command refuses.
    """
    values, command = read_file(path, _KEYS)
    prune = values.get("prune", True)
    if not isinstance(prune, bool):
        raise UsageError(mismatch(f"{path}, prune", "true or false", repr(prune)))
    varied = options_of(table_of(values, "search", path), f"{path}, search")
    if not varied:
        raise UsageError(mismatch(f"{path}, search", "options that are varied, in a table [search]", "none"))
    if "task" in varied:
        raise UsageError(mismatch(f"{path}, search", "one task for all, in [options]", "task"))
    search = Search(
        path=path,
        command=command,
        trials=_number(values, "trials", 20, 1, _MOST_TRIALS, path),
        seed=_number(values, "seed", 0, 0, _MOST_SEED, path),
        prune=prune,
        options=shared_options(values, path, moved),
        space={
            name: dimension_of(value, f"{path}, search, {name.replace('_', '-')}") for name, value in varied.items()
        },
    )
    _check(search)
    return search


def _number(values: Mapping[str, Any], name: str, default: int, low: int, high: int, path: Path) -> int:
    found = values.get(name, default)
    if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
        raise UsageError(mismatch(f"{path}, {name}", f"a whole number, {low} to {high}", repr(found)))
    return found


def _check(search: Search) -> None:
    """Every choice, and the ends of every range, beside the first values of the others."""
    parser = parser_of(search.command)
    first = {name: dimension.samples[0] for name, dimension in search.space.items()}
    for name, dimension in search.space.items():
        where = f"{search.path}, search, {name.replace('_', '-')}"
        for value in dimension.samples:
            options = {**search.options, **first, name: value}
            check_words(tuple(words_of(options, parser, search.path, where)), search.command, where)
