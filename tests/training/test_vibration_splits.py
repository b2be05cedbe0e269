"""Splits: no group on two sides, ever; what leaks says so."""

from __future__ import annotations

import dataclasses
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.errors import DataError, SplitError, UsageError
from drsn_keras.training.recordings import SPLITS
from drsn_keras.training.vibration import VibrationRecording, open_recordings
from drsn_keras.training.vibration.layouts import LayoutOptions
from drsn_keras.training.vibration.splits import LEAKY_SENTENCE, RULES, check_split, plan_splits
from drsn_keras.training.vibration.windows import GROUPS, Windows, cut_windows

Y = np.sin(np.arange(400))


def bench(loads: int = 4, sizes: int = 3, normals: int = 4) -> Windows:
    """Two labels with every size at every load, and normals without a size: 4 windows a recording."""
    recordings = [
        VibrationRecording(
            Y,
            "g",
            1000,
            label,
            f"{label}-{size}-{load}",
            machine=f"m{load}",
            bearing=f"{label}{size}",
            load=f"{load} hp",
            fault_size=f"{size} mm",
        )
        for label, size, load in product(("ball", "inner"), range(sizes), range(loads))
    ]
    recordings += [
        VibrationRecording(Y, "g", 1000, "normal", f"n{i}", machine=f"m{i}", bearing="n", load=f"{i} hp")
        for i in range(normals)
    ]
    return cut_windows(recordings, 100, 100)


def sides(windows: Windows, split: object, by: str) -> list[set[str | None]]:
    names = windows.groups(by)
    return [{names[i] for i in split.part(s)} for s in SPLITS]


def test_leave_one_load_out() -> None:
    windows = bench()
    splits = plan_splits(windows, "leave-one-load-out")
    assert [s.held_out for s in splits] == ["0 hp", "1 hp", "2 hp", "3 hp"]
    for k, split in enumerate(splits):
        train, val, test = sides(windows, split, "load")
        assert (test, val) == ({f"{k} hp"}, {f"{(k + 1) % 4} hp"})
        assert train == {f"{j} hp" for j in range(4)} - test - val
        assert len(split.train) + len(split.val) + len(split.test) == len(windows)
        assert not split.leaky
        assert split.sentence == (
            f"Split by load, tested on {k} hp: no load is in two parts. Training and test share 7 of 7 bearings, "
            "3 of 3 fault sizes: the figures do not speak for new ones."
        )
    (first, *_) = plan_splits(windows, "leave-one-load-out", with_val=False)
    assert (len(first.val), len(first.train)) == (0, len(windows) - len(first.test))


def test_fault_size_hold_out_divides_the_normals() -> None:
    windows = bench()
    with pytest.raises(DataError, match=r"^recording n0, fault_size: expected a fault size to split by \(or 'without'"):
        plan_splits(windows, "leave-one-fault-size-out")
    splits = plan_splits(windows, "leave-one-fault-size-out", without="load")
    assert [s.held_out for s in splits] == ["0 mm", "1 mm", "2 mm"]
    tested = []
    for split in splits:
        ids = [set(windows.recording_ids[split.part(s)]) for s in SPLITS]
        normals = [{i for i in part if i.startswith("n")} for part in ids]
        assert all(normals)
        assert not normals[0] & normals[2]
        tested += sorted(normals[2])
        assert "Recordings without a fault size are divided by load." in split.sentence
    assert sorted(tested) == ["n0", "n1", "n2", "n3"]


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([r for r in RULES if r != "random-windows"]),
    st.integers(3, 5),
    st.integers(3, 4),
    st.integers(0, 9),
)
def test_no_rule_puts_a_group_on_two_sides(rule: str, loads: int, sizes: int, seed: int) -> None:
    windows = bench(loads, sizes, loads)
    by = next(g for g in GROUPS if g.replace("_", "-") in rule)
    try:
        splits = plan_splits(windows, rule, seed, without="load")
    except DataError as error:
        # One bearing or recording alone has its label: it cannot be tested without being trained on.
        assert by in {"bearing", "recording"}
        assert "every label that is tested" in str(error)
        return
    for split in splits:
        a, b, c = (side - {None} for side in sides(windows, split, by))
        assert not (a & b or a & c or b & c)
        every = np.sort(np.concatenate([split.train, split.val, split.test]))
        np.testing.assert_array_equal(every, np.arange(len(windows)))


