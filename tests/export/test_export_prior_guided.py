"""The prior-guided network on its targets: the same function, integers but for the prior, and what eight bits cost."""

import functools
import json

import keras
import numpy as np
import pytest

from denoiser_run import write_run
from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.denoiser import PieceDenoiser, open_denoiser
from drsn_keras.edge.interpreter import Interpreter
from drsn_keras.errors import UsageError
from drsn_keras.export.cli import main as export
from drsn_keras.export.denoiser_inputs import draw_pieces
from drsn_keras.export.inspection.flatbuffer import CONVERSIONS, read_file
from drsn_keras.export.inspection.names import layers_in
from drsn_keras.export.inspection.partitions import delegation
from drsn_keras.export.lowering import lower
from drsn_keras.export.lowering.twin import LOOSE_PARITY, PARITY
from drsn_keras.export.quantize import float_layers, quantize
from drsn_keras.export.recipe import Recipe
from drsn_keras.layers import LinearUpsample, LocalWiener, ModulatedConv, PaddedConcat, PriorKernel, TapPool
from drsn_keras.model_card import read_bundle
from drsn_keras.models import prior_guided
from drsn_keras.training.open_run import open_run
from random_weights import randomise

L = keras.layers
#: Odd lengths on the way down: a zero is put behind on the way up.
NETWORKS = {
    "batch": functools.partial(prior_guided, (27, 1)),
    "instance": functools.partial(prior_guided, (27, 1), norm="instance", residual=False),
    "shrinkage": functools.partial(prior_guided, (26, 2), norm="shrinkage"),
    "plain": functools.partial(prior_guided, (27, 1), norm=None, window=5, beta=2.0),
    "no-prior": functools.partial(prior_guided, (27, 1), norm="instance", prior=False),
    "images": functools.partial(prior_guided, (13, 15, 2), norm="batch", rank=2),
    "images-no-prior": functools.partial(prior_guided, (9, 13, 1), norm=None, rank=2, prior=False),
}
SPIKES = {"kind": "spikes", "model": "prior-guided", "network": {"filters": [4, 8], "residual": False}}


def _inputs(shape, n=12, seed=1):
    return np.random.default_rng(seed).standard_normal((n, *shape)).astype("float32")


@functools.cache
def _network(name):
    return randomise(NETWORKS[name](filters=(4, 6)), seed=2)


@pytest.mark.parametrize(
    ("name", "target"), [*((name, "litert") for name in NETWORKS), ("batch", "tflm"), ("images-no-prior", "tflm")]
)
def test_the_twin_is_the_same_function(name, target):
    model = _network(name)
    x = _inputs(model.input_shape[1:])
    twin = lower(model, target, x)
    assert twin.parity <= (LOOSE_PARITY if "instance" in str(NETWORKS[name].keywords) else PARITY)
    y = twin.predict(x) - (x if "residual" not in NETWORKS[name].keywords else 0.0)
    assert np.std(y - np.mean(y, axis=0)) > 0.01, "what is taken away depends on the input"


def _lowered(layer, *shapes, target="litert"):
    """Largest difference of a layer alone, its inputs parts of one."""
    total = sum(int(np.prod(shape)) for shape in shapes)
    start, at, parts = keras.Input((total,)), 0, []
    for shape in shapes:
        size = int(np.prod(shape))
        kernel = np.zeros((total, size), np.float32)
        kernel[at : at + size] = np.eye(size)
        at += size
        dense = L.Dense(size, use_bias=False)
        parts.append(L.Reshape(shape)(dense(start)))
        dense.set_weights([kernel])
    model = keras.Model(start, layer(parts if len(parts) > 1 else parts[0]))
    for value in layer.weights:
        value.assign(np.random.default_rng(3).standard_normal(value.shape))
    x = _inputs((total,), 6)
    x[0] = 0.0
    twin = lower(model, target, x)
    assert np.ptp(twin.predict(x)) > 0.1
    return twin


