"""Activation ranges, as worked by hand."""

import numpy as np
import pytest
import tf_keras

from drsn_keras.errors import DataError, UsageError
from drsn_keras.export.lowering import lower
from drsn_keras.export.lowering.emit import Primitive
from drsn_keras.export.quantization import ranges as ranges_module
from drsn_keras.export.quantization.ranges import measure_ranges
from drsn_keras.export.recipe import RANGES
from drsn_keras.models import keyword_network


def _relu_model(n):
    start = tf_keras.Input((1, 1, n), name="input")
    return tf_keras.Model(start, Primitive("relu", name="relu")(start))


@pytest.mark.parametrize(
    ("values", "whole", "positive"),
    [([-2, 0, 1, 3], (-2, 3), (0, 3)), ([1, 2, 5, 4], (0, 5), (0, 5)), ([-4, -1, -1, -2], (-4, 0), (0, 0))],
)
@pytest.mark.parametrize("method", RANGES)
def test_ranges_hold_all_values_and_zero(values, whole, positive, method):
    # 100 % of values, and of so few the least error is had without clipping any.
    found = measure_ranges(_relu_model(4), np.array(values), method, percentile=100)
    assert found["input"] == pytest.approx(whole, rel=2e-2)
    assert found["relu"] == pytest.approx(positive, rel=2e-2)
    if method == "min-max":
        assert found == {"input": whole, "relu": positive}


def test_percentile_drops_the_rare_values_of_each_end():
    # 1000 values: one at 50 and one at -20 are 0.1 % each.
    values = np.concatenate([np.linspace(-1, 2, 998), [50, -20]])
    found = measure_ranges(_relu_model(10), values, "percentile", percentile=99.9)
    assert found["input"] == pytest.approx((-1, 2), rel=5e-3)
    assert found["relu"] == pytest.approx((0, 2), rel=5e-3)
    assert measure_ranges(_relu_model(10), values, "percentile", percentile=99.95)["input"] == pytest.approx((-20, 50))


def test_mse_clips_where_rounding_and_clipping_errors_balance():
    # n values even over [-1, 1] and one of 8: range [-1, c] has the error n * ((1 + c) / 255)^2 / 12 + (8 - c)^2, which
    # is least at c = (8 - a) / (1 + a) with a = n / (12 * 255^2): at c = 2.94 it is 45, at c = 8 it is 104.
    n = 1_000_000
    values = np.append(np.linspace(-1, 1, n - 1), 8)
    a = n / (12 * 255**2)
    c = (8 - a) / (1 + a)
    low, high = measure_ranges(_relu_model(1000), values, "mse")["input"]
    assert (low, high) == pytest.approx((-1, c), rel=0.1)
    step = (high - low) / 255
    zero = round(-low / step)
    quantised = (np.clip(np.rint(values / step), -zero, 255 - zero)) * step
    assert np.sum((quantised - values) ** 2) < 1.02 * (n * ((1 + c) / 255) ** 2 / 12 + (8 - c) ** 2)


@pytest.mark.parametrize("method", RANGES)
def test_ranges_do_not_depend_on_batches(method, monkeypatch):
    twin = lower(keyword_network((20, 8), 3, "drsn-cw", units=((8, 1), (8, 2))), "litert")
    x = np.random.default_rng(0).standard_normal((6, 20, 8))
    expected = measure_ranges(twin.model, x, method)
    monkeypatch.setattr(ranges_module, "_BATCH_BYTES", 1)
    found = measure_ranges(twin.model, x, method)
    assert list(found) == [layer.name for layer in twin.model.layers]
    for name, ends in found.items():
        assert ends == pytest.approx(expected[name], rel=1e-3, abs=1e-6), name


def test_what_is_wrong_is_said():
    model = _relu_model(2)
    with pytest.raises(UsageError, match="method: expected one of min-max, percentile, mse, got 'max'"):
        measure_ranges(model, np.ones((1, 2)), "max")
    with pytest.raises(UsageError, match=r"percentile: expected above 50, at most 100, got 0\.99"):
        measure_ranges(model, np.ones((1, 2)), "percentile", 0.99)
    with pytest.raises(DataError, match="calibration inputs: expected at least one, got none"):
        measure_ranges(model, np.ones((0, 2)))
    with pytest.raises(DataError, match="output of input: expected finite values, got"):
        measure_ranges(model, np.array([1, np.nan]))
