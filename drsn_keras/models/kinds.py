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


def in_eights(channels: float, width: float) -> int:
    """A number of channels at a width, rounded to a multiple of 8.

    >>> in_eights(24, 1.15), in_eights(24, 0.01)
    (24, 8)
    """
    if not width > 0:
        raise ValueError(f"width: expected a number above 0, got {width!r}")
    return max(8, round(channels * width / 8) * 8)


def unit_options(kind: str, shortcut: str = "padded") -> dict[str, str | None]:
    """``attention`` and ``shortcut`` arguments of :class:`drsn_keras.layers.ResidualUnit` for a kind."""
    if kind not in KINDS:
        raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {kind!r}")
    attention, has_shortcut = KINDS[kind]
    return {"attention": attention, "shortcut": shortcut if has_shortcut else None}
