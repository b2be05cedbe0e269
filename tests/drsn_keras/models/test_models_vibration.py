"""WDCNN as its paper's table 1 has it; names, shapes and sizes of the networks for windows."""

import keras
import pytest

from drsn_keras.models import count_parameters
from drsn_keras.models.vibration import VIBRATION_MODELS, vibration_network
from drsn_keras.models.wdcnn import wdcnn

#: Trainable parameters at 10 classes, of (2048, 1) samples and of (1024, 2) points of spectra.
SIZES = {
    "drsn-cw": (11_586, 21_678),
    "drsn-cs": (10_254, 20_346),
    "senet": (11_586, 21_678),
    "resnet": (8_450, 18_542),
    "convnet": (8_450, 18_542),
    "wide-drsn-cw": (31_194, 40_378),
    "wide-drsn-cs": (27_488, 36_672),
    "wide-senet": (31_194, 40_378),
    "wide-resnet": (23_194, 32_378),
    "wide-convnet": (23_194, 32_378),
    "wdcnn": (54_510, 42_734),
}


def test_wdcnn_is_the_papers_table_1():
    """Lengths and channels after every convolution and pooling of a window of 2048 samples."""
    model = wdcnn((2048, 1), 10)
    stages = (keras.layers.Conv1D, keras.layers.MaxPooling1D)
    assert [layer.output.shape[1:] for layer in model.layers if isinstance(layer, stages)] == [
        *((128, 16), (64, 16)),  # 64 samples wide, stride 16
        *((64, 32), (32, 32)),
        *((32, 64), (16, 64)),
        *((16, 64), (8, 64)),
        *((6, 64), (3, 64)),  # the last is unpadded
    ]
    assert model.get_layer("hidden").output.shape == (None, 100)
    kernels = [(layer.kernel_size, layer.strides) for layer in model.layers if isinstance(layer, stages[0])]
    assert kernels == [((64,), (16,)), *[((3,), (1,))] * 4]


def test_wdcnn_has_as_many_parameters_as_counted_by_hand():
    """Convolutions with biases, two of normalisation a channel, 3 * 64 values to 100 units to 10 classes."""
    convolutions = sum(size * c_in * c + c for size, c_in, c in [(64, 1, 16), (3, 16, 32), (3, 32, 64), (3, 64, 64)])
    convolutions += 3 * 64 * 64 + 64
    normalisation = 2 * (16 + 32 + 64 + 64 + 64 + 100)
    dense = 3 * 64 * 100 + 100 + 100 * 10 + 10
    assert count_parameters(wdcnn((2048, 1), 10)) == convolutions + normalisation + dense == 54_510


def test_every_network_is_listed():
    assert set(SIZES) == set(VIBRATION_MODELS)


@pytest.mark.parametrize(("kind", "sizes"), SIZES.items())
def test_names_shapes_and_sizes(kind, sizes):
    for shape, spectral, size in [((2048, 1), False, sizes[0]), ((1024, 2), True, sizes[1])]:
        model = vibration_network(shape, 10, kind, spectral=spectral)
        assert model.name == kind.replace("-", "_")
        assert (model.input_shape, model.output_shape) == ((None, *shape), (None, 10))
        assert count_parameters(model) == size


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"kind": "transformer"}, r"kind: expected one of drsn-cw, .*, wdcnn, got 'transformer'"),
        ({"width": 0.0}, r"width: expected a number above 0, got 0\.0"),
        ({"width": float("nan")}, r"width: expected a number above 0, got nan"),
        ({"classes": 0}, "0"),
        ({"input_shape": (2048,)}, "ndim"),
        ({"kind": "wdcnn", "classes": 0}, "0"),
        ({"kind": "wdcnn", "input_shape": (2048,)}, "ndim"),
    ],
)
def test_what_makes_no_network_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        vibration_network(**{"input_shape": (2048, 1), "classes": 10, **arguments})
