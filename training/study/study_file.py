"""The file of a study: which models, which seeds, what is measured; options are those of the training's command."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drsn_keras.errors import UsageError, mismatch

from .option_words import check_words, options_of, parser_of, read_file, shared_options, table_of, words_of

KERAS = "keras"
SCHEMES = (KERAS, "int8", "int8-qat", "int16x8", "dynamic", "float16", "float32")
_KEYS = ("command", "seeds", "baseline", "schemes", "noises", "levels", "options", "models", "averages")
_SEEDS = (0, 2**31 - 1)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclasses.dataclass(frozen=True)
class Study:
    """What is trained and compared.

    Parameters
    ----------
    path : Path
        The file.
    command : str
        Of ``drsn-train``: keywords, vibration or denoise.
    models : dict of str to tuple of str
        Words of each model's command line, without seed and folder.
    seeds : dict of str to tuple of int
        Of each model: the study's, or its own (``seeds`` in its table, of a network that takes long).
    baseline : str or None
        The model that all others are compared with, seed by seed.
    schemes : tuple of str
        ``keras`` and bundles' schemes.
    noises : tuple of str or None
        None: all that the task has.
    levels : tuple of float or None
        SNRs [dB], or standard deviations.
    averages : dict of str to tuple of float
        Further columns: means over these levels.
    """

    path: Path
    command: str
    models: dict[str, tuple[str, ...]]
    seeds: dict[str, tuple[int, ...]]
    baseline: str | None
    schemes: tuple[str, ...]
    noises: tuple[str, ...] | None
    levels: tuple[float, ...] | None
    averages: dict[str, tuple[float, ...]]


def read_study(path: Path, moved: Mapping[str, Any] | None = None) -> Study:
    """Read and check a study's file (TOML).

    Parameters
    ----------
    path : Path
        Paths in it are relative to its folder.
    moved : dict, optional
        Options that replace those of ``[options]``: where the data is on this machine.

    Raises
    ------
    UsageError, DataError
        No file, no TOML, an unknown key, an option that the training's command refuses.
    """
    values, command = read_file(path, _KEYS)
    shared = shared_options(values, path, moved)
    models = table_of(values, "models", path)
    if not models:
        raise UsageError(mismatch(f"{path}, models", "a table [models.NAME] for each model", "none"))
    parser = parser_of(command)
    shared_seeds = _seeds(values, path, [0])
    words, seeds = {}, {}
    for name, own in models.items():
        where = f"{path}, models.{name}"
        if not _NAME.fullmatch(name):
            raise UsageError(mismatch(where, "a name of letters, digits, dots, dashes", repr(name)))
        if not isinstance(own, dict):
            raise UsageError(mismatch(where, "a table of options", repr(own)))
        seeds[name] = _seeds(own, where, shared_seeds)
        own = {key: value for key, value in own.items() if key != "seeds"}
        words[name] = tuple(words_of({**shared, **options_of(own, where)}, parser, path, where))
        check_words(words[name], command, where)
    schemes = _list(values, "schemes", str, path, [KERAS])
    for scheme in schemes:
        if scheme not in SCHEMES:
            raise UsageError(mismatch(f"{path}, schemes", f"some of {', '.join(SCHEMES)}", repr(scheme)))
    if any(scheme != KERAS for scheme in schemes) and any("--task=images" in option for option in words.values()):
        raise UsageError(mismatch(f"{path}, schemes", f"{KERAS} alone (no device cleans images)", repr(schemes)))
    baseline = values.get("baseline")
    if baseline is not None and (not isinstance(baseline, str) or baseline not in models):
        raise UsageError(mismatch(f"{path}, baseline", f"one of {', '.join(models)}", repr(baseline)))
    for name in seeds if baseline is not None else ():
        if not set(seeds[name]) & set(seeds[baseline]):
            expected = f"a seed of {baseline}, which it is compared with"
            raise UsageError(mismatch(f"{path}, models.{name}, seeds", expected, repr(list(seeds[name]))))
    noises = _list(values, "noises", str, path)
    if any(not noise.strip() or "," in noise for noise in noises):
        raise UsageError(mismatch(f"{path}, noises", "a list of names", repr(noises)))
    levels = _levels(values, "levels", path)
    return Study(
        path=path,
        command=command,
        models=words,
        seeds=seeds,
        baseline=baseline,
        schemes=tuple(schemes),
        noises=tuple(noises) or None,
        levels=levels or None,
        averages=_averages(table_of(values, "averages", path), levels, f"{path}, averages"),
    )


def _seeds(values: Mapping[str, Any], where: object, missing: Sequence[int]) -> tuple[int, ...]:
    """Seeds of a study, or of one of its models."""
    seeds = _list(values, "seeds", int, where, missing)
    if not all(_SEEDS[0] <= seed <= _SEEDS[1] for seed in seeds):
        raise UsageError(mismatch(f"{where}, seeds", f"{_SEEDS[0]} to {_SEEDS[1]}", repr(seeds)))
    return tuple(seeds)


def _levels(values: Mapping[str, Any], name: str, path: Path | str) -> tuple[float, ...]:
    levels = _list(values, name, (int, float), path)
    if not all(math.isfinite(level) for level in levels):
        raise UsageError(mismatch(f"{path}, {name}", "finite numbers", repr(levels)))
    return tuple(float(level) for level in levels)


def _averages(table: Mapping[str, Any], levels: tuple[float, ...], where: str) -> dict[str, tuple[float, ...]]:
    """Names that no condition has (such as ``clean``, or ``white 0``), over levels that are measured."""
    found = {}
    for name in table:
        if not _NAME.fullmatch(name) or name == "clean":
            raise UsageError(mismatch(where, "names of letters, digits, dots, dashes, not clean", repr(name)))
        found[name] = _levels(table, name, where)
        if levels and (others := sorted(set(found[name]) - set(levels))):
            raise UsageError(mismatch(f"{where}, {name}", "some of the study's levels", f"{others[0]:g}"))
    return found


def _list(
    values: Mapping[str, Any], name: str, kind: type | tuple[type, ...], path: Path | str, default: Sequence[Any] = ()
) -> list[Any]:
    found = values.get(name, list(default))
    right = isinstance(found, list) and all(isinstance(v, kind) and not isinstance(v, bool) for v in found)
    if not right or len(set(found)) < len(found) or (name in values and not found):
        expected = "text" if kind is str else "numbers"
        raise UsageError(mismatch(f"{path}, {name}", f"a list of {expected}, each once", repr(found)))
    return found
