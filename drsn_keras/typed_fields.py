"""Hold values that came from a file against the types of a dataclass. Standard library only."""

from __future__ import annotations

import dataclasses
import functools
import math
import types
import typing
from typing import Any

from .errors import BundleError, mismatch

#: Larger whole numbers than these are damage, and more than the arithmetic behind them can take.
_LARGEST = 2**53
_hints = functools.cache(typing.get_type_hints)


def check_fields(cls: type, values: Any, source: object) -> dict[str, Any]:
    """Check names and types of a dataclass's fields as JSON gives them; lists become tuples where tuples belong.

    Parameters
    ----------
    cls : a dataclass
    values : what was read, hopefully an object
    source : the name that errors give it, such as ``card.json, input``

    Returns
    -------
    dict
        Arguments for ``cls``.

    Raises
    ------
    BundleError
        Naming the field, what was expected and what came.
    """
    if not isinstance(values, dict):
        raise BundleError(mismatch(source, "an object", _shown(values)))
    hints = _hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    if unknown := sorted(set(values) - set(fields)):
        raise BundleError(mismatch(source, f"the fields {', '.join(fields)}", f"also {unknown[0]}"))
    required = {
        name
        for name, field in fields.items()
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    if missing := sorted(required - set(values)):
        raise BundleError(mismatch(source, f"a field {missing[0]}", "none"))
    return {name: _checked(hints[name], value, f"{source}, {name}") for name, value in values.items()}


def _checked(hint: Any, value: Any, source: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in {typing.Union, types.UnionType}:
        if value is None:
            return None
        return _checked(next(t for t in typing.get_args(hint) if t is not type(None)), value, source)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise BundleError(mismatch(source, "a list", _shown(value)))
        return tuple(_checked(typing.get_args(hint)[0], item, source) for item in value)
    if origin is dict or hint is dict:
        return _require(isinstance(value, dict), value, source, "an object")
    if hint is bool:
        return _require(isinstance(value, bool), value, source, "true or false")
    if hint is int:
        whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
        return _require(whole, value, source, "a whole number")
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return _require(number and abs(value) <= _LARGEST and math.isfinite(value), value, source, "a finite number")
    if hint is str:
        return _require(isinstance(value, str), value, source, "text")
    return value  # a nested dataclass: its reader checks it


def _require(right: bool, value: Any, source: str, expected: str) -> Any:
    if not right:
        raise BundleError(mismatch(source, expected, _shown(value)))
    return value


def _shown(value: Any) -> str:
    """A value for an error line: short, on one line."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _LARGEST:
        return "a far larger number"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
