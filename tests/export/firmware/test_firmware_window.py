"""The vibration input in C against NumPy."""

import ctypes
import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.interpreter import quantize
from drsn_keras.errors import BundleError
from drsn_keras.export.firmware.window_source import window_source
from drsn_keras.frontend import WindowSpec, window_features
from drsn_keras.model_card import TensorSpec
from signal_library import COMPILER, Stream, build, input_tensor, place, symbol

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler")

#: A model that is nothing but its input: outputs are the window.
_ECHO = """
#include <stdint.h>
typedef struct { int8_t bytes[%d]; uint32_t calls; } model_state;
static inline int8_t *model_input(model_state *state) { return state->bytes; }
static inline void model_invoke(model_state *state) { state->calls++; }
static inline const int8_t *model_output(const model_state *state) { return state->bytes; }
"""
SPECS = {
    "1024": WindowSpec(),
    "overlapping": WindowSpec(n_samples=1000, hop_length=333),
    "one": WindowSpec(n_samples=1, hop_length=1),
    "two": WindowSpec(n_samples=2, hop_length=1),
    "longest": WindowSpec(n_samples=32768, hop_length=32768),
    "units": WindowSpec(n_samples=512, hop_length=100, standardize=False, full_scale=16.0),
}
#: Spectra, which are refused or measured here and computed in test_firmware_window_spectra.py.
BOTH = WindowSpec(n_samples=2048, channels=("spectrum", "envelope_spectrum"), band_hz=(2000.0, 4000.0))


def _tensor(spec):
    return input_tensor(spec.shape, *((-5.1, 5.3) if spec.standardize else (-3.0, 3.0)))


class _Window:
    def __init__(self, spec, folder):
        self.spec, self.tensor = spec, _tensor(spec)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.h").write_text(_ECHO % spec.n_samples)
        self.library = build(window_source(spec, self.tensor), folder)

    def run(self, x, chunks=()):
        """All windows of a stream [shape=(k, n_samples), int8], through the generated calls."""
        memory = np.zeros(8 + spec_words(self.spec), np.uint64)
        self.library.model_window_start(place(memory))
        found = [np.zeros((0, self.spec.n_samples), np.int8)]
        for part in np.split(np.asarray(x, np.int16), chunks):
            stream = Stream(part)
            outputs = ctypes.c_void_p()
            while self.library.model_window_push(place(memory), *stream.arguments, ctypes.byref(outputs)):
                taken = np.ctypeslib.as_array((ctypes.c_int8 * self.spec.n_samples).from_address(outputs.value))
                found.append(taken[None].copy())
            assert stream.count.value == 0
        return np.concatenate(found)

    def expected(self, x):
        windows = np.lib.stride_tricks.sliding_window_view(np.asarray(x, np.int16), self.spec.n_samples)
        windows = windows[:: self.spec.hop_length]
        features = window_features(windows.astype(np.float32) / np.float32(32768), self.spec)[..., 0]
        return quantize(features, self.tensor)

    def frame(self, x):
        """One window, which begins in the middle of its circle."""
        out = np.zeros(self.spec.n_samples, np.int8)
        first = self.spec.n_samples // 2
        circle = np.roll(np.asarray(x, np.int16), first)
        self.library.drsn_window_frame(
            symbol(self.library, "model_window"), place(circle), ctypes.c_uint32(first), place(out)
        )
        return out


def spec_words(spec):
    """64-bit words that hold the echo's memory."""
    return (3 * spec.n_samples + 64) // 8


@pytest.fixture(scope="module", params=SPECS.values(), ids=SPECS)
def window(request, tmp_path_factory):
    return _Window(request.param, tmp_path_factory.mktemp("window"))


def test_windows_equal_reference(window):
    rng = np.random.default_rng(3)
    n = max(3000, window.spec.n_samples)
    t = np.arange(n)
    signals = [
        rng.normal(0, 3000, n).clip(-32768, 32767),
        rng.integers(-32768, 32768, n),
        rng.integers(-1, 2, n),
        20000 + rng.integers(-2, 3, n),
        np.round(32767 * np.sin(t / 9)),
        np.where(t % 700 == 3, 32767, -32768),
        np.zeros(n),
        np.full(n, -32768),
        np.full(n, 12345),
        (np.arange(n) * 3 - 32768).clip(-32768, 32767),
    ]
    for x in signals:
        expected = window.expected(x).astype(int)
        found = window.run(x)
        assert found.shape == expected.shape
        off = np.abs(found - expected)
        assert off.max() <= 1
        assert np.mean(off > 0) <= (0.0002 if window.spec.standardize else 0.0)


def test_equal_samples_are_zeros(window):
    if window.spec.standardize:
        assert (window.run(np.full(40000, 777)) == window.tensor.zero_point).all()


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, 5000), max_size=8), seed=st.integers(0, 2**16))
def test_chunks_do_not_matter(window, cuts, seed):
    x = np.random.default_rng(seed).integers(-3000, 3000, 5000)
    np.testing.assert_array_equal(window.run(x, sorted(cuts)), window.run(x))


def test_circle_begins_anywhere(window):
    x = np.random.default_rng(1).integers(-3000, 3000, window.spec.n_samples)
    np.testing.assert_array_equal(window.frame(x), window.run(x)[0])


def test_memory_of_spectra():
    """A transform of 1024 complex points, half of an envelope's squares behind it, the channels."""
    source = window_source(BOTH, TensorSpec((1, 1024, 2), "int8", 0.04, 0))
    assert (source.ram_bytes, source.scratch_bytes) == (2 * 2048 + 16, 8 * 1025 + 4 * 1024 + 2 * 1024)
    stack = dataclasses.replace(BOTH, channels=("signal", *BOTH.channels))
    source = window_source(stack, TensorSpec((1, 2048, 3), "int8", 0.04, 0))
    assert (source.ram_bytes, source.scratch_bytes) == (2 * 2048 + 16, 8 * 2049 + 3 * 2048)
    assert not re.search(r"float|double|malloc", source.header + source.source)


@pytest.mark.parametrize(
    ("spec", "tensor", "field"),
    [
        (dataclasses.replace(BOTH, n_samples=2000), {}, "window, n_samples: expected a power of two, 16 to 4096"),
        (dataclasses.replace(BOTH, n_samples=8192), {}, "window, n_samples"),
        (
            WindowSpec(n_samples=4096, channels=("signal", "spectrum")),
            {},
            "window, n_samples: expected a power of two, 16 to 2048",
        ),
        (BOTH, {"shape": (1, 2, 1024)}, "input, shape"),
        (BOTH, {"shape": (1, 2048, 1)}, "input, shape"),
        (BOTH, {"shape": (1, 1024, 2), "dtype": "uint8"}, "input, dtype"),
        (BOTH, {"shape": (1, 1024, 2), "scale": 1e-20}, "input, scale"),
        (WindowSpec(n_samples=40000, hop_length=1), {}, "window, n_samples"),
        (WindowSpec(), {"dtype": "uint8"}, "input, dtype"),
        (WindowSpec(), {"shape": (1, 512, 1)}, "input, shape"),
        (WindowSpec(standardize=False, full_scale=1e20), {}, "input, scale"),
    ],
)
def test_refusals_name_the_field(spec, tensor, field):
    values = {"shape": (1, spec.n_samples, 1), "dtype": "int8", "scale": 0.04, "zero_point": 0} | tensor
    with pytest.raises(BundleError, match=f"^{field}") as caught:
        window_source(spec, TensorSpec(**values))
    assert "\n" not in str(caught.value)
