"""Windows with spectra in C against NumPy: at most a quantum apart, without access out of bounds."""

import ctypes
import dataclasses
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.interpreter import quantize
from drsn_keras.export.firmware.window_source import window_source
from drsn_keras.frontend import WindowSpec, window_features
from signal_library import COMPILER, SIGNAL, Stream, build, input_tensor, place

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler")

#: A model that is nothing but its input, which lies ``before`` bytes into its memory.
_ECHO = """
#include <stdint.h>
typedef struct { int8_t before[%d]; int8_t bytes[%d]; } model_state;
static inline int8_t *model_input(model_state *state) { return state->bytes; }
static inline void model_invoke(model_state *state) { state->before[0] = 1; }
static inline const int8_t *model_output(const model_state *state) { return state->bytes; }
"""
#: One window, in memory of its own and of the right size: samples in, channels out.
_PROGRAM = """
#include <stdio.h>
#include <stdlib.h>
#include "model_window.h"
int main(void)
{
    const size_t n_out = (size_t)MODEL_N_POINTS * MODEL_N_CHANNELS;
    int16_t *samples = malloc(sizeof(int16_t) * MODEL_N_SAMPLES);
    drsn_bin *scratch = malloc(sizeof(drsn_bin) * MODEL_SCRATCH);
    int8_t *out = malloc(n_out);
    while (fread(samples, sizeof(int16_t), MODEL_N_SAMPLES, stdin) == MODEL_N_SAMPLES) {
        drsn_channels_frame(&model_window, samples, 0U, scratch, out);
        fwrite(out, 1, n_out, stdout);
    }
    free(samples), free(scratch), free(out);
    return 0;
}
"""
_FLAGS = "-std=c99 -g -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra -Werror"
BOTH = ("spectrum", "envelope_spectrum")
STACK = ("signal", *BOTH)


def _spec(n, channels, band_hz=(2000.0, 4000.0), **others):
    return WindowSpec(n_samples=n, channels=channels, band_hz=band_hz, **({"hop_length": n} | others))


SPECS = {
    "spectrum-16": _spec(16, ("spectrum",), None),
    "envelope-32": _spec(32, ("envelope_spectrum",), (0.0, 6000.0)),
    "both-256": _spec(256, BOTH, hop_length=100),
    "both-2048": _spec(2048, BOTH, hop_length=1024),
    "envelope-1024": _spec(1024, ("envelope_spectrum",), (0.0, 6000.0)),
    "spectrum-4096": _spec(4096, ("spectrum",), None),
    "both-4096": _spec(4096, BOTH, (500.0, 900.0)),
    "stack-32": _spec(32, STACK, (0.0, 6000.0)),
    "stack-1024": _spec(1024, STACK),
    "stack-2048": _spec(2048, STACK, (100.0, 5900.0)),
    "other order, units": _spec(256, ("envelope_spectrum", "signal"), standardize=False, full_scale=16.0),
}


def _tensor(spec):
    return dataclasses.replace(input_tensor((), -5.1, 5.3), shape=(1, *spec.shape))


def _expected(spec, windows):
    return quantize(window_features(windows / np.float32(32768), spec), _tensor(spec)).astype(int)


class _Channels:
    def __init__(self, spec, folder, before=1):
        self.spec, self.folder = spec, folder
        (folder / "model.h").write_text(_ECHO % (before, np.prod(spec.shape)))
        self.source = window_source(spec, _tensor(spec))
        self.library = build(self.source, folder)
        self.words = (64 + self.source.scratch_bytes + before + 5 * spec.n_samples) // 8

    def run(self, x, chunks=()):
        """All windows of a stream [shape=(k, n_points, channels), int8], through the generated calls."""
        memory = np.zeros(self.words, np.uint64)
        self.library.model_window_start(place(memory))
        found = [np.zeros((0, *self.spec.shape), np.int8)]
        for part in np.split(np.asarray(x, np.int16), chunks):
            stream, outputs = Stream(part), ctypes.c_void_p()
            while self.library.model_window_push(place(memory), *stream.arguments, ctypes.byref(outputs)):
                taken = (ctypes.c_int8 * int(np.prod(self.spec.shape))).from_address(outputs.value)
                found.append(np.ctypeslib.as_array(taken).reshape(1, *self.spec.shape).copy())
            assert stream.count.value == 0
        return np.concatenate(found)

    def off(self, x):
        """Differences in quanta [shape=(k, n_points, channels)]."""
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, np.int16), self.spec.n_samples)
        found, expected = self.run(x), _expected(self.spec, windows[:: self.spec.hop_length])
        assert found.shape == expected.shape
        return np.abs(found - expected)


@pytest.fixture(scope="module", params=SPECS.values(), ids=SPECS)
def channels(request, tmp_path_factory):
    return _Channels(request.param, tmp_path_factory.mktemp("channels"))


