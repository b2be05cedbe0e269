"""Fine-tuning of lowered twins: int8 rounding in the loop, pruning, clustering. On noise, not on recordings."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from drsn_keras.errors import CheckFailed, UsageError
from drsn_keras.export.gzip_size import gzip_size
from drsn_keras.export.inspection.flatbuffer import read_file
from drsn_keras.export.lowering import lower
from drsn_keras.export.lowering.emit import Primitive
from drsn_keras.export.quantization.aware_training import KernelRange, OutputRange, quantization_aware, train_aware
from drsn_keras.export.quantization.clustering import cluster
from drsn_keras.export.quantization.fake_quantized import settle_ranges
from drsn_keras.export.quantization.fine_tuning import copy_of, fine_tune
from drsn_keras.export.quantization.ranges import measure_ranges
from drsn_keras.export.quantization.sparsity import compressible, prune, with_pruning
from drsn_keras.export.tflite import to_tflite
from drsn_keras.frontend import FrontEndSpec
from drsn_keras.models import keyword_network
from drsn_keras.training.clips import Clips
from drsn_keras.training.config import KeywordConfig
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.open_run import OpenRun
from drsn_keras.training.training_batches import training_batches
from random_weights import randomise

SPEC = FrontEndSpec(duration_s=0.22, n_mels=8, n_mfcc=8)
LABELS = ("a", "b", "c")


@pytest.fixture(scope="module")
def run():
    """A run of three 'words' that differ in loudness, with a network that has not learned them."""
    rng = np.random.default_rng(0)
    y = np.arange(48) % 3
    x = (rng.standard_normal((48, SPEC.n_samples)) * np.array([30, 300, 3000])[y, None]).astype(np.int16)
    clips = Clips(x, y, (), LABELS, SPEC.sample_rate_hz)
    opened = OpenRun(Path("none"), KeywordConfig(synthesize=LABELS, front_end=SPEC.to_dict(), batch_size=16), {})
    model = randomise(keyword_network(SPEC.shape, 3, "drsn-cw", units=((8, 2),)))
    corpus = Corpus(LABELS, SPEC.sample_rate_hz, SPEC.n_samples, {}, lambda _: clips, (), ("white",), False)
    vars(opened).update(model=model, corpus=corpus)
    return opened


@pytest.fixture(scope="module")
def twin(run):
    return lower(run.model, "litert")


@pytest.fixture(scope="module")
def plain(twin, inputs):
    """The twin's files as they are without any training."""
    return {scheme: to_tflite(twin.model, scheme, inputs) for scheme in ("float32", "int8")}


@pytest.fixture(scope="module")
def inputs(run):
    """Features of augmented clips."""
    return np.concatenate([x.numpy() for x, _ in training_batches(run.corpus, run.config, 9).dataset().take(4)])


def _interpreter(content, delegates=True):
    resolver = OpResolverType.AUTO if delegates else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _partitions(content):
    return sum(op["op_name"] == "DELEGATE" for op in _interpreter(content)._get_ops_details())


def _int8_kernels(content, operator="CONV_2D"):
    """Kernels in order, (out, height, width, in) or depthwise (1, height, width, channels), and their scales."""
    interpreter = _interpreter(content, delegates=False)
    found = [op["inputs"][1] for op in interpreter._get_ops_details() if op["op_name"] == operator]
    details = {d["index"]: d["quantization_parameters"]["scales"] for d in interpreter.get_tensor_details()}
    return [(interpreter.get_tensor(i), details[i]) for i in found]


def _weights_equal(a, b):
    return all(np.array_equal(m, n) for m, n in zip(a.get_weights(), b.get_weights(), strict=True))


@pytest.fixture(scope="module", params=["litert", "tflm"])
def aware(run, request, inputs):
    """A twin, its copy with rounding, the copy's int8 file."""
    twin = lower(run.model, request.param)
    model = quantization_aware(twin.model, inputs)
    return twin, model, to_tflite(model, "int8")


