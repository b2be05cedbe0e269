"""``drsn-export inspect``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError, UsageError, mismatch
from drsn_keras.files import resolved
from drsn_keras.training.data_options import add_data_options, open_run_with

from .start_tensorflow import start_tensorflow

if TYPE_CHECKING:
    from drsn_keras.edge.bundle import Bundle

    from .inspection.examine import Comparison

JSON_NAME, PICTURE_NAME = "inspection.json", "inspection.png"


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "inspect",
        help="look into a bundle: cost of every layer, and where integers lose precision",
        description="List a bundle's operators, their cost, what XNNPACK takes over and the memory of activations. "
        "With the run behind it also every layer's signal-to-quantisation-noise ratio on validation clips, and the "
        "resolution that integers leave of each block's threshold; where the run or its data is not found, one line "
        "says so. To see the graph: model-explorer BUNDLE/model.tflite (pip install ai-edge-model-explorer).",
        epilog="example: drsn-export inspect runs/mine/bundles/int8",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--run", type=Path, metavar="RUN", help="the run that a bundle elsewhere was made from")
    parser.add_argument("--clips", type=int, default=64, metavar="N", help="validation clips; 64 by default")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"for {JSON_NAME} and {PICTURE_NAME}; BUNDLE-inspection by default"
    )
    add_data_options(parser)
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    if arguments.clips < 1:
        raise UsageError(mismatch("--clips", "at least 1", arguments.clips))
    folder = resolved(arguments.bundle)
    out = arguments.out or folder.with_name(f"{folder.name}-inspection")
    if out.exists() and not out.is_dir():
        raise UsageError(mismatch(out, "a folder", "a file"))
    from drsn_keras.edge.bundle import load_bundle

    bundle = load_bundle(arguments.bundle)
    start_tensorflow()
    from drsn_keras.files import write_atomically

    from .inspection.examine import Inspection, examine
    from .inspection.page import text_lines, to_json
    from .inspection.picture import picture

    content = bundle.interpreter.model_path.read_bytes()
    contents = examine(content, bundle.interpreter.model_path)
    comparison, missing = _compare(arguments, bundle, content)
    inspection = Inspection(bundle, contents, comparison, missing)
    text = json.dumps(to_json(inspection), indent=2, ensure_ascii=False)
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(out / JSON_NAME, text + "\n")
    write_atomically(out / PICTURE_NAME, picture(inspection))
    print(text if arguments.json else "\n".join(text_lines(inspection)))
    if missing is not None:
        log(f"note: no comparison with the float model: {missing}")
    log(f"wrote {out / JSON_NAME} and {PICTURE_NAME}")


def _compare(arguments: argparse.Namespace, bundle: Bundle, content: bytes) -> tuple[Comparison | None, str | None]:
    """The comparison, or what is missing for it. What the user named must be there; what was looked for may be gone."""
    if bundle.card.is_denoiser:
        return None, "of a denoiser costs alone are shown (drsn-export verify judges it)"
    if bundle.card.stream:
        return None, "of a step costs alone are shown (drsn-export verify judges it)"
    from drsn_keras.training.open_run import run_of_bundle

    from .inspection.examine import compare
    from .inspection.inputs import validation_inputs
    from .lowering import lower

    try:
        run = open_run_with(arguments, run_of_bundle(arguments.bundle, arguments.run))
        run.require_match(bundle)
        inputs = validation_inputs(run, arguments.clips)
        return compare(lower(run.model, bundle.card.target), content, inputs), None
    except DrsnError as error:
        if arguments.run or arguments.data or arguments.manifest or arguments.noise:
            raise
        return None, str(error)
