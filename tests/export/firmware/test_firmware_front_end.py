"""The front end in C against NumPy: int8 features of speech, noise and extremes; streams = clips; refusals."""

import ctypes
import dataclasses

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.interpreter import quantize
from drsn_keras.errors import BundleError
from drsn_keras.export.firmware.signal_constants import front_end_source
from drsn_keras.frontend import LOG_MEL_40, MFCC_MLPERF, ROOT_MEL_40, WAVEFORM, FrontEndSpec, compute_features
from drsn_keras.model_card import TensorSpec
from signal_library import COMPILER, CFrontEnd, build, input_tensor

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler")

SPECS = {
    "log-mel": LOG_MEL_40,
    "mfcc": MFCC_MLPERF,
    "slaney-1024": FrontEndSpec(
        frame_length=1000, hop_length=400, fft_length=1024, mel_scale="slaney", n_mels=64, fmin_hz=0.0, fmax_hz=8000.0
    ),
    "8k-256": FrontEndSpec(
        sample_rate_hz=8000, frame_length=256, hop_length=256, fft_length=256, n_mels=32, fmax_hz=4000.0
    ),
    "mfcc-odd": FrontEndSpec(kind="mfcc", frame_length=401, hop_length=133, n_mels=23, n_mfcc=23, fmax_hz=7000.0),
    "22k-2048": FrontEndSpec(
        sample_rate_hz=22050, frame_length=2048, hop_length=511, fft_length=2048, n_mels=80, fmax_hz=11025.0
    ),
    "crowded-128": FrontEndSpec(frame_length=100, hop_length=37, fft_length=128, n_mels=64, log_floor=1e-9),
    "root-mel": ROOT_MEL_40,
    "root-22k-2048": FrontEndSpec(
        kind="root_mel",
        sample_rate_hz=22050,
        frame_length=2048,
        hop_length=511,
        fft_length=2048,
        n_mels=80,
        fmax_hz=11025.0,
        log_floor=1e-12,
    ),
    "shortest": FrontEndSpec(frame_length=13, hop_length=5, fft_length=16, n_mels=1, n_mfcc=1, duration_s=0.01),
}


#: What a model's input covers.
RANGES = {"log_mel": (-14.0, 7.0), "mfcc": (-90.0, 40.0), "root_mel": (0.0, 12.0), "waveform": (-1.0, 1.0)}


def _tensor(spec):
    return input_tensor(spec.shape, *RANGES[spec.kind])


@pytest.fixture(scope="module", params=SPECS.values(), ids=SPECS)
def front_end(request, tmp_path_factory):
    """(spec, input tensor, library)."""
    spec = request.param
    tensor = _tensor(spec)
    return spec, tensor, build(front_end_source(spec, tensor), tmp_path_factory.mktemp("front_end"))


@pytest.fixture(scope="module")
def log_mel(tmp_path_factory):
    tensor = _tensor(LOG_MEL_40)
    return build(front_end_source(LOG_MEL_40, tensor), tmp_path_factory.mktemp("log_mel"))


@pytest.fixture(scope="module")
def root_mel(tmp_path_factory):
    tensor = _tensor(ROOT_MEL_40)
    return build(front_end_source(ROOT_MEL_40, tensor), tmp_path_factory.mktemp("root_mel"))


def _wrong(front_end, samples):
    """(share of values that differ, largest difference)."""
    spec, tensor, library = front_end
    x = np.asarray(samples).astype(np.int16)
    expected = quantize(compute_features(x.astype(np.float32) / np.float32(32768), spec), tensor).astype(int)
    found = CFrontEnd(library, spec).push(x)
    assert found.shape == expected.shape
    off = np.abs(found - expected)
    return np.mean(off > 0), off.max()


