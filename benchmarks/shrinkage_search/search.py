"""The command: train the named jobs one after another, write a table of all results."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .jobs import JOBS, Job

if TYPE_CHECKING:
    from .data import Data
    from .loss import Teacher

RESULTS, TABLE, PACKED = "results.jsonl", "table.md", "data.xz"
OUT = Path("build/bench/shrinkage-search")
_EXAMPLE = """example, on a machine that has JAX alone (copy this folder and the packed file):
  python benchmarks/shrinkage_search --pack data.xz                # where the recordings and the library are
  python shrinkage_search --data-file data.xz --names log,clip     # there
"""


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        "shrinkage_search",
        description="Train small keyword networks in noise, several seeds at once, in JAX: where does shrinkage help? "
        f"Jobs that {RESULTS} has already are not trained again. All of them take hours on one GPU.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    recordings = Path(os.environ.get("DRSN_DATA", "../shared/data"))
    parser.add_argument("--data", type=Path, default=recordings, metavar="DIR", help=f"recordings ({recordings})")
    parser.add_argument("--pack", type=Path, metavar="FILE", help="only write the packed data")
    parser.add_argument(
        "--data-file", type=Path, metavar="FILE", help=f"packed data (OUT/{PACKED}, packed first where it is missing)"
    )
    parser.add_argument("--names", metavar="A,B", help="jobs to train (all)")
    parser.add_argument("--list", action="store_true", help="only list the jobs")
    parser.add_argument("--table", action="store_true", help="only print the table of the results that are there")
    parser.add_argument("--epochs", type=_count, metavar="N", help="of every job, in place of its own")
    parser.add_argument("--seeds", type=_count, metavar="N", help="of every job, in place of its own")
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=f"for {RESULTS} and {TABLE} ({OUT})")
    return parser


def main(argv: list[str] | None = None) -> None:
    """Run the command."""
    parser = options()
    arguments = parser.parse_args(argv)
    names = list(dict.fromkeys(arguments.names.split(","))) if arguments.names else list(JOBS)
    if unknown := [name for name in names if name not in JOBS]:
        parser.error(f"--names: expected jobs that --list shows, got {', '.join(unknown)}")
    changes = {key: value for key in ("epochs", "seeds") if (value := getattr(arguments, key)) is not None}
    try:
        if arguments.list:
            print("\n".join(f"{name:<26} {JOBS[name].epochs:>3} epochs  {JOBS[name].what}" for name in names))
        elif arguments.pack:
            _pack(arguments.data, arguments.pack)
        else:
            if not arguments.table:
                _train(names, changes, arguments)
            _show_table(arguments.out, written=not arguments.table)
    except KeyboardInterrupt:
        print("shrinkage_search: interrupted; finished jobs are kept", file=sys.stderr)
        sys.exit(130)


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got {text!r}")
    return int(text)


def _pack(recordings: Path, path: Path) -> None:
    try:
        from keyword_runs import start
    except ModuleNotFoundError as error:
        sys.exit(f"packing needs the library beside this folder ({error}); where it is not: --data-file")
    from .pack import pack

    start(lambda: print(pack(recordings, path), file=sys.stderr))


def _train(names: Iterable[str], changes: dict[str, int], arguments: argparse.Namespace) -> None:
    from .data import read

    path = arguments.data_file or arguments.out / PACKED
    if arguments.data_file is None and not path.is_file():
        _pack(arguments.data, path)
    search(names, changes, read(path), arguments.out / RESULTS)


def _show_table(out: Path, *, written: bool) -> None:
    from .results import read_rows
    from .table import markdown

    rows = read_rows(out / RESULTS)
    if not rows:
        sys.exit(f"{out / RESULTS}: expected results, got none")
    text = markdown(rows)
    if written:
        (out / TABLE).write_text(text, encoding="utf-8")
    print(text, end="")


def search(names: Iterable[str], changes: dict[str, int], data: Data, path: Path) -> None:
    """Train what is not in the results yet, each job after its teacher.

    Parameters
    ----------
    names : of JOBS
    changes : epochs or seeds that every job has in place of its own
    data : Data
    path : results.jsonl
    """
    from .loss import Teacher
    from .results import append_row, is_of, read_rows, row_of
    from .training import train

    rows = read_rows(path)
    teachers: dict[str, Teacher] = {}

    def configured(name: str) -> Job:
        return dataclasses.replace(JOBS[name], **changes)

    def done(name: str) -> bool:
        return any(is_of(row, name, configured(name)) for row in rows)

    def run(name: str) -> None:
        job = configured(name)
        print(f"{name}: {job.epochs} epochs, {job.seeds} seeds", file=sys.stderr)
        trained = train(job, data.training, len(data.classes), teachers.get(job.teacher))
        teachers[name] = Teacher(job, trained.averaged)
        row = row_of(name, job, data, trained)
        if not done(name):
            append_row(path, row)
            rows.append(row)
        print(f"  {row['accuracy']}, low {row['low']} in {row['seconds']} s", file=sys.stderr)

    for name in names:
        if done(name):
            print(f"{name}: done before", file=sys.stderr)
            continue
        # Weights of a teacher are not kept in files: it is trained again when a pupil is left to do.
        if (teacher := JOBS[name].teacher) and teacher not in teachers:
            run(teacher)
        run(name)
