import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drsn_keras.edge.interpreter import Interpreter, dequantize, quantize
from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.frontend import LOG_MEL_40, compute_features
from drsn_keras.model_card import MODEL_NAME, TensorSpec


def test_halves_are_rounded_away_from_zero_and_ends_are_clipped():
    spec = TensorSpec((8,), "int8", 0.5, 10)
    values = [0.25, -0.25, 0.75, -0.75, 0.24, 1e9, -1e9, 0.0]
    # 0.5 -> 1, -0.5 -> -1, 1.5 -> 2, -1.5 -> -2, 0.48 -> 0, all + 10, clipped to -128 ... 127.
    assert quantize(np.array(values), spec).tolist() == [11, 9, 12, 8, 10, 127, -128, 10]


def test_the_number_just_below_a_half_is_rounded_down():
    below = np.nextafter(np.float32(0.5), np.float32(0))
    assert quantize(np.array([below, -below]), TensorSpec((2,), "int8", 1.0, 0)).tolist() == [0, 0]


@given(
    st.floats(-40, 40, width=32),
    st.floats(0.0078125, 2.0, width=32),
    st.integers(-128, 127),
    st.sampled_from(["int8", "uint8", "int16"]),
)
def test_quantising_is_off_by_half_a_step_at_most_inside_the_range(value, scale, zero_point, dtype):
    spec = TensorSpec((1,), dtype, scale, zero_point)
    limits = np.iinfo(dtype)
    low, high = scale * (limits.min - zero_point), scale * (limits.max - zero_point)
    back = float(dequantize(quantize(np.array([value]), spec), spec)[0])
    nearest = min(max(value, low), high)
    assert abs(back - nearest) <= 0.5 * scale * (1 + 1e-4) + 1e-5


def test_int8_model_agrees_with_its_float_twin(models, bundle_folder, bursts):
    int8, floating = Interpreter(bundle_folder / MODEL_NAME), Interpreter(models / "float.tflite")
    assert (int8.input.dtype, floating.input.dtype, floating.input.scale) == ("int8", "float32", 0.0)
    assert int8.input.shape == (1, 98, 40)
    for frequency_hz, label in ((400, 0), (4000, 1), (0, 2)):
        features = compute_features(bursts(1.0, (0.3, frequency_hz)), LOG_MEL_40)
        ours, twin = int8.run(features), floating.run(features)
        assert ours.dtype == np.float32 and ours.shape == (3,)
        assert int(np.argmax(ours)) == label
        # The logits' step is about 0.1, and a softmax moves by at most a quarter of what its logits do.
        assert np.abs(ours - twin).max() <= 0.05
        assert twin.sum() == pytest.approx(1.0, abs=1e-5)


def test_axes_of_length_one_do_not_matter(models, bundle_folder, bursts):
    plain, unit_axis = Interpreter(bundle_folder / MODEL_NAME), Interpreter(models / "unit_axis.tflite")
    assert unit_axis.input.shape == (1, 98, 1, 40)
    features = compute_features(bursts(1.0, (0.3, 400)), LOG_MEL_40)
    np.testing.assert_allclose(unit_axis.run(features), plain.run(features), atol=1.5 / 256)
    np.testing.assert_array_equal(unit_axis.run(features[None, :, None]), unit_axis.run(features))


def test_batch_is_a_loop(bundle_folder, bursts):
    model = Interpreter(bundle_folder / MODEL_NAME, threads=2)
    batch = compute_features(np.stack([bursts(1.0, (0.3, f)) for f in (400, 4000)]), LOG_MEL_40)
    np.testing.assert_array_equal(model.run_batch(batch), np.stack([model.run(one) for one in batch]))
    assert model.run_batch(batch[:0]).shape == (0, 3)


@pytest.mark.parametrize("shape", [(98, 39), (97, 40), (40, 98), (3920,), (2, 98, 40)])
def test_wrong_shape_is_refused(bundle_folder, shape):
    with pytest.raises(DataError, match=r"expected shape \(98, 40\)"):
        Interpreter(bundle_folder / MODEL_NAME).run(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused(bundle_folder, value):
    with pytest.raises(DataError, match="NaN or infinity"):
        Interpreter(bundle_folder / MODEL_NAME).run(np.full((98, 40), value, np.float32))


def test_damaged_model_is_one_line(bundle_folder, tmp_path, capfd):
    good = (bundle_folder / MODEL_NAME).read_bytes()
    path = tmp_path / "bad.tflite"
    for bad in (b"", b"not a model at all, just text\n" * 9, good[: len(good) // 2]):
        path.write_bytes(bad)
        with pytest.raises(BundleError, match="expected a LiteRT model") as caught:
            Interpreter(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(BundleError, match="nothing there"):
        Interpreter(tmp_path / "absent.tflite")
    assert capfd.readouterr().err == ""


def test_model_with_two_outputs_and_no_threads_are_refused(models, bundle_folder):
    with pytest.raises(BundleError, match="one input and one output, got 1 and 2"):
        Interpreter(models / "two_headed.tflite")
    with pytest.raises(UsageError, match="threads: expected at least 1, got 0"):
        Interpreter(bundle_folder / MODEL_NAME, threads=0)
