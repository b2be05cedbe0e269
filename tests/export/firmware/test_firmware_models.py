"""Generated C of every network of the catalogue, bit for bit TFLite-Micro, under sanitizers; budgets on the M4."""

import dataclasses
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from catalogue_files import int8_file, make_files
from drsn_keras.errors import BundleError
from drsn_keras.export.firmware import toolchain
from drsn_keras.export.firmware.generate import generate
from drsn_keras.export.firmware.measure import measure
from drsn_keras.export.firmware.project import firmware_folder, with_headers
from drsn_keras.models import catalogue, keyword_network

NAMES = [name for name in catalogue() if "projection" not in name or name.endswith("drsn-cw")]
#: Broadcasts frames over bands, for which there is no kernel.
NO_C = ["keyword-peers/bc-resnet"]
OTHER_FORM = ["keywords/drsn-cw", "image/drsn-cs", "paper/drsn-cw"]
RUNNER = Path(__file__).with_name("model_runner.c")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")


def run_on_host(generated, inputs, folder, sanitizers=SANITIZERS):
    """Answers [shape=(n, outputs)] of generated C, compiled strictly."""
    engine = firmware_folder() / "engine"
    for name, text in generated.model_files().items():
        (folder / name).write_text(text)
    kernels = [path for path in with_headers(engine, generated.program.sources) if path.suffix == ".c"]
    program = folder / "run"
    command = ["gcc", "-std=c99", "-O1", *toolchain.WARNINGS, *sanitizers, f"-I{engine}", f"-I{folder}"]
    subprocess.run([*command, folder / "model.c", RUNNER, *kernels, "-o", program], check=True)
    done = subprocess.run([program], input=inputs.tobytes(), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return np.frombuffer(done.stdout, np.int8).reshape(len(inputs), -1).astype(int)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_C])
def test_c_answers_as_tflite_micro(micro_files, name, tmp_path):
    """Not one output differs; nothing is read or written where it must not be."""
    expected = micro_files.answers(name).reshape(20, -1)
    generated = generate(micro_files.path(name).read_bytes(), name)
    found = run_on_host(generated, micro_files.inputs(name), tmp_path)
    assert np.ptp(expected) > 10, "an output that never changes would agree with everything"
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", NO_C)
def test_what_c_has_no_kernel_for_is_refused_in_a_line(micro_files, name):
    with pytest.raises(
        BundleError, match=r"operator \d+ ADD: expected equal shapes, a value for each channel"
    ) as error:
        generate(micro_files.path(name).read_bytes(), name)
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def other_form(tmp_path_factory):
    """Networks as they are lowered for LiteRT."""
    return make_files(tmp_path_factory.mktemp("litert"), OTHER_FORM, "litert")


@pytest.mark.parametrize("name", OTHER_FORM)
def test_the_form_for_litert_runs_too(other_form, name, tmp_path):
    generated = generate(other_form.path(name).read_bytes(), name)
    found = run_on_host(generated, other_form.inputs(name), tmp_path)
    np.testing.assert_array_equal(found, other_form.answers(name).reshape(20, -1))


@pytest.mark.parametrize("name", ["keywords/drsn-cw", "keywords/drsn-cs", "image/drsn-cw", "paper/drsn-cs"])
def test_the_shrinkage_is_fused(micro_files, name):
    """Two passes over each map: what is fused leaves no |x|, no clipped map, no map before the residual sum."""
    generated = generate(micro_files.path(name).read_bytes(), name)
    kernels = [step.kernel for step in generated.program.steps]
    operators = generated.program.network.operators
    units = sum(op.name == "MAXIMUM" for op in operators)
    assert units > 0
    assert kernels.count("drsn_shrink_mean_s8") == kernels.count("drsn_shrink_apply_s8") == units
    assert not {"drsn_maximum_s8", "drsn_minimum_s8"} & set(kernels)
    fused = [step for step in generated.program.steps if step.kernel == "drsn_shrink_apply_s8"]
    assert all(len(step.operators) == 4 for step in fused), "with the residual sum"
    assert sorted(i for step in generated.program.steps for i in step.operators) == [op.index for op in operators]


def test_memory_is_shared_and_kept_apart(micro_files):
    """The plan is far below a buffer for every map; what lives at once overlaps only as far as a kernel allows it."""
    for name in sorted(set(NAMES) - set(NO_C)):
        generated = generate(micro_files.path(name).read_bytes(), name)
        program, plan = generated.program, generated.plan
        place, last = program.network.place, {}
        sizes = {step.output: program.network.tensors[step.output].n_bytes for step in program.steps}
        sizes[program.network.input] = program.network.tensors[program.network.input].n_bytes
        assert plan.n_bytes < sum(sizes.values())
        assert all(offset % 4 == 0 for offset in (*plan.tensors.values(), *plan.scratch.values()))
        for number, step in enumerate(program.steps):
            last.update({place(index): number for index in step.inputs})
        last[program.network.output] = len(program.steps)
        alive = [program.network.input]
        for number, step in enumerate(program.steps):
            start, end = plan.tensors[step.output], plan.tensors[step.output] + sizes[step.output]
            assert end <= plan.n_bytes
            exact = {place(index): distance for index, distance in step.in_place.items()}
            slides = {place(index): distance for index, distance in step.slides.items()}
            for index in alive:
                at = plan.tensors[index]
                if at + sizes[index] > start and end > at:
                    before = at - start
                    assert last[index] == number, (name, number)
                    assert before == exact.get(index, before + 1) or before >= slides.get(index, before + 1)
            if number in plan.scratch:
                low, high = plan.scratch[number], plan.scratch[number] + step.scratch
                for index in (*alive, step.output):
                    assert plan.tensors[index] >= high or plan.tensors[index] + sizes[index] <= low, (name, number)
            alive = [index for index in (*alive, step.output) if last[index] > number]


