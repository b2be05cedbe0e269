"""``drsn-train denoise``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import resolved

from .denoising.recipes import KINDS, ONLY_FOR, VIBRATION, recipe
from .option_values import parse_pair, parse_words
from .start_run import add_run_options, start_run

if TYPE_CHECKING:
    from .denoising.config import DenoiseConfig
    from .denoising.task import DenoiseTask

_MODELS = ("frame-drsn", "dncnn", "dran", "prior-guided", "spike-shrinkage")
_LAYOUTS = ("cwru", "paderborn", "mfpt", "xjtu", "seu", "folder", "csv", "npz", "simulated")
_LOSSES = ("mse", "half-sse", "l1", "huber", "si-sdr", "snr")
_OPTIMIZERS = ("adam", "adamw", "sgd")
_SCHEDULES = ("cosine", "step", "exponential", "restarts", "constant")
_EXAMPLES = """examples:
  drsn-train denoise --task audio --data recordings/ --noise noises/ --out runs/speech
  drsn-train denoise --task audio --out runs/synthetic             sentences of a synthesiser, no data needed
  drsn-train denoise --task vibration --data cwru/ --layout cwru --out runs/machine
  drsn-train denoise --task ecg --data record.npz --out runs/ecg
  drsn-train denoise --task spikes --model prior-guided --loss huber --out runs/spikes
  drsn-train denoise --task images --data BSD400/ --test-data Set12/ --sigma 25 --model dncnn --out runs/dncnn-s
  drsn-train denoise --task images --out runs/textures             drawn textures, no data needed
"""
#: Options that are not called like the field of the configuration that they set.
_FIELDS = {
    "samples": "n_samples",
    "resample": "resample_hz",
    "layout": "source",
    "rate": "rate_hz",
    "snr": "snr_db",
    "level": "level_dbfs",
}
#: Options that go into the layout of a vibration's files, by its names.
_OF_FILES = ("unit", "sensitivity_mv_per_unit", "file_unit", "full_scale", "name_regex")
_LAYOUT = {"rate": "sample_rate_hz", "channel": "channel", **{name: name for name in _OF_FILES}}
_PLAIN = (
    *("group_regex", "utterances", "machines", "group", "textures", "drawn", "scale", "model", "loss", "optimizer"),
    *("schedule", "learning_rate", "momentum", "weight_decay", "clip_norm", "batch_size", "epochs", "steps_per_epoch"),
    *("seed", "deterministic"),
)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "denoise",
        help="train a denoiser of speech, vibration, ECG, spikes or images",
        description="Train a network that takes noise away, on pairs made by adding it.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("clean material")
    data.add_argument("--task", choices=KINDS, help="what is cleaned")
    data.add_argument("--data", type=Path, metavar="PATH", help="folder or file of it; made here without, except ECG")
    data.add_argument("--manifest", type=Path, metavar="CSV", help="audio: file, label, recording_id, suggested_split")
    data.add_argument("--group-regex", metavar="REGEX", help="audio: its first group is the speaker in a file's path")
    data.add_argument("--utterances", type=int, metavar="N", help="audio: synthetic ones, without --data (600)")
    data.add_argument("--resample", type=float, metavar="HZ", help="audio (16000), vibration: bring all to this rate")
    data.add_argument("--layout", choices=_LAYOUTS, help="vibration: of --data, as drsn-train vibration --task")
    data.add_argument("--machines", type=int, metavar="N", help="vibration: simulated ones, without --data (5)")
    data.add_argument("--group", metavar="NAME", help="vibration: stands in one part only (recording, machine ...)")
    data.add_argument("--unit", metavar="UNIT", help="vibration: of the samples")
    data.add_argument("--rate", type=float, metavar="HZ", help="vibration, ECG: of files that do not say theirs")
    data.add_argument("--channel", metavar="NAME|N", help="vibration, ECG: column, channel or lead")
    data.add_argument("--name-regex", metavar="REGEX", help="vibration: as of drsn-train vibration")
    data.add_argument("--sensitivity-mv-per-unit", type=float, metavar="X", help="vibration: of the sensor")
    data.add_argument("--file-unit", choices=("V", "mV"), help="vibration: what the files hold")
    data.add_argument("--full-scale", type=float, metavar="X", help="vibration: 1.0 of an integer WAV")
    data.add_argument("--test-data", type=Path, metavar="DIR", help="images: tested on, instead of a part of --data")
    data.add_argument(
        "--textures", type=float, metavar="SHARE", help="images: share of drawn patches (0; 1 without --data)"
    )
    data.add_argument("--drawn", type=int, metavar="N", help="images: different drawn textures of training (400)")
    noise = parser.add_argument_group("noise")
    noise.add_argument(
        "--noise", type=Path, metavar="DIR", nargs="+", action="extend", default=[], help="recorded noise"
    )
    noise.add_argument("--noise-kinds", metavar="NAMES", help="comma-separated generated noises, or none")
    noise.add_argument("--snr", metavar="LOW,HIGH", help="signals: range of ratios mixed in [dB] (--snr=-5,20)")
    noise.add_argument(
        "--level", metavar="LOW,HIGH", help="audio: range of the speech's level [dBFS] (--level=-35,-10)"
    )
    noise.add_argument("--sigma", metavar="LOW,HIGH|X", help="spikes (3), images (0,55): standard deviation")
    noise.add_argument("--degradations", metavar="NAMES", help="images: comma-separated noise, super-resolution, jpeg")
    model = parser.add_argument_group("model")
    model.add_argument(
        "--model", choices=_MODELS, help="frame-drsn (signals), spike-shrinkage (spikes), dncnn (images) by default"
    )
    model.add_argument(
        "--network",
        metavar="NAME=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="of its builder: depth=17 width=64",
    )
    model.add_argument("--samples", type=int, metavar="N", help="of an example; side of an image's patch")
    model.add_argument("--scale", type=float, metavar="X", help="real value that is 1.0 to the network")
    fit = parser.add_argument_group("training")
    fit.add_argument("--loss", choices=_LOSSES)
    fit.add_argument("--optimizer", choices=_OPTIMIZERS, help="adam by default")
    fit.add_argument("--schedule", choices=_SCHEDULES, help="of the learning rate; cosine by default")
    fit.add_argument("--learning-rate", type=float, metavar="X", help="its largest value (0.001)")
    fit.add_argument("--momentum", type=float, metavar="X", help="of sgd (0.9)")
    fit.add_argument("--weight-decay", type=float, metavar="X", help="0 by default")
    fit.add_argument("--clip-norm", type=float, metavar="X", help="limit of the gradient's norm; 0 for none")
    fit.add_argument("--batch-size", type=int, metavar="N")
    fit.add_argument("--epochs", type=int, metavar="N")
    fit.add_argument("--steps-per-epoch", type=int, metavar="N", help="0: as many as show every recording once")
    fit.add_argument("--seed", type=int, metavar="N", help="0 by default")
    fit.add_argument("--deterministic", action="store_true", default=None, help="same seed, same weights (slower)")
    add_run_options(parser)
    parser.set_defaults(handler=_handle)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Fields of the configuration that the command line sets."""
    task = arguments.task
    if task is None:
        raise UsageError(mismatch("--task", f"one of {', '.join(KINDS)}", "none"))
    for name, value in vars(arguments).items():
        tasks = (VIBRATION,) if name in _OF_FILES else ONLY_FOR.get(_FIELDS.get(name, name), (task,))
        if task not in tasks and value not in (None, []):
            option = "--" + name.replace("_", "-")
            raise UsageError(mismatch(option, f"--task {' or '.join(tasks)}", f"--task {task}"))
    fields: dict[str, Any] = {n: getattr(arguments, n) for n in _PLAIN if getattr(arguments, n) is not None}
    for name in ("data", "manifest", "test_data"):
        if getattr(arguments, name) is not None:
            fields[name] = str(resolved(getattr(arguments, name)))
    for name in ("samples", "resample", "layout"):
        if getattr(arguments, name) is not None:
            fields[_FIELDS[name]] = getattr(arguments, name)
    if task == "vibration":
        _vibration(arguments, fields)
    elif task == "ecg":
        fields |= {"rate_hz": arguments.rate, "channel": arguments.channel}
    if arguments.noise:
        fields["noise"] = tuple(str(resolved(folder)) for folder in arguments.noise)
    if arguments.noise_kinds is not None:
        none = arguments.noise_kinds.strip() == "none"
        fields["noise_kinds"] = () if none else parse_words(arguments.noise_kinds, "--noise-kinds")
    for name in ("snr", "level"):
        if getattr(arguments, name) is not None:
            fields[_FIELDS[name]] = parse_pair(getattr(arguments, name), f"--{name}")
    if arguments.sigma is not None:
        both = arguments.sigma if "," in arguments.sigma else f"{arguments.sigma},{arguments.sigma}"
        fields["sigma"] = parse_pair(both, "--sigma")
    if arguments.degradations is not None:
        fields["degradations"] = parse_words(arguments.degradations, "--degradations")
    if arguments.network:
        fields["network"] = dict(_argument(text) for text in arguments.network)
    return {"kind": task, **fields}


