"""The paper's networks: exact parameter counts, structure, thresholds from inside."""

import keras
import numpy as np
import pytest

from drsn_keras.layers import ResidualUnit
from drsn_keras.models import KINDS, count_macs, count_parameters, keyword_network, residual_network, thresholds

PAPER = {"drsn-cs": 10_220, "drsn-cw": 11_552, "resnet": 8_416, "convnet": 8_416, "senet": 11_552}


@pytest.mark.parametrize(("kind", "parameters"), PAPER.items())
def test_parameters_are_the_papers(kind, parameters):
    assert count_parameters(residual_network((2048, 1), 8, kind)) == parameters


def test_macs_are_the_papers():
    """About 1.32 M a window, by hand: the stem, then per stage 7 full convolutions and 1 entering one."""
    stem = 1024 * 3 * 1 * 4
    stages = sum(length * 3 * (c_in * c + 7 * c * c) for length, c_in, c in [(512, 4, 4), (256, 4, 8), (128, 8, 16)])
    assert count_macs(residual_network((2048, 1), 8, "resnet")) == stem + stages + 16 * 8 == 1_314_944
    assert count_macs(residual_network((2048, 1), 8, "drsn-cw")) == 1_314_944 + 4 * 2 * (4**2 + 8**2 + 16**2)


def test_stages_have_the_papers_shapes():
    model = residual_network((2048, 1), 8)
    units = [layer for layer in model.layers if isinstance(layer, ResidualUnit)]
    assert len(units) == 12
    assert [u.strides for u in units] == [2, 1, 1, 1] * 3
    assert [u.output.shape[1:] for u in units] == [(512, 4)] * 4 + [(256, 8)] * 4 + [(128, 16)] * 4


def test_convnet_has_no_shortcut():
    """Without shortcuts a unit whose last convolution is zero gives zero; with them it gives its input."""
    x = np.ones((1, 8, 4), "float32")
    for kind, expected in [("convnet", 0.0), ("resnet", 1.0)]:
        attention, has_shortcut = KINDS[kind]
        unit = ResidualUnit(4, attention=attention, shortcut="padded" if has_shortcut else None)
        unit.build(x.shape)
        unit.conv_2.kernel.assign(np.zeros(unit.conv_2.kernel.shape))
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(unit(x)), np.full_like(x, expected))


@pytest.mark.parametrize("kind", KINDS)
def test_images_too(kind):
    model = residual_network((32, 24, 3), 5, kind, rank=2, units_per_stage=2)
    assert model(np.zeros((2, 32, 24, 3))).shape == (2, 5)


def test_weight_decay_is_half_the_papers_factor():
    """wd * sum(w^2) / 2 is Keras l2(wd / 2)."""
    model = residual_network((64, 1), 2, "resnet", filters=(4,), units_per_stage=1, weight_decay=1e-4)
    kernels = sum(float(np.sum(np.square(w))) for w in model.trainable_weights if w.path.endswith("kernel"))
    np.testing.assert_allclose(sum(float(loss) for loss in model.losses), 0.5e-4 * kernels, rtol=1e-5)


def test_keyword_network_has_the_promised_size():
    model = keyword_network((98, 40), 12)
    assert count_parameters(model) == 65_220
    assert round(count_macs(model) / 1e6, 2) == 1.49
    assert 60_000 <= count_parameters(model) <= 75_000


@pytest.mark.parametrize(
    ("spectral", "parameters", "macs"), [("clip", 69_412, 1_494_112), ("frames", 71_492, 1_775_392)]
)
def test_a_threshold_on_the_spectrum_has_the_promised_size(spectral, parameters, macs):
    model = keyword_network((98, 40), 12, spectral=spectral)
    assert (count_parameters(model), count_macs(model)) == (parameters, macs)
    assert list(thresholds(model, np.ones((2, 98, 40), "float32"))) == ["spectral", "unit1", "unit2", "unit3"]


def test_width_scales_the_keyword_network():
    sizes = [count_parameters(keyword_network((98, 40), 12, width=w)) for w in (0.5, 1.0, 2.0)]
    assert sizes[0] < sizes[1] / 2.5 < sizes[2] / 8
    with pytest.raises(ValueError, match="width: expected a number above 0, got 0"):
        keyword_network((98, 40), 12, width=0)


@pytest.mark.parametrize("kind", KINDS)
def test_keyword_twins_differ_in_the_unit_only(kind):
    names = [layer.name for layer in keyword_network((98, 40), 12, kind).layers]
    assert names == [layer.name for layer in keyword_network((98, 40), 12).layers]


def test_unknown_kind_is_named():
    with pytest.raises(ValueError, match="spectral: expected None or one of clip, frames, got 'band'"):
        keyword_network((98, 40), 12, spectral="band")
    with pytest.raises(ValueError, match=r"kind: expected one of drsn-cw, .* got 'drsn'"):
        keyword_network((98, 40), 12, "drsn")


@pytest.mark.parametrize(("kind", "columns"), [("drsn-cw", (24, 32, 40)), ("drsn-cs", (1, 1, 1))])
def test_thresholds_of_every_block(kind, columns):
    model = keyword_network((98, 40), 12, kind)
    x = np.random.default_rng(0).standard_normal((5, 98, 40)).astype("float32")
    found = thresholds(model, x, batch_size=2)
    assert list(found) == ["unit1", "unit2", "unit3"]
    for (tau, alpha), n in zip(found.values(), columns, strict=True):
        assert tau.shape == alpha.shape == (5, n)
        assert ((alpha > 0) & (alpha < 1)).all()
        assert (tau >= 0).all()
    # Against the definition: alpha times the mean absolute value that the block sees.
    unit = model.get_layer("unit1")
    stem = keras.Model(model.input, model.get_layer("stem").output)(x)
    path = unit.conv_2(unit.relu_2(unit.norm_2(unit.conv_1(unit.relu_1(unit.norm_1(stem))))))
    mean = np.abs(keras.ops.convert_to_numpy(path)).mean(axis=1)
    if kind == "drsn-cs":
        mean = mean.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found["unit1"][0], found["unit1"][1] * mean, rtol=1e-4)


def test_no_shrinkage_no_thresholds():
    assert thresholds(keyword_network((98, 40), 3, "resnet"), np.zeros((2, 98, 40), "float32")) == {}


def test_saved_model_gives_the_same_numbers(tmp_path):
    model = keyword_network((98, 40), 12)
    model.save(tmp_path / "m.keras")
    x = np.random.default_rng(0).standard_normal((3, 98, 40)).astype("float32")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.keras")(x), model(x))
