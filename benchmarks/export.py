"""``make bench-export``: what lowering and each quantisation cost and keep, on the keyword model of bench-keywords.

Accuracy is the mean over seeds of (Keras minus bundle) on the test clips, each scheme on the same clips in the same
noise; time is measured side by side in turns on one thread.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.training.quiet import quiet_tensorflow
from keyword_runs import conclude, configuration, key, options, require_data, show, start, table, trained

#: Largest figure that passes.
LIMITS = {
    "drsn_over_resnet": 1.40,
    "drsn_over_naive": 0.30,
    "partitions": 1,
    "float_tensors": 0,
    "int8_loss_clean": 0.3,
    "int8_loss_0db": 0.3,
    "int16x8_loss_clean": 0.1,
}
SEEDS = (0, 1, 2)
SNRS_DB = (10.0, 0.0, -5.0)
#: Draws of noise at each SNR: a point is then the mean over 3 x 1,148 clips.
NOISE_SEEDS = (30_001, 30_002, 30_003)
_ROUNDS = 4000


def recipes() -> dict[str, object]:
    """Every scheme of the table, by name."""
    from drsn_keras.export.recipe import Recipe

    found = [
        Recipe("float16"),
        Recipe("dynamic"),
        Recipe("int8"),
        Recipe("int8", ranges="percentile"),
        Recipe("int8", ranges="min-max"),
        Recipe("int8", target="tflm"),
        Recipe("int8-qat"),
        Recipe("int16x8"),
        Recipe("int8", prune=0.5),
        Recipe("int8", cluster=32),
    ]
    return {recipe.name: recipe for recipe in found}


def main() -> None:
    """Train what is missing, export all, measure, print and write the figures."""
    parser = options(__doc__, "export")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    arguments = parser.parse_args()
    require_data(arguments.data)
    quiet_tensorflow()
    runs = {seed: _run("drsn-cw", seed, arguments) for seed in SEEDS}
    tables = [_losses(run) for run in runs.values()]
    flat = {**_mean_losses(tables), **_sizes(runs[SEEDS[0]]), **_times(runs[SEEDS[0]], arguments)}
    flat["seeds"] = len(SEEDS)
    flat["test_clips"] = tables[0]["clips"]
    show(flat, _table(tables, flat), arguments.out)
    missed = [f"{name} {flat[name]} (limit: {limit})" for name, limit in LIMITS.items() if flat[name] > limit]
    if flat["qat_loss_clean"] > flat["int8_loss_clean"]:
        missed.append(f"qat_loss_clean {flat['qat_loss_clean']} (limit: int8_loss_clean {flat['int8_loss_clean']})")
    conclude(missed, [*LIMITS, "qat_loss_clean"])


def _run(kind: str, seed: int, arguments: argparse.Namespace):
    # The folder of bench-keywords for its seed: what it has trained is not trained again.
    folder = arguments.runs / (kind if seed == 0 else f"{kind}-seed{seed}")
    return trained(configuration(arguments.data, kind, seed, arguments.epochs), folder)


def _bundle(run, name: str) -> Path:
    return run.folder / "bundles" / name


def _losses(run) -> dict:
    """Export a run by every recipe; accuracy [%] of Keras and of each bundle, clean and in noise."""
    from drsn_keras.edge.bundle import load_bundle
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.export.convert import convert_run
    from drsn_keras.training.conditions import CLEAN, RECORDED
    from drsn_keras.training.evaluate import Candidate, accuracy_of, evaluate

    calibration = draw_calibration(run.corpus, run.config)
    candidates = [Candidate(run.config.model, "keras", run.predict)]
    for name, recipe in recipes().items():
        log(f"{run.folder.name}: {name}")
        convert_run(run, recipe, calibration, _bundle(run, name))
        bundle = load_bundle(_bundle(run, name))
        candidates.append(Candidate(run.config.model, name, bundle.interpreter.run_batch))
    found: dict[str, dict[str, float]] = {}
    draws = [
        evaluate(candidates, run.corpus, run.config, noises=[RECORDED], snrs_db=SNRS_DB, seed=seed)
        for seed in NOISE_SEEDS
    ]
    for name in ("keras", *recipes()):
        found[name] = {"clean": accuracy_of(draws[0], name, CLEAN, float("inf"))}
        for snr_db in SNRS_DB:
            found[name][key(snr_db)] = float(np.mean([accuracy_of(d, name, RECORDED, snr_db) for d in draws]))
    return {"accuracy": found, "clips": len(draws[0][0].truth)}


def _mean_losses(tables: list[dict]) -> dict[str, float]:
    flat = {}
    for name in recipes():
        # int8-qat is called qat; an option that follows int8 stays in the name.
        short = {"int8-qat": "qat"}.get(name, name.replace("-", "_"))
        for condition in ("clean", *map(key, SNRS_DB)):
            losses = [t["accuracy"]["keras"][condition] - t["accuracy"][name][condition] for t in tables]
            flat[f"{short}_loss_{condition}"] = round(float(np.mean(losses)), 3)
    for condition in ("clean", *map(key, SNRS_DB)):
        flat[f"keras_{condition}"] = round(float(np.mean([t["accuracy"]["keras"][condition] for t in tables])), 2)
    return flat


def _sizes(run) -> dict[str, int]:
    from drsn_keras.model_card import read_bundle

    flat = {}
    for name in recipes():
        card, _ = read_bundle(_bundle(run, name))
        flat[f"{name.replace('-', '_')}_bytes"] = card.size_bytes
        flat[f"{name.replace('-', '_')}_gzip_bytes"] = card.export["gzip_bytes"]
    return flat


def _times(run, arguments: argparse.Namespace) -> dict[str, float]:
    """The DRSN beside its ResNet twin and the naive conversions of its own weights."""
    from drsn_keras.export.benchmarking.latency import measure, ratio
    from drsn_keras.export.benchmarking.naive import naive_conversions
    from drsn_keras.export.calibration import draw_calibration
    from drsn_keras.export.convert import convert_run
    from drsn_keras.export.inspection.flatbuffer import read_file
    from drsn_keras.export.inspection.partitions import delegation
    from drsn_keras.export.recipe import Recipe
    from drsn_keras.model_card import MODEL_NAME

    twin = _run("resnet", SEEDS[0], arguments)
    calibration = draw_calibration(twin.corpus, twin.config)
    convert_run(twin, Recipe(), calibration, _bundle(twin, "int8"))
    models = {
        "drsn": (_bundle(run, "int8") / MODEL_NAME).read_bytes(),
        "resnet": (_bundle(twin, "int8") / MODEL_NAME).read_bytes(),
    }
    naive = naive_conversions(run.model, calibration.features)
    models |= {f"naive_{name.replace('-', '_')}": content for name, content in naive.items()}
    models["drsn_int16x8"] = (_bundle(run, "int16x8") / MODEL_NAME).read_bytes()
    times = measure(models, rounds=arguments.rounds, threads=1)
    delegated = {name: delegation(content) for name, content in models.items()}
    return {
        "drsn_over_resnet": round(ratio(times["drsn"], times["resnet"]), 3),
        "drsn_over_naive": round(ratio(times["drsn"], times["naive_textbook_int8"]), 3),
        "partitions": delegated["drsn"][0],
        "outside_partition": ", ".join(delegated["drsn"][1]),
        "float_tensors": len(read_file(models["drsn"]).float_tensors),
        **{f"{name}_us": round(latency.median_us, 2) for name, latency in times.items()},
        **{f"{name}_p90_us": round(latency.p90_us, 2) for name, latency in times.items()},
        **{f"{name}_partitions": n for name, (n, _) in delegated.items() if name != "drsn"},
        **_without_amx({name: models[name] for name in ("drsn", "resnet", "naive_textbook_int8")}, arguments.rounds),
        "quiet_machine": bool(all(latency.stable for latency in times.values())),
    }


def _without_amx(models: dict[str, bytes], rounds: int) -> dict[str, float]:
    """The ratios on a CPU's other kernels, where it has AMX."""
    cpu = Path("/proc/cpuinfo")
    if not (cpu.is_file() and "amx_int8" in cpu.read_text(encoding="ascii", errors="replace")):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in models.items():
            Path(folder, f"{name}.tflite").write_bytes(content)
        script = Path(__file__).with_name("latency_without_amx.py")
        done = subprocess.run(
            [sys.executable, str(script), folder, str(rounds)], capture_output=True, text=True, check=False
        )
    if done.returncode:
        log(f"not measured without AMX: {done.stderr.strip().splitlines()[-1]}")
        return {}
    found = json.loads(done.stdout)
    return {
        "drsn_over_resnet_without_amx": found["resnet"][0],
        "drsn_over_naive_without_amx": found["naive_textbook_int8"][0],
        **{f"{name}_without_amx_us": us for name, (_, us) in found.items()},
    }


def _table(tables: list[dict], flat: dict) -> str:
    conditions = ("clean", *map(key, SNRS_DB))
    rows = []
    for name in ("keras", *recipes()):
        means = {c: np.mean([t["accuracy"][name][c] for t in tables]) for c in conditions}
        losses = {c: np.mean([t["accuracy"]["keras"][c] - t["accuracy"][name][c] for t in tables]) for c in conditions}
        short = name.replace("-", "_")
        rest = ["", "", "", ""]
        if name != "keras":
            rest = [f"{losses[c]:+.2f}" for c in ("clean", "0db")]
            rest += [f"{flat[f'{short}_{size}']:,}" for size in ("bytes", "gzip_bytes")]
        rows.append([name, *(f"{means[c]:.2f}" for c in conditions), *rest])
    snrs = [f"{snr_db:g} dB" for snr_db in SNRS_DB]
    return table(["scheme", "clean", *snrs, "loss clean", "loss 0 dB", "bytes", "gzip"], rows)


if __name__ == "__main__":
    start(main)
