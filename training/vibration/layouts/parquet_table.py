"""Columns of numbers in a Parquet file; pyarrow, an extra, is asked for only when there is one to read."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from drsn_keras.errors import DataError, mismatch

from .text_table import Table


def read_parquet(path: Path) -> Table:
    """All columns of whole or floating numbers; others are passed over.

    Raises
    ------
    DataError
        pyarrow is not installed, the file is truncated or of another format, no column of numbers.
    """
    if importlib.util.find_spec("pyarrow") is None:
        expected = 'the package pyarrow to read Parquet (pip install "drsn-keras[parquet]")'
        raise DataError(mismatch(path, expected, "not installed"))
    import pyarrow
    import pyarrow.parquet

    try:
        # Not read_table: it would take a folder named load=2 for a column.
        with pyarrow.parquet.ParquetFile(path) as file:
            table = file.read()
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise DataError(mismatch(path, "a Parquet file", str(error).splitlines()[0][:120])) from None
    # By place: two columns may have one name.
    is_number = [pyarrow.types.is_floating(t) or pyarrow.types.is_integer(t) for t in table.schema.types]
    chosen = [i for i, yes in enumerate(is_number) if yes]
    if not chosen:
        raise DataError(mismatch(path, "a column of numbers", ", ".join(table.schema.names) or "no columns"))
    columns = np.stack([table.column(i).to_numpy().astype(np.float64) for i in chosen], axis=1)
    return Table(tuple(table.schema.names[i] for i in chosen), columns)
