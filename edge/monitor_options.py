"""Options of ``drsn-edge monitor``. Standard library only: the parser needs no numpy."""

from __future__ import annotations

import argparse

from drsn_keras.errors import UsageError

from .option_values import count, number

EXAMPLE = """examples:
  drsn-edge monitor bundle --file fan.wav --full-scale 16 --unit g
  drsn-edge monitor bundle --file pump.csv --rate 25600 --unit m/s^2 --iso-group 2 --foundation rigid
  drsn-edge monitor bundle --file *.npz --bearing 6205-2RS --rpm 1797 --summary-only --json

A line is: file, time at the window's end, state or "abstain (why)", probability, health index; the last line of a file
sums it up. The monitor abstains where a window is unlike anything trained on, where the model is unsure, and where the
signal is constant, clipped or no number. Unit, rate, speed and machine are never guessed."""


def add_monitor_options(parser: argparse.ArgumentParser) -> None:
    """Add all but the bundle and ``--json``."""
    add = parser.add_argument
    files = "WAV, CSV (TSV, text), NPZ or Parquet files, each one recording"
    add("--file", nargs="+", required=True, metavar="REC", help=files)
    add("--summary-only", action="store_true", help="one line a file, none a window")
    signal = parser.add_argument_group("what the files do not say about their samples").add_argument
    signal("--unit", type=unit, metavar="UNIT", help="of the vibration: g, m/s^2, or the model's own")
    signal("--rate", type=positive, metavar="HZ", help="sample rate; WAV files and a column time_s say their own")
    signal("--channel", metavar="NAME", help="column, NPZ array, or number from 0 of a WAV's channel or a column")
    signal("--full-scale", type=positive, metavar="VALUE", help="of a WAV: what 1.0 stands for, in the unit")
    signal("--sensitivity-mv-per-unit", type=positive, metavar="MV", help="of the sensor, for files in volts")
    signal("--file-unit", choices=("V", "mV"), help="of such files")
    machine = parser.add_argument_group("what is known of the machine").add_argument
    machine("--rpm", type=positive, metavar="RPM", help="speed of the shaft, for --bearing")
    machine(
        "--bearing",
        metavar="BEARING",
        help="look for its lines: 6205-2RS, 6203, UER204, NICE, ZA-2115, or ELEMENTS,ELEMENT_MM,PITCH_MM[,ANGLE_DEG]",
    )
    machine("--iso-group", type=int, choices=(1, 2), help="ISO 20816-3: 1 above 300 kW, 2 above 15 up to 300 kW")
    machine("--foundation", choices=("rigid", "flexible"), help="of the machine, with --iso-group")
    add("--threads", type=count, default=1, metavar="N", help="(default: 1)")


def check_monitor_options(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go without each other."""
    if (arguments.iso_group is None) != (arguments.foundation is None):
        given, missing = "--iso-group", "--foundation"
        if arguments.iso_group is None:
            given, missing = missing, given
        raise UsageError(f"{given}: expected {missing} with it (a zone needs both), got none")


def positive(text: str) -> float:
    """Convert a number above 0."""
    return number(text, float, lambda x: 0.0 < x < 1e12, "a number above 0")


def unit(text: str) -> str:
    """Convert the name of a unit."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected a unit, got {text!r}")
    return text.strip()
