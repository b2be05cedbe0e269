"""Options in a file to words of a training's command line, checked by the command's own parser."""

from __future__ import annotations

import argparse
import contextlib
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.files import resolved

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COMMANDS = ("keywords", "vibration", "denoise")
#: Options that the study itself gives to every training.
_OWN = frozenset({"out", "resume", "overwrite", "json", "seed", "help"})


def read_file(path: Path, keys: Sequence[str]) -> tuple[dict[str, Any], str]:
    """The values of a study's file, or of a search's, and the training's command.

    Raises
    ------
    UsageError, DataError
        No file, no TOML, an unknown key or command.
    """
    values = _read_toml(path)
    if unknown := set(values) - set(keys):
        raise UsageError(mismatch(path, f"keys of {', '.join(keys)}", min(unknown)))
    command = values.get("command", COMMANDS[0])
    if command not in COMMANDS:
        raise UsageError(mismatch(f"{path}, command", f"one of {', '.join(COMMANDS)}", repr(command)))
    return values, command


def shared_options(values: Mapping[str, Any], path: Path, moved: Mapping[str, Any] | None) -> dict[str, Any]:
    """Options of all trainings of a file; ``moved`` are those that the command line has in their place."""
    return {**options_of(table_of(values, "options", path), f"{path}, options"), **(moved or {})}


def _read_toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError(mismatch(path, "a file (TOML)", "a folder" if path.is_dir() else "nothing there"))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # with the mark that Notepad puts before it
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(mismatch(path, "TOML", error)) from None


def table_of(values: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    """A table of the file; empty where it has none."""
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(mismatch(f"{path}, {name}", "a table", repr(table)))
    return table


def options_of(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Options by their names in Python: dashes are underscores."""
    found = {key.replace("-", "_"): value for key, value in values.items()}
    if len(found) < len(values):
        raise UsageError(mismatch(where, "an option once", "one with dashes and with underscores"))
    return found


def parser_of(command: str) -> argparse.ArgumentParser:
    """The parser of a sub-command of drsn-train."""
    from ..cli import build_parser

    choices = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction)).choices
    return choices[command]


def words_of(values: Mapping[str, Any], parser: argparse.ArgumentParser, path: Path, where: str) -> Iterator[str]:
    """Options as words of a command line."""
    known = {action.dest: action for action in parser._actions if action.option_strings and action.dest not in _OWN}
    for key, value in values.items():
        action = known.get(key)
        key = key.replace("_", "-")
        if action is None:
            raise UsageError(mismatch(where, f"options of {parser.prog}", repr(key)))
        option = action.option_strings[-1]
        if action.nargs == 0:
            if not isinstance(value, bool):
                raise UsageError(mismatch(f"{where}, {key}", "true or false", repr(value)))
            if value:
                yield option
            continue
        several = action.nargs in {"+", "*"} or isinstance(action.nargs, int)
        if isinstance(value, list) and not several and action.type is not Path:
            value = ",".join(map(str, value))
        one_by_one = value if isinstance(value, list) else [value]
        if any(isinstance(v, dict | list | bool) for v in one_by_one):
            raise UsageError(mismatch(f"{where}, {key}", "text, a number, or a list of them", repr(value)))
        paths = (several or len(one_by_one) == 1) and all(
            isinstance(v, str) and v and "\0" not in v for v in one_by_one
        )
        if action.type is Path and not paths:
            raise UsageError(mismatch(f"{where}, {key}", "paths" if several else "a path", repr(value)))
        texts = [_resolved(v, path) if action.type is Path else str(v) for v in one_by_one]
        # A value that begins with a dash is no option.
        yield from [option, *texts] if several else [f"{option}={texts[0]}"]


def _resolved(text: str, path: Path) -> str:
    """A path beside the study's file; ``~`` is the home folder, as in a shell."""
    home = text == "~" or text.startswith("~/")
    return str(resolved(path.parent / (Path(text).expanduser() if home else text)))


def check_words(words: tuple[str, ...], command: str, where: str) -> None:
    """What the command's own parser refuses is refused before anything is trained."""
    from ..cli import build_parser

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            build_parser().parse_args([command, *words, "--out", "run"])
    except SystemExit:
        raise UsageError(f"{where}: {said.getvalue().strip().splitlines()[-1].split('error: ')[-1]}") from None
