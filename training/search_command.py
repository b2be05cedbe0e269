"""``drsn-train search``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from . import study_options

_EXAMPLES = """examples:
  drsn-train search search.toml --out searches/first
  drsn-train search search.toml --out searches/first --workers 4     goes on where it was stopped

search.toml:
  command = "keywords"
  trials = 40
  [options]
  data = "recordings"
  noise = ["noises"]
  epochs = 20
  [search]
  model = ["drsn-cw", "resnet"]
  width = { low = 0.5, high = 2.0 }
  batch-size = { low = 32, high = 128, step = 32 }
  learning-rate = { low = 1e-4, high = 1e-2, log = true }
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "search",
        help="look for the options that reach most on the validation part",
        description="Train configurations drawn from ranges and choices (Optuna, extra [cluster]); those that are "
        "behind the others are stopped early. The test part is not looked at.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("search", type=Path, metavar="SEARCH.toml")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", required=True, help="folder of the search; it is gone on with"
    )
    study_options.add(parser)
    parser.add_argument("--json", action="store_true", help="print configurations, best first, as JSON lines")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    from .search.page import best_command, ranked, write_page
    from .search.run import run_search
    from .search.search_file import read_search

    search = read_search(arguments.search, study_options.moved(arguments))
    tried, importance = run_search(search, arguments.out, study_options.place(arguments))
    paths = write_page(search, tried, importance, arguments.out)
    if not arguments.json:
        print(paths[0].read_text(encoding="utf-8"))
        print("\n".join(map(str, paths)))
        return
    for one in ranked(tried):
        values = {name: dimension.value(one.drawn[name]) for name, dimension in search.space.items()}
        print(json.dumps({"configuration": one.number, "state": one.state, "options": values, **one.facts}))
    print(json.dumps({"best": best_command(search, tried), "importance": importance}))
