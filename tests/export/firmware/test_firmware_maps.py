"""The kernels of maps equal their definitions on every core and TFLite-Micro's, and keep their instruction budgets."""

from __future__ import annotations

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drsn_keras.export.firmware.arithmetic import Scale, add_scales, mean_scale, quantize_multiplier
from drsn_keras.export.firmware.rules.maps import softmax_scale
from drsn_keras.export.firmware.toolchain import CORES, FIRMWARE, WARNINGS, build, find, run

HERE = Path(__file__).parent
ENGINE = FIRMWARE / "engine"
KERNELS = [
    *(ENGINE / f"{name}_s8.c" for name in ("affine", "add", "add_exact", "multiply", "extremum", "table", "mean")),
    *(ENGINE / f"{name}_s8.c" for name in ("shrink_mean", "shrink_apply", "pool", "softmax", "pad", "mirror_pad")),
]
SANITISED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
PASSED = ("0 mismatches\n", 0)

#: Highest instructions per element of kernels_map_bench.c for 49 x 24 and 128 x 16, 2 % above the measured.
BUDGETS = {
    "m4": {
        "affine": (5.2, 5.0),
        "add": (6.77, 6.71),
        "add_clamped": (9.3, 9.25),
        "add_channels": (7.68, 8.06),
        "add_exact": (82.38, 82.68),
        "multiply": (20.0, 20.21),
        "maximum": (3.62, 3.82),
        "table": (4.42, 4.39),
        "mean": (3.69, 3.32),
        "shrink_mean": (4.07, 3.7),
        "shrink_apply": (12.12, 11.92),
        "shrink_apply_alone": (7.73, 7.56),
        "shrink_apply_scalar": (11.98, 11.87),
        "average_pool_2x1": (30.74, 31.93),
        "max_pool_2x1": (27.57, 28.61),
        "softmax_12": (354.58, 352.95),
        "pad": (4.91, 6.87),
        "mirror_pad": (2.82, 3.63),
    },
    "m55": {
        "affine": (2.75, 2.65),
        "add": (3.68, 3.64),
        "add_clamped": (3.68, 3.64),
        "add_channels": (5.59, 6.38),
        "add_exact": (101.89, 102.25),
        "multiply": (22.13, 22.38),
        "maximum": (2.21, 2.16),
        "table": (0.61, 0.56),
        "mean": (1.03, 0.89),
        "shrink_mean": (0.95, 0.78),
        "shrink_apply": (4.2, 4.08),
        "shrink_apply_alone": (2.38, 2.28),
        "shrink_apply_scalar": (4.12, 4.05),
        "average_pool_2x1": (27.45, 28.55),
        "max_pool_2x1": (29.57, 30.65),
        "softmax_12": (394.0, 392.19),
        "pad": (4.95, 6.94),
        "mirror_pad": (2.82, 3.63),
    },
    "m55-clang": {
        "affine": (3.04, 2.92),
        "add": (3.44, 3.39),
        "add_clamped": (3.44, 3.39),
        "add_channels": (4.68, 5.12),
        "add_exact": (81.58, 81.98),
        "multiply": (24.19, 24.69),
        "maximum": (1.63, 1.59),
        "table": (0.61, 0.57),
        "mean": (0.89, 0.76),
        "shrink_mean": (0.85, 0.7),
        "shrink_apply": (4.72, 4.59),
        "shrink_apply_alone": (2.79, 2.67),
        "shrink_apply_scalar": (4.65, 4.57),
        "average_pool_2x1": (33.66, 35.13),
        "max_pool_2x1": (30.23, 31.65),
        "softmax_12": (264.32, 263.09),
        "pad": (5.22, 7.32),
        "mirror_pad": (3.1, 4.03),
    },
    "rv32": {
        "affine": (14.65, 14.73),
        "add": (15.61, 15.56),
        "add_clamped": (16.16, 16.12),
        "add_channels": (15.14, 15.37),
        "add_exact": (86.19, 86.31),
        "multiply": (21.87, 21.95),
        "maximum": (13.18, 13.32),
        "table": (4.95, 4.91),
        "mean": (3.47, 3.09),
        "shrink_mean": (5.09, 4.73),
        "shrink_apply": (30.12, 30.2),
        "shrink_apply_alone": (20.74, 20.79),
        "shrink_apply_scalar": (27.87, 27.81),
        "average_pool_2x1": (19.82, 20.66),
        "max_pool_2x1": (19.67, 20.54),
        "softmax_12": (425.72, 423.75),
        "pad": (7.42, 8.71),
        "mirror_pad": (4.27, 3.72),
    },
}


