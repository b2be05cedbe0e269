"""DRAN: the published parameter counts, shared and separate blocks, any length."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import DynamicBranch
from drsn_keras.models import count_macs, count_parameters, dran
from random_weights import randomise


@pytest.mark.parametrize(("share_blocks", "parameters"), [(True, 969_664), (False, 2_458_944)])
def test_parameters_are_those_of_the_published_code(share_blocks, parameters):
    model = dran((None, None, 3), share_blocks=share_blocks)
    assert count_parameters(model) == parameters
    assert sum(isinstance(layer, DynamicBranch) for layer in model.layers) == (1 if share_blocks else 3)


def test_macs_by_hand():
    """A signal of 10, 2 blocks of 1 dynamic convolution: a shared branch works twice, an attention sees one vector."""
    head, tail = 10 * 3 * 1 * 4, 10 * 3 * 4 * 1
    branch = 4 * 10 * 3 * 4 * 4 + 4 * 1 + 1 * 4
    gates = 2 * 2 * (10 * 3 * 4 * 4)
    for share_blocks in (True, False):
        model = dran((10, 1), width=4, blocks=2, depth=1, share_blocks=share_blocks, rank=1)
        assert count_macs(model) == head + 2 * branch + gates + tail


def test_the_network_is_its_definition():
    """Layer by layer: head, B(x) + G(x) with one B, tail, tanh, the difference."""
    model = randomise(dran((17, 2), width=4, blocks=2, depth=1, rank=1))
    x = np.random.default_rng(0).standard_normal((3, 17, 2)).astype("float32")
    layer = model.get_layer
    y = layer("head")(x)
    for i in (1, 2):
        y = layer("branch")(y) + layer(f"gate{i}")(y)
    expected = x - keras.ops.convert_to_numpy(layer("noise")(y))
    np.testing.assert_allclose(model(x), expected, atol=1e-6)
    assert np.abs(expected - x).max() <= 1.0, "tanh bounds the noise"
    assert np.ptp(expected - x) > 0.5
    assert [layer(name).use_bias for name in ("head", "noise")] == [False, False]


@pytest.mark.parametrize(("rank", "shape"), [(1, (2, 23, 1)), (2, (2, 6, 9, 1))])
def test_any_length_and_both_forms(rank, shape):
    static, mixed = (
        dran((*[None] * rank, 1), width=4, blocks=2, depth=2, form=f, rank=rank) for f in ("static", "mixed")
    )
    mixed.set_weights(randomise(static).get_weights())
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    assert static(x).shape == shape
    np.testing.assert_allclose(mixed(x), static(x), atol=1e-5)


def test_training_reaches_every_weight_and_the_loss_falls():
    keras.utils.set_random_seed(0)
    model = dran((24, 1), width=4, blocks=2, depth=1, temperature=1.0, rank=1)
    rng = np.random.default_rng(0)
    clean = np.cumsum(rng.standard_normal((16, 24, 1)), axis=1).astype("float32") * 0.1
    noisy = clean + 0.2 * rng.standard_normal(clean.shape).astype("float32")
    # Eagerly: a compiled step takes longer to trace than all of these to run.
    model.compile(keras.optimizers.Adam(3e-3), "mae", run_eagerly=True)
    before = [np.array(w) for w in model.trainable_weights]
    losses = [float(model.train_on_batch(noisy, clean)) for _ in range(8)]
    assert losses[-1] < losses[0]
    assert all(not np.array_equal(a, np.array(w)) for a, w in zip(before, model.trainable_weights, strict=True))


def test_a_saved_network_gives_the_same_numbers(tmp_path):
    model = randomise(dran((16, 1), width=4, blocks=2, depth=2, rank=1))
    model.save(tmp_path / "dran.keras")
    again = keras.models.load_model(tmp_path / "dran.keras")
    x = np.random.default_rng(0).standard_normal((2, 16, 1)).astype("float32")
    np.testing.assert_array_equal(again(x), model(x))
    assert sum(isinstance(layer, DynamicBranch) for layer in again.layers) == 1


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"blocks": 0}, "blocks: expected at least 1, got 0"),
        ({"rank": 2}, r"input_shape: expected \(height, width, channels\), got \(8, 1\)"),
        ({"form": "both"}, "expected form mixed or static, got 'both'"),
        ({"kernel_size": 4}, "expected an odd kernel_size, got 4"),
    ],
)
def test_errors_name_fault_expectation_and_value(options, fault):
    with pytest.raises(ValueError, match=fault):
        dran((8, 1), **{"rank": 1, "width": 4, "depth": 1, **options})
