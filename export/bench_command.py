"""``drsn-export bench``."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.training.data_options import add_data_options, open_run_with

from .benchmarking import CLEAN
from .start_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from drsn_keras.edge.bundle import Bundle
    from drsn_keras.training.open_run import OpenRun

    from .benchmarking.contestants import Contestant
    from .benchmarking.table import Row

_LARGEST_DB = 100.0
#: LiteRT crashes at numbers of threads that no machine of this kind has.
_MOST_THREADS = 64
_EXAMPLES = """examples:
  drsn-export bench runs/mine/bundles/int8
  drsn-export bench runs/mine/bundles/int8 runs/resnet/bundles/int8 --snrs clean,10,0
  drsn-export bench a/bundle another/bundle --no-rivals --no-naive --no-accuracy --json
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "bench",
        help="latency, size and accuracy of bundles, and what they are to be compared with",
        description="Time bundles on LiteRT in turns, beside the conversions that the first one's weights get\n"
        "without this project (naive) and untrained networks of its size with other units.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundles", type=Path, nargs="+", metavar="BUNDLE", help="ratios refer to the first")
    parser.add_argument("--run", type=Path, metavar="RUN", help="the run of bundles that lie in none")
    parser.add_argument("--rounds", type=int, default=2000, metavar="N", help="evaluations of each; 2000 by default")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="of the kernels; 1 by default")
    parser.add_argument("--snrs", default="clean,0", metavar="DB", help="'clean' and SNRs [dB]; clean,0 by default")
    parser.add_argument("--clips", type=int, metavar="N", help="test clips for the accuracy; all by default")
    parser.add_argument("--no-rivals", action="store_true", help="no untrained networks")
    parser.add_argument("--no-naive", action="store_true", help="no conversions without lowering")
    parser.add_argument("--no-accuracy", action="store_true", help="latency and size only")
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    conditions = [] if arguments.no_accuracy else parse_conditions(arguments.snrs)
    for option, value, least in (
        ("--rounds", arguments.rounds, 10),
        ("--threads", arguments.threads, 1),
        ("--clips", arguments.clips, 1),
    ):
        if value is not None and value < least:
            raise UsageError(mismatch(option, f"at least {least}", value))
    if arguments.threads > _MOST_THREADS:
        raise UsageError(mismatch("--threads", f"at most {_MOST_THREADS}", arguments.threads))
    if arguments.run is not None and not arguments.run.is_dir():
        raise BundleError(mismatch(f"--run {arguments.run}", "a run folder", "none there"))
    from drsn_keras.edge.bundle import load_bundle

    # Before TensorFlow is imported: a wrong path should not take seconds to be told.
    bundles = [load_bundle(path, arguments.threads) for path in arguments.bundles]
    for bundle in bundles:
        instead = "(drsn-edge bench times it, drsn-export verify judges it)"
        if bundle.card.is_denoiser:
            raise BundleError(mismatch(bundle.folder, "a model that tells classes apart", f"a denoiser {instead}"))
        if bundle.card.stream:
            raise BundleError(mismatch(bundle.folder, "a model of whole windows", f"steps of a stream {instead}"))
    start_tensorflow()
    from drsn_keras.training.run_folder import environment

    runs = _runs(arguments, bundles)
    rows = _measure(arguments, _contestants(arguments, bundles, runs), conditions)
    if arguments.json:
        about = {"rounds": arguments.rounds, "threads": arguments.threads, "versions": environment()}
        print(json.dumps({**about, "models": [row.to_dict() for row in rows]}, indent=2, ensure_ascii=False))
        return
    from .benchmarking.table import render

    notes = {
        "naive": f"naive: the weights of {rows[0].name}'s run through TensorFlow's converter, not lowered.",
        "untrained": "untrained: random weights, for latency and size only.",
    }
    print(
        render(rows, conditions, [note for word, note in notes.items() if any(r.name.startswith(word) for r in rows)])
    )


def parse_conditions(text: str) -> list[str]:
    """``"clean,0,-5"`` to ``["clean", "0", "-5"]``: numbers in their shortest form, each once.

    Raises
    ------
    UsageError
        On anything but ``clean`` and numbers of at most 100 dB.
    """
    found: dict[str, None] = {}
    for part in (part.strip() for part in text.split(",")):
        try:
            value = math.inf if part == CLEAN else float(part)
        except ValueError:
            value = math.nan
        if part != CLEAN and not abs(value) <= _LARGEST_DB:
            raise UsageError(mismatch("--snrs", "'clean' and numbers [dB], separated by commas", repr(text)))
        found[part if part == CLEAN else f"{value:g}"] = None
    return list(found)


def _runs(arguments: argparse.Namespace, bundles: list[Bundle]) -> list[OpenRun | None]:
    """The run of every bundle, opened once; None for a bundle that lies in none."""
    from drsn_keras.training.open_run import run_of_bundle

    opened: dict[Path, OpenRun] = {}
    runs: list[OpenRun | None] = []
    for bundle in bundles:
        try:
            folder = run_of_bundle(bundle.folder)
        except BundleError:
            folder = arguments.run
        if folder is None:
            runs.append(None)
            continue
        key = folder.resolve()
        if key not in opened:
            opened[key] = open_run_with(arguments, folder)
        opened[key].require_match(bundle)
        runs.append(opened[key])
    return runs


def _contestants(arguments: argparse.Namespace, bundles: list[Bundle], runs: list[OpenRun | None]) -> list[Contestant]:
    from .benchmarking.contestants import from_bundles, naive_forms, untrained_twins
    from .benchmarking.inputs import calibration_inputs

    found = from_bundles(bundles, runs)
    if arguments.no_naive and arguments.no_rivals:
        return found
    if runs[0] is None:
        log(f"{bundles[0].folder}: lies in no run, and there is no --run: nothing to compare it with")
        return found
    inputs = calibration_inputs(runs[0])
    if not arguments.no_naive:
        log("converting without lowering")
        found += naive_forms(runs[0], inputs)
    if not arguments.no_rivals:
        log("converting untrained networks")
        found += untrained_twins(bundles[0], runs[0], runs, inputs)
    return found


def _measure(arguments: argparse.Namespace, contestants: list[Contestant], conditions: list[str]) -> list[Row]:
    from .benchmarking.accuracy import accuracies
    from .benchmarking.latency import measure, ratio
    from .benchmarking.table import Row
    from .inspection.flatbuffer import read_file
    from .inspection.partitions import delegation

    log(f"timing {len(contestants)} models, {arguments.rounds} rounds")
    contents = {f"{one.name} {one.scheme}": one.content for one in contestants}
    latencies = list(measure(contents, rounds=arguments.rounds, threads=arguments.threads).values())
    measured = accuracies(contestants, conditions, arguments.clips) if conditions else [None] * len(contestants)
    rows = []
    for one, latency, accuracy in zip(contestants, latencies, measured, strict=True):
        partitions, outside = delegation(one.content)
        rows.append(
            Row(
                name=one.name,
                scheme=one.scheme,
                target=one.target,
                latency=latency,
                ratio=ratio(latency, latencies[0]),
                partitions=partitions,
                outside=outside,
                float_tensors=len(read_file(one.content).float_tensors),
                size_bytes=len(one.content),
                accuracy=accuracy.percent if accuracy else {},
                clips=accuracy.clips if accuracy else 0,
            )
        )
    return rows