def _core(name):
    core = CORES[name]
    if packages := find(core):
        pytest.skip(f"{name}: apt-get install {' '.join(packages)}")
    return core


def _check(name, folder, cases, optimisation, defines=(), extra=()):
    sources = [HERE / "kernels_map_check.c", *KERNELS]
    defines = [f"DRSN_CASES={cases}", *defines]
    elf = build(_core(name), sources, [ENGINE], folder / "check", defines, optimisation, [*WARNINGS, *extra])
    outcome = run(CORES[name], elf)
    return outcome.stdout, outcome.exit_code


@pytest.mark.parametrize("optimisation", ["-O0", "-O2"])
def test_equal_under_sanitisers_on_the_host(optimisation, tmp_path):
    assert _check("host", tmp_path, 500, optimisation, extra=SANITISED) == PASSED


@pytest.mark.parametrize(
    ("name", "optimisation"),
    [(name, "-O2") for name in CORES if name != "host"] + [(name, o) for name in ("m4", "m55") for o in ("-O0", "-Os")],
)
def test_equal_on_the_core(name, optimisation, tmp_path):
    assert _check(name, tmp_path, 20, optimisation) == PASSED


@pytest.mark.parametrize("name", ["m4", "m55"])
def test_the_portable_form_on_the_core(name, tmp_path):
    assert _check(name, tmp_path, 20, "-O2", ["DRSN_PORTABLE"]) == PASSED


@pytest.mark.parametrize("name", list(BUDGETS))
def test_instructions_per_element(name, tmp_path):
    core = _core(name)
    elf = build(core, [HERE / "kernels_map_bench.c", *KERNELS], [ENGINE], tmp_path / "bench", extra=WARNINGS)
    measured = {}
    for line in run(core, elf).stdout.splitlines():
        kernel, _, elements, instructions = line.split()
        measured.setdefault(kernel, []).append(int(instructions) / int(elements))
    assert measured.keys() == BUDGETS[name].keys()
    over = {
        kernel: [round(value, 2) for value in values]
        for kernel, values in measured.items()
        if any(value > most for value, most in zip(values, BUDGETS[name][kernel], strict=True))
    }
    assert over == {}


class _Scale(ctypes.Structure):
    _fields_ = (("multiplier", ctypes.c_int32), ("right_shift", ctypes.c_int32))

    @classmethod
    def of(cls, scale: Scale):
        return cls(scale.multiplier, scale.right_shift)


class _AddExact(ctypes.Structure):
    _fields_ = (
        *((name, _Scale) for name in ("a_scale", "b_scale", "output_scale")),
        *((name, ctypes.c_int8) for name in ("a_zero", "b_zero", "output_zero", "low", "high")),
        *((name, ctypes.c_uint8) for name in ("a_negative", "b_negative")),
    )


class _Multiply(ctypes.Structure):
    _fields_ = (
        ("scale", _Scale),
        *((name, ctypes.c_int8) for name in ("a_zero", "b_zero", "output_zero", "low", "high")),
    )


class _Mean(ctypes.Structure):
    _fields_ = (("scale", _Scale), ("input_zero", ctypes.c_int8), ("output_zero", ctypes.c_int8))


class _Softmax(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_int32) for name in ("multiplier", "left_shift", "diff_min"))


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """The kernels as a library of this computer."""
    if sys.platform != "linux":
        pytest.skip("TFLite-Micro's package is for Linux")
    if missing := find(CORES["host"]):
        pytest.skip(f"needs {' '.join(missing)}")
    path = tmp_path_factory.mktemp("library") / "kernels.so"
    command = ["cc", "-std=c99", "-O2", "-shared", "-fPIC", f"-I{ENGINE}", *map(str, KERNELS), "-o", str(path)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(path))


def _run(kernel, parameters, arrays, shape, *numbers):
    """The kernel's output for arrays; ``numbers`` as it takes them, the output where None stands."""
    output = np.full(shape, 99, np.int8)
    pointers = [np.ascontiguousarray(x).ctypes.data_as(ctypes.c_void_p) for x in arrays]
    target = output.ctypes.data_as(ctypes.c_void_p)
    words = [target if number is None else ctypes.c_uint32(number) for number in numbers]
    kernel(ctypes.byref(parameters), *pointers, *words)
    return output


