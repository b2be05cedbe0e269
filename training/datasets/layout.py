"""Open a dataset, whatever its layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drsn_keras.edge.capture_list import LIST_NAME as CAPTURES_LIST
from drsn_keras.errors import DataError, UsageError, mismatch

from ..recordings import Dataset
from . import folder, mswc, speech_commands, task
from . import manifest as manifest_layout
from .files import BACKGROUND_FOLDER, need_folder, nohash_speaker, sub_folders


def open_dataset(
    data: Path,
    manifest: Path | None = None,
    keywords: Sequence[str] | None = None,
    seed: int = 0,
    group_regex: str | None = None,
    *,
    resplit: bool = False,
    duration_s: float = 1.0,
) -> Dataset:
    """Find the recordings of a task.

    Parameters
    ----------
    data : Path
        The folder. Its layout is found out: with a manifest, that; with ``validation_list.txt`` or
        ``testing_list.txt``, or mostly ``SPEAKER_nohash_N`` names, Speech Commands; with ``clips`` and the tables of
        the Multilingual Spoken Words Corpus, or one language's folder with them, that; else a folder per class.
        ``_background_noise_`` is used in all but the corpus.
    manifest : Path or None
    keywords : sequence of str or None
        Classes, in this order; other words become ``_unknown_``. None: every word is a class, except
        that a folder with the ten words of the standard Speech Commands task gives that task (12 classes). ``all``:
        every word in such a folder too (35 in version 2), unless the data has a word ``all``.
    seed : int
        For the split of folders without one, the choice of ``_unknown_`` and the cuts for ``_silence_``.
    group_regex : str or None
        Searched in each path relative to ``data``; its first group is the speaker.
    resplit : bool
        Ignore the splits of a manifest or of the corpus, and make new ones by group.
    duration_s : float
        Length of the cuts for ``_silence_``.

    Raises
    ------
    DataError, SplitError, UsageError
        One line naming the file, what was expected and what came.
    """
    data = need_folder(Path(data)).resolve()
    _refuse_captures(data)
    if manifest is not None:
        found = manifest_layout.find(data, Path(manifest), seed, group_regex, resplit)
    elif (language := mswc.language_folder(data)) is not None:
        found = mswc.find(data, language, seed, keywords, group_regex, resplit)
    elif resplit:
        raise UsageError(mismatch("resplit", "a manifest whose splits to ignore", "no manifest"))
    elif is_speech_commands(data):
        found = speech_commands.find(data, seed, group_regex)
    else:
        found = folder.find(data, seed, group_regex)
    return task.build(data, found, keywords, seed, duration_s)


def _refuse_captures(data: Path) -> None:
    """What a listener kept is labelled by its guess: nobody has to train on it by mistake."""
    for place in (data, data.parent, data.parent.parent):
        if (place / CAPTURES_LIST).is_file():
            expected = "a folder that drsn-edge captures --label copied clips into, after somebody had listened to them"
            raise DataError(mismatch(data, expected, f"what a listener captured ({CAPTURES_LIST})"))


def is_speech_commands(data: Path) -> bool:
    """Whether the lists are there, or most files of the word folders are named ``SPEAKER_nohash_N``."""
    if speech_commands.has_lists(data):
        return True
    names = [
        p.name
        for f in sub_folders(data)
        if f.name != BACKGROUND_FOLDER and not f.name.startswith("_")
        for p in f.iterdir()
        if not p.name.startswith(".")
    ]
    return sum(nohash_speaker(name) is not None for name in names) * 2 > len(names)
