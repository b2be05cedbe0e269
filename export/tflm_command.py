"""``drsn-export tflm``."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import resolved

from .c_headers import HEADERS

#: Becomes names in C and of files; those that another file here has are taken.
_NAME, _TAKEN = re.compile(r"[a-z](_?[a-z0-9]){0,39}"), ("main", "resolver")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "tflm",
        help="C++ files for TFLite-Micro: array, resolver, arena size, example",
        description="Write an integer model for a project that uses TFLite-Micro: the file as a C array with its "
        "constants, a resolver of exactly the operators it needs, the size of the arena (measured where the Python "
        "package tflite-micro is installed) and an example program.",
        epilog="example: drsn-export tflm runs/mine/bundles/int8-tflm --out firmware/model",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a bundle, or a .tflite file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="BUNDLE-tflm by default")
    parser.add_argument("--name", default="model", help="first part of all names in C; model by default")
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    name = arguments.name
    if not _NAME.fullmatch(name) or name in (*_TAKEN, *HEADERS):
        expected = "small letters, digits and single _ between them, a letter first; no other file's name"
        raise UsageError(mismatch("--name", expected, repr(name)))
    source = resolved(arguments.bundle)
    out = arguments.out or source.with_name(f"{source.stem if source.is_file() else source.name}-tflm")
    from .tflm.folder import check_folder, write_folder

    check_folder(out, name)
    from .tflm.memory import needed_memory
    from .tflm.model_file import open_model

    model = open_model(arguments.bundle)
    memory = needed_memory(model)
    facts = write_folder(out, name, model, memory)
    if not memory.measured:
        log("note: the arena is estimated: the Python package tflite-micro is not installed")
    if model.card is not None and model.card.target != "tflm":
        log(f"note: lowered for {model.card.target}; drsn-export convert RUN --target tflm makes TFLite-Micro's form")
    if arguments.json:
        print(json.dumps(facts, indent=2, ensure_ascii=False))
        return
    print(f"{out}: {len(model.content):,} bytes, {len(model.methods)} operators: {', '.join(model.methods)}")
    if memory.measured:
        print(
            f"arena: {memory.arena_bytes:,} bytes to start on this machine, {memory.allocated_bytes:,} of them kept "
            f"({memory.activation_bytes:,} activations); leave it at that on a 32-bit core, see README.md"
        )
    else:
        print(f"arena: {memory.arena_bytes:,} bytes, estimated")
