"""Options of ``drsn-edge denoise``. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse

from drsn_keras.errors import UsageError, mismatch

from .monitor_options import positive, unit
from .option_values import count, number
from .sample_format import FORMATS

EXAMPLE = """examples:
  drsn-edge denoise bundle --file noisy.wav --out clean.wav
  drsn-edge denoise bundle --file calls/*.wav --out cleaned/ --json
  arecord -q -f S16_LE -r 16000 -t raw | drsn-edge denoise bundle --stdin | aplay -q -f S16_LE -r 16000 -t raw
  drsn-edge denoise ecg-bundle --file record.csv --rate 360 --unit mV --out clean.npz

What comes out is aligned with what went in, at the model's rate. A file is amplified before the model so that its loud
parts lie where those of training lay, and attenuated by as much behind it; a stream is left as loud as it is."""
#: Options for files of signals in a unit, which no WAV file of sound needs.
_OF_UNITS = ("unit", "channel", "full_scale", "sensitivity_mv_per_unit", "file_unit")


def add_denoise_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the bundle and ``--json``."""
    add = parser.add_argument
    source = parser.add_mutually_exclusive_group(required=True)
    files = "recordings: WAV of sound; WAV, CSV, NPZ or Parquet of signals in a unit"
    source.add_argument("--file", nargs="+", metavar="REC", help=files)
    source.add_argument("--stdin", action="store_true", help="raw PCM on standard input, and out on standard output")
    add("--out", metavar="PATH", help="of --file: a file (.wav of sound; .npz, .csv of other signals) or a folder")
    add("--overwrite", action="store_true", help="replace files that are there")
    add(
        "--gain", type=_decibels, metavar="DB", help="before the model, undone behind it (files: by loudness, stdin: 0)"
    )
    raw = parser.add_argument_group("samples of --stdin").add_argument
    raw("--channels", type=count, metavar="N", help="(default: 1)")
    raw("--format", choices=FORMATS, help="(default: s16le)")
    signal = parser.add_argument_group("what --stdin and files do not say about their samples").add_argument
    signal("--rate", type=positive, metavar="HZ", help="sample rate (default of --stdin: 16000)")
    signal("--unit", type=unit, metavar="UNIT", help="of a signal that is no sound: the model's (mV, g, m/s^2 ...)")
    signal("--channel", metavar="NAME", help="column, NPZ array, or number from 0 of a WAV's channel or a column")
    signal("--full-scale", type=positive, metavar="VALUE", help="of a WAV or --stdin: what 1.0 stands for, in the unit")
    signal("--sensitivity-mv-per-unit", type=positive, metavar="MV", help="of the sensor, for files in volts")
    signal("--file-unit", choices=("V", "mV"), help="of such files")
    add("--threads", type=count, default=1, metavar="N", help="(default: 1)")


def check_denoise_options(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go with each other."""
    if arguments.stdin:
        for name in ("out", "channel", "sensitivity_mv_per_unit", "file_unit"):
            if getattr(arguments, name) is not None:
                raise UsageError(mismatch(option(name), "only with --file", "--stdin"))
        if arguments.overwrite:
            raise UsageError(mismatch("--overwrite", "only with --file", "--stdin"))
        return
    for name in ("channels", "format"):
        if getattr(arguments, name) is not None:
            raise UsageError(mismatch(option(name), "only with --stdin", "--file"))
    if arguments.out is None:
        raise UsageError(mismatch("--out", "a file or a folder for what is cleaned", "none"))


def refuse_unit_options(arguments: argparse.Namespace) -> None:
    """Refuse what a model of sound does not need."""
    names = (*_OF_UNITS, *(() if arguments.stdin else ("rate",)))
    for name in names:
        if getattr(arguments, name) is not None:
            expected = "nothing with a model of sound (a WAV file says all)"
            raise UsageError(mismatch(option(name), expected, getattr(arguments, name)))


def option(name: str) -> str:
    """An attribute as the command line has it.

    >>> option("full_scale")
    '--full-scale'
    """
    return "--" + name.replace("_", "-")


def _decibels(text: str) -> float:
    return number(text, float, lambda x: abs(x) <= 40.0, "-40 to 40 dB")
