"""What the bench compares with: the same weights converted without lowering, untrained twins."""

import keras
import numpy as np
import pytest

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.export.benchmarking import naive, rivals
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.inspection.partitions import delegation
from drsn_keras.export.recipe import Recipe
from drsn_keras.layers import SoftThreshold, soft_threshold
from drsn_keras.models import KINDS, keyword_network
from drsn_keras.training.config import KeywordConfig
from random_weights import randomise

UNITS = ((8, 1),)


@pytest.fixture(scope="module")
def model():
    return randomise(keyword_network((20, 8), 3, "drsn-cw", units=UNITS))


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).standard_normal((40, 20, 8)).astype(np.float32)


def _outputs(content, x, tmp_path):
    (tmp_path / "m.tflite").write_bytes(content)
    return Interpreter(tmp_path / "m.tflite").run_batch(x)


@pytest.fixture(scope="module")
def conversions(model, inputs):
    """Every form in every scheme that the bench has of it, and in float32."""
    schemes = {"textbook": naive.SCHEMES, "two-relus": ["int8", "float32"], "direct": ["int8", "float32"]}
    return {form: naive.convert_naively(model, form, schemes[form], inputs) for form in naive.FORMS}


def test_naive_conversions_are_the_same_function(conversions, model, inputs, tmp_path):
    expected = model(inputs, training=False).numpy()
    for form, contents in conversions.items():
        for scheme, content in contents.items():
            tolerance = 1e-4 if scheme == "float32" else 0.1
            found = _outputs(content, inputs, tmp_path)
            np.testing.assert_allclose(found, expected, atol=tolerance, err_msg=f"{form} {scheme}")


def test_each_form_has_its_operators_and_breaks_the_graph(conversions):
    for form, operator in (("textbook", "SIGN"), ("two-relus", "NEG"), ("direct", "MINIMUM")):
        for content in conversions[form].values():
            assert read_file(content).operator_counts[operator] == len(UNITS), form
        assert delegation(conversions[form]["int8"])[0] > 3, "lowered it is one"
        assert read_file(conversions[form]["int8"]).float_tensors


def test_naive_conversion_is_silent(model, inputs, capfd):
    naive.convert_naively(model, "direct", ["int8"], inputs)
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_naive_conversions_by_name(model, inputs, monkeypatch):
    monkeypatch.setattr(naive, "convert_naively", lambda _, form, schemes, x: dict.fromkeys(schemes, (form, x)))
    assert naive.naive_conversions(model, inputs) == {
        "textbook-int8": ("textbook", inputs),
        "textbook-dynamic": ("textbook", inputs),
        "textbook-float32": ("textbook", inputs),
        "two-relus-int8": ("two-relus", inputs),
        "direct-int8": ("direct", inputs),
    }


def test_only_the_trace_sees_another_form(model):
    with naive._shrinkage_as("textbook"):
        pass
    with pytest.raises(KeyError), naive._shrinkage_as("textbook"):
        raise KeyError
    assert all(module.soft_threshold is soft_threshold for module in naive._CALLERS)


def test_a_fixed_threshold_has_forms_and_a_plain_network_none(monkeypatch):
    asked = []
    monkeypatch.setattr(naive, "convert_naively", lambda model, form, schemes, _: asked.append(form) or {})
    signal = keras.Input((8, 2))
    naive.naive_conversions(keras.Model(signal, SoftThreshold(0.5)(signal)), None)
    assert asked == list(naive.FORMS)
    asked.clear()
    naive.naive_conversions(keyword_network((20, 8), 3, "resnet", units=UNITS), None)
    assert asked == ["direct"]


@pytest.mark.parametrize(
    ("form", "scheme", "fault"),
    [
        ("hard", "int8", "form: expected one of textbook, two-relus, direct, got 'hard'"),
        ("direct", "int4", "scheme: expected one of int8, dynamic, float32, got 'int4'"),
        ("direct", "int8", "scheme int8: expected calibration inputs, got none"),
    ],
)
def test_naive_conversion_refuses(model, form, scheme, fault):
    with pytest.raises(ValueError, match=fault):
        naive.convert_naively(model, form, [scheme])


def test_untrained_rivals_are_lowered_networks_of_the_configuration(tmp_path):
    config = KeywordConfig(data=str(tmp_path), width=0.34)
    found = rivals.untrained_rivals(config, 3, None, kinds=["resnet"], recipe=Recipe("float32"))
    assert list(found) == ["resnet"]
    operators = set(read_file(found["resnet"]).operator_counts)
    assert {"CONV_2D", "DEPTHWISE_CONV_2D", "ADD"} <= operators, "batch normalisation has not folded away"
    assert not {"LOGISTIC", "LEAKY_RELU", "EXPAND_DIMS"} & operators
    assert delegation(found["resnet"])[0] == 1


def test_rivals_are_all_other_kinds(monkeypatch, tmp_path):
    monkeypatch.setattr(rivals, "lower", lambda model, target: f"{model.name} for {target}")
    monkeypatch.setattr(rivals, "quantize", lambda twin, recipe, inputs: (twin, recipe.scheme, inputs))
    found = rivals.untrained_rivals(KeywordConfig(data=str(tmp_path), model="senet", width=0.34), 3, "x")
    assert set(found) == set(KINDS) - {"senet"}
    assert found["drsn-cs"] == ("keyword_drsn_cs for litert", "int8", "x")


def test_random_weights_fold_away_nothing():
    model = keyword_network((20, 8), 3, "drsn-cw", units=UNITS)
    before = model.get_weights()
    rivals.randomise(model, np.random.default_rng(0))
    after = model.get_weights()
    rivals.randomise(model, np.random.default_rng(0))
    assert all((one == other).all() for one, other in zip(after, model.get_weights(), strict=True))
    assert all((old != new).all() for old, new in zip(before, after, strict=True))
    assert all((w.numpy() > 0).all() for w in model.weights if w.path.endswith("moving_variance"))
