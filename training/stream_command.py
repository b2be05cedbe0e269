"""``drsn-train stream-evaluate``."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import CheckFailed, UsageError, mismatch
from drsn_keras.files import resolved

from .data_options import add_data_options
from .option_values import parse_pair

_EXAMPLES = """examples:
  drsn-train stream-evaluate runs/mine/bundles/int8                      2 h of validation, 2 h of test
  drsn-train stream-evaluate runs/mine/bundles/int8 --set-operating-point
  drsn-train stream-evaluate runs/mine/bundles/int8 --hours 8 --snr 0,10 --out streams/noisy
  drsn-train stream-evaluate bundle --data words/ --noise noises/        a bundle whose run is not here
"""
#: Longest stream [h]; a year is more than anybody means.
_LONGEST_H = 8760.0
_LARGEST_SEED = 2**31 - 1


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "stream-evaluate",
        help="misses and false accepts per hour of a bundle on long streams, and its operating point",
        description="Compose long streams of keywords, other speech and noise; hear them with a bundle as the device "
        "does; choose the detector's operating point on the validation stream, measure it on the test stream.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--run", type=Path, metavar="RUN", help="the run that a bundle elsewhere was made from")
    add_data_options(parser)
    stream = parser.add_argument_group("streams")
    stream.add_argument("--hours", type=float, metavar="H", default=2.0, help="length of each stream, at least (2)")
    stream.add_argument(
        "--snr",
        metavar="LOW,HIGH",
        help="range of the words' SNRs [dB]; with HIGH inf a quarter of the scenes is clean, in the others words lie "
        "from LOW to 20 dB more (10,inf)",
    )
    stream.add_argument(
        "--scenes",
        metavar="W,S,N,Q",
        help="scenes of keywords, of other speech, of noise and of silence in every round (2,2,5,1)",
    )
    stream.add_argument("--seed", type=int, metavar="N", default=0, help="0 by default")
    stream.add_argument(
        "--split", choices=("test", "val"), default="test", help="val: only choose, and leave the test part alone"
    )
    point = parser.add_argument_group("operating point")
    point.add_argument(
        "--max-false-accepts", type=float, metavar="X", default=0.5, help="false accepts an hour allowed (0.5)"
    )
    point.add_argument(
        "--one-threshold", action="store_true", help="for all noise, where the card has a noise level to follow, too"
    )
    point.add_argument("--set-operating-point", action="store_true", help="store it in the bundle's card")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the results (BUNDLE-stream)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    if not 0 < arguments.hours <= _LONGEST_H:
        raise UsageError(mismatch("--hours", f"above 0, at most {_LONGEST_H:g}", f"{arguments.hours:g}"))
    if not 0 <= arguments.seed <= _LARGEST_SEED:
        raise UsageError(mismatch("--seed", f"0 to {_LARGEST_SEED}", arguments.seed))
    if not 0 <= arguments.max_false_accepts < math.inf:
        raise UsageError(mismatch("--max-false-accepts", "a rate of at least 0", f"{arguments.max_false_accepts:g}"))
    if arguments.out is not None and arguments.out.exists() and not arguments.out.is_dir():
        raise UsageError(mismatch(arguments.out, "a folder for the results", "a file"))
    from .quiet import quiet_tensorflow
    from .streams.card_update import require_writable, store_operating_point
    from .streams.composition import Composition

    given = {} if arguments.snr is None else {"snr_db": parse_pair(arguments.snr, "--snr")}
    if arguments.scenes is not None:
        given["rounds"] = _rounds(arguments.scenes)
    composition = Composition(**given)
    quiet_tensorflow(any_backend=True)
    from drsn_keras.model_card import DetectorSpec

    from .streams.evaluate import Settings, stream_evaluate
    from .streams.open_material import Given, open_streams_data
    from .streams.page import terminal

    paths = Given(arguments.run, arguments.data, arguments.manifest, tuple(arguments.noise))
    bundle, corpus = open_streams_data(arguments.bundle, paths)
    if arguments.set_operating_point:
        require_writable(arguments.bundle)
    settings = Settings(
        hours=arguments.hours,
        split=arguments.split,
        seed=arguments.seed,
        max_per_hour=arguments.max_false_accepts,
        composition=composition,
        one_threshold=arguments.one_threshold,
    )
    folder = resolved(arguments.bundle)
    out = arguments.out or folder.with_name(folder.name + "-stream")
    result = stream_evaluate(bundle, corpus, settings, out)
    chosen = result["operating_point"]
    if arguments.json:
        print(json.dumps(result, indent=2, ensure_ascii=False))
    else:
        print(terminal(result))
        print("\n".join(str(out / name) for name in ("stream.md", "det.png")))
    if arguments.set_operating_point:
        if not chosen["reached"]:
            expected = f"at most {arguments.max_false_accepts:g} false accepts an hour on validation"
            raise CheckFailed(mismatch(f"{arguments.bundle}, operating point", expected, "more at every threshold"))
        steps = chosen.get("noise_thresholds", ())
        store_operating_point(arguments.bundle, DetectorSpec(**chosen["detector"]), steps, result["streams"])
        log(f"{arguments.bundle}: the operating point is stored")


def _rounds(text: str) -> tuple[int, ...]:
    """Numbers of scenes of each kind."""
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != 4 or min(numbers) < 0 or max(numbers) > 100 or not numbers[0]:
        raise UsageError(mismatch("--scenes", "four whole numbers up to 100, the first at least 1", repr(text)))
    return numbers
