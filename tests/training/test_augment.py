"""Augmentation inside the graph: measured SNR, replay, speed and shift, masks, determinism of the batches."""

import numpy as np
import pytest
import tensorflow as tf

from drsn_keras.errors import UsageError
from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM, compute_features
from drsn_keras.training.augment import Augmenter, AugmentSpec, NoiseBank
from drsn_keras.training.batch_look import BatchLook
from drsn_keras.training.pipeline import Batches
from drsn_keras.training.room import room_impulse_responses

RATE, N = 16000, 16000
OFF = {"gain_db": (0.0, 0.0), "speed": (1.0, 1.0), "shift_s": 0.0, "reverb_probability": 0.0}


@pytest.fixture(scope="module")
def rng():
    return np.random.default_rng(0)


def _bank(rng):
    return NoiseBank.from_signals(
        {
            "white": [rng.standard_normal(40_000).astype("f4")],
            "hum": [
                5 * np.sin(np.arange(30_000) * 0.1).astype("f4"),
                0.1 * np.cos(np.arange(20_000) * 0.1).astype("f4"),
            ],
            "short": [rng.standard_normal(900).astype("f4")],
        },
        N,
    )


def _seed(step):
    return tf.constant([3, step], tf.int64)


def test_noise_arrives_at_the_drawn_snr(rng):
    augmenter = Augmenter(AugmentSpec(snr_db=(-10, 20), noise_probability=1.0, **OFF), _bank(rng), None, RATE)
    clips = tf.constant(rng.standard_normal((32, N)).astype("f4") * 10 ** rng.uniform(-3, 0, (32, 1)), tf.float32)
    parameters = augmenter.draw(_seed(0), 32)
    noise = augmenter.apply(clips, parameters).numpy() - clips.numpy()
    measured = 10 * np.log10(np.mean(clips.numpy() ** 2, axis=1) / np.mean(noise.astype("f8") ** 2, axis=1))
    np.testing.assert_allclose(measured, parameters["snr_db"], atol=0.01)
    assert len(set(parameters["noise_kind"].numpy())) == 3


def test_noise_probability_and_replay(rng):
    augmenter = Augmenter(AugmentSpec(noise_probability=0.5, **OFF), _bank(rng), None, RATE)
    clips = tf.constant(rng.standard_normal((400, N)).astype("f4"))
    parameters = augmenter.draw(_seed(1), 400)
    once = augmenter.apply(clips, parameters).numpy()
    np.testing.assert_array_equal(once, augmenter.apply(clips, parameters).numpy())
    untouched = np.mean((once == clips.numpy()).all(axis=1))
    assert 0.4 < untouched < 0.6


