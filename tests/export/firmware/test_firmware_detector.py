"""Detector and listener in C against drsn_keras.edge: the same words at the same times."""

import ctypes
import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from drsn_keras.edge.bundle import load_bundle
from drsn_keras.edge.detector import Detector
from drsn_keras.edge.interpreter import dequantize, quantize
from drsn_keras.edge.listener import KeywordListener
from drsn_keras.errors import BundleError
from drsn_keras.export.firmware.detector_tables import threshold_sums
from drsn_keras.export.firmware.signal_constants import listener_source, signal_source
from drsn_keras.frontend import LOG_MEL_40, WindowSpec
from drsn_keras.model_card import DetectorSpec, TensorSpec
from signal_library import COMPILER, Stream, build, input_tensor, place, symbol

pytestmark = pytest.mark.skipif(COMPILER is None, reason="no C compiler")

LABELS = ("_silence_", "yes", "_unknown_", "no", "up")
OUTPUT = TensorSpec((1, 5), "int8", 1 / 256, -128)
INPUT = input_tensor(LOG_MEL_40.shape, -14.0, 7.0)
#: A model that asks Python.
_MODEL = """
#include <stdint.h>
typedef void (*model_answer)(const int8_t *input, int8_t *output);
typedef struct { int8_t input[%d]; int8_t output[%d]; } model_state;
extern model_answer model_ask;
static inline int8_t *model_input(model_state *state) { return state->input; }
static inline void model_invoke(model_state *state) { model_ask(state->input, state->output); }
static inline const int8_t *model_output(const model_state *state) { return state->output; }
"""
_Answer = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)


class _DetectorStruct(ctypes.Structure):
    """drsn_detector."""

    _fields_ = [
        ("words", ctypes.c_void_p),
        ("n_words", ctypes.c_uint16),
        ("n_labels", ctypes.c_uint16),
        ("n_smoothing", ctypes.c_uint32),
        ("n_refractory", ctypes.c_uint32),
        ("threshold_sum", ctypes.c_int32),
        ("release_sum", ctypes.c_int32),
        ("scale_q31", ctypes.c_int32),
        ("zero", ctypes.c_int8),
    ]


class _Verdict(ctypes.Structure):
    """drsn_verdict."""

    _fields_ = [
        ("end", ctypes.c_uint64),
        ("start", ctypes.c_uint64),
        ("detected", ctypes.c_int32),
        ("best", ctypes.c_uint32),
        ("score_q16", ctypes.c_int32),
    ]