def _vibration(arguments: argparse.Namespace, fields: dict[str, Any]) -> None:
    layout = {to: getattr(arguments, n) for n, to in _LAYOUT.items() if getattr(arguments, n) is not None}
    if layout:
        fields["layout"] = layout
    if arguments.data is not None and arguments.layout is None:
        raise UsageError(mismatch("--data", "a --layout with it (the layout is not guessed)", "none"))


def _argument(text: str) -> tuple[str, Any]:
    """``depth=8`` as a name and a JSON value; what is no JSON is text."""
    name, mark, value = text.partition("=")
    if not mark or not name.strip():
        raise UsageError(mismatch("--network", "NAME=VALUE", repr(text)))
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value


def _handle(arguments: argparse.Namespace) -> None:
    from .quiet import quiet_tensorflow

    def new_config() -> DenoiseConfig:
        given = _given(arguments)
        quiet_tensorflow(any_backend=True)
        from .denoising.config import DenoiseConfig
        from .denoising.networks import check_model

        config = DenoiseConfig(**{**recipe(given["kind"], given.get("model")), **given})
        check_model(config)
        return config

    def open_data(config: DenoiseConfig, resume: bool) -> tuple[DenoiseConfig, DenoiseTask]:
        quiet_tensorflow(any_backend=True)
        from .denoising.tasks import open_task, prepare

        return (config, open_task(config)) if resume else prepare(config)

    def train(config: DenoiseConfig, task: DenoiseTask, run: Path, *, resume: bool) -> dict[str, Any]:
        from .denoising.fit import train

        return train(config, task, run, resume=resume)

    summary = start_run(arguments, "denoise", new_config, open_data, train)
    if arguments.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    validation, noisy = summary["validation"], summary["validation_noisy"]
    mean = sum(noisy.values()) / len(noisy)
    print(
        f"{arguments.out}: {summary['model']} for {summary['kind']}, {summary['parameters']:,} parameters, "
        f"{summary['macs'] / 1e6:.2f} M MACs, best epoch {summary['best_epoch']} of {summary['epochs']}, "
        f"validation {summary['measure']} {validation['val_mean']:.3f} (noisy: {mean:.3f})"
    )
