"""The front end inside tf.data = the NumPy reference = the Keras layer, also in batches of unknown size."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from drsn_keras.errors import UsageError
from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM, WindowSpec, compute_features
from drsn_keras.frontend.layer import FrontEnd
from drsn_keras.training.features import BatchFeatures
from drsn_keras.training.graph_front_end import GraphFrontEnd

SPECS = pytest.mark.parametrize(
    "spec", [LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM], ids=["log-mel", "mfcc", "root-mel", "waveform"]
)


def _signals(n=3):
    """Chirps in noise that fade over 80 dB."""
    t = np.arange(16000) / 16000
    noise = np.random.default_rng(1).standard_normal((n, len(t)))
    chirps = 0.5 * np.sin(2 * np.pi * (100 + 500 * np.arange(1, n + 1)[:, None] * t) * t)
    return (10 ** (-4 * t) * (chirps + 0.05 * noise)).astype(np.float32)


@SPECS
def test_in_a_pipeline_it_equals_reference_and_layer(spec):
    y = _signals()
    batches = tf.data.Dataset.from_tensor_slices(y).batch(2).map(GraphFrontEnd(spec))
    found = np.concatenate([x.numpy() for x in batches])
    assert found.shape == (3, *spec.shape) and found.dtype == np.float32
    np.testing.assert_allclose(found, compute_features(y, spec), atol=1e-4)
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(FrontEnd(spec)(y)), atol=1e-5)


def test_features_of_many_clips_are_those_of_single_ones():
    y = _signals(5)
    found = BatchFeatures(ROOT_MEL_40, batch_size=2)(y)
    np.testing.assert_allclose(found, compute_features(y, ROOT_MEL_40), atol=1e-4)
    assert BatchFeatures(ROOT_MEL_40)(y[:0]).shape == (0, 98, 40)


def test_windows_of_vibration_are_not_for_it():
    with pytest.raises(UsageError, match="GraphFrontEnd: expected a FrontEndSpec, got WindowSpec"):
        GraphFrontEnd(WindowSpec())
