"""``drsn-train keywords``."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError, mismatch
from drsn_keras.files import resolved
from drsn_keras.keyword_model_names import KEYWORD_MODEL_NAMES, SHRINKING, SPECTRAL

from .distributed.options import add_device_options
from .option_values import parse_pair, parse_words
from .start_run import add_run_options, print_summary, start_run

if TYPE_CHECKING:
    from .config import KeywordConfig
    from .corpus import Corpus

#: Utterances of each phrase that the length of the window is measured on.
_TRIALS = 60
_FRONT_ENDS = ("log-mel", "mfcc", "root-mel", "waveform")
_NONE = "none"
_EXAMPLES = """examples:
  drsn-train keywords --data recordings/ --noise noises/ --out runs/mine
  drsn-train keywords --data speech_commands/ --keywords yes,no,stop --out runs/three
  drsn-train keywords --data speech_commands/ --keywords all --out runs/all
  drsn-train keywords --data speech_commands/ --synthesize-extra 300 --out runs/more
  drsn-train keywords --synthesize "turn on,turn off" --out runs/lamp
  drsn-train keywords --out runs/mine --resume
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "keywords",
        help="train a keyword spotter in noise",
        description="Train a keyword spotter in noise, from recordings or from synthetic speech.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("data")
    data.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="a folder per word, Speech Commands, MSWC, or what drsn-train prepare made of one",
    )
    data.add_argument(
        "--data-service",
        metavar="HOST:PORT",
        help="of prepared data: batches come from the workers of this dispatcher (drsn-train data-worker)",
    )
    data.add_argument("--manifest", type=Path, metavar="CSV", help="columns file, label, recording_id, suggested_split")
    data.add_argument(
        "--noise",
        type=Path,
        metavar="DIR",
        nargs="+",
        action="extend",
        default=[],
        help="recorded noise: any folders, DEMAND, MUSAN, ESC-50",
    )
    data.add_argument("--synthesize", metavar="WORDS", help="comma-separated phrases to be spoken by espeak-ng instead")
    data.add_argument("--utterances", type=int, metavar="N", help="synthetic utterances of each phrase (400)")
    data.add_argument(
        "--synthesize-extra",
        type=int,
        metavar="N",
        help="synthetic utterances of each keyword, and of other words, for training besides --data",
    )
    data.add_argument(
        "--keywords",
        metavar="WORDS",
        help="comma-separated; all other words become _unknown_. all: every word a class (Speech Commands: 35 or 30 "
        "instead of the usual 12 classes)",
    )
    data.add_argument("--group-regex", metavar="REGEX", help="its first group is the speaker in WORD/FILE")
    data.add_argument(
        "--resplit", action="store_true", default=None, help="divide by speaker anew, ignore given splits"
    )
    data.add_argument("--skip-bad", action="store_true", default=None, help="leave unreadable files out and say so")
    model = parser.add_argument_group("model")
    model.add_argument(
        "--model",
        choices=KEYWORD_MODEL_NAMES,
        help="drsn-cw by default; streaming-...: steps of 40 ms and states, no windows; ds-cnn to raw-m5: published "
        "networks to compare with",
    )
    model.add_argument(
        "--spectral",
        choices=(*SPECTRAL, _NONE),
        help="a learned threshold on the spectrum in front of the network, one for the clip or one a frame (root-mel); "
        "by default frames for a DRSN whose --front-end is not given, else none",
    )
    model.add_argument("--width", type=float, metavar="X", help="scales the channels (1.0)")
    model.add_argument(
        "--front-end",
        choices=_FRONT_ENDS,
        help="log-mel 98 x 40, MLPerf's MFCC 49 x 10, root-mel 98 x 40; waveform for --model raw-m5; by default "
        "root-mel with --spectral, else log-mel",
    )
    model.add_argument("--duration", type=float, metavar="S", help="length of the window [s]; 1.0, longer for phrases")
    fit = parser.add_argument_group("training")
    fit.add_argument("--epochs", type=int, metavar="N", help="100 by default")
    fit.add_argument("--batch-size", type=int, metavar="N", help="64 by default")
    fit.add_argument("--learning-rate", type=float, metavar="X", help="peak of the cosine schedule")
    fit.add_argument("--noise-kinds", metavar="NAMES", help="comma-separated generated noises to mix in")
    fit.add_argument("--snr", metavar="LOW,HIGH", help="range of SNRs mixed in [dB]")
    fit.add_argument(
        "--straddle",
        type=float,
        metavar="P",
        help="share of each batch that is the end of one clip and the beginning of another, _unknown_ (0)",
    )
    fit.add_argument("--seed", type=int, metavar="N", help="0 by default")
    fit.add_argument("--deterministic", action="store_true", default=None, help="same seed, same weights (slower)")
    add_device_options(parser)
    add_run_options(parser)
    parser.set_defaults(handler=_handle)


