"""``make bench-firmware``: the generated C on emulated cores, beside TFLite-Micro.

Four networks on real inputs: bit for bit on this computer and on every core, instructions, memory, flash. Then the
files of ../shared/models, which TFLite-Micro with CMSIS-NN was measured on, and a recording from samples to words on an
emulated Cortex-M4 beside ``drsn-edge listen``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError
from drsn_keras.training.quiet import quiet_tensorflow
from keyword_runs import EPOCHS, configuration, require_data, trained
from vibration_bundle import read_windows, vibration_bundle

CORES = ("m4", "m7", "m55", "rv32")
HOST_INPUTS, CORE_INPUTS = 1000, 20
#: What TFLite-Micro with CMSIS-NN needs (../shared/models/README.md): M instructions on M4 and M55, arena, flash.
CMSIS_NN = {
    "drsn_clip": (7.45, 4.20, 24_276, 189_700),
    "drsn_tiny": (3.30, 2.11, 15_412, 145_300),
    "kws": (8.76, 2.87, 22_804, 138_500),
}
#: Largest figures that pass.
LIMITS = {
    "m4_drsn_clip_instructions_M": 4.5,
    "m4_drsn_tiny_instructions_M": 1.8,
    "m4_kws_instructions_M": 8.0,
    "m55_drsn_clip_instructions_M": 2.6,
    "m55_kws_instructions_M": 2.8,
    "keywords_over_resnet_m4": 1.10,
    **{f"m4_{name}_ram_over_cmsis_nn": 0.45 for name in CMSIS_NN},
    **{f"m4_{name}_flash_over_cmsis_nn": 0.35 for name in CMSIS_NN},
}
_MICRO = """
import sys
import numpy as np
from tflite_micro import runtime
x = np.load(sys.argv[2])
interpreter = runtime.Interpreter.from_bytes(open(sys.argv[1], "rb").read(), arena_size=4_000_000)
answers = []
for row in x:
    interpreter.set_input(row, 0)
    interpreter.invoke()
    answers.append(interpreter.get_output(0).reshape(-1))
np.save(sys.argv[3], np.stack(answers))
"""


def main() -> None:
    """Set up, measure, print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DRSN_DATA", "../shared/data")))
    parser.add_argument("--runs", type=Path, default=Path("build/bench/runs"))
    parser.add_argument("--out", type=Path, default=Path("build/bench/firmware.json"))
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    arguments = parser.parse_args()
    require_data(arguments.data)
    install()
    quiet_tensorflow()
    from drsn_keras.export.firmware.generate import generate

    flat: dict[str, object] = {}
    models = networks(arguments)
    for name, (content, inputs) in models.items():
        flat |= measured(name, generate(content, name), content, inputs, CORES)
    flat["keywords_over_resnet_m4"] = round(
        float(flat["m4_keywords_instructions_M"]) / float(flat["m4_resnet_instructions_M"]), 4
    )
    shared = arguments.data.parent / "models"
    for name, (_, _, ram, flash) in CMSIS_NN.items():
        path = shared / f"{name}.tflite"
        if not path.is_file():
            log(f"{path}: not there; not compared with TFLite-Micro and CMSIS-NN")
            continue
        content = path.read_bytes()
        generated = generate(content, path)
        shape = generated.program.network.tensors[generated.program.network.input].shape
        inputs = np.random.default_rng(0).integers(-128, 128, (CORE_INPUTS, *shape)).astype(np.int8)
        flat |= measured(name, generated, content, inputs, ("m4", "m55"))
        flat[f"m4_{name}_ram_over_cmsis_nn"] = round(int(flat[f"m4_{name}_ram_bytes"]) / ram, 4)
        flat[f"m4_{name}_flash_over_cmsis_nn"] = round(int(flat[f"m4_{name}_flash_bytes"]) / flash, 4)
    flat |= listened(arguments, float(flat["m4_keywords_instructions_M"]))
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(flat, indent=2) + "\n", encoding="utf-8")
    for name, value in flat.items():
        print(f"{name:<40} {value}")
    print("\n" + table(flat))
    log(f"written to {arguments.out}")
    missed = [f"{name} {flat[name]} (limit: {limit})" for name, limit in LIMITS.items() if flat.get(name, 0) > limit]
    missed += [f"{name} {value}" for name, value in flat.items() if name.endswith("mismatches") and value]
    missed += [] if flat["listen_equal"] else ["the emulated M4 hears other words than drsn-edge listen"]
    if missed:
        sys.exit("missed: " + ", ".join(missed))
    log("every limit kept")


