"""Splits: the published hash, the split by group, parts of files, and the refusal of shared groups."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras import model_card
from drsn_keras.errors import DataError, SplitError
from drsn_keras.training.recordings import SILENCE, SPLITS, UNASSIGNED, UNKNOWN, Dataset, Recording
from drsn_keras.training.splits import (
    MAX_NUM_WAVS_PER_CLASS,
    assign_groups,
    check_disjoint,
    hash_split,
    position_parts,
)


def recording(name: str, label: str = "yes", split: str = "", group: str = "g", **part: int) -> Recording:
    return Recording(Path(name), label, split, group, **part)


# Worked by hand: the last 27 bits of `printf %s NAME | sha1sum`, over 2**27 - 1.
#   0cb74144  ...98b65b2 & 7ffffff = 18b65b2 = 25912754 -> 19.31 %  (10..20: test)
#   a69b9b3e  ...863f723 & 7ffffff =  63f723 =  6551331 ->  4.88 %  (below 10: validation)
#   439c84f4  ...8193a65 & 7ffffff =  193a65 =  1653349 ->  1.23 %
#   012c8314  ...79cb5fc & 7ffffff = 79cb5fc = 127710716 -> 95.15 %
# The first is in the official test set of version 0.02, the next two are in its validation list.
@pytest.mark.parametrize(
    ("speaker", "split"), [("0cb74144", "test"), ("a69b9b3e", "val"), ("439c84f4", "val"), ("012c8314", "train")]
)
def test_hash_split_follows_the_published_rule(speaker: str, split: str) -> None:
    assert MAX_NUM_WAVS_PER_CLASS == 134217727
    assert hash_split(speaker) == split


def test_hash_split_borders_are_the_percentages() -> None:
    # 19.306 % lies between 19.30 and 19.31.
    assert hash_split("0cb74144", 19.31, 0) == "val"
    assert hash_split("0cb74144", 19.30, 0) == "train"
    assert hash_split("0cb74144", 9.30, 10.0) == "train"
    assert hash_split("0cb74144", 9.31, 10.0) == "test"


def test_hash_split_shares_are_near_ten_percent() -> None:
    splits = [hash_split(f"speaker {n}") for n in range(20000)]
    # Standard deviation of a share of 10 % in 20,000 draws is 0.2 %.
    assert abs(splits.count("val") / 20000 - 0.1) < 0.01
    assert abs(splits.count("test") / 20000 - 0.1) < 0.01


def test_official_test_speakers_hash_to_test(shared_data: Path) -> None:
    names = {p.name.split("_nohash_")[0] for p in (shared_data / "audio/gsc_v2_test/yes").iterdir()}
    assert len(names) > 100
    assert {hash_split(name) for name in names} == {"test"}


groups = st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["yes", "no", "up"])), min_size=3, max_size=80).filter(
    lambda items: len({g for g, _ in items}) >= 3
)


@given(groups, st.integers(0, 2**32))
def test_assigned_splits_never_share_a_group(items: list[tuple[int, str]], seed: int) -> None:
    given_ = [recording(f"{i}.wav", label, UNASSIGNED, f"speaker{g}") for i, (g, label) in enumerate(items)]
    assigned = assign_groups(given_, seed=seed)
    check_disjoint(assigned)
    assert [r.path for r in assigned] == [r.path for r in given_]
    assert {r.split for r in assigned} == set(SPLITS)


@given(groups, st.randoms(use_true_random=False))
def test_assigned_splits_do_not_depend_on_the_order_of_files(
    items: list[tuple[int, str]], order: random.Random
) -> None:
    given_ = [recording(f"{i}.wav", label, UNASSIGNED, f"speaker{g}") for i, (g, label) in enumerate(items)]
    shuffled = list(given_)
    order.shuffle(shuffled)
    split_of = {r.path: r.split for r in assign_groups(given_, seed=3)}
    assert {r.path: r.split for r in assign_groups(shuffled, seed=3)} == split_of


def test_assigned_splits_are_near_the_fractions_for_every_label() -> None:
    given_ = [recording(f"{w}{i}.wav", w, "", f"s{i % 40}") for w in ("yes", "no") for i in range(200)]
    assigned = assign_groups(given_, (0.7, 0.1, 0.2), seed=1)
    for word in ("yes", "no"):
        n = {s: sum(r.split == s and r.label == word for r in assigned) for s in SPLITS}
        assert n == {"train": 140, "val": 20, "test": 40}


def test_a_seed_gives_another_split() -> None:
    given_ = [recording(f"{i}.wav", "yes", "", f"s{i}") for i in range(40)]
    assert assign_groups(given_, seed=0) == assign_groups(given_, seed=0)
    assert assign_groups(given_, seed=0) != assign_groups(given_, seed=1)


def test_a_label_of_one_speaker_is_learned_from() -> None:
    given_ = [recording(f"{i}.wav", "yes", "", f"s{i % 9}") for i in range(90)] + [recording("x.wav", "no", "", "rare")]
    for seed in range(10):
        assert next(r.split for r in assign_groups(given_, seed=seed) if r.label == "no") == "train"


def test_two_groups_cannot_be_three_splits() -> None:
    with pytest.raises(
        DataError, match=r"^split: expected at least 3 groups \(speakers or files\), one a split, got 2$"
    ):
        assign_groups([recording("a.wav", group="a"), recording("b.wav", group="b")])


def test_a_shared_speaker_is_refused_naming_group_splits_and_files() -> None:
    shared = [
        recording("t/a.wav", split="train", group="spk:1"),
        recording("t/b.wav", split="train", group="spk:2"),
        recording("v/c.wav", split="val", group="spk:3"),
        recording("x/d.wav", split="test", group="spk:2"),
    ]
    with pytest.raises(SplitError) as caught:
        check_disjoint(shared)
    assert str(caught.value) == "group spk:2: expected one split a group, got train (t/b.wav) and test (x/d.wav)"
    check_disjoint(shared[:3])


def test_more_shared_groups_are_counted() -> None:
    both = [recording(f"{s}{g}.wav", split=s, group=g) for g in "abc" for s in ("train", "test")]
    with pytest.raises(SplitError, match=r"group a \(and 2 more groups\)"):
        check_disjoint(both)


def test_overlapping_parts_of_a_file_are_refused() -> None:
    first = recording("n.wav", split="train", group="n1", start=0, stop=100)
    check_disjoint([first, recording("n.wav", split="test", group="n2", start=100, stop=200)])
    with pytest.raises(SplitError, match=r"^n\.wav: expected each part of a file in one split, got sample 99"):
        check_disjoint([first, recording("n.wav", split="test", group="n2", start=99, stop=200)])
    with pytest.raises(SplitError, match=r"sample 50"):
        check_disjoint([recording("n.wav", split="train", group="n1"), recording("n.wav", split="val", start=50)])


@given(st.integers(0, 10**9), st.integers(0, 100), st.integers(0, 100))
def test_position_parts_tile_the_file(n: int, a: int, b: int) -> None:
    first, second = sorted((a, b))
    parts = position_parts(n, (first / 100, (second - first) / 100, 1 - second / 100))
    assert list(parts) == list(SPLITS)
    assert parts["train"][0] == 0
    assert parts["train"][1] == parts["val"][0] <= parts["val"][1] == parts["test"][0]
    assert parts["test"][1] == n


def test_fractions_have_to_add_up() -> None:
    with pytest.raises(DataError, match=r"three shares that add up to 1, got \(0\.5, 0\.5, 0\.5\)"):
        position_parts(10, (0.5, 0.5, 0.5))


def test_recordings_check_themselves() -> None:
    with pytest.raises(DataError, match=r"a\.wav, split: expected train, val, test, got 'dev'"):
        recording("a.wav", split="dev")
    with pytest.raises(DataError, match=r"a\.wav, part: expected 0 <= start < stop, got 5 to 5"):
        recording("a.wav", start=5, stop=5)


def test_dataset_gives_its_parts_in_order() -> None:
    rows = tuple(recording(f"{i}.wav", split=s, group=s) for i, s in enumerate(("val", "train", "val")))
    dataset = Dataset(rows, ("yes",), {}, (rows[1],))
    assert dataset.part("val") == [rows[0], rows[2]]
    assert dataset.part("test") == []
    assert dataset.noise("train") == [rows[1]]
    with pytest.raises(DataError, match="got 'validation'"):
        dataset.part("validation")


def test_background_labels_are_those_of_the_model_card() -> None:
    assert (SILENCE, UNKNOWN) == model_card.BACKGROUND_LABELS