def _library(folder, spec, tensor_in, tensor_out, detector, labels):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.h").write_text(_MODEL % (np.prod(spec.shape), len(labels)))
    (folder / "ask.c").write_text('#include "model.h"\nmodel_answer model_ask;\n')
    return build(listener_source(spec, tensor_in, tensor_out, detector, labels), folder, (folder / "ask.c",))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The C detector, and ``model_detector`` of the default constants."""
    return _library(tmp_path_factory.mktemp("detector"), LOG_MEL_40, INPUT, OUTPUT, DetectorSpec(), LABELS)


def _decisions(library, detector, tensor, outputs):
    """What fires and scores: C's [(label or -1, best, score), ...] and Python's."""
    words = np.asarray(detector.words, np.uint16)
    threshold, release = threshold_sums(detector, tensor)
    scale_q31 = min(round(tensor.scale * 2**31), 2**31 - 1)
    constants = _DetectorStruct(words.ctypes.data, len(words), len(detector.labels), detector.n_smoothing,
                                detector.n_refractory, threshold, release, scale_q31, tensor.zero_point)  # fmt: skip
    n_labels = len(detector.labels)
    history = np.zeros((detector.n_smoothing, n_labels), np.int8)
    sums, armed, state = np.zeros(n_labels, np.int32), np.zeros(n_labels, np.uint8), np.zeros(16, np.uint64)
    here = ctypes.byref(constants), place(state)
    library.drsn_detector_start(*here, place(history), place(sums), place(armed))
    found, expected = [], []
    detector.reset()
    for row in outputs:
        fired = library.drsn_detector_update(*here, place(row))
        best = library.drsn_detector_best(*here)
        score = library.drsn_detector_score_q16(*here, ctypes.c_uint32(best))
        found.append((fired, best, score))
        heard = detector.update(dequantize(row, tensor), 0.0)
        top = int(np.argmax(detector.smoothed))
        label = -1 if heard is None else detector.labels.index(heard.label)
        expected.append((label, top, float(detector.smoothed[top]) * 65536))
    return found, expected


def _same(found, expected):
    assert [f[:2] for f in found] == [e[:2] for e in expected]
    np.testing.assert_allclose([f[2] for f in found], [e[2] for e in expected], atol=0.51, rtol=1e-6)
    return sum(f[0] >= 0 for f in found)


def _bursts(rng, n, n_labels, levels):
    """int8 outputs that stay for a while, from a few levels, so that averages tie and meet thresholds exactly."""
    rows = rng.choice(levels, (n, n_labels))
    return rows[np.repeat(np.arange(n), rng.integers(1, 6, n))[:n]].astype(np.int8)


@settings(max_examples=120, deadline=None)
@given(
    smoothing=st.integers(0, 9),
    refractory=st.sampled_from([0.0, 0.1, 0.3, 0.8, 0.95]),
    sums=st.tuples(st.integers(1, 256), st.integers(1, 256)),
    off=st.sampled_from([0.0, 1e-9, -1e-9, 1e-6, -1e-6]),
    seed=st.integers(0, 2**20),
    zero=st.sampled_from([-128, -128, 0, 5]),
)
def test_same_decisions(library, smoothing, refractory, sums, off, seed, zero):
    n = max(1, smoothing)
    # Thresholds that averages meet exactly, or miss by as little as there is.
    release, threshold = (np.clip(one / 256 / n * max(1, n // 2) + off, 1e-6, 1.0) for one in sorted(sums))
    spec = DetectorSpec(float(threshold), float(release), 0.1, smoothing / 10, refractory)
    levels = [-128, -128 + sums[0] // 2, 127, sums[0] - 129, sums[1] - 129]
    tensor = TensorSpec((1, 5), "int8", 1 / 256, zero)
    outputs = _bursts(np.random.default_rng(seed), 80, 5, levels)
    _same(*_decisions(library, Detector(LABELS, spec), tensor, outputs))


def test_golden_sequence(library):
    """That of test_edge_detector.py, in int8."""
    pairs = [(1, 0), (0.5, 0), (1, 0), (0, 1), (0, 1), (1, 0), (1, 0), (0.5, 0), (0.5, 0), (0.25, 0), (0.5, 0),
             (1, 0), (1, 0), (0, 0), (0.25, 0), (1, 0)]  # fmt: skip
    rows = quantize(np.array([(0.0, a, b) for a, b in pairs]), dataclasses.replace(OUTPUT, scale=1 / 128))
    tensor = TensorSpec((1, 3), "int8", 1 / 128, -128)
    spec = DetectorSpec(threshold=0.6, release=0.3, hop_s=0.1, smoothing_s=0.2, refractory_s=0.3)
    found, expected = _decisions(library, Detector(("_silence_", "a", "b"), spec), tensor, rows)
    assert _same(found, expected) == 4
    assert [(i, f[0]) for i, f in enumerate(found) if f[0] >= 0] == [(1, 1), (4, 2), (7, 1), (15, 1)]


@pytest.mark.parametrize("n", range(1, 31))
def test_thresholds_are_the_smallest_sums(n):
    rng = np.random.default_rng(n)
    for threshold in [*rng.random(20) * 0.98 + 0.01, 0.6, 0.3, 1.0, 128 / 256, (77 * n + 1) / (256 * n)]:
        detector = Detector(LABELS, DetectorSpec(float(threshold), 0.01, 0.1, n / 10))
        reached = threshold_sums(detector, OUTPUT)[0]
        limit = np.float32(threshold)
        assert np.float32(np.float32((reached - 1) / 256) / np.float32(n)) < limit
        if reached <= 255 * n:
            assert np.float32(np.float32(reached / 256) / np.float32(n)) >= limit


def test_generated_constants(library):
    detector = Detector(LABELS, DetectorSpec())
    made = _DetectorStruct.from_address(symbol(library, "model_detector").value)
    words = np.ctypeslib.as_array((ctypes.c_uint16 * made.n_words).from_address(made.words))
    assert words.tolist() == [1, 3, 4]
    assert (made.threshold_sum, made.release_sum) == threshold_sums(detector, OUTPUT)
    assert (made.n_labels, made.n_smoothing, made.n_refractory) == (5, 3, 8)
    assert (made.scale_q31, made.zero) == (2**23, -128)


def test_one_evaluation_takes_any_scale(library):
    tensor = TensorSpec((1, 5), "int8", 0.0039173, -128)
    outputs = _bursts(np.random.default_rng(2), 300, 5, np.arange(-128, 128))
    detector = Detector(LABELS, DetectorSpec(0.5, 0.5, 0.1, 0.1, 0.2))
    assert _same(*_decisions(library, detector, tensor, outputs)) > 10


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scale": 0.0039173}, "output, scale: expected a step whose multiples up to 765 are exact"),
        ({"scale": 0.0}, "output, scale"),
        ({"scale": 2.0}, "output, scale"),
        ({"dtype": "float32"}, "output, dtype"),
        ({"zero_point": 300}, "output, zero_point"),
        ({"shape": (1, 4)}, "labels"),
    ],
)
def test_refusals_name_the_field(change, field):
    with pytest.raises(BundleError, match=f"^{field}"):
        listener_source(LOG_MEL_40, INPUT, dataclasses.replace(OUTPUT, **change), DetectorSpec(), LABELS)


def test_what_is_made_of_which_bundle():
    made = signal_source(LOG_MEL_40, INPUT, OUTPUT, DetectorSpec(), LABELS, "ears")
    assert made.name == "ears_listener"
    assert "model_" not in made.header
    assert (
        signal_source(LOG_MEL_40, INPUT, OUTPUT, DetectorSpec(), ("_silence_", "_unknown_")).name == "model_front_end"
    )
    window = TensorSpec((1, 1024, 1), "int8", 0.04, 0)
    assert signal_source(WindowSpec(), window, prefix="shaft").name == "shaft_window"


@pytest.fixture(scope="module")
def tone_models(root, tmp_path_factory):
    """The bundles of tests/edge, which tell low tones from high ones."""
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("tiny") / "bundle"
    script = root / "tests" / "edge" / "tiny_bundle.py"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, script, folder], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder.parent


@pytest.fixture(scope="module")
def bundle(tone_models):
    return load_bundle(tone_models / "bundle")


class _CListener:
    """The generated listener around the bundle's own model."""

    def __init__(self, bundle, detector, folder):
        card = bundle.card
        self.spec, self.labels = bundle.front_end, card.labels
        tensor_in, tensor_out = bundle.interpreter.input, bundle.interpreter.output
        self.library = _library(folder, self.spec, tensor_in, tensor_out, detector, self.labels)
        n_input = int(np.prod(self.spec.shape))

        def answer(source, target):
            x = np.ctypeslib.as_array((ctypes.c_int8 * n_input).from_address(source)).reshape(self.spec.shape)
            y = quantize(bundle.interpreter.run(dequantize(x, tensor_in)), tensor_out)
            ctypes.memmove(target, y.ctypes.data, len(y))

        self._answer = _Answer(answer)
        _Answer.in_dll(self.library, "model_ask").value = None
        ctypes.c_void_p.in_dll(self.library, "model_ask").value = ctypes.cast(self._answer, ctypes.c_void_p).value
        self.memory = np.zeros(4096, np.uint64)
        self.library.model_listener_start(place(self.memory))

    def push(self, samples):
        """(end, start, detected label or None, best label, score) of each evaluation."""
        stream, found = Stream(samples), []
        verdict = _Verdict()
        while self.library.model_listener_push(place(self.memory), *stream.arguments, ctypes.byref(verdict)):
            heard = None if verdict.detected < 0 else self.labels[verdict.detected]
            found.append((verdict.end, verdict.start, heard, self.labels[verdict.best], verdict.score_q16 / 65536))
        assert stream.count.value == 0
        return found

    def flush(self):
        return self.push(int(self.library.model_listener_tail(place(self.memory))))


