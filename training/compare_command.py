"""``drsn-train compare``."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from . import study_options

_EXAMPLES = """examples:
  drsn-train compare study.toml --out studies/first
  drsn-train compare study.toml --out studies/first --workers 4     goes on where it was stopped
  drsn-train compare study.toml --out studies/first --ray-address 10.0.0.1:6379

study.toml:
  command = "keywords"
  seeds = [0, 1, 2]
  baseline = "resnet"
  schemes = ["keras", "int8"]
  noises = ["recorded"]
  levels = [10, 0, -5]
  [options]
  data = "recordings"
  noise = ["noises"]
  epochs = 85
  [models.drsn]
  model = "drsn-cw"
  [models.resnet]
  model = "resnet"
  [averages]
  low = [0, -5]
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "compare",
        help="train and compare models over seeds, with intervals and paired tests",
        description="Train every model of a study with every seed, convert, evaluate; one table, paired differences.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, metavar="STUDY.toml")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="folder of the study; it is gone on with"
    )
    study_options.add(parser)
    parser.add_argument("--json", action="store_true", help="print means, intervals and differences as JSON lines")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    from .study.page import write_page
    from .study.results import Scores
    from .study.run import run_study
    from .study.study_file import read_study

    study = read_study(arguments.study, study_options.moved(arguments))
    rows = run_study(study, arguments.out, study_options.place(arguments))
    scores = Scores(study, rows)
    title = arguments.study.stem.encode("utf-8", "backslashreplace").decode()
    paths = write_page(scores, arguments.out, title)
    if arguments.json:
        _print_json(scores)
        return
    print(paths[0].read_text(encoding="utf-8"))
    print("\n".join(map(str, paths)))


def _print_json(scores) -> None:
    study = scores.study
    for model in study.models:
        for scheme in study.schemes:
            for column in scores.columns:
                mean = scores.mean(model, scheme, column)
                row = {"model": model, "scheme": scheme, "column": column, "measure": scores.measure}
                row |= {"mean": _finite(mean.mean), "n": mean.n, "half_95": _finite(mean.half)}
                if study.baseline not in {None, model}:
                    found = scores.difference(model, study.baseline, scheme, column)
                    row |= {"difference": _finite(found.mean), "difference_half_95": _finite(found.half)}
                    row["p"] = _finite(found.p)
                print(json.dumps(row))


def _finite(value: float) -> float | None:
    """JSON has no infinity, and no NaN."""
    return value if math.isfinite(value) else None
