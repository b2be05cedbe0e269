"""The front end: NumPy reference = Keras layer = librosa; streams = clips."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.errors import DataError, UsageError
from drsn_keras.frontend import (
    LOG_MEL_40,
    MFCC_MLPERF,
    ROOT_MEL_40,
    WAVEFORM,
    FrontEndSpec,
    StreamingFrontEnd,
    compute_features,
    front_end_from_dict,
)
from drsn_keras.frontend.layer import FrontEnd
from drsn_keras.frontend.mel import hz_to_mel, mel_filters, mel_to_hz

SLANEY = FrontEndSpec(mel_scale="slaney", n_mels=64, fmin_hz=0.0, fmax_hz=4000.0, sample_rate_hz=8000,
                      frame_length=256, hop_length=100, fft_length=256)  # fmt: skip
SPECS = pytest.mark.parametrize(
    "spec", [LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, SLANEY], ids=["log-mel", "mfcc", "root-mel", "slaney"]
)


def _signal(spec, seed=0):
    """A chirp in noise that fades over 80 dB."""
    t = np.arange(spec.n_samples) / spec.sample_rate_hz
    noise = np.random.default_rng(seed).standard_normal(len(t))
    return (10 ** (-4 * t) * (0.5 * np.sin(2 * np.pi * (100 + 1500 * t) * t) + 0.05 * noise)).astype(np.float32)


def test_shapes_of_the_standard_front_ends():
    assert LOG_MEL_40.shape == ROOT_MEL_40.shape == (98, 40)
    assert MFCC_MLPERF.shape == (49, 10)


@SPECS
def test_keras_layer_equals_reference(spec):
    y = np.stack([_signal(spec, i) for i in range(3)])
    layer = FrontEnd(spec)(y)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(layer), compute_features(y, spec), atol=1e-4)


@SPECS
def test_reference_equals_librosa(spec):
    librosa = pytest.importorskip("librosa")
    y = _signal(spec)
    mel = librosa.feature.melspectrogram(
        y=y, sr=spec.sample_rate_hz, n_fft=spec.fft_length, win_length=spec.frame_length, hop_length=spec.hop_length,
        window=np.pad(np.hanning(spec.frame_length + 1)[:-1], (0, spec.fft_length - spec.frame_length)),
        center=False, power=2.0, n_mels=spec.n_mels, fmin=spec.fmin_hz, fmax=spec.fmax_hz,
        htk=spec.mel_scale == "htk", norm=None,
    ) if spec.fft_length == spec.frame_length else librosa.filters.mel(
        sr=spec.sample_rate_hz, n_fft=spec.fft_length, n_mels=spec.n_mels, fmin=spec.fmin_hz, fmax=spec.fmax_hz,
        htk=spec.mel_scale == "htk", norm=None,
    ) @ np.abs(_librosa_stft(librosa, y, spec)) ** 2  # fmt: skip
    power = mel.T + spec.log_floor
    expected = power**0.25 if spec.kind == "root_mel" else np.log(power)
    if spec.kind == "mfcc":
        from scipy.fft import dct

        expected = dct(expected, type=2, norm="ortho", axis=-1)[:, : spec.n_mfcc]
    n = len(compute_features(y, spec))
    np.testing.assert_allclose(compute_features(y, spec), expected[:n], atol=2e-4)


def _librosa_stft(librosa, y, spec):
    """librosa centres a short window in the transform; ours starts with it. The power spectrum does not mind."""
    front = (spec.fft_length - spec.frame_length) // 2
    padded = np.pad(y, (front, spec.fft_length))
    return librosa.stft(
        padded, n_fft=spec.fft_length, win_length=spec.frame_length, hop_length=spec.hop_length, center=False
    )


@pytest.mark.parametrize("htk", [True, False])
def test_mel_filters_equal_librosa(htk):
    librosa = pytest.importorskip("librosa")
    ours = mel_filters(16000, 512, 40, 60.0, 7800.0, "htk" if htk else "slaney")
    theirs = librosa.filters.mel(sr=16000, n_fft=512, n_mels=40, fmin=60.0, fmax=7800.0, htk=htk, norm=None)
    np.testing.assert_allclose(ours, theirs.T, atol=1e-6)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_mel_scale_goes_there_and_back(scale):
    hz = np.linspace(0, 8000, 101)
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz, scale), scale), hz, atol=1e-8)


def test_digital_silence_by_hand():
    """No power in any band: ln(floor) everywhere."""
    np.testing.assert_allclose(compute_features(np.zeros(16000), LOG_MEL_40), np.log(1e-6), rtol=1e-6)


def test_a_root_by_hand():
    """Silence: (1e-6)^(1/4). An impulse: what the filter weighs; 80 dB less, a hundredth."""
    np.testing.assert_allclose(compute_features(np.zeros(16000), ROOT_MEL_40), 0.0316227766, rtol=1e-6)
    spec = FrontEndSpec(kind="root_mel", frame_length=64, hop_length=64, fft_length=64, duration_s=0.004, n_mels=1,
                        fmin_hz=0.0, fmax_hz=8000.0, n_mfcc=1, log_floor=1e-30)  # fmt: skip
    impulse = np.zeros(64)
    impulse[32] = 1.0  # Where the Hann window is 1: power 1 in each of the 33 bins.
    weights = mel_filters(16000, 64, 1, 0.0, 8000.0).sum()
    np.testing.assert_allclose(compute_features(impulse, spec), weights**0.25, rtol=1e-6)
    np.testing.assert_allclose(compute_features(impulse / 10_000, spec), weights**0.25 / 100, rtol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1e-4, 1e-3, 1.0])
def test_roots_of_quiet_and_of_full_scale_samples_are_the_layers(level):
    """Within 1e-4 where float32 has least to say: beside a tone at full scale the logarithm is off by more."""
    t = np.arange(16000) / 16000
    y = level * np.stack([np.random.default_rng(0).standard_normal(16000), np.sin(2 * np.pi * 500 * t)])
    y = y.clip(-1, 1).astype(np.float32)
    layer = keras.ops.convert_to_numpy(FrontEnd(ROOT_MEL_40)(y))
    np.testing.assert_allclose(layer, compute_features(y, ROOT_MEL_40), atol=1e-4)
    if 0 < level < 1:  # Noise: the root follows the amplitude's square root down to -80 dBFS.
        assert np.median(layer[0]) / level**0.5 == pytest.approx(5.6, rel=0.1)


def test_a_waveform_is_its_samples():
    """In NumPy, in Keras, and as a card gives it back: nothing is windowed, scaled or left out."""
    y = np.stack([_signal(WAVEFORM), np.linspace(-1, 1, 16000, dtype="float32")])
    assert WAVEFORM.shape == (16000, 1)
    assert front_end_from_dict(WAVEFORM.to_dict()) == WAVEFORM
    assert np.array_equal(compute_features(y, WAVEFORM), y[..., None])
    assert np.array_equal(keras.ops.convert_to_numpy(FrontEnd(WAVEFORM)(y)), y[..., None])
    assert FrontEnd(WAVEFORM).compute_output_shape((2, 16000)) == (2, 16000, 1)


def test_a_tone_peaks_in_its_band():
    t = np.arange(16000) / 16000
    features = compute_features(0.5 * np.sin(2 * np.pi * 1000 * t), LOG_MEL_40)
    centres = mel_to_hz(np.linspace(hz_to_mel(60.0), hz_to_mel(7800.0), 42))[1:-1]
    assert features.mean(axis=0).argmax() == np.abs(centres - 1000).argmin()


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=12),
    st.sampled_from([LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, SLANEY, WAVEFORM]),
)
def test_stream_equals_clip_whatever_the_chunks(sizes, spec):
    y = np.random.default_rng(1).standard_normal(sum(sizes) + spec.frame_length).astype(np.float32) * 0.1
    stream = StreamingFrontEnd(spec)
    cuts = np.cumsum(sizes)
    got = np.concatenate([stream.push(chunk) for chunk in np.split(y, cuts)])
    np.testing.assert_array_equal(got, compute_features(y, spec))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"kind": "mel"}, "kind: expected one of log_mel, mfcc, root_mel, waveform, got 'mel'"),
        ({"fft_length": 400}, "fft_length: expected at least frame_length \\(480\\), got 400"),
        ({"fmax_hz": 9000.0}, "fmax_hz: expected at most 8000 Hz"),
        ({"hop_length": 0}, "hop_length: expected a whole number above 0, got 0"),
        ({"hop_length": 481}, "hop_length: expected at most frame_length"),
        ({"fmin_hz": -1.0}, "fmin_hz: expected 0 to fmax_hz"),
        ({"log_floor": 0.0}, "log_floor: expected a number above 0, got 0.0"),
        ({"duration_s": 0.01}, "duration_s: expected at least one frame of 480 samples, got 0.01"),
        ({"n_mfcc": 41}, "n_mfcc: expected at most n_mels"),
        ({"kind": "waveform"}, "frame_length: expected 1 for a waveform, got 480"),
    ],
)
def test_wrong_specification_is_one_line(change, fault):
    with pytest.raises(UsageError, match=fault):
        FrontEndSpec(**change)


def test_specification_round_trip_and_fingerprint():
    assert FrontEndSpec.from_dict(MFCC_MLPERF.to_dict()) == MFCC_MLPERF
    assert MFCC_MLPERF.fingerprint != LOG_MEL_40.fingerprint == FrontEndSpec().fingerprint
    with pytest.raises(UsageError, match="a difference in surprise"):
        FrontEndSpec.from_dict({**LOG_MEL_40.to_dict(), "surprise": 1})


@pytest.mark.parametrize(
    ("y", "fault"),
    [(np.zeros(479), "at least 480 samples .* got 479"), (np.full(16000, np.nan), "finite samples, got NaN")],
)
def test_bad_signals_are_refused(y, fault):
    with pytest.raises(DataError, match=fault):
        compute_features(y, LOG_MEL_40)


@pytest.mark.parametrize("spec", [LOG_MEL_40, ROOT_MEL_40], ids=["log-mel", "root-mel"])
def test_layer_round_trip_and_float32_under_mixed_precision(spec):
    layer = FrontEnd.from_config({**FrontEnd(spec).get_config(), "dtype": "mixed_float16"})
    assert layer.spec == spec
    assert layer(np.zeros((1, 16000), "float32")).dtype == "float32"


@pytest.mark.parametrize(
    ("name", "spec"), [("LOG_MEL_40", LOG_MEL_40), ("MFCC_MLPERF", MFCC_MLPERF), ("ROOT_MEL_40", ROOT_MEL_40)]
)
def test_standard_front_ends_never_drift(name, spec, root):
    """Models in the field were trained on these numbers: a change of them is a new front end, not a repair."""
    golden = json.loads((root / "tests" / "golden" / "front_end.json").read_text(encoding="utf-8"))[name]
    t = np.arange(16000) / 16000
    features = compute_features((0.5 * np.sin(2 * np.pi * (200 + 900 * t) * t)).astype(np.float32), spec)
    assert spec.fingerprint == golden["fingerprint"]
    for frame, values in golden["frames"].items():
        np.testing.assert_allclose(features[int(frame)], values, atol=2e-4)
