"""A noise level from thresholds: fitted, judged, exported, read on the device."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.edge.noise_level import NoiseLevel
from drsn_keras.errors import BundleError, UsageError
from drsn_keras.export.lowering import lower_thresholds
from drsn_keras.export.tflite import to_tflite
from drsn_keras.model_card import sha256_of
from drsn_keras.models import keyword_network, thresholds, vibration_network
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME, NoiseLevelSpec
from random_weights import randomise

SPEC = NoiseLevelSpec("unit1", (2.0, -1.0), 3.0, -20.0, 10.0, 2.0)


@pytest.mark.parametrize(
    ("model", "block"),
    [
        (lambda: keyword_network((49, 16), 4, units=((8, 1), (16, 2))), "unit1"),
        (lambda: keyword_network((49, 16), 4, "drsn-cs", units=((8, 1), (16, 2))), "unit2"),
        (lambda: keyword_network((49, 16), 4, units=((8, 1), (16, 2)), spectral="frames"), "spectral"),
        (lambda: keyword_network((49, 16), 4, units=((8, 1), (16, 2)), spectral="clip"), "spectral"),
        (lambda: vibration_network((128, 2), 4, width=0.25, spectral=True), "stage1_unit1"),
    ],
)
def test_lowered_thresholds_are_the_models(model, block, tmp_path):
    keras_model = randomise(model())
    x = np.random.default_rng(0).standard_normal((5, *keras_model.input_shape[1:])).astype("float32")
    twin = lower_thresholds(keras_model, block, x)
    path = tmp_path / "noise.tflite"
    path.write_bytes(to_tflite(twin.model, "float32"))
    expected = thresholds(keras_model, x)[block][0]
    np.testing.assert_allclose(Interpreter(path).run_batch(x), expected, rtol=1e-4, atol=1e-5)


def test_an_unknown_block_is_named():
    with pytest.raises(UsageError, match="unit9"):
        lower_thresholds(keyword_network((49, 16), 4), "unit9", np.zeros((1, 49, 16), "float32"))


def test_level_by_hand():
    # 3 + 2 ln(e) - ln(1) = 5; far thresholds are held inside the fitted range.
    assert SPEC.level_db([np.e, 1.0]) == pytest.approx(5.0)
    assert SPEC.level_db([1e9, 1.0]) == 10.0
    assert SPEC.level_db([0.0, 1e9]) == -20.0


@pytest.mark.parametrize("change", [{"weights": []}, {"low_db": 10.0}, {"rmse_db": -1.0}, {"bias": "x"}, {"more": 1}])
def test_a_damaged_card_is_refused_in_one_line(change):
    with pytest.raises(BundleError, match=r"^card: |^card, "):
        NoiseLevelSpec.from_dict({**SPEC.to_dict(), **change}, "card")


def test_another_noise_model_is_refused(tmp_path):
    model = randomise(keyword_network((49, 16), 4, units=((8, 1), (16, 2))))
    x = np.random.default_rng(0).standard_normal((2, 49, 16)).astype("float32")
    path = tmp_path / NOISE_MODEL_NAME
    path.write_bytes(to_tflite(lower_thresholds(model, "unit1", x).model, "float32"))

    @dataclasses.dataclass
    class Card:
        noise_level: dict

    @dataclasses.dataclass
    class Bundle:
        card: Card
        folder: object = tmp_path

    spec = dataclasses.replace(SPEC, weights=(0.1,) * 8, sha256=sha256_of(path))
    level = NoiseLevel(Bundle(Card(json.loads(json.dumps(spec.to_dict())))))
    assert -20.0 <= level.estimate_db(x[0]) <= 10.0
    for broken, message in (
        (dataclasses.replace(spec, sha256="0" * 64), "SHA-256"),
        (dataclasses.replace(spec, weights=(0.1,)), "weights"),
    ):
        with pytest.raises(BundleError, match=message):
            NoiseLevel(Bundle(Card(broken.to_dict())))
    path.unlink()
    with pytest.raises(BundleError, match="nothing there"):
        NoiseLevel(Bundle(Card(spec.to_dict())))
