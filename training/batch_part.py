"""The rows of a batch that one of several workers makes."""

from __future__ import annotations

from drsn_keras.errors import UsageError, mismatch

#: Which part, of how many.
Part = tuple[int, int]
WHOLE: Part = (0, 1)


def part_rows(batch: int, part: Part) -> range:
    """Rows of a part of a batch; all parts have as many.

    Raises
    ------
    UsageError
        If the batch cannot be divided.

    Examples
    --------
    >>> part_rows(64, (1, 4))
    range(16, 32)
    """
    index, count = part
    rows = part_size(batch, count)
    return range(index * rows, (index + 1) * rows)


def part_size(batch: int, count: int) -> int:
    """Rows of each of ``count`` equal parts of a batch."""
    if batch % count:
        raise UsageError(mismatch("batch", f"a multiple of {count} (--batch-size; devices x workers)", batch))
    return batch // count