def _given(arguments: argparse.Namespace) -> dict:
    """Fields of the configuration that the command line sets."""
    fields: dict = {
        name: getattr(arguments, name)
        for name in (
            "utterances",
            "synthesize_extra",
            "group_regex",
            "resplit",
            "skip_bad",
            "model",
            "width",
            "epochs",
            "batch_size",
            "learning_rate",
            "seed",
            "deterministic",
            "mixed_precision",
        )
        if getattr(arguments, name) is not None
    }
    for name in ("data", "manifest"):
        if getattr(arguments, name) is not None:
            fields[name] = str(resolved(getattr(arguments, name)))
    if arguments.noise:
        fields["noise"] = tuple(str(resolved(folder)) for folder in arguments.noise)
    for name in ("synthesize", "keywords", "noise_kinds"):
        if getattr(arguments, name) is not None:
            fields[name] = parse_words(getattr(arguments, name), "--" + name.replace("_", "-"))
    augment: dict = {} if arguments.snr is None else {"snr_db": parse_pair(arguments.snr, "--snr")}
    if arguments.straddle is not None:
        augment["straddle"] = arguments.straddle
    if augment:
        fields["augment"] = augment
    spectral = arguments.spectral or _default_spectral(arguments)
    if spectral != _NONE:
        fields["spectral"] = spectral
    front_end = arguments.front_end or ("root-mel" if spectral != _NONE else _FRONT_ENDS[0])
    if front_end != _FRONT_ENDS[0] or arguments.front_end or arguments.duration is not None:
        from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM

        specs = dict(zip(_FRONT_ENDS, (LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM), strict=True))
        spec = specs[front_end]
        if arguments.duration is not None:
            spec = dataclasses.replace(spec, duration_s=arguments.duration)
        fields["front_end"] = spec.to_dict()
    return fields


def _default_spectral(arguments: argparse.Namespace) -> str:
    """What was best in the study of docs/results/keywords.md, where nothing says otherwise."""
    shrinks = (arguments.model or KEYWORD_MODEL_NAMES[0]) in SHRINKING
    return SPECTRAL[-1] if shrinks and arguments.front_end is None else _NONE


def _handle(arguments: argparse.Namespace) -> None:
    given = _given(arguments)

    def new_config() -> KeywordConfig:
        from .config import KeywordConfig

        return KeywordConfig(**given)

    def open_data(config: KeywordConfig, resume: bool) -> tuple[KeywordConfig, Corpus]:
        from .quiet import quiet_tensorflow

        if arguments.duration is None and not resume:
            config = _long_enough(config) if config.synthesize else _as_prepared(config)
        quiet_tensorflow(any_backend=True)
        from .corpus import open_corpus

        if arguments.data_service is not None:
            _check_service(config, several=arguments.workers is not None)
        corpus = open_corpus(config, progress=True)
        if arguments.data_service is not None:
            _use_service(corpus, arguments.data_service)
        return config, corpus

    summary = start_run(arguments, "keywords", new_config, open_data)
    if summary:
        print_summary(summary, arguments, " (synthetic speech)" if summary["synthetic_speech"] else "")


def _check_service(config: KeywordConfig, several: bool) -> None:
    """What a data service cannot do."""
    from .networks import streams

    if several:
        raise UsageError(mismatch("--data-service", "one trainer", "several (--workers)"))
    if streams(config):
        raise UsageError(mismatch("--data-service", "a network of windows", f"one for streams ({config.model})"))
    if config.deterministic:
        raise UsageError("--deterministic: expected without --data-service, whose workers race for shards, got both")


def _use_service(corpus: Corpus, service: str) -> None:
    """Let the workers of a data service make the batches."""
    from .prepared.corpus import PreparedCorpus
    from .prepared.data_service import require_dispatcher

    if not isinstance(corpus, PreparedCorpus):
        raise UsageError(mismatch("--data-service", "data made by drsn-train prepare (--data PREPARED)", "other data"))
    require_dispatcher(service)
    corpus.data_service = service


def _as_prepared(config: KeywordConfig) -> KeywordConfig:
    """The window that prepared data was cut to."""
    from .prepared.folder import is_prepared, read_prepared

    if not is_prepared(Path(config.data)):
        return config
    prepared = read_prepared(Path(config.data))
    if prepared.n_samples == config.spec.n_samples:
        return config
    spec = dataclasses.replace(config.spec, duration_s=prepared.n_samples / config.spec.sample_rate_hz)
    return dataclasses.replace(config, front_end=spec.to_dict())


def _long_enough(config: KeywordConfig) -> KeywordConfig:
    """Widen the window to the longest of some trial utterances: phrases may take more than a second."""
    from .synthesis import synthesize_words

    rate = config.spec.sample_rate_hz
    trial = synthesize_words(config.synthesize, _TRIALS, config.seed, rate, n_unknown=0, n_silence=0)
    if trial.duration_s > config.spec.duration_s:
        log(f"note: the window is {trial.duration_s:g} s, as long as the longest phrase; set another with --duration")
        spec = dataclasses.replace(config.spec, duration_s=trial.duration_s)
        config = dataclasses.replace(config, front_end=spec.to_dict())
    return config
