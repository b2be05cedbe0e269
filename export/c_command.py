"""``drsn-export c``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import resolved

#: Cores that --report measures by default: what the boards' emulators run.
CORES = ("m4", "m7", "m55", "rv32")


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "c",
        help="write a bundle as C99 for a microcontroller",
        description="Turn an int8 bundle into dependency-free C99: the model, the kernels it needs, front end and "
        "detector, build files and examples. Integers only, no allocation, all state in one struct of the caller's, "
        "outputs equal to TFLite-Micro's bit for bit. Convert with --target tflm: its shrinkage becomes two passes "
        "over each map. --report builds it for emulated cores and measures flash, memory and instructions.",
        epilog="example: drsn-export c runs/mine/bundles/int8-tflm --out firmware && make -C firmware run-m4",
    )
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a bundle folder, or a .tflite file (model only)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="BUNDLE-c by default")
    parser.add_argument("--name", default="model", metavar="PREFIX", help="of the C names; model by default")
    parser.add_argument("--overwrite", action="store_true", help="replace files that were changed by hand, too")
    parser.add_argument("--report", action="store_true", help="measure on emulated cores: report.json and report.png")
    parser.add_argument(
        "--cores", default=",".join(CORES), metavar="LIST", help=f"for --report; {','.join(CORES)} by default"
    )
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    cores = list(dict.fromkeys(arguments.cores.split(",")))
    if odd := [core for core in cores if core not in CORES] or (["none"] if not arguments.cores else []):
        raise UsageError(mismatch("--cores", f"some of {', '.join(CORES)}", ", ".join(odd)))
    bundle = resolved(arguments.bundle)
    out = arguments.out or bundle.with_name(f"{bundle.stem if bundle.is_file() else bundle.name}-c")

    from .firmware.build_project import build_project, facts, without_noise_level
    from .firmware.project import write_project
    from .firmware.source_bundle import open_source

    source = open_source(arguments.bundle)
    project = build_project(source, arguments.name)
    if arguments.report:
        from .firmware.report import check_folder
        from .firmware.toolchain import CORES as TARGETS
        from .firmware.toolchain import require

        for core in cores:
            require(TARGETS[core])
        check_folder(out, arguments.overwrite)
    write_project(out, project.files, arguments.overwrite)
    found = facts(project)
    if arguments.report:
        from .firmware.report import report

        found |= report(project, cores, out)
    if source.card is not None and source.card.noise_thresholds:
        log(_one_threshold(without_noise_level(source.card).threshold))
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print(f"{out}: {found['steps']} kernel calls, {found['constant_bytes']:,} bytes of constants, ", end="")
    print(f"{found['arena_bytes']:,} bytes of arena{_signal_words(found)}")
    for core, cost in found.get("cores", {}).items():
        print(
            f"{core:<5} {cost['instructions_M']:7.3f} M instructions an inference, flash {cost['flash_bytes']:,} B, "
            f"RAM {cost['ram_bytes']:,} B ({cost['stack_bytes']:,} B of them stack)" + _second(cost)
        )
    if source.card is not None and source.card.target == "litert":
        log("note: lowered for litert; drsn-export convert RUN --target tflm has the shrinkage in fewer instructions")


def _one_threshold(threshold: float) -> str:
    return (
        "note: the card's thresholds follow the noise level, which the generated C does not know: it fires at "
        f"{threshold:g}, the highest of them, in all noise; drsn-train stream-evaluate --one-threshold "
        "--set-operating-point chooses one for all"
    )


def _signal_words(found: dict) -> str:
    return f"; {found['signal']}: {found['signal_ram_bytes']:,} bytes more" if found["signal"] else ""


def _second(cost: dict) -> str:
    second = cost.get("instructions_per_second_M")
    if second is None:
        return ""
    return f"; with the signal side RAM {cost['stream_ram_bytes']:,} B, {second:.1f} M instructions a second"