def _signals(n):
    rng = np.random.default_rng(3)
    t = np.arange(n)
    modulated = (1 + 0.8 * np.sin(0.05 * t)) * np.sin(1.45 * t)
    return {
        "white": rng.normal(0, 3000, n).clip(-32768, 32767),
        "full scale": rng.integers(-32768, 32768, n),
        "a few steps": rng.integers(-2, 3, n),
        "one step, offset": 20000 + rng.integers(-1, 2, n),
        "brown": np.cumsum(rng.normal(0, 30, n)).clip(-32768, 32767),
        "modulated": np.round(17000 * modulated),
        "modulated, quiet": np.round(6 * modulated),
        "sine": np.round(32767 * np.sin(1.3 * t)),
        "square": np.where(np.sin(0.0437 * t) >= 0, 32767, -32768),
        "square, fast": np.where(np.sin(0.8437 * t) >= 0, 32767, -32768),
        "impulses": np.where(t % 701 == 3, 32767, -32768),
        "zeros": np.zeros(n),
        "constant": np.full(n, -32768),
    }


def test_channels_equal_reference(channels):
    n = max(6000, 2 * channels.spec.n_samples)
    off = {name: channels.off(x) for name, x in _signals(n).items()}
    shares = {name: np.mean(one > 0) for name, one in off.items()}
    assert max(one.max() for one in off.values()) <= 1, shares
    # Where a tone leaves the other bins 100 dB below it, the arithmetic's own noise shows.
    assert max(shares.values()) <= 0.03, shares
    assert np.mean(list(shares.values())) <= 0.003, shares


def test_real_recordings(channels, shared_data):
    files = sorted((shared_data / "vibration" / "cwru_12k_de").glob("*.npz"))[::5]
    off = [channels.off(np.load(path)["x"][:20000]) for path in files]
    assert max(one.max() for one in off) <= 1
    assert np.mean(np.concatenate(off) > 0) <= 0.0002


def test_a_tone_on_a_bin_between_noise(tmp_path):
    """Its envelope is even but for the noise 100 dB below: what the reference calls empty is nearly so."""
    channels = _Channels(_spec(2048, ("envelope_spectrum",)), tmp_path)
    t = np.arange(8192)
    tone = 32000 * np.sin(2 * np.pi * t * 409 / 2048) + np.random.default_rng(0).normal(0, 4, 8192)
    assert channels.off(np.round(tone)).max() <= 2


def test_the_model_may_take_its_input_anywhere(tmp_path):
    """The channels are made in the same memory, before the input or behind it."""
    spec = SPECS["both-256"]
    x = _signals(3000)["white"]
    expected = _expected(spec, np.lib.stride_tricks.sliding_window_view(x.astype(np.int16), 256)[::100])
    start = window_source(spec, _tensor(spec)).scratch_bytes - 256
    for before in (1, start - 100, start, start + 100, 2 * start):
        (tmp_path / str(before)).mkdir()
        assert np.abs(_Channels(spec, tmp_path / str(before), before).run(x) - expected).max() <= 1


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 5000), max_size=8), seed=st.integers(0, 2**16))
def test_chunks_do_not_matter(channels, cuts, seed):
    x = np.random.default_rng(seed).integers(-3000, 3000, 5000)
    np.testing.assert_array_equal(channels.run(x, sorted(cuts)), channels.run(x))


@pytest.mark.parametrize("channels", [SPECS["stack-32"]], indirect=True)
@settings(max_examples=25, deadline=None)
@given(x=st.lists(st.sampled_from([-32768, 32767, 0, 1, -1]), min_size=32, max_size=32), shift=st.integers(0, 15))
def test_no_overflow_on_extremes(channels, x, shift):
    """The sanitiser is the judge; an envelope that is even up to roundings has no spectrum to compare."""
    assert channels.off(np.array(x) >> shift)[..., :2].max() <= 1


@pytest.mark.parametrize("name", ["spectrum-16", "both-256", "both-4096", "stack-2048"])
def test_within_its_memory(name, tmp_path):
    """AddressSanitizer, with every array as long as the header says."""
    spec = SPECS[name]
    source = window_source(spec, _tensor(spec))
    own = {f"{source.name}.h": source.header, f"{source.name}.c": source.source, "program.c": _PROGRAM}
    for file, text in {**own, "model.h": _ECHO % (1, np.prod(spec.shape))}.items():
        (tmp_path / file).write_text(text)
    engine = [SIGNAL / file for file in source.files if file.endswith(".c")]
    sources = [tmp_path / f"{source.name}.c", tmp_path / "program.c", *engine]
    command = [COMPILER, *_FLAGS.split(), f"-I{SIGNAL}", f"-I{tmp_path}", *sources, "-o", tmp_path / "program"]
    subprocess.run(command, check=True)
    windows = np.stack([x[: spec.n_samples] for x in _signals(spec.n_samples).values()]).astype("<i2")
    done = subprocess.run([tmp_path / "program"], input=windows.tobytes(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    found = np.frombuffer(done.stdout, np.int8).reshape(-1, *spec.shape)
    assert np.abs(found - _expected(spec, windows)).max() <= 1