def install() -> None:
    """Install the cross tools where they are missing and this is Debian's root; else say what to install."""
    from drsn_keras.export.firmware.toolchain import CORES as TARGETS
    from drsn_keras.export.firmware.toolchain import find

    missing = sorted({package for core in (*CORES, "host") for package in find(TARGETS[core])})
    if not missing:
        return
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit(f"please install: {' '.join(missing)}")
    log(" ".join(command))
    subprocess.run(["apt-get", "update", "-qq"], check=False, stdout=subprocess.DEVNULL)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def networks(arguments: argparse.Namespace) -> dict[str, tuple[bytes, np.ndarray]]:
    """Each network's file and at least 1,000 real inputs as its integers."""
    from drsn_keras.edge.interpreter import quantize
    from drsn_keras.model_card import MODEL_NAME, read_bundle

    found = {}
    run = None
    for name, kind in (("keywords", "drsn-cw"), ("resnet", "resnet")):
        run, bundle = keyword_bundle(arguments, kind)
        card, _ = read_bundle(bundle)
        features = test_features(run, run.config.spec)
        found[name] = (
            (bundle / MODEL_NAME).read_bytes(),
            quantize(features, card.input).reshape(-1, *card.input.shape),
        )
    bundle = vibration_bundle(arguments.data, arguments.runs / "vibration")
    card, _ = read_bundle(bundle)
    windows, _ = read_windows(arguments.data, test=True)
    more, _ = read_windows(arguments.data, test=False)
    x = np.concatenate([windows.x, more.x])[:: max(1, (len(windows.x) + len(more.x)) // (HOST_INPUTS + 200))]
    found["vibration"] = ((bundle / MODEL_NAME).read_bytes(), quantize(x, card.input).reshape(-1, *card.input.shape))
    found["ds_cnn"] = ds_cnn(arguments.data, run)
    return found


def keyword_bundle(arguments: argparse.Namespace, kind: str):
    """A trained run of bench-keywords and its bundle for microcontrollers."""
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.export.convert import convert_run
    from drsn_keras.export.recipe import Recipe

    run = trained(configuration(arguments.data, kind, 0, arguments.epochs), arguments.runs / kind)
    bundle = run.folder / "bundles" / "int8-tflm"
    convert_run(run, Recipe(target="tflm"), draw_calibration(run.corpus, run.config), bundle)
    return run, bundle


def test_features(run, spec) -> np.ndarray:
    """Features of the test clips, every second one in recorded noise at 0 dB [shape=(n, frames, channels)]."""
    from drsn_keras.training.conditions import RECORDED, noisy_clips, sources_of
    from drsn_keras.training.features import BatchFeatures

    clips = run.corpus.clips("test")
    waves = clips.x.astype(np.float32) / 32768.0
    ((_, noisy),) = noisy_clips(clips, sources_of(run.corpus, RECORDED, "test"), [0.0], 30_001)
    waves[1::2] = noisy[1::2]
    return BatchFeatures(spec)(waves)


def ds_cnn(data: Path, run) -> tuple[bytes, np.ndarray]:
    """MLPerf Tiny's DS-CNN as an int8 file with random weights, on MFCC of the same clips."""
    from drsn_keras.edge.interpreter import quantize
    from drsn_keras.export.inspection.flatbuffer import read_file
    from drsn_keras.frontend import MFCC_MLPERF
    from drsn_keras.model_card import TensorSpec

    path = data.parent / "models" / "kws.tflite"
    if not path.is_file():
        sys.exit(f"{path}: expected the DS-CNN beside the recordings")
    content = path.read_bytes()
    file = read_file(content)
    tensor = file.tensors[file.inputs[0]]
    # Its input range is that of normalised MFCC: zero mean, unit variance over these clips.
    features = test_features(run, MFCC_MLPERF)
    features = (features - features.mean(axis=(0, 1))) / features.std(axis=(0, 1))
    spec = TensorSpec(tensor.shape, tensor.dtype, float(tensor.scales[0]), int(tensor.zero_points[0]))
    return content, quantize(features, spec).reshape(-1, *tensor.shape)


def measured(name: str, generated, content: bytes, inputs: np.ndarray, cores: tuple[str, ...]) -> dict[str, object]:
    """Mismatches with TFLite-Micro on this computer and on each core, and what each core takes."""
    from drsn_keras.export.firmware.measure import measure

    expected = micro(content, inputs)
    host = measure(generated, "host", inputs)
    flat: dict[str, object] = {
        f"host_{name}_inputs": len(inputs),
        f"host_{name}_mismatches": int(np.count_nonzero(host.outputs != expected)),
    }
    some = inputs[:: max(1, len(inputs) // CORE_INPUTS)][:CORE_INPUTS]
    wanted = expected[:: max(1, len(inputs) // CORE_INPUTS)][:CORE_INPUTS]
    for core in cores:
        log(f"{core}: {name}")
        cost = measure(generated, core, some)
        flat |= {
            f"{core}_{name}_instructions_M": round(cost.instructions / 1e6, 4),
            f"{core}_{name}_ram_bytes": cost.ram_bytes,
            f"{core}_{name}_arena_bytes": cost.arena_bytes,
            f"{core}_{name}_flash_bytes": cost.flash_bytes,
            f"{core}_{name}_mismatches": int(np.count_nonzero(cost.outputs != wanted)),
        }
    return flat


def micro(content: bytes, inputs: np.ndarray) -> np.ndarray:
    """TFLite-Micro's answers [shape=(n, outputs), int8], from a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        model, x, y = Path(folder, "model.tflite"), Path(folder, "x.npy"), Path(folder, "y.npy")
        model.write_bytes(content)
        np.save(x, inputs)
        subprocess.run([sys.executable, "-c", _MICRO, model, x, y], check=True, stderr=subprocess.DEVNULL)
        return np.load(y)


def listened(arguments: argparse.Namespace, inference_M: float) -> dict[str, object]:
    """A stream of test clips through the firmware on an emulated M4 and through ``drsn-edge listen``."""
    from drsn_keras.export.firmware.build_project import build_project
    from drsn_keras.export.firmware.source_bundle import open_source
    from drsn_keras.export.firmware.stream import stream

    run, bundle = keyword_bundle(arguments, "drsn-cw")
    project = build_project(open_source(bundle))
    clips = run.corpus.clips("test")
    rows = np.random.default_rng(5).choice(len(clips.x), 30, replace=False)
    # Quiet noise between the clips: digital silence would cost the front end nothing.
    rng = np.random.default_rng(6)
    parts = [part for row in rows for part in (clips.x[row], rng.normal(0, 20, 8000))]
    recording = np.concatenate(parts).round().astype("<i2")
    m4 = stream(project, "m4", recording)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "stream.wav")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(recording.tobytes())
        command = [Path(sys.executable).with_name("drsn-edge"), "listen", bundle.resolve(), "--wav", path.name]
        here = subprocess.run(command, cwd=name, capture_output=True, text=True, check=True).stdout.splitlines()
    rows_m4, rows_edge = ([line.split() for line in lines] for lines in (m4.lines, here))
    # File, time, unit, word, score: the score is printed to two digits and may round apart by one.
    same = [row[1:4] for row in rows_m4] == [row[1:4] for row in rows_edge] and all(
        abs(float(a[4]) - float(b[4])) < 0.015 for a, b in zip(rows_m4, rows_edge, strict=False)
    )
    second = m4.instructions_per_second
    besides = second - 10 * inference_M * 1e6
    return {
        "listen_seconds": round(len(recording) / 16000, 1),
        "listen_detections": len(rows_m4),
        "listen_equal": bool(same),
        "m4_listen_instructions_per_second_M": round(second / 1e6, 2),
        "m4_listen_besides_the_model_M": round(besides / 1e6, 2),
        "m4_listen_load_at_80_MHz": round(second / 80e6, 4),
        "m4_listen_ram_bytes": project.generated.plan.n_bytes + project.signal.ram_bytes + m4.stack_bytes,
        "m4_listen_stack_bytes": m4.stack_bytes,
    }


def table(flat: dict[str, object]) -> str:
    """Markdown: a row for each network."""
    names = ["keywords", "resnet", "vibration", "ds_cnn", *(n for n in CMSIS_NN if f"m4_{n}_mismatches" in flat)]
    lines = [
        "| network | M4 | M7 | M55 | RV32 | RAM M4 | flash M4 | TFLM + CMSIS-NN M4 / M55 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in names:
        counts = [flat.get(f"{core}_{name}_instructions_M", "") for core in CORES]
        shown = " | ".join(f"{c:.2f}" if c != "" else "" for c in counts)
        beside = f"{CMSIS_NN[name][0]:.2f} / {CMSIS_NN[name][1]:.2f}" if name in CMSIS_NN else ""
        memory = f"{flat[f'm4_{name}_ram_bytes']:,} | {flat[f'm4_{name}_flash_bytes']:,}"
        lines.append(f"| {name} | {shown} | {memory} | {beside} |")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        main()
    except DrsnError as error:
        sys.exit(str(error))
