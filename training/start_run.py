"""Start or resume a training in its run folder: what every training command does with ``--out`` and ``--resume``."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError, UsageError, mismatch

from .backend import check_options
from .distributed.devices import Devices, open_devices
from .distributed.options import DEVICE_OPTIONS, device_count, workers_of
from .quiet import quiet_tensorflow

if TYPE_CHECKING:
    from .config import KeywordConfig
    from .corpus import Corpus
    from .denoising.config import DenoiseConfig
    from .denoising.task import DenoiseTask
    from .distributed.options import Workers
    from .vibration.config import VibrationConfig

    Config = KeywordConfig | VibrationConfig | DenoiseConfig
    Data = Corpus | DenoiseTask

#: What goes with ``--resume``; all other options are the run's own.
_BESIDE_RESUME = {"out", "resume", "overwrite", "json", "handler", "data_service", *DEVICE_OPTIONS}


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--out``, ``--resume``, ``--overwrite`` and ``--json``."""
    out = parser.add_argument_group("result")
    out.add_argument("--out", type=Path, metavar="RUN", required=True, help="run folder")
    out.add_argument("--resume", action="store_true", help="go on with an interrupted run, with its configuration")
    out.add_argument("--overwrite", action="store_true", help="delete an older run in the folder first")
    out.add_argument("--json", action="store_true", help="print the summary as JSON")


def train_classifier(
    config: Config, corpus: Data, run: Path, *, resume: bool, devices: Devices | None = None
) -> dict[str, Any]:
    """Train a keyword spotter or a fault diagnosis."""
    from .fit import train

    return train(config, corpus, run, resume=resume, devices=devices)


def start_run(
    arguments: argparse.Namespace,
    command: str,
    new_config: Callable[[], Config],
    open_data: Callable[[Config, bool], tuple[Config, Data]],
    train: Callable[..., dict[str, Any]] = train_classifier,
) -> dict[str, Any]:
    """Train in the folder that the command line names.

    Parameters
    ----------
    arguments : with ``out``, ``resume``, ``overwrite``; what else is set (not None, not empty) is refused with
        ``--resume``
    command : such as ``keywords``
    new_config : makes the configuration of a new run
    open_data : a configuration, and whether the run is resumed, to the final configuration and its corpus
    train : configuration, corpus, run folder and ``resume`` to the summary; leaves a complete run folder. Where the
        command has options for devices, they are handed in, too

    Returns
    -------
    dict
        The summary; empty on a worker that is not the chief.
    """
    from . import run_folder

    check_options(arguments)
    devices, workers = device_count(arguments), workers_of(arguments)
    if workers is not None and not workers.is_chief:
        _follow(new_config(), open_data, devices, workers)
        return {}
    run = arguments.out
    if run.exists() and not run.is_dir():
        raise UsageError(mismatch(run, "a folder for the run", "a file"))
    existing = run_folder.is_run(run)
    # The chief that is started again with its command.
    goes_on = workers is not None and existing and not (run / run_folder.SUMMARY).is_file()
    if arguments.resume and arguments.overwrite:
        raise UsageError("--resume and --overwrite: expected one of them, got both")
    if arguments.resume:
        given = [name for name, value in vars(arguments).items() if value not in (None, [])]
        if others := [name for name in given if name not in _BESIDE_RESUME]:
            options = ", ".join("--" + name.replace("_", "-") for name in others)
            raise UsageError(mismatch("--resume", "no other options (the run's own are used)", options))
        quiet_tensorflow(any_backend=True)
        from .open_run import read_config

        path = run_folder.require_run(run) / run_folder.CONFIG
        config = read_config(run_folder.read_json(path), path)
        if config.task != command:
            raise UsageError(mismatch(f"{run}, task", command, config.task))
        if (run / run_folder.SUMMARY).is_file():
            raise UsageError(mismatch("--resume", "an interrupted run", f"{run}, which is finished"))
    else:
        config = new_config()
        if existing and not (arguments.overwrite or goes_on):
            raise UsageError(mismatch(run, "a new folder", "an earlier run; add --resume or --overwrite"))
        strange = run_folder.foreign_entries(run, written=existing)
        if strange:
            raise UsageError(mismatch(run, "a new or empty folder", f"one with other files in it ({strange[0]})"))
    made = not run.exists()
    try:
        if goes_on and _is_trained(run):
            workers = None
        with run_folder.locked(run), open_devices(devices, workers) as held:
            config, corpus = open_data(config, arguments.resume)
            if goes_on:
                _require_same(run, config)
            resume, overwrite = arguments.resume or goes_on, arguments.overwrite and existing
            return _train(_on(held, train), config, corpus, run, command, resume, overwrite)
    except BaseException:  # Ctrl-C too
        if made:
            _remove_if_empty(run)
        raise


