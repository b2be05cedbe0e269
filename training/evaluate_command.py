"""``drsn-train evaluate``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from drsn_keras.errors import UsageError, mismatch

from .data_options import add_data_options, open_run_with

_EXAMPLES = """examples:
  drsn-train evaluate runs/mine                     the Keras model and every bundle of the run
  drsn-train evaluate runs/mine/bundles/int8        one bundle; of a denoiser beside its Keras model
  drsn-train evaluate runs/mine --noises recorded,white --snrs 10,0,-5
  drsn-train evaluate runs/pump --baselines         a vibration run beside classical rows
  drsn-train evaluate runs/dncnn --sigmas 15,25,50  a denoiser, always beside classical rows
"""
_ALL = "all"


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="accuracy by noise and SNR, with a report",
        description="Measure a run or a bundle on test clips by noise and SNR; write evaluation.csv and report.html.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", type=Path, metavar="RUN|BUNDLE")
    parser.add_argument("--run", type=Path, metavar="RUN", help="the run that a bundle elsewhere was made from")
    add_data_options(parser)
    parser.add_argument("--noises", metavar="NAMES", help="comma-separated; all kinds and all recordings by default")
    parser.add_argument("--snrs", metavar="DB", help="comma-separated SNRs [dB]; 20,15,10,5,0,-5,-10 by default")
    parser.add_argument("--sigmas", metavar="X", help="denoisers of spikes and images: standard deviations")
    parser.add_argument("--examples", type=int, metavar="N", help="denoisers: most test examples (200)")
    parser.add_argument(
        "--baselines",
        nargs="?",
        const=_ALL,
        metavar="NAMES",
        help="fit classical rows on a vibration run's training windows and evaluate them too: comma-separated of "
        "envelope-forest, fft-svm, fft-ridge, rms-kurtosis; all without NAMES. Of a denoiser: those rows and no others",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="by default the run's folder, or BUNDLE-evaluation")
    parser.add_argument("--json", action="store_true", help="print the results as JSON lines")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    from .quiet import quiet_tensorflow

    quiet_tensorflow(any_backend=True)
    from drsn_keras.model_card import CARD_NAME

    from .evaluate import CLASSICAL
    from .evaluation_run import evaluate_run
    from .open_run import run_of_bundle
    from .vibration.baselines import BASELINES

    snrs = None
    if arguments.snrs is not None:
        try:
            snrs = [float(part) for part in arguments.snrs.split(",")]
        except ValueError:
            raise UsageError(mismatch("--snrs", "comma-separated numbers [dB]", repr(arguments.snrs))) from None
    noises = [n.strip() for n in arguments.noises.split(",") if n.strip()] if arguments.noises else None
    baselines = None
    if arguments.baselines is not None:
        names = arguments.baselines
        baselines = BASELINES if names == _ALL else [n.strip() for n in names.split(",") if n.strip()]
    bundle = arguments.target if (arguments.target / CARD_NAME).is_file() else None
    folder = run_of_bundle(bundle, arguments.run) if bundle else arguments.target
    run = open_run_with(arguments, folder)
    if run.config.task == "denoise":
        from .denoising.evaluate_options import evaluate_and_print

        evaluate_and_print(arguments, run, bundle)
        return
    for name in ("sigmas", "examples"):
        if getattr(arguments, name) is not None:
            raise UsageError(mismatch(f"--{name}", "a denoiser's run", f"{folder} ({run.config.task})"))
    bundles = [bundle] if bundle else run.bundles()
    results, page = evaluate_run(
        run,
        bundles,
        noises=noises,
        snrs_db=snrs,
        out=arguments.out,
        with_keras=not bundle,
        baselines=baselines,
    )
    if arguments.json:
        for result in results:
            print(json.dumps(result.row()))
        return
    names = [result.model if result.scheme == CLASSICAL else result.scheme for result in results]
    width = max(8, *map(len, names))
    for name, result in zip(names, results, strict=True):
        row = result.row()
        condition = "clean" if result.condition.clean else f"{row['noise']} {row['snr_db']} dB"
        print(f"{name:>{width}}  {condition:<28} {row['accuracy']:>6} %  ({row['ci_low']} to {row['ci_high']})")
    print(page)
