"""Augmentation and features by compiled loops: the graph's numbers, whatever the clip, the spec and the rows."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from drsn_keras.errors import DataError, UsageError
from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM, FrontEndSpec, compute_features
from drsn_keras.training.augment import Augmenter, AugmentSpec, NoiseBank
from drsn_keras.training.batch_look import BatchLook
from drsn_keras.training.graph_front_end import GraphFrontEnd
from drsn_keras.training.native_look import NativeLook
from drsn_keras.training.room import room_impulse_responses

SPECS = {"log-mel": LOG_MEL_40, "mfcc": MFCC_MLPERF, "root-mel": ROOT_MEL_40, "waveform": WAVEFORM}
OFF = {"gain_db": (0.0, 0.0), "speed": (1.0, 1.0), "shift_s": 0.0, "reverb_probability": 0.0}
CLASSES, UNKNOWN = 5, 4


def _augmenter(spec, augment=None, noisy=True):
    rng = np.random.default_rng(1)
    rate, n = spec.sample_rate_hz, spec.n_samples
    # Hiss in all bands: what is 100 dB below the rest is rounded away, by both ways otherwise.
    hum = np.sin(np.arange(2 * n + 7) * 0.1) + 0.1 * rng.standard_normal(2 * n + 7)
    signals = {"white": [rng.standard_normal(3 * n)], "hum": [hum]}
    bank = NoiseBank.from_signals(signals, n) if noisy else None
    rooms = room_impulse_responses(rng, 4, rate)
    return Augmenter(augment or AugmentSpec(reverb_probability=0.3, straddle=0.25), bank, rooms, rate)


def _clips(spec, rows=8):
    """Tone bursts in hiss; one clip is digitally silent."""
    rng = np.random.default_rng(2)
    t = np.arange(spec.n_samples) / spec.sample_rate_hz
    burst = np.exp(-(((t - rng.uniform(0.2, 0.8, (rows, 1)) * t[-1]) / 0.1) ** 2))
    clips = 8000 * burst * np.sin(2 * np.pi * rng.uniform(200, 3000, (rows, 1)) * t)
    clips += 300 * rng.standard_normal(clips.shape)
    clips[-1] = 0
    return clips.astype(np.int16), np.arange(rows, dtype=np.int32) % CLASSES


def _made(look, clips, labels, steps=(3,)):
    """Features and labels of some steps, made in tf.data: elsewhere TensorFlow would divide less exactly."""
    made = tf.data.Dataset.from_tensor_slices(np.array(steps, np.int64)).map(
        lambda step: look(step, tf.constant(clips), tf.constant(labels))
    )
    return [np.array(x) for x in zip(*made.as_numpy_iterator(), strict=True)]


def _both(spec, augmenter, clips, labels, steps=(3,)):
    """(features, labels) of the graph and of the loops."""
    looks = [
        BatchLook(CLASSES, augmenter, spec, len(clips), 7, unknown=UNKNOWN, in_graph=in_graph)
        for in_graph in (True, False)
    ]
    return [_made(look, clips, labels, steps) for look in looks]


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_batch_is_the_graph_s(spec):
    (expected, wanted), (features, labels) = _both(spec, _augmenter(spec), *_clips(spec))
    np.testing.assert_allclose(features, expected, atol=1e-4)
    np.testing.assert_array_equal(labels, wanted)
    assert features.dtype == np.float32


@pytest.mark.parametrize(
    "spec",
    [
        FrontEndSpec(sample_rate_hz=8000, duration_s=1.5, fft_length=601, fmax_hz=4000.0),
        FrontEndSpec(duration_s=0.03, hop_length=480, kind="root_mel"),
        FrontEndSpec(kind="root_mel", duration_s=4.015, n_mels=80, fmin_hz=0.0, fmax_hz=8000.0, mel_scale="slaney"),
        FrontEndSpec(kind="mfcc", duration_s=2.5, frame_length=3000, fft_length=4096, hop_length=900, n_mfcc=40),
    ],
    ids=["8 kHz, odd transform", "one frame", "long, narrow bands", "long frames"],
)
def test_any_length_and_rate(spec):
    (expected, _), (features, _) = _both(spec, _augmenter(spec), *_clips(spec, rows=5))
    np.testing.assert_allclose(features, expected, atol=1e-4)


@pytest.mark.parametrize("noisy", [True, False], ids=["noise", "no noise"])
@pytest.mark.parametrize(
    "augment",
    [
        AugmentSpec(shift_s=1.5, speed=(0.3, 3.0), gain_db=(-40.0, 20.0), snr_db=(-30.0, 60.0), noise_probability=1.0),
        AugmentSpec(noise_probability=0.0, reverb_probability=1.0, time_masks=0, band_masks=0),
        AugmentSpec(time_mask_frames=500, band_mask_bands=500, shift_s=0.0, speed=(1.0, 1.0)),
    ],
    ids=["far", "rooms only", "masks over all"],
)
def test_augmentation_to_its_ends(augment, noisy):
    augmenter = _augmenter(ROOT_MEL_40, augment, noisy)
    clips, labels = _clips(ROOT_MEL_40)
    (expected, _), (features, _) = _both(ROOT_MEL_40, augmenter, clips, labels, range(3))
    np.testing.assert_allclose(features, expected, atol=1e-4)


@pytest.mark.parametrize("shift", [0.0, 0.5, -0.5, 1.0, -1.0, 15998.5, 15999.0, -15999.0, 16000.0, -16000.0, 1e6])
def test_a_shift_to_the_very_ends(shift):
    clips = np.random.default_rng(0).integers(-32768, 32767, (3, 16000)).astype(np.int16)
    clips[0, [0, -1]] = 32767, -32768
    augmenter = Augmenter(AugmentSpec(**OFF), None, None, 16000)
    parameters = {"speed": np.float32([1.0, 0.92, 1.08]), "shift": np.float32([shift] * 3), "gain_db": np.zeros(3)}
    expected = augmenter._move(
        tf.constant(clips / np.float32(32768)), tf.constant(parameters["speed"]), tf.constant(parameters["shift"])
    )
    np.testing.assert_array_equal(NativeLook(augmenter, WAVEFORM)(clips, parameters)[..., 0], expected)


def test_without_augmentation_these_are_the_device_s_features():
    """Where speech is far louder than what is beside it, both are as near to the reference as 32 bits allow."""
    rng = np.random.default_rng(0)
    quiet = np.round(3 * rng.standard_normal((16, 16000)))
    quiet[:, 8000:] += 30000 * np.sin(2 * np.pi * np.linspace(200, 3000, 16)[:, None] * np.arange(8000) / 16000)
    clips = quiet.astype(np.int16)
    augmenter = Augmenter(AugmentSpec(**OFF), None, None, 16000)
    parameters = {"speed": np.ones(16), "shift": np.zeros(16), "gain_db": np.zeros(16)}
    expected = compute_features(clips / 32768.0, LOG_MEL_40)
    error = NativeLook(augmenter, LOG_MEL_40)(clips, parameters) - expected
    graph_error = GraphFrontEnd(LOG_MEL_40)(np.float32(clips / 32768.0)).numpy() - expected
    assert np.abs(error).max() < 0.01
    assert np.sqrt(np.mean(error**2)) < 1.3 * np.sqrt(np.mean(graph_error**2))


@pytest.mark.parametrize("spec", [MFCC_MLPERF, WAVEFORM], ids=["mfcc", "waveform"])
def test_rows_of_several_workers_are_those_of_the_batch(spec):
    clips, labels = _clips(spec, rows=12)
    augmenter = _augmenter(spec)

    def made(part):
        look = BatchLook(CLASSES, augmenter, spec, 12, 7, unknown=UNKNOWN, part=part)
        return _made(look, clips, labels)[0]

    np.testing.assert_array_equal(np.concatenate([made((i, 4)) for i in range(4)], axis=1), made((0, 1)))


def test_several_threads_make_the_same():
    spec, (clips, labels) = ROOT_MEL_40, _clips(ROOT_MEL_40)
    look = BatchLook(CLASSES, _augmenter(spec), spec, len(clips), 7)

    def batches(calls):
        steps = tf.data.Dataset.range(12).map(lambda step: look(step, clips, labels)[0], num_parallel_calls=calls)
        return np.array(list(steps.as_numpy_iterator()))

    np.testing.assert_array_equal(batches(1), batches(4))


def test_the_graph_stands_in_where_numba_does_not_work(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "drsn_keras.training.native_look", None)
    clips, labels = _clips(ROOT_MEL_40)
    expected, found = _both(ROOT_MEL_40, _augmenter(ROOT_MEL_40), clips, labels)
    np.testing.assert_array_equal(found[0], expected[0])
    assert capsys.readouterr().err.count("note: augmentation and features take three times as long here: ") == 1


def test_bad_input_is_one_line():
    augmenter = _augmenter(ROOT_MEL_40)
    look = NativeLook(augmenter, ROOT_MEL_40)
    with pytest.raises(
        DataError, match=r"clips: expected int16 of shape \(rows, 16000\), got float32 of shape \(2, 9\)"
    ):
        look(np.zeros((2, 9), np.float32), {})
    longer = dataclasses.replace(ROOT_MEL_40, duration_s=9.0)
    with pytest.raises(UsageError, match="noise of a kind: expected at least 144000 samples, got 32160"):
        NativeLook(augmenter, longer)


_CACHE = """
import importlib, pathlib, sys
import numba.core.caching as caching
import numpy as np
from drsn_keras.training import native_kernels

