"""``drsn-train vibration``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import resolved

from .distributed.options import add_device_options
from .option_values import parse_pair, parse_words
from .start_run import add_run_options, print_summary, start_run

if TYPE_CHECKING:
    from .vibration.config import VibrationConfig
    from .vibration.corpus import VibrationCorpus

_TASKS = ("simulated", "cwru", "paderborn", "mfpt", "xjtu", "seu", "folder", "csv", "npz")
#: Rules of tasks on which the usual one cannot be asked: all of CWRU is one machine.
_SPLITS = {"cwru": "leave-one-load-out"}
_KURTOGRAM = "kurtogram"
_ENVELOPE = "envelope_spectrum"
_EXAMPLES = """examples:
  drsn-train vibration --out runs/simulated                        simulated machines, no data needed
  drsn-train vibration --data cwru/ --task cwru --split leave-one-load-out --held-out "3 hp" --out runs/cwru
  drsn-train vibration --data recordings/ --task folder --unit g --rate 12000 --split recording-shares --out runs/mine
  drsn-train vibration --data list.csv --task csv --input spectrum,envelope_spectrum --split leave-one-machine-out \\
      --out runs/fleet
"""
#: Options that go into LayoutOptions, by its names.
_LAYOUT = {
    "rate": "sample_rate_hz",
    "unit": "unit",
    "channel": "channel",
    "sensitivity_mv_per_unit": "sensitivity_mv_per_unit",
    "file_unit": "file_unit",
    "full_scale": "full_scale",
    "name_regex": "name_regex",
    "classes": "classes",
    "healthy_first_fraction": "healthy_first_fraction",
    "faulty_last_fraction": "faulty_last_fraction",
}
_PLAIN = (
    *("machines", "split", "held_out", "without", "noisy", "speed_change", "model", "width", "epochs", "batch_size"),
    *("learning_rate", "seed", "deterministic", "mixed_precision"),
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "vibration",
        help="train fault diagnosis on vibration, in noise",
        description="Train a network that tells the states of a machine apart by its vibration, in noise.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("data (nothing is guessed: what the files do not say has to be given)")
    data.add_argument("--data", type=Path, metavar="PATH", help="folder or file of recordings")
    data.add_argument("--task", choices=_TASKS, help="their layout; simulated machines where there is no --data")
    data.add_argument("--machines", type=int, metavar="N", help="simulated machines (5)")
    data.add_argument("--unit", metavar="UNIT", help="of the samples: g, m/s^2, mm/s ...")
    data.add_argument("--rate", type=float, metavar="HZ", help="of files that do not say theirs")
    data.add_argument("--channel", metavar="NAME|N", help="column or channel of files with several")
    data.add_argument("--sensitivity-mv-per-unit", type=float, metavar="X", help="of the sensor, with --file-unit")
    data.add_argument("--file-unit", choices=("V", "mV"), help="what the files hold")
    data.add_argument("--full-scale", type=float, metavar="X", help="what 1.0 of an integer WAV stands for")
    data.add_argument("--name-regex", metavar="REGEX", help="named groups machine, bearing, load, fault_size, rpm")
    data.add_argument("--classes", choices=("state", "element"), help="CWRU: IR007, or inner")
    data.add_argument("--healthy-first-fraction", type=float, metavar="X", help="XJTU-SY: of a life, normal")
    data.add_argument("--faulty-last-fraction", type=float, metavar="X", help="XJTU-SY: of a life, faulty")
    data.add_argument("--resample", type=float, metavar="HZ", help="bring all recordings to this rate (anti-aliased)")
    split = parser.add_argument_group("division into training, validation and test")
    split.add_argument(
        "--split",
        metavar="RULE",
        help="leave-one-GROUP-out or GROUP-shares (recording, machine, bearing, load, fault-size); random-windows "
        "leaks and says so; leave-one-machine-out by default, with --task cwru (one machine) leave-one-load-out",
    )
    split.add_argument("--held-out", metavar="NAME", help="the group tested on; the last by default")
    split.add_argument("--without", metavar="GROUP", help="divides recordings that have no such group (sound machines)")
    model = parser.add_argument_group("model")
    model.add_argument("--window", type=int, metavar="N", help="samples of a window (2048)")
    model.add_argument("--hop", type=int, metavar="N", help="samples from one window to the next (half a window)")
    model.add_argument(
        "--input", metavar="NAMES", help="comma-separated: signal (default), spectrum, envelope_spectrum"
    )
    model.add_argument("--band", metavar="LOW,HIGH|kurtogram", help="of the envelope [Hz]; by the kurtogram by default")
    model.add_argument("--model", metavar="NAME", help="wide-drsn-cw (default), drsn-cw, wdcnn and their twins")
    model.add_argument("--width", type=float, metavar="X", help="scales the channels (1.0)")
    model.add_argument("--healthy", metavar="LABELS", help="comma-separated labels of a sound machine (normal)")
    fit = parser.add_argument_group("training")
    fit.add_argument("--noise", type=Path, metavar="DIR", nargs="+", action="extend", default=[], help="recorded noise")
    fit.add_argument("--noise-kinds", metavar="NAMES", help="comma-separated generated noises (white,pink,laplacian)")
    fit.add_argument("--snr", metavar="LOW,HIGH", help="range of ratios mixed in [dB] (--snr=-10,20)")
    fit.add_argument("--noisy", type=float, metavar="SHARE", help="share of windows that get noise (0.75)")
    fit.add_argument(
        "--speed-change", type=float, metavar="SHARE", help="windows are played faster or slower by up to this (0.03)"
    )
    fit.add_argument("--epochs", type=int, metavar="N", help="60 by default")
    fit.add_argument("--batch-size", type=int, metavar="N", help="64 by default")
    fit.add_argument("--learning-rate", type=float, metavar="X", help="peak of the cosine schedule")
    fit.add_argument("--seed", type=int, metavar="N", help="0 by default")
    fit.add_argument("--deterministic", action="store_true", default=None, help="same seed, same weights (slower)")
    add_device_options(parser)
    add_run_options(parser)
    parser.set_defaults(handler=_handle)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fields of the configuration that the command line sets, and those of its windows."""
    fields: dict[str, Any] = {n: getattr(arguments, n) for n in _PLAIN if getattr(arguments, n) is not None}
    layout = {to: getattr(arguments, n) for n, to in _LAYOUT.items() if getattr(arguments, n) is not None}
    if layout:
        fields["layout"] = layout
    if arguments.task is not None:
        fields["source"] = arguments.task
        if arguments.task in _SPLITS:
            fields.setdefault("split", _SPLITS[arguments.task])
    if arguments.data is not None:
        if arguments.task is None:
            raise UsageError(mismatch("--data", "a --task with it (the layout is not guessed)", "none"))
        fields["data"] = str(resolved(arguments.data))
        if arguments.machines is not None:
            raise UsageError(mismatch("--machines", "none with --data (they are simulated ones)", arguments.machines))
    if arguments.resample is not None:
        fields["resample_hz"] = arguments.resample
    if arguments.noise:
        fields["noise"] = tuple(str(resolved(folder)) for folder in arguments.noise)
    if arguments.noise_kinds is not None:
        none = arguments.noise_kinds.strip() == "none"
        fields["noise_kinds"] = () if none else parse_words(arguments.noise_kinds, "--noise-kinds")
    if arguments.healthy is not None:
        fields["healthy"] = parse_words(arguments.healthy, "--healthy")
    if arguments.snr is not None:
        fields["snr_db"] = parse_pair(arguments.snr, "--snr")
    return fields