def test_aware_graph_is_the_integer_graph(aware, inputs):
    twin, _, content = aware
    assert read_file(content).float_tensors == []
    assert read_file(content).operator_counts == read_file(to_tflite(twin.model, "int8", inputs)).operator_counts
    if twin.target == "litert":
        assert _partitions(content) == 1
    stem, norm = (twin.model.get_layer(name).get_weights()[0] for name in ("stem", "unit1.norm_1"))
    (_, stem_scales), (_, norm_scales) = (_int8_kernels(content, f"{kind}CONV_2D")[0] for kind in ("", "DEPTHWISE_"))
    np.testing.assert_allclose(stem_scales, np.abs(stem).max((0, 1, 2)) / 127, rtol=1e-4)
    np.testing.assert_allclose(norm_scales, np.abs(norm).max((0, 1, 3)) / 127, rtol=1e-4)


def test_ranges_are_the_calibration_s(aware, inputs):
    twin, model, content = aware
    expected = settle_ranges(twin.model, measure_ranges(twin.model, inputs, "mse"))
    free = ("excite.sigmoid", "classes.softmax", "output")
    for layer in model.layers[2:]:
        held = {w.name.split("_")[-1]: float(w) for w in layer.weights if "output_" in w.name}
        if layer.name.endswith(free):
            assert held == {}, layer.name
        else:
            low, high = expected[layer.name]
            assert held == {"low:0": pytest.approx(low), "high:0": pytest.approx(high)}, layer.name
            assert not any("output_" in w.name for w in layer.trainable_weights)
    start = _interpreter(content).get_input_details()[0]
    low, high = expected["input"]
    assert start["quantization"][0] == pytest.approx((high - low) / 255, rel=1e-5)


def test_int8_file_computes_what_training_sees(aware, inputs):
    twin, model, content = aware
    interpreter = _interpreter(content)
    (start,), (end,) = interpreter.get_input_details(), interpreter.get_output_details()
    scale, zero = start["quantization"]
    got = []
    for x in np.clip(np.rint(inputs.reshape(-1, *start["shape"]) / scale) + zero, -128, 127).astype(np.int8):
        interpreter.set_tensor(start["index"], x)
        interpreter.invoke()
        got.append((interpreter.get_tensor(end["index"])[0] + 128.0) / 256.0)
    simulated = model(inputs.reshape(-1, *model.input_shape[1:])).numpy()
    # Sums inside an operator and the gates are rounded on the device alone.
    assert np.mean(np.abs(got - simulated)) < 0.01
    assert 1e-4 < np.mean(np.abs(simulated - twin.predict(inputs))) < 0.05


def test_kernel_rounding_by_hand():
    kernel = np.array([[[[127.0, 2.54], [1.4, 1.0]]]], np.float32)  # one output channel a column
    rounded = KernelRange(False)(tf.constant(kernel), True, {}).numpy()
    # Steps of 1 and of 0.02.
    np.testing.assert_allclose(rounded, [[[[127.0, 2.54], [1.0, 1.0]]]], rtol=1e-6)
    one = np.array([[[[127.0], [1.4]]]], np.float32)
    np.testing.assert_allclose(KernelRange(False)(tf.constant(one), True, {}), [[[[127.0], [1.0]]]], rtol=1e-6)
    # Depthwise: every channel has its own step, so that a 1 x 1 kernel stays what it is; all zeros stay zeros.
    np.testing.assert_allclose(KernelRange(True)(tf.constant(one), True, {}), one, rtol=1e-6)
    assert not KernelRange(True)(tf.zeros((3, 1, 4, 1)), True, {}).numpy().any()


@pytest.mark.parametrize(("given", "held"), [((1.0, 2.0), (0.0, 2.0)), ((-3, -1), (-3, 0)), ((0.0, 0.0), (0.0, 1e-3))])
def test_output_range_holds_zero_and_some_width(given, held):
    assert tuple(OutputRange(*given).get_config().values()) == held


