"""``drsn-export convert``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.training.data_options import add_data_options, open_run_with

_SCHEMES = ("int8", "float32", "float16", "dynamic")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "convert",
        help="make a bundle from a run",
        description="Convert a run's model to TFLite and write a bundle: model, card, calibration list.",
        epilog="example: drsn-export convert runs/mine --scheme int8",
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--scheme", choices=_SCHEMES, default="int8", help="int8 by default")
    parser.add_argument("--out", type=Path, metavar="BUNDLE", help="RUN/bundles/SCHEME by default")
    parser.add_argument("--calibration-clips", type=int, default=300, metavar="N", help="300 by default")
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print the card as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    if arguments.calibration_clips < 1:
        raise UsageError(mismatch("--calibration-clips", "at least 1", arguments.calibration_clips))
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    from drsn_keras.training.open_run import BUNDLES

    from .calibration import draw_calibration
    from .convert import convert_run, is_bundle

    run = open_run_with(arguments, arguments.run)
    bundle = arguments.out or arguments.run / BUNDLES / arguments.scheme
    if bundle.is_symlink() or (bundle.exists() and not is_bundle(bundle)):
        raise UsageError(mismatch(bundle, "a new folder or an older bundle", "something else there"))
    calibration = draw_calibration(run.corpus, run.config, arguments.calibration_clips)
    card = convert_run(run.model, run.config, run.summary, arguments.scheme, calibration, bundle)
    if arguments.json:
        print(json.dumps(card.to_dict(), indent=2, ensure_ascii=False))
    else:
        speech = ", trained on synthetic speech" if card.synthetic_speech else ""
        print(f"{bundle}: {card.name}, {card.size_bytes:,} bytes, {len(card.labels)} labels{speech}")
