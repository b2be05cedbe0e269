"""What the bench times, what it says of graphs, and the table that it shows."""

import gc
from itertools import pairwise

import numpy as np
import pytest
import tf_keras

from drsn_keras.errors import BundleError, UsageError
from drsn_keras.export.benchmarking.latency import Latency, measure, orders, ratio
from drsn_keras.export.benchmarking.table import Row, render
from drsn_keras.export.inspection.partitions import delegation
from drsn_keras.export.tflite import to_tflite


def test_more_work_takes_longer(cw_litert, tmp_path):
    wide = tf_keras.Sequential([tf_keras.layers.Conv2D(64, (9, 1), padding="same", input_shape=(2000, 1, 16))])
    path = tmp_path / "wide.tflite"
    path.write_bytes(to_tflite(wide, "float32"))
    was_on = gc.isenabled()
    found = measure({"small": cw_litert.int8, "large": path}, rounds=60)
    assert gc.isenabled() == was_on
    assert list(found) == ["small", "large"]
    assert [latency.times_us.shape for latency in found.values()] == [(60,), (60,)]
    assert ratio(found["large"], found["small"]) > 5
    assert 0 < found["small"].median_us <= found["small"].p90_us


def test_a_model_takes_as_long_as_itself(cw_litert):
    found = measure({"a": cw_litert.int8, "b": cw_litert.int8}, rounds=300)
    assert 0.7 < ratio(found["a"], found["b"]) < 1.4


def test_every_model_follows_every_other():
    found = orders(4, 200, np.random.default_rng(5))
    assert found.shape == (200, 4)
    assert (np.sort(found, axis=1) == np.arange(4)).all()
    neighbours = {tuple(pair) for row in found.tolist() for pair in pairwise(row)}
    assert neighbours == {(a, b) for a in range(4) for b in range(4) if a != b}
    np.testing.assert_array_equal(found, orders(4, 200, np.random.default_rng(5)))


def test_a_changed_pace_moves_the_medians_but_not_the_ratio():
    noise = np.random.default_rng(0).uniform(0.99, 1.01, (2, 1000))
    steady = Latency(10.0 * noise[0])
    assert steady.stable
    assert steady.spread < 0.01
    pace = np.where(np.arange(1000) < 500, 1.0, 3.0)
    disturbed = np.where(np.arange(1000) % 50 == 0, 5.0, 1.0)
    a, b = Latency(20.0 * pace * noise[0] * disturbed), Latency(10.0 * pace * noise[1])
    assert a.median_us / b.median_us > 2.5
    assert ratio(a, b) == pytest.approx(2.0, rel=0.01)
    assert not a.stable
    assert a.spread > 0.5
    assert Latency(np.arange(1.0, 101.0)).median_us == 50.5
    assert Latency(np.arange(1.0, 101.0)).p90_us == pytest.approx(90.1)
    with pytest.raises(ValueError, match="two latencies of one measurement"):
        ratio(a, Latency(np.ones(3)))


def test_measure_refuses_what_it_cannot_time():
    with pytest.raises(BundleError, match="broken: expected a model that LiteRT runs, got one it refuses"):
        measure({"broken": b"no flatbuffer"}, rounds=10)
    with pytest.raises(UsageError, match="rounds: expected at least 10, got 9"):
        measure({}, rounds=9)
    with pytest.raises(UsageError, match="threads: expected at least 1, got 0"):
        measure({}, rounds=10, threads=0)


def test_partitions_of_known_graphs(cw_litert, cs_tflm):
    assert delegation(cw_litert.int8) == (1, ("SOFTMAX",))
    assert delegation(cw_litert.float32) == (1, ())
    units = 2
    partitions, outside = delegation(cs_tflm.int8)
    assert outside == (*("ABS", "MAXIMUM", "MINIMUM") * units, "SOFTMAX")
    assert partitions > 2 * units


def _row(name="a", times=10.0, **changes):
    latency = Latency(np.broadcast_to(times, 100).astype(np.float64))
    values = {"scheme": "int8", "target": "litert", "ratio": 1.0, "partitions": 1, "outside": ("SOFTMAX",)}
    return Row(name=name, latency=latency, **{**values, "float_tensors": 0, "size_bytes": 12345, **changes})


def test_table():
    rows = [
        _row("mine/int8", accuracy={"clean": 91.24, "0": 74.0}, clips=1128),
        _row(
            "naive textbook",
            23.456,
            target=None,
            ratio=2.3456,
            outside=("SIGN", "ABS", "SIGN"),
            accuracy={"0": 70.0},
            clips=1128,
        ),
        _row("x" * 100, outside=()),
    ]
    lines = render(rows, ["clean", "0"]).splitlines()
    assert max(map(len, lines)) <= 120
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "model scheme target us us to 1st tions outside tensors bytes % %",
        "mine/int8 int8 litert 10.0 10.0 1.00 1 1 0 12,345 91.2 74.0",
        "naive textbook int8 - 23.5 23.5 2.35 1 3 0 12,345 - 70.0",
    ]
    assert lines[4].startswith("..." + "x" * 27 + " ")
    assert "Outside the delegate in naive textbook int8: 2 SIGN, 1 ABS." in lines
    assert "Outside the delegate in mine/int8: 1 SOFTMAX." in lines
    assert "Accuracy on 1,128 test clips: 91.2 % has a 95 % interval of 89.4 to 92.7 %." in lines
    assert lines[-1] == "The machine was quiet: medians of successive tenths lie within 0 % (mine/int8)."
    assert rows[1].to_dict()["outside"] == {"SIGN": 2, "ABS": 1}


def test_table_without_accuracy_says_when_the_machine_was_busy():
    text = render([_row("calm"), _row("hurried", np.linspace(10.0, 20.0, 100), outside=())])
    assert "%" not in text.splitlines()[1]
    assert "Accuracy" not in text
    assert "NOT quiet: medians of successive tenths lie within 61 % (hurried int8), expected 10 %" in text
