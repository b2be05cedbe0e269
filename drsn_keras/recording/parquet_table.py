"""Columns of numbers in a Parquet file; pyarrow, an extra, is asked for only when there is one to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import DataError, mismatch
from .content import need_content, reason
from .table import Table


def read_parquet(path: Path) -> Table:
    """All columns of whole or floating numbers; others are passed over. What is missing in one is NaN.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        Missing, empty, pyarrow is not installed, the file is truncated or of another format, no column of numbers, no
        rows.
    """
    need_content(path, "a Parquet file")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        expected = 'the package pyarrow to read Parquet (pip install "drsn-keras[parquet]")'
        got = "not installed" if isinstance(error, ModuleNotFoundError) else reason(error)
        raise DataError(mismatch(path, expected, got)) from None
    try:
        # Not read_table: it would take a folder named load=2 for a column.
        with pyarrow.parquet.ParquetFile(path) as file:
            table = file.read()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(mismatch(path, "a Parquet file", reason(error))) from None
    # By place: two columns may have one name.
    is_number = [pyarrow.types.is_floating(t) or pyarrow.types.is_integer(t) for t in table.schema.types]
    chosen = [i for i, yes in enumerate(is_number) if yes]
    if not chosen:
        raise DataError(mismatch(path, "a column of numbers", ", ".join(table.schema.names) or "no columns"))
    if table.num_rows == 0:
        raise DataError(mismatch(path, "samples", "none"))
    columns = np.stack([table.column(i).to_numpy().astype(np.float64) for i in chosen], axis=1)
    return Table(tuple(table.schema.names[i] for i in chosen), columns)
