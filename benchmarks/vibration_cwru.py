"""``make bench-vibration-cwru``: CWRU without a leak, networks beside classical rows, matched and unmatched noise.

Leave one load out (10 states, four splits) and hold one fault size out (4 states, three splits). Every row trains in
white noise at -10 to 20 dB and is tested clean, in white noise (matched), in pink and Laplacian noise (unmatched).
Stopped at any time it goes on where it was; results lie in build/bench/vibration-cwru.jsonl.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from study import Job, Network, interval, run_jobs

from keyword_runs import conclude, key, show, start, table

RAW = ("signal",)
SPECTRA = ("spectrum", "envelope_spectrum")
#: row -> (network, what it sees): spectra first, then wide first kernels, then the paper's. The rows ``-long`` are the
#: same networks, trained longer, with a load left out only: what a longer training gives.
NETWORKS = {
    **{f"spectra-{kind}": (f"wide-{kind}", SPECTRA) for kind in ("resnet", "drsn-cs", "drsn-cw")},
    **{f"spectra-{kind}-long": (f"wide-{kind}", SPECTRA) for kind in ("resnet", "drsn-cs", "drsn-cw")},
    **{kind: (kind, RAW) for kind in ("wdcnn", "wide-drsn-cw", "wide-resnet")},
    **{kind: (kind, RAW) for kind in ("drsn-cw", "resnet", "drsn-cs", "senet", "convnet")},
}
CLASSICAL = ("envelope-forest", "fft-svm", "fft-ridge", "rms-kurtosis")
ROWS = (*CLASSICAL, *NETWORKS)
DRSN = tuple(row for row in NETWORKS if "drsn" in row)
#: The claim at 0 dB with a load left out: the best DRSN is not behind any other row.
CLAIMED = "load_white_0db"
#: Rows that are quantised as well, in the first seeds.
INT8_ROWS, INT8_SEEDS = ("drsn-cw", "spectra-drsn-cw", "spectra-drsn-cw-long"), (0, 1)
SEEDS = 5
STEPS, LONG_STEPS, BATCH, RATE, WARMUP = 300, 1000, 64, 4e-3, 40
#: Share of training windows in noise, and how much faster or slower they are played.
NOISY, SPEED_CHANGE = 0.9, 0.05
#: Noisy copies of the training windows that a classical row is given beside the clean ones.
_NOISY_COPIES = 1
HELD_OUT = {"load": ("0 hp", "1 hp", "2 hp", "3 hp"), "size": ("0.007 in", "0.014 in", "0.021 in")}
#: Macro-F1 [%] that the best DRSN has to reach clean with a fault size held out: the published envelope + forest.
LEAST_SIZE_CLEAN = 63.5
#: Points of macro-F1 that int8 may lose.
MOST_INT8_LOSS = 0.5
FIGURES = Path("docs/results/vibration-cwru")


def steps_of(row: str) -> int:
    """Batches that a network is trained on."""
    if row in CLASSICAL:
        return 0
    return LONG_STEPS if row.endswith("-long") else STEPS


def recipe_of(row: str) -> str:
    """What decides a row's result besides its name; another recipe is another job."""
    if row in CLASSICAL:
        return f"clean and {_NOISY_COPIES} noisy copy"
    return f"{steps_of(row)} steps of {BATCH}, rate {RATE:g}, noisy {NOISY:g}, speed {SPEED_CHANGE:g}"


def _data() -> Path:
    """The recordings; main() has looked for them. Not part of a job: where they lie decides nothing."""
    return Path(os.environ["DRSN_DATA"])


def jobs(rows: Sequence[str], splits: Sequence[str], seeds: int) -> list[list[Job]]:
    """Groups of one row and split."""
    return [
        [
            {"row": row, "split": split, "held_out": held_out, "seed": seed, "recipe": recipe_of(row)}
            for seed in range(seeds)
            for held_out in HELD_OUT[split]
        ]
        for row in rows
        for split in splits
        if not (split == "size" and row.endswith("-long"))
    ]


def work(group: Sequence[Job], finished: Callable[[Job, dict[str, Any]], None]) -> None:
    """Train and test the jobs of one row and split."""
    row = group[0]["row"]
    run = _classical if row in CLASSICAL else _networks
    run(group, finished)