def works():
    features = np.ones((1, 4, 4), np.float32)
    features[0, 0, 0] = 17.0
    native_kernels.mask(features, np.array([[[0], [2]]]), np.zeros((0, 2, 1), np.int64))
    return features[0, :, 0].tolist() == [2.0, 2.0, 1.0, 1.0]

kept = [path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.suffix in {".nbi", ".nbc"}]
assert len(kept) == 10 and works()
for path in kept:
    path.write_bytes(path.read_bytes()[:30])
importlib.reload(native_kernels)
assert works()
for kind in vars(caching).values():
    if hasattr(kind, "_locator_classes"):
        kind._locator_classes = []
importlib.reload(native_kernels)
assert works()
"""


def test_loops_are_kept_and_work_where_they_cannot_be(tmp_path):
    """What was compiled is damaged later; then there is no folder that may be written to."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", _CACHE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr


_END = """
import numpy as np
import tensorflow as tf
from drsn_keras.training.graph_calls import graph_call

def slow(x):
    return x + np.sum([np.sum(np.arange(1000)) for _ in range(2000)])

step = tf.data.Dataset.range(10**6)
made = step.map(lambda x: tf.numpy_function(graph_call(slow), [x], tf.int64), num_parallel_calls=4).prefetch(4)
batches = iter(made)
next(batches)
"""


def test_a_process_may_end_while_batches_are_made():
    done = subprocess.run([sys.executable, "-c", _END], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
