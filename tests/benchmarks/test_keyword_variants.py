"""Variants of the keyword spotter: the library's own among them, thresholds by hand, masks."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

from keyword_variants.fronts import BASES, SHRINK
from keyword_variants.network import network
from keyword_variants.training import masked
from keyword_variants.variants import VARIANTS

from drsn_keras.models import keyword_network
from drsn_keras.models.cost import count_macs, count_parameters

SHAPE, CLASSES = (98, 40), 12


@pytest.mark.parametrize(
    ("name", "kind", "how"),
    [("frames-cw", "drsn-cw", {"spectral": "frames"}), ("log-wide", "resnet", {"width": 1.15})],
)
def test_the_library_s_own_is_among_them(name, kind, how):
    ours, library = network(VARIANTS[name], SHAPE, CLASSES), keyword_network(SHAPE, CLASSES, kind, **how)
    assert count_parameters(ours) == count_parameters(library)
    assert count_macs(ours) == count_macs(library)


@pytest.mark.parametrize("name", ["pcen", "frames-post", "frames-scales", "separable-frames-cw"])
def test_answers_are_finite_whatever_the_level(name):
    model = network(VARIANTS[name], SHAPE, CLASSES)
    x = np.random.default_rng(0).uniform(0.03, 1.0, (2, *SHAPE)).astype(np.float32)
    for level in (0.03, 1.0, 30.0):
        assert np.isfinite(np.asarray(model(level * x))).all()


@pytest.mark.parametrize(
    ("shrink", "expected"),
    [
        ("soft", [0.0, 0.0, 2.0]),
        ("garrote", [0.0, 0.0, 4.0 - 4.0 / 4.0]),
        ("firm", [0.0, 0.0, 4.0]),
        ("leaky", [-0.1, 0.0, 2.0]),
        ("floor", [0.1, 0.2, 2.0]),
    ],
)
def test_thresholds_at_two(shrink, expected):
    found = np.asarray(SHRINK[shrink](np.array([1.0, 2.0, 4.0], np.float32), np.float32(2.0)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("base", BASES)
def test_of_a_constant_every_statistic_is_that_constant(base):
    found = np.asarray(BASES[base](np.full((1, 98, 2), 3.0, np.float32)))
    largest = 4.0 if base == "floor" else 2.0
    # A running mean begins with zeros.
    np.testing.assert_allclose(found[:, -1], largest * 3.0, rtol=1e-5)


def test_masks_hide_stretches_and_leave_the_mean():
    x = np.random.default_rng(1).uniform(1.0, 2.0, (8, *SHAPE)).astype(np.float32)
    found = masked(x, np.random.default_rng(2))
    hidden = found != x
    assert 0.0 < hidden.mean() < 0.4
    means = np.broadcast_to(x.mean(axis=(1, 2), keepdims=True), x.shape)
    np.testing.assert_array_equal(found[hidden], means[hidden])
