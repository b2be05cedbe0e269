"""Recordings of machines as files hold them, read alike by training and device. NumPy only; pyarrow for Parquet.

A file (:func:`read_signal_file`) says its samples and perhaps rate, unit and speed; what it does not say, the user
has to (:class:`SignalFacts`); together they are a :class:`Measurement`.
"""

from .content import need_content, reason
from .measurement import Measurement, measurement
from .npz import RATE_ARRAYS, SIGNAL_ARRAYS, one_of, read_npz, signal_array
from .parquet_table import read_parquet
from .reading import SUFFIXES, read_signal_file
from .signal_file import SignalFile
from .table import Table, choose_column
from .text_table import read_table
from .time_axis import TIME_COLUMN, rate_of_times
from .units import FULL_SCALE_UNIT, MILLIVOLTS, SignalFacts
from .values import as_number, as_positive, as_signal, as_text

__all__ = [
    "FULL_SCALE_UNIT",
    "MILLIVOLTS",
    "RATE_ARRAYS",
    "SIGNAL_ARRAYS",
    "SUFFIXES",
    "TIME_COLUMN",
    "Measurement",
    "SignalFacts",
    "SignalFile",
    "Table",
    "as_number",
    "as_positive",
    "as_signal",
    "as_text",
    "choose_column",
    "measurement",
    "need_content",
    "one_of",
    "rate_of_times",
    "read_npz",
    "read_parquet",
    "read_signal_file",
    "read_table",
    "reason",
    "signal_array",
]
