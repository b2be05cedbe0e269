"""The five kinds of unit that every comparison of this project is about."""

from __future__ import annotations

#: kind -> (attention, whether there is a shortcut)
KINDS: dict[str, tuple[str | None, bool]] = {
    "drsn-cw": ("channel_wise", True),
    "drsn-cs": ("channel_shared", True),
    "senet": ("squeeze_excitation", True),
    "resnet": (None, True),
    "convnet": (None, False),
}


def unit_options(kind: str, shortcut: str = "padded") -> dict[str, str | None]:
    """``attention`` and ``shortcut`` arguments of :class:`drsn_keras.layers.ResidualUnit` for a kind."""
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    attention, has_shortcut = KINDS[kind]
    return {"attention": attention, "shortcut": shortcut if has_shortcut else None}