def _words(seed):
    """Twelve seconds with bursts of low and high tones in noise, int16."""
    rng = np.random.default_rng(seed)
    n = 12 * 16000 + int(rng.integers(0, 5000))
    t = np.arange(n) / 16000
    y = rng.normal(0, 0.0001, n)
    for start_s in np.arange(0.1, 11, 1.3) + rng.random(9) * 0.3:
        inside = (t >= start_s) & (t < start_s + 0.45)
        y[inside] += 0.5 * np.sin(2 * np.pi * rng.choice([350, 450, 4500, 5500]) * t[inside])
    return np.round(y * 32767).clip(-32768, 32767).astype(np.int16)


def _compare(bundle, detector, folder, samples, chunks):
    """Both listeners on one stream; the number of detections."""
    listener = KeywordListener(bundle, detector)
    expected = listener.push(samples.astype(np.float32) / np.float32(32768)) + listener.flush()
    ears = _CListener(bundle, detector, folder)
    found = [one for part in np.split(samples, chunks) for one in ears.push(part)] + ears.flush()
    assert [end / 16000 for end, *_ in found] == [one.time_s for one in expected]
    assert [(heard, best) for _, _, heard, best, _ in found] == [
        (one.detection.label if one.detection else None, one.label) for one in expected
    ]
    for (_, start, heard, _, score), one in zip(found, expected, strict=True):
        # The score of what fired, which is the best label where that is a word.
        assert abs(score - (one.detection.score if one.detection else one.score)) < 1 / 256
        if heard:
            assert abs(start / 16000 - one.detection.start_s) < 1e-9
    return sum(one.detection is not None for one in expected)


