"""``drsn-export verify``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed
from drsn_keras.training.data_options import add_data_options, open_run_with

from .start_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from drsn_keras.training.open_run import OpenRun

    from .verify import Verification
    from .verify_denoiser import DenoiserVerification

#: Below this, one clip weighs more than the allowed loss.
_FEW = 200


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "verify",
        help="hold a bundle against its Keras model",
        description="Compare Keras, the float32 file and the bundle on the test clips, clean and at 10 dB. "
        "Fails (exit 1) when the bundle loses more than 0.5 points or agrees on less than 97 % of the clips. "
        "A denoiser's bundle may lose 0.5 dB of its main measure (of an RMSE 3 %) on noisy test pieces.",
        epilog="example: drsn-export verify runs/mine/bundles/int8",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--run", type=Path, metavar="RUN", help="the run that a bundle elsewhere was made from")
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    from drsn_keras.model_card import read_bundle

    start_tensorflow()
    from drsn_keras.training.open_run import run_of_bundle

    folder = run_of_bundle(arguments.bundle, arguments.run)
    read_bundle(arguments.bundle)
    run = open_run_with(arguments, folder)
    from .verified_card import store_verification

    verification = (_verify_denoiser if run.config.task == "denoise" else _verify)(arguments, run)
    store_verification(arguments.bundle, verification)
    if verification.faults:
        raise CheckFailed(f"{arguments.bundle}: " + "; ".join(verification.faults))


def _verify(arguments: argparse.Namespace, run: OpenRun) -> Verification:
    """Of a classifier, and print it."""
    from .verify import verify_bundle

    verification = verify_bundle(arguments.bundle, run)
    if arguments.json:
        print(json.dumps(verification.to_dict(), indent=2))
    else:
        for row in verification.rows:
            condition = "clean" if row["noise"] == "none" else f"{row['noise']} {row['snr_db']} dB"
            print(
                f"{condition:<24} {row['n']} clips: Keras {row['keras']:.2f} %, float32 {row['float32']:.2f} %, "
                f"{verification.scheme} {row[verification.scheme]:.2f} %, agreement {row['agreement']:.2f} %"
            )
        print(f"loss {verification.loss:+.2f} points, agreement {verification.agreement:.2f} %")
    if (n := sum(row["n"] for row in verification.rows)) < _FEW:
        log(f"note: {n} clips are too few to judge half a point by; this says little")
    return verification


def _verify_denoiser(arguments: argparse.Namespace, run: OpenRun) -> DenoiserVerification:
    """Of a denoiser, and print it."""
    from .verify_denoiser import verify_denoiser

    verification = verify_denoiser(arguments.bundle, run)
    if arguments.json:
        print(json.dumps(verification.to_dict(), indent=2, ensure_ascii=False))
        return verification
    scheme = verification.scheme
    print(verification.measure)
    for row in verification.rows:
        print(
            f"{row['level']:<12} {row['n']} pieces: noisy {row['noisy']:.3f}, Keras {row['keras']:.3f}, float32 "
            f"{row['float32']:.3f}, {scheme} {row[scheme]:.3f}, gain {row['gain']:+.3f} ({row['noise']})"
        )
    print(f"loss {verification.loss:+.3f} {verification.unit}")
    return verification
