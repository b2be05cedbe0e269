"""Synthetic speech beside recordings: for training only, said everywhere, the same after a resume."""

from __future__ import annotations

import csv
import dataclasses
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.errors import SplitError, UsageError
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import Corpus, open_corpus
from drsn_keras.training.extra_speech import is_made
from drsn_keras.training.recordings import SILENCE, SPLITS, UNKNOWN
from drsn_keras.training.split_list import require_same_split, write_split_list
from drsn_keras.training.synthesis import plan_extra_speech, split_variants

spoken = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None,
    reason='no synthesiser: pip install "drsn-keras[synthesis]"',
)


def config(data: Path, **options: object) -> KeywordConfig:
    return KeywordConfig(data=str(data), keywords=("red", "blue"), noise_kinds=("white", "babble"), **options)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three words by eight speakers, in clicks."""
    import soundfile

    data = tmp_path_factory.mktemp("extra") / "words"
    rng = np.random.default_rng(0)
    for word in ("red", "green", "blue"):
        (data / word).mkdir(parents=True)
        for n in range(8):
            soundfile.write(data / word / f"{n:08x}_nohash_0.wav", 0.1 * rng.standard_normal(8000), 16000)
    return data


@pytest.fixture(scope="module")
def mixed(words: Path) -> Corpus:
    return open_corpus(config(words, synthesize_extra=5, seed=3))


def made(corpus: Corpus, split: str) -> np.ndarray:
    return np.array([is_made(r) for r in corpus.clips(split).recordings])


@spoken
def test_only_training_hears_it(mixed: Corpus, words: Path) -> None:
    plain = open_corpus(config(words, seed=3))
    assert mixed.labels == plain.labels == ("red", "blue", SILENCE, UNKNOWN)
    train = mixed.clips("train")
    added = made(mixed, "train")
    assert added.sum() == 15
    assert {label: int((train.y[added] == i).sum()) for i, label in enumerate(train.labels)} == {
        "red": 5,
        "blue": 5,
        SILENCE: 0,
        UNKNOWN: 5,
    }
    assert (np.abs(train.x[added]).max(axis=1) > 3000).all()
    for split in ("val", "test"):
        assert not made(mixed, split).any()
        np.testing.assert_array_equal(mixed.clips(split).x, plain.clips(split).x)
    voices = {r.group.split()[1] for r, is_added in zip(train.recordings, added, strict=True) if is_added}
    assert voices <= set(split_variants()["train"])


@spoken
def test_babble_stays_of_people(mixed: Corpus, words: Path) -> None:
    plain = open_corpus(config(words, seed=3))
    mixes = [c.source("babble", "train")(np.random.default_rng(1), 16000, 16000) for c in (mixed, plain)]
    np.testing.assert_array_equal(*mixes)


@spoken
def test_its_share_is_said(mixed: Corpus) -> None:
    said = mixed.protocol["synthetic_training"]
    real = sum(n for label, n in mixed.protocol["counts"]["train"].items() if label != SILENCE)
    assert said["percent"] == pytest.approx(100 * 15 / (15 + real), abs=0.01)
    assert said["share"].startswith(
        f"{said['percent']:.1f} % of the speech in training is synthetic (15 of {real + 15} "
    )
    assert (said["of_each_keyword"], said["of_other_words"]) == (5, 5)
    assert said["synthesiser"].startswith("espeak-ng 1.")
    assert said["share"] in mixed.describe()
    assert not mixed.synthetic
    assert json.loads(json.dumps(mixed.protocol)) == mixed.protocol


@spoken
def test_the_split_list_knows_it_without_speaking(mixed: Corpus, words: Path, tmp_path: Path) -> None:
    write_split_list(tmp_path, mixed)
    with (tmp_path / "splits.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].startswith("espeak-ng/")]
    assert len({row["file"] for row in rows}) == len(rows) == 15
    assert {row["split"] for row in rows} == {"train"}
    assert all(row["content"].endswith(tuple(str(n) for n in range(10))) for row in rows)
    again = open_corpus(config(words, synthesize_extra=5, seed=3))
    require_same_split(tmp_path, again)
    np.testing.assert_array_equal(again.clips("train").x, mixed.clips("train").x)
    for other in (config(words, synthesize_extra=6, seed=3), config(words, seed=3)):
        with pytest.raises(
            SplitError, match=r"splits\.csv: expected the data that the run was trained on, got espeak-ng"
        ):
            require_same_split(tmp_path, open_corpus(other))


@spoken
def test_another_seed_says_it_otherwise() -> None:
    plans = [plan_extra_speech({"red": "red"}, 4, seed, unknown=False) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]
    assert {line.split for line in plans[0].lines} == {"train"}


@spoken
def test_words_are_spoken_as_a_person_writes_them() -> None:
    said = plan_extra_speech({"lamp_on": "lamp on"}, 10, 0, unknown=False)
    assert {(line.label, line.text) for line in said.lines} == {("lamp_on", "lamp on")}
    plan = plan_extra_speech({"red": "red", "blue": "blue"}, 10, 0, unknown=True)
    others = [line.text for line in plan.lines if line.label == UNKNOWN]
    assert len(others) == 10
    assert not {"red", "read", "blue", "blew"} & set(others)
    with pytest.raises(UsageError, match=r"^--synthesize-extra: expected keywords in Latin letters .*, got '電気'$"):
        plan_extra_speech({"電気": "電気"}, 10, 0, unknown=False)


def test_it_goes_with_recordings_only(words: Path) -> None:
    with pytest.raises(UsageError, match=r"^--synthesize-extra: expected only with --data, got it with --synthesize$"):
        KeywordConfig(synthesize=("red",), synthesize_extra=10)
    with pytest.raises(UsageError, match=r"^--synthesize-extra: expected at least 0, got -1$"):
        config(words, synthesize_extra=-1)
    old = {k: v for k, v in dataclasses.asdict(config(words)).items() if k != "synthesize_extra"}
    assert KeywordConfig.from_dict(old, "config.json").synthesize_extra == 0
    assert all(split in SPLITS for split in open_corpus(config(words)).protocol["counts"])
