"""``drsn-export convert``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.training.data_options import add_data_options, open_run_with

from .recipe import DEFAULT_RANGES, RANGES, SCHEMES, TARGETS, Recipe, parse_keep
from .start_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from drsn_keras.model_card import ModelCard
    from drsn_keras.training.open_run import OpenRun


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "convert",
        help="make a bundle from a run",
        description="Lower a run's model to integer-friendly primitives, prove that they are the same function (1e-5 "
        "on the calibration clips), quantise, and write a bundle: model, card, calibration list. A denoiser or keyword "
        "network of streams becomes a file of one step, its states among the inputs and outputs; another denoiser a "
        "file of training's length.",
        epilog="examples: drsn-export convert runs/mine; drsn-export convert runs/mine --scheme int8-qat; "
        "drsn-export convert runs/mine --target tflm --prune 0.5; drsn-export convert runs/denoiser --step-frames 4",
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument(
        "--scheme",
        choices=SCHEMES,
        default="int8",
        help="int8 by default; int16x8: activations int16, weights int8; int8-qat: fine-tuned with quantisation",
    )
    parser.add_argument(
        "--target",
        choices=TARGETS,
        default="litert",
        help="whose kernels: litert (Raspberry Pi, workstation; the default), tflm (TFLite-Micro, C), ethos-u",
    )
    parser.add_argument("--prune", type=float, metavar="SHARE", help="set this share of the weights to zero, and tune")
    parser.add_argument("--cluster", type=int, metavar="N", help="reduce each kernel to N distinct values, and tune")
    parser.add_argument("--out", type=Path, metavar="BUNDLE", help="RUN/bundles/NAME by default, named for the options")
    parser.add_argument(
        "--step-frames",
        type=int,
        metavar="N",
        help="denoisers of streams: frames of a step; 8 by default, 1 for tflm",
    )
    calibration = parser.add_argument_group("ranges of integers")
    calibration.add_argument(
        "--calibration", type=Path, metavar="CSV", help="measure on these clips (a bundle's calibration.csv)"
    )
    calibration.add_argument(
        "--calibration-clips",
        type=int,
        metavar="N",
        help="draw so many training clips; 1000 by default, 60 noisy pieces of a denoiser",
    )
    calibration.add_argument(
        "--ranges", choices=RANGES, default=DEFAULT_RANGES, help=f"how a range is chosen; {DEFAULT_RANGES} by default"
    )
    calibration.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="LAYER=int16|float",
        help="keep a layer (or all below a place: unit1/shrinkage) at a higher precision; may be given several times",
    )
    parser.add_argument("--seed", type=int, default=0, help="of fine-tuning; 0 by default")
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print the card as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    if arguments.calibration is not None and arguments.calibration_clips is not None:
        raise UsageError(mismatch("--calibration and --calibration-clips", "one of them", "both"))
    if arguments.calibration_clips is not None and arguments.calibration_clips < 1:
        raise UsageError(mismatch("--calibration-clips", "at least 1", arguments.calibration_clips))
    if not 0 <= arguments.seed < 2**32:
        raise UsageError(mismatch("--seed", "0 to 4294967295", arguments.seed))
    recipe = Recipe(
        scheme=arguments.scheme,
        target=arguments.target,
        ranges=arguments.ranges,
        keep=parse_keep(arguments.keep),
        prune=arguments.prune,
        cluster=arguments.cluster,
        seed=arguments.seed,
    )
    start_tensorflow()
    from drsn_keras.training.open_run import BUNDLES

    from .convert import is_bundle

    run = open_run_with(arguments, arguments.run)
    bundle = arguments.out or arguments.run / BUNDLES / recipe.name
    if bundle.is_symlink() or (bundle.exists() and not is_bundle(bundle)):
        raise UsageError(mismatch(bundle, "a new folder or an older bundle", "something else there"))
    if any(parent.exists() and not parent.is_dir() for parent in bundle.parents):
        raise UsageError(mismatch(bundle, "a folder to lie in", "a file on the way"))
    card = (_denoiser if run.config.task == "denoise" else _classifier)(arguments, run, recipe, bundle)
    log(f"lowered for {card.target}: the same function as the Keras model within {card.export['parity']:.1e}")
    if arguments.json:
        print(json.dumps(card.to_dict(), indent=2, ensure_ascii=False))
    else:
        speech = ", trained on synthetic speech" if card.synthetic_speech else ""
        size = f"{card.size_bytes:,} bytes ({card.export['gzip_bytes']:,} after gzip)"
        print(f"{bundle}: {card.name}, {size}, {_ends(card)}{speech}")


def _classifier(arguments: argparse.Namespace, run: OpenRun, recipe: Recipe, bundle: Path) -> ModelCard:
    """Convert a run that tells classes apart."""
    from .calibration import CLIPS, draw_calibration
    from .calibration_list import read_calibration
    from .convert import convert_run

    if arguments.step_frames is not None:
        raise UsageError(mismatch("--step-frames", "a denoiser of streams", run.config.task))
    if arguments.calibration is None:
        clips = CLIPS if arguments.calibration_clips is None else arguments.calibration_clips
        calibration = draw_calibration(run.corpus, run.config, clips)
    else:
        calibration = read_calibration(arguments.calibration, run.corpus, run.config)
    return convert_run(run, recipe, calibration, bundle)


def _denoiser(arguments: argparse.Namespace, run: OpenRun, recipe: Recipe, bundle: Path) -> ModelCard:
    """Convert a run that cleans signals."""
    from .denoiser import convert_denoiser
    from .denoiser_inputs import PIECES

    if arguments.calibration is not None:
        raise UsageError(mismatch("--calibration", "--calibration-clips N (pieces are drawn)", "a list"))
    return convert_denoiser(run, recipe, bundle, arguments.step_frames, arguments.calibration_clips or PIECES)


def _ends(card: ModelCard) -> str:
    labels = "" if card.is_denoiser else f"{len(card.labels)} labels"
    if card.stream:
        steps = f"steps of {card.stream['delay_samples']} samples, {card.stream['state_bytes']:,} bytes of states"
        return f"{labels}, {steps}" if labels else steps
    if labels:
        return labels
    return f"pieces of {' x '.join(str(n) for n in card.front_end['shape'])}"
