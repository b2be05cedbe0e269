"""Published keyword networks against their published counts, each in the convention of its source."""

import functools

import keras
import numpy as np
import pytest

from drsn_keras import keyword_model_names as names
from drsn_keras.frontend import WAVEFORM, FrontEndSpec
from drsn_keras.layers import BandMean, SubSpectralNormalization
from drsn_keras.models import KINDS, PEERS, bc_resnet, count_macs, count_parameters, ds_cnn, matchboxnet, raw_m5
from drsn_keras.models import tc_resnet8 as tc_resnet
from drsn_keras.models.bc_resnet import BANDS
from drsn_keras.models.keyword_models import KEYWORD_MODELS
from drsn_keras.models.keywords import SPECTRAL
from drsn_keras.models.raw_m5 import least_samples
from drsn_keras.models.streaming_keywords import STREAMING_KINDS

L = keras.layers


@functools.cache
def _bc_resnet(scale):
    """Twelve blocks take a second to build."""
    return bc_resnet((98, 40), 12, scale)


def _statistics(model):
    """Moving means and variances, the standardised input's aside: no published network has that."""
    own = set() if model.name == "raw_m5" else {id(w) for w in model.get_layer("input_norm").weights}
    return sum(int(np.prod(w.shape)) for w in model.non_trainable_weights if id(w) not in own and "moving" in w.path)


def _values(model, kinds, seen=lambda layer: layer.output):
    """Values that layers of some kinds put out, or see, in one evaluation."""
    found = [layer for layer in model.layers if isinstance(layer, kinds) and layer.name != "input_norm"]
    return sum(int(np.prod(seen(layer).shape[1:])) for layer in found)


def _normalised(model):
    return _values(model, (L.BatchNormalization, SubSpectralNormalization))


def test_ds_cnn_is_the_reference_of_mlperf_tiny():
    """24.9 k of Keras's ``count_params``, statistics and all; 2.66 M MACs of convolutions and the classes."""
    model = ds_cnn((49, 10), 12)
    assert count_parameters(model) == 23_756
    assert count_parameters(model) + _statistics(model) == 24_908
    assert count_macs(model) == 125 * 64 * 40 + 4 * 125 * 64 * (9 + 64) + 64 * 12 == 2_656_768


def test_tc_resnet8_has_66_k_numbers_and_3_m_flops():
    model = tc_resnet((98, 40), 12)
    assert count_parameters(model) == 65_168
    assert count_parameters(model) + _statistics(model) == 65_824, "66 k in the paper"
    assert count_macs(model) == 1_522_560
    assert round(2 * count_macs(model) / 1e6, 1) == 3.0, "M FLOPs in the paper"


@pytest.mark.parametrize(
    ("scale", "parameters", "multiplications_m"),
    [(1, 9_232, 3.1), (3, 54_168, 16.2), (8, 321_068, 89.1)],
)
def test_bc_resnets_are_the_papers(scale, parameters, multiplications_m):
    """Table 3: 9.2 k to 321 k; its multiplications are those of a profiler that sees modules.

    Two for a normalised value, one for a value of a ReLU module (the blocks' last ones are functions) and of whatever
    a mean averages.
    """
    model = _bc_resnet(scale)
    assert count_parameters(model) == parameters
    modules = [layer for layer in model.layers if isinstance(layer, L.ReLU) and "block" not in layer.name]
    modules += [layer for layer in model.layers if isinstance(layer, L.ReLU) and layer.name.endswith("change_relu")]
    relus = sum(int(np.prod(layer.output.shape[1:])) for layer in modules)
    means = _values(model, (BandMean, L.GlobalAveragePooling2D), lambda layer: layer.input)
    assert round((count_macs(model) + 2 * _normalised(model) + relus + means) / 1e6, 1) == multiplications_m
    assert model.name == f"bc_resnet_{scale}"