def _small_model():
    start = tf_keras.Input((20, 1, 8), name="input")
    y = tf_keras.layers.Conv2D(4, (9, 1), activation="relu", kernel_initializer="ones")(start)
    y = Primitive("mean")(y)
    return tf_keras.Model(start, Primitive("softmax")(tf_keras.layers.Conv2D(3, 1, kernel_initializer="ones")(y)))


def test_fine_tuning_is_a_function_of_the_seed(run):
    tuned = []
    for seed in (5, 5, 6):
        tuned.append(_small_model())
        fine_tune(tuned[-1], training_batches(run.corpus, run.config, seed).dataset(), steps=3, learning_rate=1e-3)
    assert _weights_equal(tuned[0], tuned[1])
    assert not _weights_equal(tuned[0], tuned[2])


def test_fine_tuning_lowers_the_loss_and_keeps_zeros(run, twin):
    model = copy_of(twin.model)
    losses = fine_tune(
        model,
        training_batches(run.corpus, run.config, 1).dataset(),
        steps=40,
        learning_rate=1e-2,
        label_smoothing=run.config.label_smoothing,
    )
    assert losses.shape == (40,)
    assert losses[-5:].mean() < 0.8 * losses[:5].mean()
    before, after = (m.get_layer("unit1.padded_shortcut").kernel.numpy() for m in (twin.model, model))
    assert np.array_equal(before == 0, after == 0)
    assert not np.array_equal(before, after)


def test_the_teacher_counts_for_four_fifths():
    start = tf_keras.Input((1, 1, 2), name="input")
    model = tf_keras.Model(start, Primitive("softmax")(tf_keras.layers.Conv2D(2, 1, use_bias=False)(start)))
    model.set_weights([np.full((1, 1, 2, 2), 0.1)])
    batches = tf.data.Dataset.from_tensors((tf.ones((4, 2)), tf.constant([[1.0, 0.0]] * 4))).repeat()
    fine_tune(model, batches, steps=150, learning_rate=0.1, teacher=lambda x: tf.constant([[0.0, 1.0]] * 4))
    np.testing.assert_allclose(model(tf.ones((1, 1, 1, 2))).numpy().ravel(), [0.2, 0.8], atol=0.01)


def test_loss_that_is_no_number_is_reported():
    batches = tf.data.Dataset.from_tensors((tf.ones((2, 20, 8)), tf.one_hot([0, 1], 3))).repeat()
    with pytest.raises(CheckFailed, match=r"^fine-tuning, loss of step 1: expected a finite number, got nan$"):
        fine_tune(_small_model(), batches, steps=2, learning_rate=1e-3, teacher=lambda x: x[:, 0, :3] * np.nan)


@pytest.fixture(scope="module")
def pruned(run, twin):
    return prune(run, twin, 0.7, epochs=2, seed=0)


def test_pruned_kernels_have_the_sparsity(twin, pruned):
    names = compressible(twin.model)
    assert names == ["unit1.conv_1", "unit1.conv_2"]
    assert [layer.name for layer in pruned.layers] == [layer.name for layer in twin.model.layers]
    for layer in twin.model.layers:
        if type(layer).__name__ not in {"Conv2D", "DepthwiseConv2D"}:
            continue
        before, after = (np.count_nonzero(m.get_layer(layer.name).get_weights()[0]) for m in (twin.model, pruned))
        assert after == (round(0.3 * before) if layer.name in names else before), layer.name
    assert not _weights_equal(pruned, twin.model)