def test_speed_moves_the_pitch_and_shift_the_place():
    tone = np.sin(2 * np.pi * 1000 * np.arange(N) / RATE).astype("f4")
    for speed in (0.8, 1.25):
        augmenter = Augmenter(AugmentSpec(**{**OFF, "speed": (speed, speed)}), None, None, RATE)
        y = augmenter.apply(tf.constant(tone[None]), augmenter.draw(_seed(0), 1)).numpy()[0]
        middle = y[N // 4 : 3 * N // 4] * np.hanning(N // 2)
        assert abs(np.abs(np.fft.rfft(middle)).argmax() * 2 - 1000 * speed) <= 2
    click = np.zeros((1, N), "f4")
    click[0, 8000] = 1.0
    augmenter = Augmenter(AugmentSpec(**OFF), None, None, RATE)
    parameters = {**augmenter.draw(_seed(0), 1), "shift": tf.constant([1234.0])}
    y = augmenter.apply(tf.constant(click), parameters).numpy()[0]
    assert y.argmax() == 9234
    np.testing.assert_allclose(np.delete(y, 9234), 0, atol=1e-6)


def test_silence_comes_in_at_both_ends():
    augmenter = Augmenter(AugmentSpec(**OFF), None, None, RATE)
    late = (1600.5, slice(0, 1600), slice(1602, N))
    early = (-1600.5, slice(N - 1600, N), slice(0, N - 1602))
    for shift, silent, kept in (late, early):
        parameters = {**augmenter.draw(_seed(0), 1), "shift": tf.constant([shift])}
        y = augmenter.apply(tf.ones((1, N)), parameters).numpy()[0]
        assert not y[silent].any()
        np.testing.assert_allclose(y[kept], 1.0, atol=1e-6)


def test_no_augmentation_is_identity(rng):
    augmenter = Augmenter(AugmentSpec(**OFF), None, None, RATE)
    clips = rng.standard_normal((3, N)).astype("f4")
    np.testing.assert_array_equal(augmenter.apply(tf.constant(clips), augmenter.draw(_seed(0), 3)), clips)


def test_gain_in_db():
    augmenter = Augmenter(AugmentSpec(**{**OFF, "gain_db": (-6.0, -6.0)}), None, None, RATE)
    y = augmenter.apply(tf.ones((1, N)), augmenter.draw(_seed(0), 1)).numpy()
    np.testing.assert_allclose(20 * np.log10(y), -6.0, atol=1e-4)


def test_reverberation_equals_convolution(rng):
    rooms = room_impulse_responses(rng, 4, RATE)
    augmenter = Augmenter(AugmentSpec(**{**OFF, "reverb_probability": 0.5}), None, rooms, RATE)
    clips = rng.standard_normal((4, N)).astype("f4")
    parameters = augmenter.draw(_seed(0), 4)
    y = augmenter.apply(tf.constant(clips), parameters).numpy()
    for i in range(2):
        expected = np.convolve(clips[i], rooms[parameters["response"][i]])[:N]
        np.testing.assert_allclose(y[i], expected, atol=1e-4)
    np.testing.assert_array_equal(y[2:], clips[2:])


def test_rooms_decay_and_have_unit_energy(rng):
    rooms = room_impulse_responses(rng, 20, RATE, rt60_s=(0.2, 0.2)).astype("f8")
    np.testing.assert_allclose(np.sum(rooms**2, axis=1), 1.0, rtol=1e-5)
    early, late = (np.mean(rooms[:, a : a + 800] ** 2) for a in (800, 2400))
    # 100 ms at RT60 = 200 ms is 30 dB.
    assert 27 < 10 * np.log10(early / late) < 33


def test_masks_cover_at_most_what_is_asked(rng):
    spec = AugmentSpec(time_masks=1, time_mask_frames=10, band_masks=1, band_mask_bands=4)
    features = tf.constant(rng.standard_normal((64, 98, 40)).astype("f4"))
    augmenter = Augmenter(spec, None, None, RATE)
    masked = augmenter.mask(features, _seed(0)).numpy()
    changed = masked != features.numpy()
    frames, bands = changed.all(axis=2).sum(axis=1), changed.all(axis=1).sum(axis=1)
    assert frames.max() <= 10
    assert bands.max() <= 4
    assert frames.max() >= 8
    assert bands.max() >= 3
    mean = features.numpy().mean(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(masked[changed], np.broadcast_to(mean, masked.shape)[changed], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("spec", [LOG_MEL_40, ROOT_MEL_40], ids=["log-mel", "root-mel"])
def test_masks_are_neither_silent_nor_loud(rng, spec):
    """Half a second of noise, half of silence: a mask lies between, whichever number silence is."""
    noise = 0.1 * rng.standard_normal((16, N)) * (np.arange(N) < N // 2)
    features = compute_features(noise, spec)
    augmenter = Augmenter(AugmentSpec(time_masks=2, band_masks=2), None, None, RATE)
    masked = augmenter.mask(tf.constant(features), _seed(1)).numpy()
    changed = masked != features
    assert 0.02 < changed.mean() < 0.4
    silence, loud = compute_features(np.zeros(N), spec).max(), np.median(features[:, :40])
    middle = (masked[changed] - silence) / (loud - silence)
    assert 0.4 < middle.min() <= middle.max() < 0.6


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"snr_db": (5, -5)}, "snr_db: expected low <= high, got 5 > -5"),
        ({"noise_probability": 1.5}, "noise_probability: expected 0 to 1, got 1.5"),
        ({"speed": (0.0, 1.0)}, "speed: expected factors above 0, got 0.0"),
    ],
)
def test_wrong_specification_is_one_line(change, fault):
    with pytest.raises(UsageError, match=fault):
        AugmentSpec(**change)