def test_the_shrinkage_costs_little():
    """The keyword DRSN of the documentation on an M4: at most 10 % above its ResNet twin, and absolute budgets."""
    if missing := toolchain.find(toolchain.CORES["m4"]):
        pytest.skip(f"needs {' '.join(missing)}")
    costs = {}
    for kind in ("drsn-cw", "resnet"):
        content = int8_file(keyword_network((98, 40), 12, kind), "tflm")
        inputs = np.random.default_rng(0).integers(-128, 128, (2, 98 * 40)).astype(np.int8)
        costs[kind] = measure(generate(content, kind), "m4", inputs)
    assert costs["drsn-cw"].instructions <= 1.10 * costs["resnet"].instructions
    assert costs["drsn-cw"].instructions <= 1.85e6
    assert costs["drsn-cw"].ram_bytes <= 5_600
    assert costs["drsn-cw"].flash_bytes <= 90_000


#: Millions of instructions, arena and stack, flash of the whole program: TFLite-Micro with CMSIS-NN needs more.
BUDGETS = {
    ("drsn_clip", "m4"): (4.5, 0.45 * 24_276, 0.35 * 189_700),
    ("drsn_tiny", "m4"): (1.8, 0.45 * 15_412, 0.35 * 145_300),
    ("kws", "m4"): (8.0, 0.45 * 22_804, 0.35 * 138_500),
    ("drsn_clip", "m55"): (2.6, None, None),
    ("kws", "m55"): (2.8, None, None),
}


@pytest.mark.parametrize(("model", "core"), BUDGETS)
def test_budgets(model, core, shared_models):
    """Instruction counts are the same at every run, so they are asserted."""
    if missing := toolchain.find(toolchain.CORES[core]):
        pytest.skip(f"needs {' '.join(missing)}")
    instructions_m, ram, flash = BUDGETS[model, core]
    generated = generate((shared_models / f"{model}.tflite").read_bytes(), model)
    shape = generated.program.network.tensors[generated.program.network.input].shape
    inputs = np.random.default_rng(0).integers(-128, 128, (2, *shape)).astype(np.int8)
    cost = measure(generated, core, inputs)
    host = measure(generated, "host", inputs)
    np.testing.assert_array_equal(cost.outputs, host.outputs)
    assert cost.instructions <= instructions_m * 1e6
    assert sum(cost.steps) == pytest.approx(cost.instructions, rel=0.05)
    if ram is not None:
        assert cost.ram_bytes <= ram
        assert cost.flash_bytes <= flash


@pytest.mark.parametrize("core", ["m4", "m7", "m55", "rv32"])
def test_every_core_answers_as_the_host(micro_files, core):
    """The DSP, MVE and portable kernels are the same function."""
    if missing := toolchain.find(toolchain.CORES[core]):
        pytest.skip(f"needs {' '.join(missing)}")
    for name in ("keywords/drsn-cw", "image/drsn-cs", "paper/senet"):
        generated = generate(micro_files.path(name).read_bytes(), name)
        cost = measure(generated, core, micro_files.inputs(name))
        np.testing.assert_array_equal(cost.outputs.astype(int), micro_files.answers(name).reshape(20, -1))


def test_two_prefixes_link_together(micro_files, tmp_path):
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")
    content = micro_files.path("paper/resnet").read_bytes()
    engine = firmware_folder() / "engine"
    sources = []
    for prefix in ("first", "second_2"):
        generated = generate(content, "net.tflite", prefix, labels=["a", 'b"\\?', "ü", "d"])
        for name, text in generated.model_files().items():
            (tmp_path / name).write_text(text)
        sources.append(tmp_path / f"{prefix}.c")
    (tmp_path / "main.c").write_text(
        '#include <string.h>\n#include "first.h"\n#include "second_2.h"\n'
        "static first_state a;static second_2_state b;\n"
        "int main(void) { first_invoke(&a); second_2_invoke(&b);\n"
        'return strcmp(first_labels[1], "b\\"\\\\?") || strcmp(second_2_labels[2], "\\303\\274"); }\n'
    )
    kernels = [path for path in with_headers(engine, generated.program.sources) if path.suffix == ".c"]
    command = ["gcc", "-std=c99", *toolchain.WARNINGS, f"-I{engine}", f"-I{tmp_path}", *sources, tmp_path / "main.c"]
    subprocess.run([*command, *kernels, "-o", tmp_path / "both"], check=True)
    assert subprocess.run([tmp_path / "both"], check=False).returncode == 0


def test_generation_is_the_same_every_time(micro_files):
    content = micro_files.path("keywords/drsn-cw").read_bytes()
    first, second = (generate(content, "net.tflite") for _ in range(2))
    assert first.model_files() == second.model_files()
    assert dataclasses.asdict(first.plan) == dataclasses.asdict(second.plan)
