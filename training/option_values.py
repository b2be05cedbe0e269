"""Values that options share, from text; what does not fit is refused in one line."""

from __future__ import annotations

from drsn_keras.errors import UsageError, mismatch


def parse_words(text: str, option: str) -> tuple[str, ...]:
    """Comma-separated words of an option."""
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise UsageError(mismatch(option, "comma-separated words", repr(text)))
    return words


def parse_pair(text: str, option: str) -> tuple[float, float]:
    """Two comma-separated numbers of an option."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(mismatch(option, "two numbers, LOW,HIGH", repr(text))) from None
    return low, high
