"""Write docs/cli.md from the commands' own ``--help``: ``make docs``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from drsn_keras.edge.cli import build_parser as edge
from drsn_keras.export.cli import build_parser as export
from drsn_keras.training.cli import build_parser as training

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = "# Command line reference\n\nWritten by `make docs` from the commands' own `--help`.\n"


def reference() -> str:
    """The page's text."""
    os.environ["COLUMNS"] = "100"
    parts = [HEAD]
    for build in (training, export, edge):
        parser = build()
        parts.append(_section("##", parser))
        parts += [_section("###", child) for child in _children(parser)]
    return "\n".join(parts)


def _children(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [child for action in actions for child in action.choices.values()]


def _section(level: str, parser: argparse.ArgumentParser) -> str:
    return f"{level} {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