@pytest.mark.parametrize(
    "detector",
    [
        DetectorSpec(hop_s=0.1),
        DetectorSpec(hop_s=0.25, smoothing_s=0.5, threshold=0.7),
        DetectorSpec(hop_s=0.01, smoothing_s=0.05, refractory_s=0.3),
    ],
    ids=["10 frames", "25 frames", "1 frame"],
)
def test_listener_hears_what_edge_hears(bundle, detector, tmp_path):
    samples = _words(1)
    chunks = np.sort(np.random.default_rng(2).integers(0, len(samples), 40))
    assert _compare(bundle, detector, tmp_path, samples, chunks) >= 6


def test_listener_with_a_root_mel_front_end(tone_models, tmp_path):
    root_mel = load_bundle(tone_models / "root")
    assert _compare(root_mel, root_mel.card.detector, tmp_path, _words(4), [1000, 30_001]) >= 6


@pytest.mark.parametrize("n", [0, 1, 479, 480, 1919, 1920, 1921, 3520, 3521])
def test_short_streams_end_at_the_same_evaluation(bundle, tmp_path, n):
    _compare(bundle, DetectorSpec(), tmp_path, _words(3)[1600 : 1600 + n], [])


def test_listener_on_speech(bundle, tmp_path, shared_data):
    clips = sorted((shared_data / "audio/gsc_v2_test").glob("*/*.flac"))[::500]
    samples = np.concatenate([soundfile.read(clip, dtype="int16")[0] for clip in clips])
    _compare(bundle, bundle.card.detector, tmp_path, samples, [1000])