def _scores(predict: Callable[[np.ndarray], np.ndarray], job: Job) -> dict[str, float]:
    """Macro-F1 and accuracy [%] in every condition."""
    from cwru_task import CONDITIONS, split_of, test_windows, tested
    from sklearn.metrics import f1_score

    data = _data()
    windows, split = split_of(data, job["split"], job["held_out"])
    truth = windows.y[tested(split)]
    found = {}
    for noise, snr_db in CONDITIONS:
        answer = predict(test_windows(data, job["split"], job["held_out"], noise, snr_db))
        name = condition_name(noise, snr_db)
        found[name] = round(100.0 * float(f1_score(truth, answer, average="macro", zero_division=0.0)), 3)
        found[f"{name}_accuracy"] = round(100.0 * float(np.mean(answer == truth)), 3)
    return found


def condition_name(noise: str, snr_db: float) -> str:
    """``clean``, ``white_m5db``."""
    return noise if noise == "clean" else f"{noise}_{key(snr_db)}"


def _said(scores: dict[str, float]) -> str:
    return f"macro-F1 clean {scores['clean']:.1f}, white 0 dB {scores['white_0db']:.1f}"


def _classical(group: Sequence[Job], finished: Callable[[Job, dict[str, Any]], None]) -> None:
    from cwru_task import band_of, noisy_copies, split_of

    from drsn_keras.training.vibration.baselines import baseline

    for job in group:
        place = (_data(), job["split"], job["held_out"])
        windows, _ = split_of(*place)
        model = baseline(job["row"], windows.sample_rate_hz, band_of(*place), job["seed"])
        model.fit(*noisy_copies(*place, _NOISY_COPIES, job["seed"]))
        scores = _scores(model.predict, job)
        finished(job, {**scores, "said": _said(scores)})


def _networks(group: Sequence[Job], finished: Callable[[Job, dict[str, Any]], None]) -> None:
    import keras
    from cwru_task import corpus_of

    from drsn_keras.frontend import window_features
    from drsn_keras.models import vibration_network
    from drsn_keras.training.vibration.batches import VibrationBatches

    kind, channels = NETWORKS[group[0]["row"]]
    spectral = channels != RAW
    network = None
    for job in group:
        corpus = corpus_of(_data(), job["split"], job["held_out"], channels, job["seed"])
        config = _config(corpus, job)
        spec = config.spec
        if network is None:
            shape, classes = spec.shape, len(corpus.labels)

            def build(activation=None, shape=shape, classes=classes):
                return vibration_network(shape, classes, kind, spectral=spectral, activation=activation)

            optimizer = keras.optimizers.AdamW(RATE, weight_decay=0.02)
            optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
            network = Network(build, optimizer, label_smoothing=0.1)
        batches = VibrationBatches(corpus, config, job["seed"])
        steps = steps_of(job["row"])

        def rate(step: int, steps=steps) -> float:
            warm = min(1.0, (step + 1) / WARMUP)
            return RATE * warm * 0.5 * (1.0 + np.cos(np.pi * step / steps))

        network.train(job["seed"], steps, batches.batch, rate)

        def answers(x: np.ndarray, spec=spec, network=network) -> np.ndarray:
            return network.predict(window_features(x / spec.full_scale, spec)).argmax(axis=1)

        scores = _scores(answers, job)
        result = {**scores, "said": _said(scores)}
        if job["row"] in INT8_ROWS and job["seed"] in INT8_SEEDS:
            final = build("softmax")
            final.set_weights(network.model.get_weights())
            result["int8"] = _scores(_int8(final, batches, spec), job)
        finished(job, result)


def _config(corpus, job: Job):
    from drsn_keras.training.vibration.config import VibrationConfig

    spec = _spec_of(corpus, job)
    return VibrationConfig(
        data=str(_data()),
        source="cwru",
        noise_kinds=corpus.noise_kinds,
        front_end=spec.to_dict(),
        batch_size=BATCH,
        noisy=NOISY,
        speed_change=SPEED_CHANGE,
        seed=job["seed"],
    )


