"""A bundle to the files of a C project."""

from __future__ import annotations

import dataclasses
from typing import Any

from drsn_keras.edge.detector import with_threshold
from drsn_keras.errors import BundleError, UsageError, mismatch
from drsn_keras.frontend import SignalSpec
from drsn_keras.model_card import CARD_NAME, DetectorSpec, ModelCard
from drsn_keras.noise_thresholds import thresholds_of

from ..c_headers import HEADERS
from .c_source import Names
from .denoiser_source import denoiser_source
from .generate import Generated, generate
from .project import firmware_folder, with_headers
from .signal_constants import SignalSource, signal_source
from .skeleton import skeleton
from .source_bundle import Source


@dataclasses.dataclass(frozen=True, eq=False)
class Project:
    """Generated parts, and every file by its name relative to the project's folder."""

    source: Source
    generated: Generated
    signal: SignalSource | None
    files: dict[str, str]


def build_project(source: Source, prefix: str = "model") -> Project:
    """Generate all that a folder of ``drsn-export c`` holds.

    Raises
    ------
    BundleError
        If the model or the front end cannot be generated.
    UsageError
        If the prefix is no C name.
    """
    card = source.card
    if prefix in HEADERS or prefix in {path.stem for path in firmware_folder().rglob("*.h")}:
        raise UsageError(mismatch("--name", "a name that no other header has", repr(prefix)))
    generated = generate(source.content, source.path, prefix, card.labels if card else ())
    signal = None
    if card is not None:
        try:
            signal = _signal(source, prefix)
        except BundleError as error:
            raise BundleError(f"{source.path.with_name(CARD_NAME)}: {error}") from None
    files = dict(generated.model_files())
    firmware = firmware_folder()
    engine = with_headers(firmware / "engine", generated.program.sources)
    if signal is not None:
        files[f"{signal.name}.h"], files[f"{signal.name}.c"] = signal.header, signal.source
        engine += with_headers(firmware / "signal", signal.files)
    files |= {f"engine/{path.name}": path.read_text(encoding="utf-8") for path in engine}
    files |= skeleton(prefix, kind(signal, prefix))
    files["README.md"] = _page(generated.names, signal, prefix)
    return Project(source, generated, signal, files)


def _signal(source: Source, prefix: str) -> SignalSource | None:
    """The signal side; there is none of denoisers other than of streams."""
    card, spec = source.card, source.signal
    if isinstance(spec, SignalSpec):
        return denoiser_source(spec, card.input, card.output, prefix) if card.stream else None
    frames = card.stream.get("frames")
    detector = without_noise_level(card)
    return signal_source(spec, card.input, card.output, detector, card.labels, prefix, step_frames=frames)


def without_noise_level(card: ModelCard) -> DetectorSpec:
    """The card's detector as the generated C has it: integers tell no noise level, so one threshold is for all.

    Of thresholds that follow the noise it is the highest: no score fires in C that a listener would refuse.
    """
    return with_threshold(card.detector, max(thresholds_of(card.noise_thresholds, card.detector.threshold)))


def kind(signal: SignalSource | None, prefix: str) -> str | None:
    """What the signal side is: listener, window, front_end, denoiser or nothing."""
    return None if signal is None else signal.name.removeprefix(f"{prefix}_")


def facts(project: Project) -> dict[str, Any]:
    """Figures that need no compiler."""
    generated, signal = project.generated, project.signal
    network = generated.program.network
    return {
        "model": str(project.source.path),
        "prefix": generated.names.prefix,
        "labels": list(generated.names.labels),
        "input_bytes": network.tensors[network.input].elements,
        "output_bytes": network.tensors[network.output].elements,
        "operators": len(network.operators),
        "steps": len(generated.program.steps),
        "macs": sum(step.macs for step in generated.program.steps),
        "constant_bytes": generated.program.constants.n_bytes,
        "arena_bytes": generated.plan.n_bytes,
        "kernels": sorted({step.kernel for step in generated.program.steps}),
        "signal": kind(signal, generated.names.prefix),
        "signal_table_bytes": signal.table_bytes if signal else 0,
        "signal_ram_bytes": signal.ram_bytes if signal else 0,
    }


def _page(names: Names, signal: SignalSource | None, prefix: str) -> str:
    """README.md of the project."""
    what = kind(signal, prefix)
    program = {"listener": "listen", "window": "monitor", "denoiser": "denoise"}.get(what or "", "main")
    text = {"front_end": "samples in, features out", "denoiser": "samples in, cleaned samples out"}
    files = [
        f"| `{prefix}.h`, `{prefix}.c` | the model: `{prefix}_input`, `{prefix}_invoke`, `{prefix}_output` |",
        *([f"| `{signal.name}.h`, `.c` | {text.get(what, 'samples in, verdicts out')} |"] if signal else []),
        "| `engine/` | the kernels and the signal code that these need, nothing else |",
        "| `boards/` | start-up and linker scripts of emulated boards; a product has its own |",
        "| `examples/` | programs to begin with |",
        "| `generated.json` | hashes: what `drsn-export c` may replace the next time |",
    ]
    return "\n".join(
        [
            f"# {names.title}",
            "",
            f"Generated by `drsn-export c` from {names.origin}.",
            "C99, integers only, no allocation, no library but memcpy and memset; all state is the caller's.",
            "",
            "| file | what |",
            "|---|---|",
            *files,
            "",
            "```sh",
            "make                    # the examples for this computer, in build/host",
            "# for an emulated Cortex-M4 (gcc-arm-none-eabi, qemu-system-arm); also run-m7, run-m55, run-rv32",
            f"make run-m4 PROGRAM={program}",
            "cmake -B build && cmake --build build",
            "```",
            "",
            "How to bring it to a real board: docs/porting.md of drsn-keras.",
            "",
        ]
    )
