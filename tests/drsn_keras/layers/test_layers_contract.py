"""Every layer keeps the contract, for signals and images."""

import keras
import numpy as np
import pytest

from drsn_keras import layers
from layer_contract import check_layer

SIGNAL, IMAGE = (4, 10, 6), (4, 6, 5, 6)


@pytest.mark.parametrize("shape", [SIGNAL, IMAGE], ids=["signal", "image"])
@pytest.mark.parametrize(
    ("layer", "has_weights"),
    [
        (lambda rank: layers.SoftThreshold(0.3), False),
        (lambda rank: layers.Shrinkage("channel_wise"), True),
        (lambda rank: layers.Shrinkage("channel_shared", hidden=3), True),
        (lambda rank: layers.SqueezeExcitation(hidden=4), True),
        (lambda rank: layers.PaddedShortcut(9, strides=2), False),
        (lambda rank: layers.ResidualUnit(8, 3, 2, "channel_wise", rank=rank), True),
        (lambda rank: layers.ResidualUnit(7, 3, 1, "channel_shared", rank=rank), True),
        (lambda rank: layers.ResidualUnit(6, 3, 1, "squeeze_excitation", rank=rank), True),
        (lambda rank: layers.ResidualUnit(4, 5, 2, None, "projection", rank=rank), True),
        (lambda rank: layers.ResidualUnit(4, 3, 2, "channel_wise", None, rank=rank), True),
        (lambda rank: layers.ResidualUnit(6, 3, kernel_regularizer=keras.regularizers.L2(1e-4), rank=rank), True),
    ],
    ids=["soft", "cw", "cs", "se", "shortcut", "rsbu-cw", "rsbu-cs", "rsbu-se", "projection", "plain", "l2"],
)
def test_contract(layer, has_weights, shape):
    check_layer(layer(len(shape) - 2), shape, has_weights=has_weights)


def test_gate_contract():
    check_layer(layers.GateNetwork(5, hidden=3), (8, 4))


@pytest.mark.parametrize(
    ("make", "fault"),
    [
        (lambda: layers.SoftThreshold(-1.0), "tau >= 0, got -1.0"),
        (lambda: layers.Shrinkage("per_sample"), "expected mode channel_shared or channel_wise, got 'per_sample'"),
        (lambda: layers.ResidualUnit(0), "expected filters >= 1, got 0"),
        (lambda: layers.ResidualUnit(4, attention="cbam"), "got 'cbam'"),
        (lambda: layers.ResidualUnit(4, rank=3), "expected rank 1 .* got 3"),
        (lambda: layers.ResidualUnit(4, shortcut="none"), "expected shortcut .* got 'none'"),
        (lambda: layers.GateNetwork(0), "expected units >= 1, got 0"),
        (lambda: layers.PaddedShortcut(2)(np.zeros((1, 4, 3))), "at least as many filters as input channels \\(3\\)"),
        (lambda: layers.Shrinkage()(np.zeros((1, 4))), "3 axes .* got shape \\(1, 4\\)"),
        (lambda: layers.ResidualUnit(4)(np.zeros((1, 4, 4, 4))), "an input of 3 axes"),
    ],
)
def test_errors_name_fault_expectation_and_value(make, fault):
    with pytest.raises(ValueError, match=fault):
        make()
