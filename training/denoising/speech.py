"""Speech on disk as recordings of three parts: Speech Commands, a manifest, or any folder of audio files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drsn_keras.errors import DataError, mismatch

from ..datasets import folder, manifest, speech_commands
from ..datasets.files import BACKGROUND_FOLDER, audio_files, compile_group_regex, group_of, need_folder, sub_folders
from ..datasets.layout import is_speech_commands
from ..datasets.rows import SPLIT_ALIASES
from ..recordings import SILENCE, SPLITS, UNASSIGNED, Recording
from ..splits import FOLDER_FRACTIONS, assign_groups, check_disjoint

#: What every recording is, whatever was said.
SPEECH = "speech"


def find_speech(
    data: Path, listed: Path | None, seed: int, group_regex: str | None
) -> tuple[list[Recording], list[Recording], dict[str, Any]]:
    """Recordings of speech, background noise that lies with them, and how both were divided.

    Parameters
    ----------
    data : Path
    listed : Path or None
        A manifest, which says who is in which part.
    group_regex : str or None
        Its first group is the speaker.

    Raises
    ------
    DataError, SplitError
        One line naming the file or folder.
    """
    data = need_folder(data).resolve()
    if listed is not None:
        found = manifest.find(data, listed, seed, group_regex, False)
    elif is_speech_commands(data):
        found = speech_commands.find(data, seed, group_regex)
    else:
        found = None
    if found is None:
        recordings, protocol = _any_folder(data, seed, group_regex)
        background = folder.background_of(data)
    else:
        recordings, background, protocol = found.recordings, found.background, found.protocol
    speech = [r for r in recordings if r.label != SILENCE]
    check_disjoint([*speech, *background])
    return speech, background, {"data": data.name, **protocol}


def _any_folder(data: Path, seed: int, group_regex: str | None) -> tuple[list[Recording], dict[str, Any]]:
    """All audio files below a folder; folders train, val and test are taken as they stand."""
    pattern = compile_group_regex(group_regex)
    given = {f: SPLIT_ALIASES[f.name.lower()] for f in sub_folders(data) if f.name.lower() in SPLIT_ALIASES}
    if given and set(given.values()) != set(SPLITS):
        raise DataError(mismatch(data, "folders train, val and test", ", ".join(f.name for f in given)))
    recordings, known = [], 0
    for path in audio_files(data):
        if BACKGROUND_FOLDER in path.relative_to(data).parts:
            continue
        split = next((split for top, split in given.items() if path.is_relative_to(top)), UNASSIGNED)
        if given and split == UNASSIGNED:
            raise DataError(mismatch(path, "a file in train, val or test (its folder has them)", "one beside them"))
        group, is_speaker = group_of(path, data, pattern)
        known += is_speaker
        recordings.append(Recording(path, SPEECH, split, group))
    if not recordings:
        raise DataError(mismatch(data, "WAV, FLAC, OGG or MP3 files of speech", "none"))
    notes = (
        [] if known == len(recordings) else ["speakers are unknown (see --group-regex): a voice may be in two parts"]
    )
    return recordings if given else assign_groups(recordings, FOLDER_FRACTIONS, seed), {
        "layout": "folder of recordings",
        "split_rule": "folders train, val, test" if given else "by group, 80/10/10",
        "speaker_disjoint": folder.speaker_disjoint(known, len(recordings)),
        "notes": notes,
    }