def test_zeros_survive_int8(twin, plain, pruned, inputs):
    content = to_tflite(pruned, "int8", inputs)
    names = [layer.name for layer in twin.model.layers if type(layer) is tf_keras.layers.Conv2D]
    kernels = {kernel.shape: kernel for kernel, _ in _int8_kernels(content)}
    assert len(_int8_kernels(content)) == len(names)
    assert np.sum(kernels[8, 9, 1, 8] == 0) >= 576 - round(0.3 * 576)
    assert read_file(content).float_tensors == []
    assert gzip_size(content) < 0.95 * gzip_size(plain["int8"])


def test_train_aware_of_a_pruned_twin(run, twin, pruned, inputs):
    model = train_aware(run, dataclasses.replace(twin, model=pruned), inputs, epochs=1)
    assert read_file(to_tflite(model, "int8")).float_tensors == []
    for name in compressible(twin.model):
        before, after = pruned.get_layer(name).kernel.numpy(), model.get_layer(name).trainable_weights[0].numpy()
        assert np.array_equal(before == 0, after == 0)
        assert not np.array_equal(before, after)
    # The teacher is the run's model, whatever the student is made from.
    x = inputs.reshape(-1, *model.input_shape[1:])
    distances = [np.mean(np.abs(m(x).numpy() - run.predict(inputs))) for m in (model, pruned)]
    assert distances[0] < 1.5 * distances[1]


@pytest.mark.parametrize("steps", [1, 2, 7, 113])
def test_schedule_reaches_the_whole_share(twin, steps):
    wrapped = with_pruning(twin.model, 0.7, steps)
    schedule = next(layer.pruning_schedule for layer in wrapped.layers if hasattr(layer, "pruning_schedule"))
    chosen = [i for i in range(1, steps + 1) if schedule(tf.constant(i, tf.int64))[0]]
    assert schedule(tf.constant(chosen[-1], tf.int64))[1].numpy() == pytest.approx(0.7)


def test_clustered_kernels_have_few_values(run, twin, plain, inputs):
    model = cluster(run, twin, 6, epochs=1, seed=0)
    assert [layer.name for layer in model.layers] == [layer.name for layer in twin.model.layers]
    for name in compressible(twin.model):
        values, before = (np.unique(m.get_layer(name).kernel.numpy()) for m in (model, twin.model))
        assert 2 <= len(values) <= 6 < len(before)
        assert not np.isin(values, before).all()
    content = to_tflite(model, "int8", inputs)
    assert read_file(content).float_tensors == []
    for kernel, scales in _int8_kernels(content):
        if kernel.size >= 512:
            assert len(scales) == 8
            assert max(len(np.unique(channel)) for channel in kernel) <= 6
    assert gzip_size(to_tflite(model, "float32")) < 0.7 * gzip_size(plain["float32"])
    assert gzip_size(content) < gzip_size(plain["int8"])


def test_bad_arguments(run, twin, inputs):
    for sparsity in (0, 1, -0.5, float("nan")):
        with pytest.raises(UsageError, match=r"^sparsity: expected a share above 0 and below 1, got "):
            prune(run, twin, sparsity)
    with pytest.raises(UsageError, match=r"^clusters: expected at least 2, got 1$"):
        cluster(run, twin, 1)
    for call in (prune, cluster):
        with pytest.raises(UsageError, match=r"^epochs: expected at least 1, got 0$"):
            call(run, twin, epochs=0)
    with pytest.raises(UsageError, match=r"^epochs: expected at least 1, got -1$"):
        train_aware(run, twin, inputs, epochs=-1)
    with pytest.raises(UsageError, match=r"^learning_rate: expected a number above 0, got 0$"):
        fine_tune(twin.model, None, steps=1, learning_rate=0)
    with pytest.raises(UsageError, match=r"^steps: expected at least 1, got 0$"):
        fine_tune(twin.model, None, steps=0, learning_rate=1e-3)
    tiny = lower(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="tiny")).model
    with pytest.raises(UsageError, match=r"^model tiny_litert: expected a kernel of at least 512 weights, got none$"):
        compressible(tiny)