def test_the_macs_of_bc_resnet_1_by_hand():
    """Per frame: 20 bands of 16, 8, then 10 of 12, then 5 of 16 and of 20; a head of 32."""
    stem = 20 * 25 * 16
    change = 20 * 16 * 8 + 20 * 8 * 12 + 10 * 12 * 16 + 5 * 16 * 20
    bands = 3 * (2 * 20 * 8 + 2 * 10 * 12 + 4 * 5 * 16 + 4 * 5 * 20)
    time = sum(n * (3 * c + c * c) for n, c in ((2, 8), (2, 12), (4, 16), (4, 20)))
    head = 25 * 20 + 20 * 32
    assert count_macs(_bc_resnet(1)) == 98 * (stem + change + bands + time + head) + 32 * 12


@pytest.mark.parametrize(("repeat", "parameters", "published_m"), [(1, 77_214, 9.3), (2, 92_766, 11.3)])
def test_matchboxnets_are_the_papers(repeat, parameters, published_m):
    """77 k and 93 k for the 30 words of v1; multiplications as BC-ResNet's table 3 gives them: one to normalise."""
    model = matchboxnet((128, 64), 30, repeat=repeat)
    assert count_parameters(model) == parameters
    assert round((count_macs(model) + _normalised(model)) / 1e6, 1) == published_m
    assert model.name == f"matchboxnet_3x{repeat}x64"


def test_m5_has_the_parameters_that_the_tutorial_prints():
    model = raw_m5((8000, 1), 35)
    assert count_parameters(model) == 26_915
    by_hand = 496 * 80 * 32 + 122 * 3 * 32 * 32 + 28 * 3 * 32 * 64 + 5 * 3 * 64 * 64 + 64 * 35
    assert count_macs(model) == by_hand == 1_880_256


def test_what_the_docstrings_say_of_our_sizes():
    assert count_parameters(raw_m5((16000, 1), 12)) == 25_420
    assert count_macs(raw_m5((16000, 1), 12)) == 3_819_264
    matchbox = matchboxnet((98, 40), 12)
    assert (count_parameters(matchbox), count_macs(matchbox)) == (71_556, 6_711_792)
    assert [count_macs(_bc_resnet(scale)) for scale in (1, 3)] == [2_408_440, 14_093_160]
    assert round(count_macs(ds_cnn((98, 40), 12)) / 2_656_768) == 8


@pytest.mark.parametrize(
    ("name", "below"), [("ds-cnn", 8_000), ("tc-resnet8", 18_000), ("matchboxnet", 25_000), ("raw-m5", 9_000)]
)
def test_width_and_logits(name, below):
    shape = (16000, 1) if name == names.RAW else (40, 40)
    half = PEERS[name](shape, 3, width=0.5, activation=None)
    assert count_parameters(half) < below
    assert half.output_shape == (None, 3)
    assert half.layers[-1].activation is keras.activations.linear
    with pytest.raises(ValueError, match="width: expected a number above 0, got -1"):
        PEERS[name](shape, 3, width=-1)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="input_shape: expected bands in multiples of 40, got 10"):
        bc_resnet((49, 10), 12)
    for option in ("scale", "width"):
        with pytest.raises(ValueError, match=f"{option}: expected a number above 0, got -1"):
            bc_resnet((98, 40), 12, **{option: -1})
    with pytest.raises(ValueError, match=r"expected at least 6848 samples of one channel, got \(6847, 1\)"):
        raw_m5((6847, 1), 12)
    assert raw_m5((6848, 1), 12).get_layer("pool4").output.shape[1] == 1


def test_the_names_that_cost_no_keras_are_those_of_the_builders():
    assert tuple(PEERS) == names.PEERS
    assert tuple(KINDS) == names.OWN
    assert set(KEYWORD_MODELS) == {*names.OWN, *names.PEERS}
    assert tuple(SPECTRAL) == names.SPECTRAL
    assert {name.removeprefix("streaming-") for name in names.STREAMING} <= set(STREAMING_KINDS)
    assert least_samples() == names.LEAST_SAMPLES
    assert BANDS == names.BAND_STEP


def test_every_model_hears_what_it_may_hear():
    """Over the front end that the documentation names for it."""
    for name in names.PEERS:
        names.check_keyword_model(name, WAVEFORM if name == names.RAW else FrontEndSpec())