@pytest.mark.parametrize("target", ["litert", "tflm"])
@pytest.mark.parametrize("shape", [(1, 2), (2, 3), (9, 2), (1, 4, 2), (5, 1, 2), (4, 7, 2)])
def test_upsampling(shape, target):
    assert _lowered(LinearUpsample(), shape, target=target).parity <= 1e-6


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (PaddedConcat(), [(7, 2), (6, 3)]),
        (PaddedConcat(), [(7, 4, 2), (6, 4, 1)]),
        (TapPool(3), [(12, 2)]),
        (TapPool(3), [(5, 2)]),
        (TapPool(3), [(3, 8, 2)]),
        (ModulatedConv(4, 3, 0.7), [(6, 5), (3, 4)]),
        (ModulatedConv(4, 3, 0.7, rank=2), [(5, 4, 3), (3, 3, 4)]),
        (ModulatedConv(2, 5), [(6, 1), (5, 2)]),
        (LocalWiener(5), [(11, 2)]),
        (LocalWiener(3), [(6, 5, 2)]),
        (LocalWiener(3), [(9, 1, 1)]),
        (PriorKernel(), [(8, 1)]),
        (PriorKernel(), [(9, 3)]),
        (PriorKernel(5, guard=0.1), [(6, 9, 2)]),
        (PriorKernel(), [(7, 4, 1)]),
        (PriorKernel(), [(7, 1, 2)]),
        (PriorKernel(), [(1, 8, 2)]),
    ],
    ids=lambda value: value.name if isinstance(value, L.Layer) else str(value).replace(" ", ""),
)
def test_a_layer_is_lowered_alone(layer, shapes):
    layer = type(layer).from_config(layer.get_config())
    assert _lowered(layer, *shapes).parity <= 5e-6


def test_instance_normalisation_may_have_no_scale_and_no_shift():
    for options in ({"scale": False}, {"center": False}):
        x = keras.Input((9, 3))
        model = randomise(keras.Model(x, L.GroupNormalization(groups=-1, **options)(x)))
        assert lower(model, "litert", _inputs((9, 3))).parity <= 1e-5


@functools.cache
def _int8(name):
    model = _network(name)
    x = _inputs(model.input_shape[1:], 40)
    twin = lower(model, "litert", x)
    return model, x, twin, quantize(twin, Recipe(), x)


@pytest.mark.parametrize("name", ["batch", "no-prior", "images"])
def test_only_what_has_no_integer_form_is_in_float(name):
    _, _, twin, content = _int8(name)
    file = read_file(content)
    made = {
        layers_in(tensor.name)[0]: tensor.dtype
        for op in file.operators
        if op.name not in CONVERSIONS and layers_in((tensor := file.tensors[op.outputs[0]]).name)
    }
    found = {layer for layer, dtype in made.items() if dtype == "float32"}
    layers = float_layers(twin, Recipe())["in_float"]
    allowed = tuple(f"{layer}.deviation" for layer in layers) if name == "no-prior" else ("prior_h0.",)
    assert found and all(f"{layer}.".startswith(allowed) for layer in found)
    assert {dtype for layer, dtype in made.items() if not layer.startswith(allowed)} == {"int8"}
    assert file.tensors[file.inputs[0]].dtype == file.tensors[file.outputs[0]].dtype == "int8"
    norms = [layer.name for layer in _network(name).layers if isinstance(layer, L.GroupNormalization)]
    assert sorted(layers) == sorted(norms or ["prior_h0"])
    assert float_layers(twin, Recipe("float32")) == {}
    assert delegation(content) == (1, ()), "the float part is XNNPACK's too"


#: Error of the int8 file, root mean square in quanta of its output: rounding the output alone makes 0.29.
LOSS = {"batch": 0.5, "no-prior": 2.0, "images": 0.5}


@pytest.mark.parametrize("name", LOSS)
def test_eight_bits_cost_little(name, tmp_path):
    model, x, _, content = _int8(name)
    (tmp_path / "model.tflite").write_bytes(content)
    interpreter = Interpreter(tmp_path / "model.tflite")
    expected = keras.ops.convert_to_numpy(model(x))
    errors = (interpreter.run_batch(x).reshape(expected.shape) - expected) / interpreter.output.scale
    assert np.sqrt(np.mean(errors**2)) <= LOSS[name]


