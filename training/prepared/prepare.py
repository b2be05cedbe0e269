"""Make a folder of prepared data: parallel, resumable at any time, its table of contents written last."""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, UsageError, mismatch

from ..clips import fact_notes
from ..config import KeywordConfig
from ..noise_recordings import MIN_PART_S
from ..recordings import SPLITS
from ..run_folder import LOCK, locked
from .crew import run_all
from .folder import CONTENTS, NoisePart, Prepared, is_prepared
from .make_shard import MadeShard, ShardTask, make_shard
from .plan import Plan, ShardPlan, make_plan
from .progress import Progress, is_begun

#: What a kill may leave of our own: a shard, its names, the table of contents, the progress.
_TEMPORARY = re.compile(r"\.[a-z0-9.-]+\.(tfrecord|csv|json|jsonl)\.\d+\.tmp")


def prepare(
    config: KeywordConfig, out: Path, *, workers: int = 1, shard_mb: float = 16.0, compressed: bool = True
) -> Prepared:
    """Read, cut and write all clips and recorded noise of a configuration.

    Killed or interrupted, it goes on with the same arguments: shards that are there with their checksums, made of
    files that have not changed, stay.

    Parameters
    ----------
    config : KeywordConfig
        Of its fields: data, manifest, noise, keywords, group_regex, resplit, skip_bad, seed, the window.
    out : Path
        New, or that of an unfinished preparation.
    workers : int
        Processes.
    shard_mb : float
        Megabytes of samples in a shard.
    compressed : bool
        Else shards are as large as their samples and are read in a third of the time.

    Raises
    ------
    DataError, SplitError, UsageError, OSError
        One line; what is finished stays.
    """
    _check_folder(out)
    made = not out.exists()
    try:
        with locked(out, "prepared"):
            return _prepare(make_plan(config, shard_mb, compressed), out, workers)
    except BaseException as error:  # Ctrl-C too
        if made and out.is_dir() and {entry.name for entry in out.iterdir()} <= {LOCK}:
            shutil.rmtree(out)
        elif isinstance(error, KeyboardInterrupt):
            log("to go on: the same command")
        raise


def _prepare(plan: Plan, out: Path, workers: int) -> Prepared:
    for left in out.glob(".*.tmp"):  # by a kill
        if _TEMPORARY.fullmatch(left.name):
            left.unlink()
    config = plan.config
    progress = Progress(out, plan.identity())
    if progress.made:
        log(f"going on: {len(progress.made):,} of {plan.shards:,} shards were made before")
    with _Bar(plan.shards) as step:
        heard = _make(_noise_jobs(plan, out), progress, workers, step)
        noise = _noise_parts(plan, heard)
        made = _make(_clip_jobs(plan, noise, out), progress, workers, step)
    prepared = Prepared(
        folder=out.resolve(),
        labels=plan.labels,
        sample_rate_hz=config.spec.sample_rate_hz,
        n_samples=config.spec.n_samples,
        parts={split: tuple(one.shard for one in made[split]) for split in SPLITS},
        noise=noise,
        protocol=plan.protocol,
        read_notes={split: _notes(plan, split, made[split]) for split in SPLITS},
        noise_notes=(*plan.noise_notes, *_noise_notes(plan, heard)),
        made_from=plan.made_from,
    )
    for split in SPLITS:
        if not prepared.count(split):
            raise DataError(mismatch(f"{config.data}, {split} part", "at least one readable clip", "none"))
    prepared.write()
    progress.remove()
    return prepared


