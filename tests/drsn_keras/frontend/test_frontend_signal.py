"""Pieces of signals and images as a denoiser takes them: specification and reshaping."""

import json

import numpy as np
import pytest

from drsn_keras.errors import BundleError, DataError, UsageError
from drsn_keras.frontend import SignalSpec, as_model_input, features_of, from_model_output, front_end_from_dict

FRAMES = SignalSpec(shape=(3, 4), sample_rate_hz=8, full_scale=2.0, unit="g")
IMAGE = SignalSpec(kind="image", shape=(5, 6, 1), sample_rate_hz=None, full_scale=255.0, unit="grey")


@pytest.mark.parametrize("spec", [FRAMES, IMAGE, SignalSpec(shape=(100, 1), sample_rate_hz=None)])
def test_a_card_gives_it_back(spec):
    values = json.loads(json.dumps(spec.to_dict()))
    assert values == spec.to_dict(), "a configuration that holds it equals the one that is read back"
    again = front_end_from_dict(values)
    assert again == spec and again.fingerprint == spec.fingerprint


def test_what_follows_from_the_shape():
    assert (FRAMES.n_samples, FRAMES.hop_length, FRAMES.duration_s, FRAMES.natural_shape) == (12, 4, 1.5, (12,))
    assert (IMAGE.n_samples, IMAGE.duration_s, IMAGE.natural_shape, IMAGE.is_image) == (30, None, (5, 6), True)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"kind": "sound"}, "signal, kind: expected signal or image, got 'sound'"),
        ({"shape": (16000,)}, "signal, shape: expected 2 whole numbers of 1 to 1,000,000, got (16000,)"),
        ({"shape": (0, 1)}, "signal, shape: expected 2 whole numbers"),
        ({"kind": "image", "shape": (4, 4, 3), "sample_rate_hz": None}, "signal, shape: expected one channel (grey)"),
        ({"kind": "image", "shape": (4, 4, 1)}, "signal, sample_rate_hz: expected none for an image, got 16000"),
        ({"sample_rate_hz": 0}, "signal, sample_rate_hz: expected none, or 1 to 1,000,000 Hz, got 0"),
        ({"full_scale": float("nan")}, "signal, full_scale: expected a number above 0, got nan"),
        ({"unit": " "}, "signal, unit: expected a unit, got ' '"),
    ],
)
def test_faults(values, fault):
    with pytest.raises(UsageError) as error:
        SignalSpec(**values)
    assert str(error.value).startswith(fault)


def test_a_card_with_other_names_is_refused():
    with pytest.raises(UsageError, match="a difference in full_scale"):
        front_end_from_dict({k: v for k, v in FRAMES.to_dict().items() if k != "full_scale"})
    with pytest.raises(BundleError, match="expected a finite number, got 'loud'"):
        front_end_from_dict({**FRAMES.to_dict(), "full_scale": "loud"})


def test_frames_and_back():
    y = np.arange(24.0).reshape(2, 12)
    x = as_model_input(y, FRAMES)
    assert x.dtype == np.float32 and x.shape == (2, 3, 4)
    np.testing.assert_array_equal(x[1, 2], [20, 21, 22, 23])
    np.testing.assert_array_equal(from_model_output(x, FRAMES), y)
    np.testing.assert_array_equal(features_of(y, FRAMES), x)
    assert as_model_input(y[0, :8], FRAMES).shape == (2, 4), "any number of frames"


def test_images_of_any_size_and_back():
    y = np.random.default_rng(0).random((2, 7, 3), np.float32)
    assert as_model_input(y, IMAGE).shape == (2, 7, 3, 1)
    np.testing.assert_array_equal(from_model_output(as_model_input(y, IMAGE), IMAGE), y)


@pytest.mark.parametrize(
    ("y", "spec", "fault"),
    [
        (np.zeros(10), FRAMES, "signal: expected a multiple of 4 samples, got shape (10,)"),
        (np.zeros(0), FRAMES, "signal: expected a multiple of 4 samples, got shape (0,)"),
        (np.full(4, np.nan), FRAMES, "signal: expected finite samples, got NaN or infinity"),
        (np.zeros(4), IMAGE, "image: expected height and width, got shape (4,)"),
    ],
)
def test_bad_samples(y, spec, fault):
    with pytest.raises(DataError) as error:
        as_model_input(y, spec)
    assert str(error.value) == fault