@pytest.mark.parametrize("recipe", [Recipe("int16x8"), Recipe("int8", "tflm")])
def test_integers_alone_are_refused(recipe):
    twin = _int8("batch")[2]
    with pytest.raises(UsageError) as error:
        quantize(twin, recipe, _inputs(twin.graph.input.shape))
    assert str(error.value).startswith("prior_h0/") and "\n" not in str(error.value)
    expected = "which has no integer form: expected --scheme float32, or int8 with --target litert, where it stays in"
    assert expected in str(error.value) and str(error.value).endswith(f"got {recipe.scheme} for {recipe.target}")


def test_the_npu_has_no_floats():
    with pytest.raises(UsageError, match=r"^prior_h0/.*: cannot be lowered for ethos-u: it has no integer form; use "):
        lower(_network("batch"), "ethos-u")


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (
            PriorKernel(name="h0"),
            (257, 1),
            "h0: cannot be lowered: PriorKernel over 257 positions on a side; use at most 256 (its Fourier transforms "
            "are matrices), or a network with prior=False",
        ),
        (L.GroupNormalization(groups=2, name="n"), (9, 4), "n: cannot be lowered: GroupNormalization with groups=2"),
        (L.GroupNormalization(-1, axis=1, name="n"), (4, 4), "n: cannot be lowered: GroupNormalization with axis=1"),
    ],
)
def test_what_cannot_be_lowered_is_named(layer, shape, message):
    x = keras.Input(shape)
    with pytest.raises(UsageError) as error:
        lower(keras.Model(x, layer(x)))
    assert str(error.value).startswith(message)


def test_a_kernel_for_a_whole_batch_is_refused():
    model = prior_guided((24, 1), filters=(4, 6), modulation="batch")
    with pytest.raises(UsageError, match=r"^deepest_conv1: cannot be lowered: ModulatedConv with modulation='batch'"):
        lower(model)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("prior") / "run", **SPIKES)


@pytest.fixture(scope="module")
def bundle(run):
    assert export(["convert", str(run), "--calibration-clips", "20"]) == 0
    return run / "bundles" / "int8"


def test_a_run_becomes_a_bundle_that_passes(bundle, run, capsys):
    assert export(["verify", str(bundle), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["passed"] and found["measure"] == "RMSE [amplitude]"
    (row,) = found["rows"]
    assert row["int8"] == pytest.approx(row["keras"], rel=0.01) and row["float32"] == pytest.approx(row["keras"], 1e-4)
    card, _ = read_bundle(bundle)
    assert card.export["in_float"] == ["prior_h0"] and card.input.dtype == card.output.dtype == "int8"
    assert (
        "int8 (weights a scale a channel), in float what has no integer form: prior_h0, ranges by mse"
        in (bundle / "CARD.md").read_text()
    )


def test_the_bundle_cleans_as_keras_does(bundle, run):
    y = draw_pieces(open_run(run).denoise_task, 3).noisy
    expected = np.asarray(open_run(run).model(y[:, :, None]))[..., 0]
    denoiser = open_denoiser(load_bundle(bundle))
    assert isinstance(denoiser, PieceDenoiser)
    for one, wanted in zip(y * denoiser.spec.full_scale, expected * denoiser.spec.full_scale, strict=True):
        denoiser.reset()
        found = np.concatenate([denoiser.push(one), denoiser.flush()])
        assert np.sqrt(np.mean((found - wanted) ** 2)) < 0.02 * np.abs(expected * denoiser.spec.full_scale).max()


def test_a_microcontroller_is_refused_in_one_line(run, tmp_path, capsys):
    assert export(["convert", str(run), "--target", "tflm", "--out", str(tmp_path / "b")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "which has no integer form: expected --scheme float32, or int8 with" in err
    assert not (tmp_path / "b").exists()