def _batches(rng, seed=7, n=25):
    clips = (rng.standard_normal((n, N)) * 3000).astype("i2")
    augmenter = Augmenter(AugmentSpec(), _bank(np.random.default_rng(1)), room_impulse_responses(rng, 4, RATE), RATE)
    return Batches(clips, np.arange(n), BatchLook(n, augmenter, LOG_MEL_40, 8, seed))


def test_batches_depend_on_seed_and_step_alone():
    batches = _batches(np.random.default_rng(2))
    whole = [x for x, _ in batches.dataset().take(6)]
    resumed = [x for x, _ in batches.dataset(first_step=3).take(3)]
    for a, b in zip(whole[3:], resumed, strict=True):
        np.testing.assert_array_equal(a, b)
    other = next(iter(_batches(np.random.default_rng(2), seed=8).dataset()))[0]
    assert not np.array_equal(whole[0], other)
    assert not np.array_equal(whole[0], whole[4])


def test_an_epoch_shows_every_clip():
    batches = _batches(np.random.default_rng(2))
    assert batches.steps_per_epoch == 4
    for epoch in range(2):
        seen = np.concatenate([y.numpy().argmax(1) for _, y in batches.dataset(4 * epoch).take(4)])
        assert set(seen) == set(range(25))
        assert len(seen) == 32


@pytest.mark.parametrize(
    "front_end", [LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM], ids=["log-mel", "mfcc", "root-mel", "waveform"]
)
def test_without_augmentation_batches_are_the_devices_features(front_end):
    rng = np.random.default_rng(2)
    clips = (rng.standard_normal((8, N)) * 3000).astype("i2")
    # A waveform is not masked anyway.
    masks = 2 if front_end is WAVEFORM else 0
    spec = AugmentSpec(**OFF, noise_probability=0.0, time_masks=masks, band_masks=masks)
    batches = Batches(clips, np.arange(8), BatchLook(8, Augmenter(spec, None, None, RATE), front_end, 8, 0))
    x, y = next(iter(batches.dataset()))
    np.testing.assert_allclose(x, compute_features(clips[y.numpy().argmax(1)] / 32768.0, front_end), atol=1e-4)


def test_some_windows_straddle_two_clips(rng):
    augmenter = Augmenter(AugmentSpec(**{**OFF, "straddle": 0.25}), None, None, RATE)
    clips, labels = rng.standard_normal((8, N)).astype("f4"), np.arange(8, dtype="i4")
    y, said = (t.numpy() for t in augmenter.straddle(tf.constant(clips), tf.constant(labels), _seed(0), 11))
    assert said.tolist() == [11, 11, 2, 3, 4, 5, 6, 7]
    np.testing.assert_array_equal(y[2:], clips[2:])
    cut = int(np.flatnonzero(clips[0] == y[0, 0])[0])
    assert N / 4 <= cut <= 3 * N / 4
    for one, other in ((0, 2), (1, 3)):
        np.testing.assert_array_equal(y[one], np.concatenate([clips[one, cut:], clips[other, :cut]]))
    with pytest.raises(UsageError, match=r"straddle: expected 0 to 0\.5, got 0\.7"):
        AugmentSpec(straddle=0.7)