def _scale(rng, low=0.002, high=0.2):
    return float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))


def _zero(rng):
    return int(rng.choice([-128, 0, 127, rng.integers(-128, 128)]))


@pytest.mark.parametrize(
    ("shape", "axes", "keep"),
    [((1, 7, 5, 6), (1, 2), True), ((1, 7, 5, 6), (2, 1), False), ((1, 35, 6), (1,), True), ((1, 300, 6), (1,), False)],
)
def test_mean_equals_tflite_micro(library, shape, axes, keep, tmp_path):
    from one_operator import Map, in_micro, one_operator

    rng = np.random.default_rng(3)
    count, channels = int(np.prod(shape)) // shape[-1], shape[-1]
    reduced = (1, *(1,) * len(axes), channels) if keep else (1, channels)
    ends, cases = [], []
    for case in range(24):
        x = Map(shape, _scale(rng), _zero(rng))
        # A third keeps the scale: TFLite's runtime for computers has a form of its own for it, the micro one has not.
        y = Map(reduced, *((x.scale, x.zero) if case % 3 == 0 else (x.scale * rng.uniform(0.02, 2.0), _zero(rng))))
        spread = rng.choice([4.0, 30.0, 300.0])
        values = np.clip(rng.normal(x.zero, spread, (20, *shape)), -128, 127).astype(np.int8)
        content = one_operator("MEAN", "ReducerOptions", {"keepDims": keep}, [x], y, [np.array(axes)])
        ends.append((x, y))
        cases.append((content, [values]))
    for (x, y), (_, [values]), expected in zip(ends, cases, in_micro(tmp_path, cases), strict=True):
        scale = mean_scale(np.float32(x.scale), np.float32(y.scale), count)
        parameters = _Mean(_Scale.of(scale), x.zero, y.zero)
        for row, wanted in zip(values, expected, strict=True):
            got = _run(library.drsn_mean_s8, parameters, [row], channels, None, count, channels)
            np.testing.assert_array_equal(got, wanted.reshape(-1))


@pytest.mark.parametrize("columns", [2, 3, 12, 35, 400])
def test_softmax_equals_tflite_micro(library, columns, tmp_path):
    from one_operator import Map, in_micro, one_operator

    rng = np.random.default_rng(columns)
    ends, cases = [], []
    for beta in (1.0, 1.0, 1.0, 0.5, 3.0):
        for _ in range(4):
            x = Map((1, columns), _scale(rng, 0.001, 1.0), _zero(rng))
            values = rng.integers(-128, 128, (60, 1, columns)).astype(np.int8)
            values[::3] = np.clip(rng.normal(0, 6, values[::3].shape), -128, 127)
            values[:3] = np.array([-128, 127, 5])[:, None, None]
            content = one_operator("SOFTMAX", "SoftmaxOptions", {"beta": beta}, [x], Map((1, columns), 1 / 256, -128))
            ends.append((x, beta))
            cases.append((content, [values]))
    for (x, beta), (_, [values]), expected in zip(ends, cases, in_micro(tmp_path, cases), strict=True):
        scale, diff_min = softmax_scale(beta, float(np.float32(x.scale)))
        parameters = _Softmax(scale.multiplier, -scale.right_shift, diff_min)
        got = _run(library.drsn_softmax_s8, parameters, [values], values.shape, None, len(values), columns)
        np.testing.assert_array_equal(got, expected)


def _all_pairs():
    """Two maps [shape=(1, 1, 65536), int8] that have every pair of values."""
    every = np.arange(-128, 128, dtype=np.int8)
    return tuple(x.reshape(1, 1, -1) for x in np.meshgrid(every, every, indexing="ij"))


def _binary(name, options, rng, n, folder, output_scale):
    """(a, b, output) ends and TFLite-Micro's results for all pairs, for n draws of scales."""
    from one_operator import Map, in_micro, one_operator

    pairs = _all_pairs()
    ends = []
    for _ in range(n):
        a, b = (Map((1, pairs[0].size), _scale(rng), _zero(rng)) for _ in range(2))
        ends.append((a, b, Map((1, pairs[0].size), float(np.float32(output_scale(a, b, rng))), _zero(rng))))
    cases = [(one_operator(name, options, {}, [a, b], y), pairs) for a, b, y in ends]
    return ends, in_micro(folder, cases)