def _follow(config: Config, open_data: Callable[..., tuple[Config, Data]], devices: int, workers: Workers) -> None:
    with open_devices(devices, workers) as held:
        config, corpus = open_data(config, False)
        corpus.read_all()
        from .fit import follow

        with _explained(corpus):
            follow(config, corpus, held)


def _on(devices: Devices, train: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Training on devices, where they are other than the usual one."""
    return train if devices.strategy is None else functools.partial(train, devices=devices)


def _is_trained(run: Path) -> bool:
    """Whether only the finishing is left, for which no other worker is needed."""
    from .checkpoint import load_checkpoint
    from .run_folder import CHECKPOINT, CONFIG, read_json

    if not (run / CHECKPOINT).is_file():
        return False
    return load_checkpoint(run / CHECKPOINT)[1]["epoch"] == read_json(run / CONFIG).get("epochs")


def _require_same(run: Path, config: Config) -> None:
    """A command that goes on with a run has to be the run's."""
    from .open_run import read_config
    from .run_folder import CONFIG, read_json

    theirs, ours = read_config(read_json(run / CONFIG), run / CONFIG).to_dict(), config.to_dict()
    for name, value in ours.items():
        if value != theirs.get(name):
            raise UsageError(mismatch(f"{run}, {name.replace('_', '-')}", theirs.get(name), value))


def print_summary(summary: dict[str, Any], arguments: argparse.Namespace, clips: str = "") -> None:
    """The result as JSON or as a sentence."""
    if arguments.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
        return
    validation = summary["validation"]
    print(
        f"{arguments.out}: {summary['model']}, {summary['parameters']:,} parameters, "
        f"{summary['macs'] / 1e6:.2f} M MACs, best epoch {summary['best_epoch']} of {summary['epochs']}, "
        f"validation{clips} clean {validation['val_clean']:.1f} %, mean over noise {validation['val_mean']:.1f} %"
    )


def _train(
    train: Callable[..., dict[str, Any]],
    config: Config,
    corpus: Data,
    run: Path,
    command: str,
    resume: bool,
    overwrite: bool,
) -> dict[str, Any]:
    from .run_folder import CHECKPOINT, clear_run

    corpus.read_all()
    if overwrite:
        # Only now: an error in the new data must not cost the old run.
        clear_run(run)
    try:
        with _explained(corpus):
            return train(config, corpus, run, resume=resume)
    except KeyboardInterrupt:
        if (run / CHECKPOINT).is_file():
            log(f"to go on: drsn-train {command} --out {run} --resume")
        raise


@contextlib.contextmanager
def _explained(corpus: Data) -> Iterator[None]:
    """A stream of data fails inside TensorFlow, in TensorFlow's words."""
    try:
        yield
    except Exception as error:
        explain = getattr(corpus, "explain", None)
        known = explain(error) if explain is not None and not isinstance(error, DrsnError) else None
        if known is None:
            raise
        raise known from None


def _remove_if_empty(run: Path) -> None:
    """Take back a folder in which nothing was written before the error."""
    from .run_folder import LOCK

    if run.is_dir() and {entry.name for entry in run.iterdir()} <= {LOCK}:
        shutil.rmtree(run)
