"""drsn_conv_s8 and drsn_depthwise_s8 equal TFLite's definition on every core, and keep to their instruction budgets."""

from __future__ import annotations

from pathlib import Path

import pytest

from drsn_keras.export.firmware.toolchain import CORES, FIRMWARE, WARNINGS, build, find, run

HERE = Path(__file__).parent
ENGINE = FIRMWARE / "engine"
KERNELS = [ENGINE / "conv_s8.c", ENGINE / "depthwise_s8.c"]
SANITISED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

#: Most instructions per multiplication, padding's included, of the layers of kernels_conv_bench.c: 2 % above measured.
BUDGETS = {
    "m4": {
        "pointwise_64_64": 1.16,
        "conv_10x4x1_64": 1.53,
        "conv_1x3_32_32": 1.12,
        "conv_1x9_24_24": 1.08,
        "conv_1x3_16_16": 1.37,
        "depthwise_3x3_64": 4.50,
        "dense_64_12": 2.61,
    },
    "m55": {
        "pointwise_64_64": 0.278,
        "conv_10x4x1_64": 0.576,
        "conv_1x3_32_32": 0.254,
        "conv_1x9_24_24": 0.224,
        "conv_1x3_16_16": 0.428,
        "depthwise_3x3_64": 2.22,
        "dense_64_12": 0.88,
    },
    "rv32": {
        "pointwise_64_64": 3.94,
        "conv_10x4x1_64": 4.50,
        "conv_1x3_32_32": 3.77,
        "conv_1x9_24_24": 3.57,
        "conv_1x3_16_16": 4.29,
        "depthwise_3x3_64": 11.1,
        "dense_64_12": 4.90,
    },
}


def _core(name):
    core = CORES[name]
    if packages := find(core):
        pytest.skip(f"{name}: apt-get install {' '.join(packages)}")
    return core


@pytest.mark.parametrize("optimisation", ["-O0", "-O2"])
def test_equal_under_sanitisers_on_the_host(optimisation, tmp_path):
    sources = [HERE / "kernels_conv_check.c", *KERNELS]
    elf = build(
        _core("host"), sources, [ENGINE], tmp_path / "check", ["DRSN_CASES=1000"], optimisation, [*WARNINGS, *SANITISED]
    )
    outcome = run(CORES["host"], elf)
    assert (outcome.stdout, outcome.exit_code) == ("0 mismatches in 2000 geometries\n", 0)


@pytest.mark.parametrize("optimisation", ["-O2", "-Os", "-O0"])
@pytest.mark.parametrize("name", [name for name in CORES if name != "host"])
def test_equal_on_the_core(name, optimisation, tmp_path):
    core = _core(name)
    sources = [HERE / "kernels_conv_check.c", *KERNELS]
    elf = build(core, sources, [ENGINE], tmp_path / "check", ["DRSN_CASES=60"], optimisation, WARNINGS)
    outcome = run(core, elf)
    assert (outcome.stdout, outcome.exit_code) == ("0 mismatches in 120 geometries\n", 0)


@pytest.mark.parametrize("name", ["m4", "m55"])
def test_the_portable_form_on_the_core(name, tmp_path):
    core = _core(name)
    sources = [HERE / "kernels_conv_check.c", *KERNELS]
    elf = build(core, sources, [ENGINE], tmp_path / "check", ["DRSN_CASES=60", "DRSN_PORTABLE"], "-O2", WARNINGS)
    outcome = run(core, elf)
    assert (outcome.stdout, outcome.exit_code) == ("0 mismatches in 120 geometries\n", 0)


@pytest.mark.parametrize("name", list(BUDGETS))
def test_instructions_per_multiplication(name, tmp_path):
    core = _core(name)
    elf = build(core, [HERE / "kernels_conv_bench.c", *KERNELS], [ENGINE], tmp_path / "bench", extra=WARNINGS)
    lines = [line.split() for line in run(core, elf).stdout.splitlines()]
    measured = {layer: int(instructions) / int(products) for layer, products, instructions in lines}
    assert measured.keys() == BUDGETS[name].keys()
    assert {layer: round(value, 3) for layer, value in measured.items() if value > BUDGETS[name][layer]} == {}