def test_multiply_equals_tflite_micro(library, tmp_path):
    rng = np.random.default_rng(5)
    a, b = _all_pairs()
    ends, expected = _binary(
        "MUL",
        "MulOptions",
        rng,
        12,
        tmp_path,
        lambda a, b, rng: a.scale * b.scale * rng.choice([0.4, 1.0, 30.0, 130.0]),
    )
    for (x, w, y), wanted in zip(ends, expected, strict=True):
        real = float(np.float32(x.scale)) * float(np.float32(w.scale)) / float(np.float32(y.scale))
        parameters = _Multiply(_Scale.of(quantize_multiplier(real)), x.zero, w.zero, y.zero, -128, 127)
        got = _run(library.drsn_multiply_s8, parameters, [a, b], a.shape, 1, None, 1, a.size)
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("name", ["ADD", "SUB"])
def test_add_exact_equals_tflite_micro(library, name, tmp_path):
    rng = np.random.default_rng(6)
    a, b = _all_pairs()
    options = f"{name.capitalize()}Options"
    ends, expected = _binary(
        name, options, rng, 12, tmp_path, lambda a, b, rng: max(a.scale, b.scale) * rng.uniform(0.4, 2.0)
    )
    for (x, w, y), wanted in zip(ends, expected, strict=True):
        scales = add_scales(np.float32(x.scale), np.float32(w.scale), np.float32(y.scale))
        parameters = _AddExact(
            *map(_Scale.of, (scales.a, scales.b, scales.output)), x.zero, w.zero, y.zero, -128, 127, 0, name == "SUB"
        )
        got = _run(library.drsn_add_exact_s8, parameters, [a, b], a.shape, 1, None, 1, a.size)
        np.testing.assert_array_equal(got, wanted)


class _MirrorPad(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint16) for name in ("height", "width", "channels")),
        *((name, ctypes.c_uint16 * 2) for name in ("before", "after")),
        ("edge", ctypes.c_uint8),
    )


@pytest.mark.parametrize("mode", [0, 1], ids=["reflect", "symmetric"])
def test_mirror_pad_equals_tflite_micro(library, mode, tmp_path):
    from one_operator import Map, in_micro, one_operator

    rng = np.random.default_rng(7)
    cases, wanted = [], []
    for _ in range(12):
        sides = rng.integers(1, 7, 3)
        pairs = rng.integers(0, (sides[:2, None] + mode), (2, 2))
        x = Map((1, *map(int, sides)), 0.1, 3)
        y = Map((1, *map(int, sides[:2] + pairs.sum(axis=1)), int(sides[2])), 0.1, 3)
        amounts = np.concatenate([[[0, 0]], pairs, [[0, 0]]])
        values = rng.integers(-128, 128, (2, *x.shape)).astype(np.int8)
        content = one_operator("MIRROR_PAD", "MirrorPadOptions", {"mode": mode}, [x], y, [amounts])
        cases.append((content, [values]))
        wanted.append((_MirrorPad(*map(int, sides), tuple(pairs[:, 0]), tuple(pairs[:, 1]), mode), y.shape))
    for (parameters, shape), (_, [values]), expected in zip(wanted, cases, in_micro(tmp_path, cases), strict=True):
        for row, micro in zip(values, expected, strict=True):
            np.testing.assert_array_equal(_run(library.drsn_mirror_pad_s8, parameters, [row], shape, None), micro)


def test_tanh_equals_tflite_micro(tmp_path):
    """The table of every input scale, from the coarsest to one that never leaves the straight part."""
    from one_operator import Map, in_micro, one_operator

    from drsn_keras.export.firmware.tables import tanh_table
    from drsn_keras.export.inspection.flatbuffer import read_file

    rng = np.random.default_rng(8)
    values = np.arange(256, dtype=np.uint8).view(np.int8).reshape(1, 1, 256)
    cases = []
    for _ in range(40):
        x = Map((1, 256), _scale(rng, 1e-4, 2.0), _zero(rng))
        cases.append((one_operator("TANH", "", {}, [x], Map((1, 256), 1 / 128, 0)), [values]))
    for (content, _), expected in zip(cases, in_micro(tmp_path, cases), strict=True):
        file = read_file(content)
        table = tanh_table(file.operators[0], *file.tensors)
        np.testing.assert_array_equal(table, expected.ravel())
        assert np.ptp(table) > 1