def _check_folder(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(mismatch(out, "a folder for the prepared data", "a file"))
    if is_prepared(out):
        found = "one that is prepared already (--verify checks it; what is damaged is made again in another folder)"
        raise UsageError(mismatch(out, "a new folder", found))
    if (out / CONTENTS).exists():
        raise UsageError(mismatch(out / CONTENTS, "nothing there, or a file", "something else"))
    known = is_begun(out)
    names = [entry.name for entry in out.iterdir()] if out.is_dir() else []
    strange = sorted(n for n in names if not (n in {LOCK, CONTENTS} or n.startswith(".") or known))
    if strange:
        raise UsageError(mismatch(out, "a new or empty folder", f"one with other files in it ({strange[0]})"))


def _noise_jobs(plan: Plan, out: Path) -> Iterator[tuple[ShardTask, ShardPlan]]:
    for split in SPLITS:
        rate = plan.config.spec.sample_rate_hz
        where = out, Path(plan.config.data)
        task = ShardTask(*where, plan.noise_kinds(split), rate, 0, plan.config.seed, level=plan.level)
        yield from ((task, shard) for shard in plan.noise_shards(split))


def _noise_parts(plan: Plan, made: dict[str, list[MadeShard]]) -> dict[str, NoisePart]:
    parts = {}
    for split in SPLITS:
        seconds = sum((Counter(one.seconds) for one in made[split]), Counter())
        # Kinds of which nothing but silence was recorded keep their number.
        kinds = plan.noise_kinds(split)
        shards = tuple(one.shard for one in made[split])
        parts[split] = NoisePart(kinds, tuple(round(seconds[kind], 3) for kind in kinds), shards)
    return parts


def _noise_notes(plan: Plan, made: dict[str, list[MadeShard]]) -> list[str]:
    """What was converted or left out; noise of which training hears nothing is an error.

    Raises
    ------
    DataError
    """
    folders = plan.config.noise
    if folders and not any(one.shard.clips for one in made["train"]):
        expected = f"recorded noise of at least {MIN_PART_S:g} s in the train part, not silent"
        raise DataError(mismatch(", ".join(folders), expected, "none"))
    facts = sum((Counter(one.facts) for parts in made.values() for one in parts), Counter())
    rate = plan.config.spec.sample_rate_hz
    words = {"resampled": f"resampled to {rate} Hz", "stereo": "averaged to mono", "silent": "silent and left out"}
    return [f"noise: {facts[name]} pieces {text}" for name, text in words.items() if facts[name]]


def _clip_jobs(plan: Plan, noise: dict[str, NoisePart], out: Path) -> Iterator[tuple[ShardTask, ShardPlan]]:
    config = plan.config
    for split in SPLITS:
        task = ShardTask(
            *(out, Path(config.data), plan.labels, config.spec.sample_rate_hz, config.spec.n_samples, config.seed),
            noise=noise[split],
            noise_kinds=config.noise_kinds,
            skip_bad=config.skip_bad,
            level=plan.level,
        )
        yield from ((task, shard) for shard in plan.clip_shards(split))


def _make(
    jobs: Iterator[tuple[ShardTask, ShardPlan]], progress: Progress, workers: int, step: Callable[[], None]
) -> dict[str, list[MadeShard]]:
    """The shards of all jobs, by split."""
    before, found = dict(progress.made), {split: [] for split in SPLITS}
    splits: deque[str] = deque()

    def arguments() -> Iterator[tuple[ShardTask, ShardPlan, MadeShard | None]]:
        for task, plan in jobs:
            splits.append(plan.split)
            yield task, plan, before.get(plan.file)

    for made in run_all(make_shard, arguments(), workers):
        if before.get(made.shard.file) != made:
            progress.add(made)
        step()
        found[splits.popleft()].append(made)
    return found


def _notes(plan: Plan, split: str, made: list[MadeShard]) -> list[str]:
    facts = sum((Counter(one.facts) for one in made), Counter())
    bad = [error for one in made for error in one.bad]
    spec, n = plan.config.spec, len(plan.recordings[split])
    notes = fact_notes(facts, n - len(bad), spec.sample_rate_hz, spec.n_samples)
    if bad:
        notes.append(f"{len(bad)} of {n} files unreadable and left out, the first: {bad[0]}")
    return notes


class _Bar:
    """A progress bar over shards where stderr is a terminal; else every tenth of the work is a line."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._shown = total, 0, None
        if sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm

            self._shown = tqdm(total=total, unit="shard", desc="preparing", delay=2.0, file=sys.stderr)

    def __enter__(self) -> Callable[[], None]:
        return self._step

    def __exit__(self, *_: object) -> None:
        if self._shown is not None:
            self._shown.close()

    def _step(self) -> None:
        self._done += 1
        if self._shown is not None:
            self._shown.update()
        elif self._total >= 10 and self._done * 10 // self._total > (self._done - 1) * 10 // self._total:
            log(f"preparing: {self._done:,} of {self._total:,} shards")
