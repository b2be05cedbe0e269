"""Accuracy on test clips: all contestants of a corpus hear the same clips in the same noise."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.training.clips import Clips
from drsn_keras.training.conditions import RECORDED
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.evaluate import Candidate, evaluate
from drsn_keras.training.open_run import OpenRun
from drsn_keras.training.split_list import require_same_split

from . import CLEAN
from .contestants import Contestant
from .inputs import data_of

#: Fields of a run's configuration that decide its clips, its noises and its features.
_CORPUS_FIELDS = (
    *("data", "manifest", "noise", "synthesize", "utterances", "keywords", "noise_kinds", "front_end", "seed"),
    *("group_regex", "resplit", "skip_bad"),
)


@dataclasses.dataclass(frozen=True)
class Accuracy:
    """Percent correct by condition, over so many clips in each."""

    percent: dict[str, float]
    clips: int


def accuracies(
    contestants: Sequence[Contestant], conditions: Sequence[str], clips: int | None = None
) -> list[Accuracy | None]:
    """Classify test clips clean and in noise.

    In noise every clip hears a recorded one where the run has recordings (the clips and noises of ``drsn-train
    evaluate --noises recorded``, if all clips are taken). Otherwise it hears each kind that the run was trained in, and
    the mean over the kinds counts.

    Parameters
    ----------
    contestants : sequence of Contestant
    conditions : sequence of str
        ``clean``, or SNRs [dB] as text.
    clips : int, optional
        Test clips to draw from each corpus; all by default.

    Returns
    -------
    list of Accuracy or None
        One a contestant; None without a run, or where its data is gone.

    Raises
    ------
    BundleError, SplitError
        If a run's data is not what it was trained on.
    """
    groups: dict[str, list[int]] = {}
    for i, one in enumerate(contestants):
        if one.run is not None:
            key = repr([getattr(one.run.config, field) for field in _CORPUS_FIELDS])
            groups.setdefault(key, []).append(i)
    found: list[Accuracy | None] = [None] * len(contestants)
    for members in groups.values():
        group = [contestants[i] for i in members]
        run = group[0].run
        corpus = data_of(run, ["test"], "no accuracy")
        if corpus is None:
            continue
        for folder in {one.run.folder for one in group}:
            require_same_split(folder, corpus)
        for i, accuracy in zip(members, _classify(group, run, _some(corpus, clips), conditions), strict=True):
            found[i] = accuracy
    return found


def _classify(
    contestants: Sequence[Contestant], run: OpenRun, corpus: Corpus, conditions: Sequence[str]
) -> list[Accuracy]:
    snrs_db = {condition: float(condition) for condition in conditions if condition != CLEAN}
    noises = [RECORDED] if corpus.recorded("test") else list(corpus.noise_kinds)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        candidates = []
        for i, one in enumerate(contestants):
            path = folder / f"{i}.tflite"
            path.write_bytes(one.content)
            candidates.append(Candidate(str(i), one.scheme, Interpreter(path).run_batch))
        results = evaluate(
            candidates, corpus, run.config, noises=noises if snrs_db else [], snrs_db=list(snrs_db.values())
        )
    found = []
    for i in range(len(contestants)):
        percent = {}
        for condition in conditions:
            wanted = [
                r.accuracy
                for r in results
                if r.model == str(i)
                and (r.condition.clean if condition == CLEAN else r.condition.snr_db == snrs_db[condition])
            ]
            if wanted:
                percent[condition] = float(np.mean(wanted))
        found.append(Accuracy(percent, len(corpus.clips("test"))))
    return found


def _some(corpus: Corpus, n: int | None) -> Corpus:
    """The same corpus with ``n`` of its test clips, always the same ones."""
    clips = corpus.clips("test")
    if n is None or n >= len(clips):
        return corpus
    chosen = np.sort(np.random.default_rng(0).permutation(len(clips))[:n])

    def read(split: str) -> Clips:
        if split != "test":
            return corpus.clips(split)
        recordings = tuple(clips.recordings[i] for i in chosen)
        return dataclasses.replace(clips, x=clips.x[chosen], y=clips.y[chosen], recordings=recordings)

    return dataclasses.replace(corpus, read=read)
