"""Parquet is read like text; without pyarrow, and where the file is bad, there is one line."""

import sys

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

Y = np.round(np.sin(np.arange(200) / 3.0), 4)


@pytest.fixture
def save(tmp_path):
    """Call with columns: a Parquet file in a folder whose name is no column."""

    def write(**columns):
        path = tmp_path / "load=2" / "a.parquet"
        path.parent.mkdir(exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.table(columns), path)
        return path

    return write


def test_columns_of_numbers(save, read):
    counts = np.rint(1000 * Y).astype(np.int16)
    path = save(time_s=np.arange(200) / 2000, note=["ok"] * 200, x=Y, ok=[True] * 200, y=counts)
    found = read(path, "x")
    assert (found.sample_rate_hz, found.channel, found.unit) == (2000.0, "x", None)
    np.testing.assert_array_equal(found.signal, Y)
    np.testing.assert_array_equal(read(path, "y").signal, counts)
    np.testing.assert_array_equal(read(path, "2").signal, counts)  # of the columns of numbers
    found = read(save(a=Y.astype(np.float32)))
    assert (found.sample_rate_hz, found.channel) == (None, "a")
    np.testing.assert_array_equal(found.signal, Y.astype(np.float32))
    gap = read(save(x=[None, *Y[1:].tolist()])).signal
    assert np.flatnonzero(np.isnan(gap)).tolist() == [0]


def test_bad_parquet_is_one_line(save, refusal):
    assert refusal(save(x=Y, y=Y)) == ", channel: expected a choice of x, y (--channel), got none"
    assert refusal(save(note=["ok"] * 200)) == ": expected a column of numbers, got note"
    assert refusal(save(x=Y[:0])) == ": expected samples, got none"
    assert refusal(save(time_s=np.arange(200) / 2000)) == ": expected a column of samples beside time_s, got none"
    path = save(x=Y)
    path.write_bytes(path.read_bytes()[:-300])
    assert refusal(path).startswith(": expected a Parquet file, got ")
    path.write_text("file,label\n")
    assert refusal(path).startswith(": expected a Parquet file, got ")
    path.write_bytes(b"")
    assert refusal(path) == ": expected a recording, got a file of 0 bytes"


def test_without_pyarrow(save, refusal, monkeypatch):
    path = save(x=Y)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    expected = 'the package pyarrow to read Parquet (pip install "drsn-keras[parquet]")'
    assert refusal(path) == f": expected {expected}, got not installed"
