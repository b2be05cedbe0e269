"""What every specification in a model card shares: plain values, a strict way back, a fingerprint."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from ..errors import UsageError, mismatch
from ..typed_fields import check_fields

_Spec = TypeVar("_Spec", bound="CardSpec")


class CardSpec:
    """Base of dataclasses; ``CALLED`` is what errors call them."""

    CALLED: ClassVar[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a model card."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls: type[_Spec], values: Mapping[str, Any]) -> _Spec:
        """Read a specification back; an unknown or missing name raises :class:`UsageError`."""
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(values, Mapping) or set(values) != names:
            odd = ", ".join(sorted(set(values) ^ names)) if isinstance(values, Mapping) else "all"
            raise UsageError(mismatch(cls.CALLED, f"the names {', '.join(sorted(names))}", f"a difference in {odd}"))
        return cls(**check_fields(cls, dict(values), cls.CALLED))

    @property
    def fingerprint(self) -> str:
        """Short hash: two parties with equal fingerprints compute equal features."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