def _window(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fields of WindowOptions that the command line sets."""
    found: dict[str, Any] = {}
    if arguments.window is not None:
        found["n_samples"] = arguments.window
    if arguments.window is not None or arguments.hop is not None:
        found["hop_length"] = arguments.hop if arguments.hop is not None else max(1, arguments.window // 2)
    if arguments.input is not None:
        found["channels"] = parse_words(arguments.input, "--input")
    if arguments.band is not None and _ENVELOPE not in found.get("channels", ()):
        raise UsageError(mismatch("--band", f"--input with {_ENVELOPE}", arguments.input or "signal"))
    if arguments.band not in {None, _KURTOGRAM}:
        found["band_hz"] = parse_pair(arguments.band, "--band")
    return found


def _handle(arguments: argparse.Namespace) -> None:
    given, window = _given(arguments), _window(arguments)

    def new_config() -> VibrationConfig:
        _quiet()
        from .vibration.config import VibrationConfig

        return VibrationConfig(**given)

    def open_data(config: VibrationConfig, resume: bool) -> tuple[VibrationConfig, VibrationCorpus]:
        _quiet()
        from .vibration.open_corpus import WindowOptions, open_vibration_corpus, prepare

        if resume:
            return config, open_vibration_corpus(config)
        config, corpus = prepare(config, WindowOptions(**window))
        _check_healthy(config.healthy, corpus.labels, "healthy" in given)
        return config, corpus

    summary = start_run(arguments, "vibration", new_config, open_data)
    if summary:
        print_summary(summary, arguments, ", LEAKY" if summary["protocol"].get("leaky") else "")


def _check_healthy(healthy: tuple[str, ...], labels: tuple[str, ...], given: bool) -> None:
    """Labels that the user calls sound have to be there; where the usual one is not, there is no health index."""
    missing = [label for label in healthy if label not in labels]
    if missing and given:
        raise UsageError(mismatch("--healthy", f"some of {', '.join(labels)}", missing[0]))
    if missing:
        log(f"note: no state is called {missing[0]}: no health index (name the sound states with --healthy)")


def _quiet() -> None:
    from .quiet import quiet_tensorflow

    quiet_tensorflow(any_backend=True)
