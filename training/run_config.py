"""What the configurations of all tasks share: the front end, plain values, a strict way back."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, ClassVar, TypeVar

from drsn_keras.errors import BundleError, UsageError
from drsn_keras.frontend.card_spec import CardSpec
from drsn_keras.typed_fields import check_fields

_Config = TypeVar("_Config", bound="RunConfig")


class RunConfig:
    """Base of frozen dataclasses with a field ``front_end``; ``SPEC`` is what that field describes."""

    SPEC: ClassVar[type[CardSpec]]
    front_end: dict[str, Any]

    @functools.cached_property
    def spec(self) -> Any:
        """The front end, of type ``SPEC``; read once, as batches ask for it at every step."""
        return self.SPEC.from_dict(self.front_end)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for ``config.json``."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls: type[_Config], values: dict[str, Any], source: object) -> _Config:
        """Read ``config.json`` back; ``source`` is the name that errors give it."""
        try:
            config = cls(**check_fields(cls, values, source))
            _ = config.spec  # checks the front end
        except UsageError as error:
            raise BundleError(f"{source}: {error}") from None
        return config
