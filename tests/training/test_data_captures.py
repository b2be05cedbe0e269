"""What a listener captured: nothing of it is trained on before a person has listened; then all of one speaker."""

import shutil

import numpy as np
import pytest

from drsn_keras.edge.capture import Capture
from drsn_keras.edge.capture_folder import CaptureFolder
from drsn_keras.edge.cli import main
from drsn_keras.errors import DataError
from drsn_keras.training.datasets import open_dataset


@pytest.fixture
def heard(tmp_path):
    folder = CaptureFolder(tmp_path / "heard", 10**6)
    folder.open()
    for number in range(3):
        noise = np.random.default_rng(number).uniform(-0.1, 0.1, 16000).astype(np.float32)
        folder.write(Capture("trigger", "low", 0.9, 0.8, noise, 16000, number, "mic", 1.0, None, "ab" * 32))
    return folder.folder


@pytest.mark.parametrize("inside", ["", "triggers", "triggers/low"])
def test_captures_are_refused(heard, inside):
    with pytest.raises(DataError, match=r"expected a folder that drsn-edge captures --label copied clips into"):
        open_dataset(heard / inside)


@pytest.mark.parametrize("layout", ["speakers", "files"])
def test_reviewed_captures_join_the_words_as_one_speaker(heard, tones, tmp_path, layout):
    words = tmp_path / "words"
    for label in ("low", "high"):
        (words / label).mkdir(parents=True)
        for i, path in enumerate(sorted((tones / label).glob("*.wav"))):
            shutil.copy(path, words / label / (path.name if layout == "speakers" else f"{i}.wav"))
    clips = sorted(str(path) for path in heard.rglob("*.wav"))
    assert main(["captures", str(heard), "--label", "high", "--into", str(words), "--file", *clips[:2]]) == 0
    assert main(["captures", str(heard), "--discard", "--file", clips[2]]) == 0
    dataset = open_dataset(words)
    added = [r for r in dataset.recordings if r.group == "household"]
    assert [r.label for r in added] == ["high", "high"] and len({r.split for r in added}) == 1
    assert len(dataset.recordings) == 82