def _spec_of(corpus, job: Job):
    from cwru_task import band_of

    from drsn_keras.frontend import WindowSpec

    _, channels = NETWORKS.get(job["row"], ("", RAW))
    envelope = "envelope_spectrum" in channels
    return WindowSpec(
        sample_rate_hz=corpus.sample_rate_hz,
        n_samples=corpus.n_samples,
        hop_length=corpus.n_samples,
        full_scale=corpus.full_scale,
        channels=channels,
        band_hz=band_of(_data(), job["split"], job["held_out"]) if envelope else None,
    )


def _int8(model, batches, spec) -> Callable[[np.ndarray], np.ndarray]:
    """Answers of the quantised network; ranges from 300 training windows as they are trained on."""
    import tempfile

    from drsn_keras.edge.interpreter import Interpreter
    from drsn_keras.export.lowering import lower
    from drsn_keras.export.quantize import quantize
    from drsn_keras.export.recipe import Recipe
    from drsn_keras.frontend import window_features

    x = np.concatenate([batches.batch(step)[0] for step in range(300 // BATCH + 1)])[:300]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.tflite")
        path.write_bytes(quantize(lower(model, "litert", x), Recipe(), x))
        interpreter = Interpreter(path)
    return lambda y: interpreter.run_batch(window_features(y / spec.full_scale, spec)).argmax(axis=1)


def figures_of(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Means over seeds (of the mean over held-out groups) with 95 % intervals, by name."""
    from cwru_task import CONDITIONS

    flat: dict[str, float] = {}
    for split, groups in HELD_OUT.items():
        for name in ROWS:
            mine = [r for r in rows if (r["job"]["row"], r["job"]["split"]) == (name, split)]
            for condition in (condition_name(*c) for c in CONDITIONS):
                by_seed: dict[int, list[float]] = {}
                for r in mine:
                    by_seed.setdefault(r["job"]["seed"], []).append(r["result"][condition])
                if not by_seed:
                    continue
                mean, half = interval([float(np.mean(v)) for v in by_seed.values()])
                flat[f"{name}_{split}_{condition}"] = round(mean, 2)
                if len(by_seed) > 1:
                    flat[f"{name}_{split}_{condition}_interval"] = round(half, 2)
            quantised = [r for r in mine if "int8" in r["result"]]
            for condition in ("clean", "white_0db") if quantised else ():
                losses = [r["result"][condition] - r["result"]["int8"][condition] for r in quantised]
                flat[f"{name}_{split}_int8_loss_{condition}"] = round(float(np.mean(losses)), 3)
                flat[f"{name}_{split}_int8_worst_loss_{condition}"] = round(float(np.max(losses)), 3)
            if mine:
                worst: dict[str, list[float]] = {h: [] for h in groups}
                for r in mine:
                    worst[r["job"]["held_out"]].append(r["result"]["clean"])
                for held_out, values in worst.items():
                    if values:
                        flat[group_key(name, split, held_out)] = round(float(np.mean(values)), 2)
    return flat


def group_key(row: str, split: str, held_out: str) -> str:
    """Name of the figure of one held-out group, clean."""
    return f"{row}_{split}_{held_out.replace(' ', '')}_clean"


def best_drsn(flat: dict[str, float]) -> str:
    """The DRSN with the highest macro-F1 of the claim's condition: chosen on the test windows, as the claim has it."""
    return max((row for row in DRSN if f"{row}_{CLAIMED}" in flat), key=lambda row: flat[f"{row}_{CLAIMED}"])


def differences(rows: list[dict[str, Any]], best: str) -> dict[str, float]:
    """The best DRSN minus every other row at 0 dB with a load left out, paired by seed, with 95 % intervals."""
    by_row: dict[str, dict[int, list[float]]] = {}
    for r in rows:
        if r["job"]["split"] == "load":
            seeds = by_row.setdefault(r["job"]["row"], {})
            seeds.setdefault(r["job"]["seed"], []).append(r["result"]["white_0db"])
    means = {row: np.array([np.mean(seeds[s]) for s in sorted(seeds)]) for row, seeds in by_row.items()}
    flat = {}
    for row, values in means.items():
        if row != best and len(values) == len(means[best]):
            mean, half = interval(means[best] - values)
            flat[f"best_drsn_minus_{row}_{CLAIMED}"] = round(mean, 2)
            flat[f"best_drsn_minus_{row}_{CLAIMED}_interval"] = round(half, 2)
    return flat


def missed_of(flat: dict[str, float]) -> list[str]:
    """The claims of the issue that do not hold, a phrase each."""
    best = best_drsn(flat)
    others = {row: flat[f"{row}_{CLAIMED}"] for row in ROWS if row not in DRSN and f"{row}_{CLAIMED}" in flat}
    found = flat[f"{best}_{CLAIMED}"]
    missed = [f"best DRSN at 0 dB, {best}, {found} ({row}: {v})" for row, v in others.items() if v > found]
    size = max(flat[f"{row}_size_clean"] for row in DRSN if f"{row}_size_clean" in flat)
    if size < LEAST_SIZE_CLEAN:
        missed.append(f"fault size held out, clean {size} (at least {LEAST_SIZE_CLEAN})")
    losses = {k: v for k, v in flat.items() if "_int8_loss_clean" in k}
    losses |= {k: v for k, v in flat.items() if k.startswith("monitor_") and k.endswith("_loss")}
    missed += [f"{k} {v} (at most {MOST_INT8_LOSS})" for k, v in losses.items() if v > MOST_INT8_LOSS]
    if flat["monitor_recordings_right"] < flat["monitor_recordings"]:
        missed.append(f"recordings named right {flat['monitor_recordings_right']} of {flat['monitor_recordings']}")
    return missed


def tables_of(flat: dict[str, float]) -> str:
    """Markdown: macro-F1 by condition, a table a split."""
    from cwru_task import CONDITIONS

    names = [condition_name(*c) for c in CONDITIONS]
    text = []
    for split, title in (("load", "one load left out"), ("size", "one fault size held out")):
        body = [
            [
                row,
                *(
                    f"{flat[f'{row}_{split}_{n}']:.1f} ± {flat[f'{row}_{split}_{n}_interval']:.1f}"
                    if n == "clean" or n.endswith("_0db")
                    else f"{flat[f'{row}_{split}_{n}']:.1f}"
                    for n in names
                ),
            ]
            for row in ROWS
            if f"{row}_{split}_clean" in flat
        ]
        columns = [n.replace("_m", " -").replace("_", " ").replace("db", " dB") for n in names]
        text.append(f"Macro-F1 [%], {title}\n\n" + table(["row", *columns], body))
        groups = [
            [row, *(f"{flat[group_key(row, split, h)]:.1f}" for h in HELD_OUT[split])]
            for row in ROWS
            if f"{row}_{split}_clean" in flat
        ]
        text.append(f"Clean, by what is held out ({title})\n\n" + table(["row", *HELD_OUT[split]], groups))
    return "\n\n".join(text)


def main() -> None:
    """Run, measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("DRSN_DATA", "../shared/data")))
    parser.add_argument("--rows", default=",".join(ROWS), help="comma-separated; all by default")
    parser.add_argument("--splits", default=",".join(HELD_OUT), help="comma-separated: load, size")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench/vibration-cwru.json"))
    arguments = parser.parse_args()
    if not (arguments.data / "vibration" / "cwru_12k_de").is_dir():
        raise SystemExit(f"{arguments.data}: expected a folder with vibration/cwru_12k_de (--data or DRSN_DATA)")
    os.environ["DRSN_DATA"] = str(arguments.data.resolve())
    groups = jobs(arguments.rows.split(","), arguments.splits.split(","), arguments.seeds)
    rows = run_jobs(groups, work, arguments.out.with_suffix(".jsonl"), arguments.workers)
    flat = figures_of(rows)
    if any(f"{row}_{CLAIMED}" in flat for row in DRSN):
        flat |= differences(rows, best_drsn(flat))
    every = set(arguments.rows.split(",")) == set(ROWS) and set(arguments.splits.split(",")) == set(HELD_OUT)
    if every:
        from cwru_monitor import monitor_figures

        flat |= monitor_figures(arguments.data, arguments.out.parent / "runs" / "cwru")
    show(flat, tables_of(flat), arguments.out)
    if not every:
        return
    from cwru_figures import draw

    draw(flat, FIGURES)
    conclude(missed_of(flat), ["best DRSN at 0 dB", "fault size held out", "int8 loss"])


if __name__ == "__main__":
    start(main)