def _signals(n=12000):
    rng = np.random.default_rng(5)
    t = np.arange(n) / 16000
    spikes = np.zeros(n)
    spikes[::777] = np.resize([32767, -32768, 1, -1, 100], len(spikes[::777]))
    tones = [np.round(a * np.sin(2 * np.pi * f * t)) for a in (32767, 90) for f in (31, 500, 1234.5, 3900)]
    return {
        "white": rng.normal(0, 3000, n).clip(-32768, 32767),
        "white, full scale": rng.integers(-32768, 32768, n),
        "brown": np.cumsum(rng.normal(0, 30, n)).clip(-32768, 32767),
        "one step": rng.integers(-1, 2, n),
        "0 and -1": -rng.integers(0, 2, n),
        "square": np.where(np.sin(2 * np.pi * 437 * t) >= 0, 32767, -32768),
        "constant": np.repeat([-32768, 32767, 1, -1, 1000], n // 5),
        "impulses": spikes,
        "tones": np.concatenate([tone[: n // 4] for tone in tones]),
        "fading": 10 ** (-6 * t) * rng.normal(0, 8000, n),
    }


def test_made_signals(front_end):
    for name, samples in _signals().items():
        share, largest = _wrong(front_end, samples)
        # Pure tones at full scale: bands 100 dB below the tone are as quiet as the arithmetic's own noise.
        assert share <= (0.01 if name in {"tones", "constant"} else 0.001), name
        assert largest <= 1, name


@pytest.mark.parametrize("log_floor", [1e-6, 1e-12])
def test_roots_of_quiet_noise(tmp_path, log_floor):
    """A step of a 40th of what a model over full scale has: noise at -60 dBFS is 100 to 200 of them, still right."""
    spec = dataclasses.replace(ROOT_MEL_40, log_floor=log_floor)
    tensor = input_tensor(spec.shape, 0.0, 0.3)
    library = build(front_end_source(spec, tensor), tmp_path)
    for level_db in (-60, -75, -90):
        x = np.round(10 ** (level_db / 20) * 32768 * np.random.default_rng(2).standard_normal(24000))
        share, largest = _wrong((spec, tensor, library), x)
        assert share <= 0.0005, level_db
        assert largest <= 1, level_db


_ROOTS = """
#include "drsn_front_end.h"
extern const drsn_front_end model_front_end;
void roots(const uint32_t *mantissas, const int32_t *exponents, int32_t *out, uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        drsn_real x = {mantissas[i], exponents[i]};
        out[i] = drsn_fourth_root_q24(model_front_end.root_steps, x);
    }
}
"""


def test_fourth_root(tmp_path):
    """Every exponent from 2^-100 to 2^27, both ends of each part of the table, and anything between."""
    (tmp_path / "roots.c").write_text(_ROOTS)
    library = build(front_end_source(ROOT_MEL_40, _tensor(ROOT_MEL_40)), tmp_path, (tmp_path / "roots.c",))
    edges = (np.arange(33)[:, None] * 2**26 + 2**31 + np.array([-1, 0, 1])).reshape(-1)[1:-2]
    some = np.random.default_rng(3).integers(2**31, 2**32, 500)
    mantissas, exponents = np.meshgrid(np.concatenate([edges, some]), np.arange(-131, -3), indexing="ij")
    mantissas, exponents = mantissas.ravel().astype(np.uint32), exponents.ravel().astype(np.int32)
    found = np.zeros(len(mantissas), np.int32)
    library.roots(*(ctypes.c_void_p(a.ctypes.data) for a in (mantissas, exponents, found)), ctypes.c_uint32(len(found)))
    exact = np.sqrt(np.sqrt(np.ldexp(mantissas.astype(np.float64), exponents)))
    np.testing.assert_allclose(found / 2.0**24, exact, rtol=1e-8, atol=2.0**-25 * 1.001)


def test_silence_is_exact(front_end):
    assert _wrong(front_end, np.zeros(9000)) == (0.0, 0)


def test_speech(front_end, shared_data):
    folders = sorted(one for one in (shared_data / "audio/gsc_v2_test").iterdir() if one.is_dir())
    clips = [soundfile.read(sorted(one.glob("*.flac"))[0], dtype="int16")[0] for one in folders]
    share, largest = _wrong(front_end, np.concatenate(clips))
    assert share <= 0.0005
    assert largest <= 1


@settings(max_examples=25, deadline=None)
@given(
    chunks=st.lists(st.integers(0, 1700), min_size=1, max_size=12),
    capacity=st.integers(1, 40),
    seed=st.integers(0, 2**16),
)
def test_chunks_do_not_matter(log_mel, chunks, capacity, seed):
    x = np.random.default_rng(seed).integers(-2000, 2000, sum(chunks), dtype=np.int16)
    stream = CFrontEnd(log_mel, LOG_MEL_40, capacity)
    found = np.concatenate([stream.push(part) for part in np.split(x, np.cumsum(chunks)[:-1])])
    np.testing.assert_array_equal(found, CFrontEnd(log_mel, LOG_MEL_40).push(x))
    assert len(found) == max(0, 1 + (len(x) - 480) // 160)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([-32768, 32767, 0, 1, -1]), min_size=480, max_size=480), st.integers(0, 15))
def test_no_overflow_on_extremes(log_mel, root_mel, samples, shift):
    x = np.array(samples) >> shift
    for spec, library in ((LOG_MEL_40, log_mel), (ROOT_MEL_40, root_mel)):
        share, largest = _wrong((spec, _tensor(spec), library), x)
        assert largest <= 1
        assert share <= 0.05  # Two of the 40 values of one frame.


def test_two_streams_at_once(log_mel):
    x = np.stack([np.random.default_rng(i).integers(-2000, 2000, 3000, dtype=np.int16) for i in range(2)])
    streams = [CFrontEnd(log_mel, LOG_MEL_40) for _ in range(2)]
    found = [
        [stream.push(part) for stream, part in zip(streams, both, strict=True)] for both in np.split(x, 30, axis=1)
    ]
    for i in range(2):
        alone = CFrontEnd(log_mel, LOG_MEL_40).push(x[i])
        np.testing.assert_array_equal(np.concatenate([parts[i] for parts in found]), alone)


def test_generated_text_is_integer_only():
    source = front_end_source(MFCC_MLPERF, _tensor(MFCC_MLPERF))
    code = source.source + source.header
    assert "float" not in code
    assert "double" not in code
    assert "." not in code.replace(".h", "").replace("    .", "").replace("drsn-export c.", "").replace("edit.", "")
    assert source == front_end_source(MFCC_MLPERF, _tensor(MFCC_MLPERF))


@pytest.mark.parametrize(
    ("change", "tensor", "field"),
    [
        ({"fft_length": 500}, {}, "front end, fft_length: expected a power of two"),
        ({"fft_length": 8192}, {}, "front end, fft_length"),
        ({"log_floor": 1e-40}, {}, "front end, log_floor"),
        ({"kind": "root_mel", "log_floor": 1e7}, {}, "front end, log_floor: expected 1e-26 to 1e\\+06"),
        ({"n_mels": 600}, {}, "front end, n_mels"),
        (dataclasses.asdict(WAVEFORM), {}, "front end, kind: expected log_mel, mfcc or root_mel for C, got waveform"),
        ({}, {"dtype": "int16"}, "input, dtype: expected int8"),
        ({}, {"scale": 0.0}, "input, scale"),
        ({}, {"scale": 1e-20}, "input, scale"),
        ({}, {"scale": float("nan")}, "input, scale"),
        ({}, {"zero_point": 200}, "input, zero_point"),
        ({}, {"shape": (1, 97, 40)}, "input, shape"),
    ],
)
def test_refusals_name_the_field(change, tensor, field):
    spec = dataclasses.replace(LOG_MEL_40, **change)
    values = dataclasses.asdict(_tensor(spec)) | tensor
    with pytest.raises(BundleError, match=f"^{field}") as caught:
        front_end_source(spec, TensorSpec(**values))
    assert "\n" not in str(caught.value)