def test_a_group_on_two_sides_is_refused() -> None:
    windows = bench()
    (split, *_) = plan_splits(windows, "leave-one-load-out")
    moved = dataclasses.replace(split, train=np.append(split.train, split.test[0]), test=split.test[1:])
    with pytest.raises(SplitError) as caught:
        check_split(windows, moved)
    message = str(caught.value)
    assert message.startswith("load 0 hp: expected one part a group, got train (recording ")
    assert "and test (recording" in message
    twice = dataclasses.replace(split, train=np.append(split.train, split.test[0]))
    with pytest.raises(SplitError, match=r"^window \d+: expected one part a window, got train and test$"):
        check_split(windows, twice)
    unmarked = dataclasses.replace(split, by=None)
    with pytest.raises(SplitError, match=r"^a split without a group: expected the mark leaky, got none$"):
        check_split(windows, unmarked)
    # The same parts are refused by another group: all bearings run at every load.
    with pytest.raises(SplitError, match=r"^bearing ball0: expected one part a group"):
        check_split(windows, dataclasses.replace(split, by="bearing"))


def test_random_windows_say_that_they_leak() -> None:
    windows = bench()
    (split,) = plan_splits(windows, "random-windows", seed=3)
    assert split.leaky
    assert split.sentence == LEAKY_SENTENCE
    assert split.sentence.startswith("LEAKY")
    train, _, test = sides(windows, split, "recording")
    assert train & test
    assert [len(split.part(s)) for s in SPLITS] == [68, 21, 23]
    protocol = split.protocol(windows)
    assert protocol["leaky"] is True
    assert protocol["windows"]["test"] == {"ball": 10, "inner": 10, "normal": 3}
    (again,), (other,) = (plan_splits(windows, "random-windows", seed=s) for s in (3, 4))
    np.testing.assert_array_equal(split.test, again.test)
    assert split.test.tolist() != other.test.tolist()


def test_shares_follow_the_fractions() -> None:
    windows = bench(loads=10, normals=10)
    (split,) = plan_splits(windows, "load-shares", fractions=(0.5, 0.2, 0.3))
    assert [len(side) for side in sides(windows, split, "load")] == [5, 2, 3]
    protocol = split.protocol(windows)
    assert json.loads(json.dumps(protocol)) == protocol
    assert protocol["windows"]["test"] == {"ball": 36, "inner": 36, "normal": 12}
    assert protocol["group"] == "load"


def test_what_cannot_be_split_is_one_line() -> None:
    windows = bench(loads=2, normals=2)
    with pytest.raises(DataError, match=r"^leave one load out: expected at least 3 groups, got 2 \(0 hp, 1 hp\)$"):
        plan_splits(windows, "leave-one-load-out")
    assert len(plan_splits(windows, "leave-one-load-out", with_val=False)) == 2
    with pytest.raises(UsageError, match=r"^split rule: expected leave-one-recording-out, .* got 'random'$"):
        plan_splits(windows, "random")
    with pytest.raises(UsageError, match=r"^split fractions: expected three shares that add up to 1"):
        plan_splits(windows, "random-windows", fractions=(0.5, 0.5, 0.5))
    with pytest.raises(
        DataError, match=r"\(held out: n\): expected every label that is tested .*, got none of normal$"
    ):
        plan_splits(windows, "leave-one-bearing-out", with_val=False)
    nameless = cut_windows([VibrationRecording(Y, "g", 1000, "a", "r")], 100, 100)
    with pytest.raises(DataError, match=r"^recording r, machine: expected a machine to split by .* got none$"):
        plan_splits(nameless, "leave-one-machine-out")


def test_real_cwru_splits(shared_data: Path) -> None:
    recordings = open_recordings(
        shared_data / "vibration" / "cwru_12k_de", "cwru-npz", LayoutOptions(classes="element")
    )
    windows = cut_windows(recordings, 2048, 2048)
    assert len(windows) == sum(len(r.signal) // 2048 for r in recordings)
    loads = plan_splits(windows, "leave-one-load-out")
    sizes = plan_splits(windows, "leave-one-fault-size-out", without="load")
    assert [len(loads), len(sizes)] == [4, 3]
    for split in (*loads, *sizes):
        assert set(split.protocol(windows)["windows"]["test"]) == {"ball", "inner", "normal", "outer"}
        assert not set(windows.recording_ids[split.train]) & set(windows.recording_ids[split.test])
