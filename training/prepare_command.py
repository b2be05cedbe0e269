"""``drsn-train prepare``."""

from __future__ import annotations

import argparse
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import UsageError
from drsn_keras.files import resolved

from .cores import core_count
from .option_values import parse_words

_EXAMPLES = """examples:
  drsn-train prepare --data speech_commands/ --noise noises/ --out prepared/
  drsn-train prepare --data mswc/de --keywords all --workers 8 --out prepared/       the same command goes on
  drsn-train prepare --verify prepared/
  drsn-train keywords --data prepared/ --out runs/mine
"""
_SHARD_MB = 16.0


def add(commands: argparse._SubParsersAction) -> None:
    """Add the sub-command to the parser."""
    parser = commands.add_parser(
        "prepare",
        help="make shards of recordings that do not fit into memory",
        description="Read, resample and cut recordings and noise once, and write them as compressed shards that "
        "drsn-train keywords streams. A run that was stopped goes on with the same command.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = parser.add_argument_group("data, as for drsn-train keywords")
    data.add_argument("--data", type=Path, metavar="DIR", help="a folder per word, Speech Commands, or MSWC")
    data.add_argument("--manifest", type=Path, metavar="CSV", help="columns file, label, recording_id, suggested_split")
    data.add_argument(
        "--noise", type=Path, metavar="DIR", nargs="+", action="extend", default=[], help="recorded noise: any folders"
    )
    data.add_argument("--keywords", metavar="WORDS", help="comma-separated; all other words become _unknown_; all")
    data.add_argument("--group-regex", metavar="REGEX", help="its first group is the speaker in WORD/FILE")
    data.add_argument("--resplit", action="store_true", help="divide by speaker anew, ignore given splits")
    data.add_argument("--skip-bad", action="store_true", help="leave unreadable files out and say so")
    data.add_argument("--duration", type=float, metavar="S", default=1.0, help="length of the window [s] (1.0)")
    data.add_argument("--seed", type=int, metavar="N", default=0, help="of the split and of the order (0)")
    out = parser.add_argument_group("result")
    out.add_argument("--out", type=Path, metavar="PREPARED", help="folder of the shards")
    out.add_argument("--workers", type=int, metavar="N", help="processes (as many as there are cores)")
    out.add_argument("--shard-mb", type=float, metavar="MB", default=_SHARD_MB, help="samples in a shard (16)")
    out.add_argument(
        "--uncompressed", action="store_true", help="a third more on disk for speech, read in a third of the time"
    )
    out.add_argument("--verify", type=Path, metavar="PREPARED", help="check all checksums of a folder, nothing else")
    parser.set_defaults(handler=_handle)


def _handle(arguments: argparse.Namespace) -> None:
    if arguments.verify is not None:
        if arguments.data or arguments.out or arguments.noise or arguments.manifest:
            raise UsageError("--verify: expected no --data, --manifest, --noise and --out, got one of them")
        from .prepared.verify import verify

        prepared = verify(arguments.verify)
        print(f"{arguments.verify}: {_counts(prepared)}; all checksums are right")
        return
    if not (arguments.data and arguments.out):
        raise UsageError("expected --data DIR and --out PREPARED, or --verify PREPARED")
    workers = core_count() if arguments.workers is None else arguments.workers
    if not 1 <= workers <= 1024:
        raise UsageError(f"--workers: expected 1 to 1024, got {workers}")
    from .prepared.prepare import prepare

    made = prepare(
        _config(arguments),
        arguments.out,
        workers=workers,
        shard_mb=arguments.shard_mb,
        compressed=not arguments.uncompressed,
    )
    for split, notes in made.read_notes.items():
        for note in notes:
            log(f"note: {split}: {note}")
    for note in (*made.protocol.get("notes", ()), *made.noise_notes):
        log(f"note: {note}")
    print(f"{arguments.out}: {_counts(made)}")


def _config(arguments: argparse.Namespace):
    import dataclasses

    from drsn_keras.frontend import FrontEndSpec

    from .config import KeywordConfig

    return KeywordConfig(
        data=str(resolved(arguments.data)),
        manifest=str(resolved(arguments.manifest)) if arguments.manifest else None,
        noise=tuple(str(resolved(folder)) for folder in arguments.noise),
        keywords=parse_words(arguments.keywords, "--keywords") if arguments.keywords is not None else (),
        group_regex=arguments.group_regex,
        resplit=arguments.resplit,
        skip_bad=arguments.skip_bad,
        seed=arguments.seed,
        front_end=dataclasses.replace(FrontEndSpec(), duration_s=arguments.duration).to_dict(),
    )


def _counts(prepared) -> str:
    shards = prepared.shards
    n = "/".join(f"{prepared.count(split):,}" for split in prepared.parts)
    noise = sum(sum(part.seconds) for part in prepared.noise.values())
    size = sum(shard.bytes for _, _, shard in shards)
    return (
        f"{len(prepared.labels)} classes, clips {n} in train/val/test, {noise / 60:.1f} minutes of recorded noise, "
        f"{len(shards)} shards, {size / 1e6:,.1f} MB"
    )
