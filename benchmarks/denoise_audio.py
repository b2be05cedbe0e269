"""``make bench-denoise-audio``: the streaming DRSN denoiser on people and noises that training never heard.

Trained on real speech in recorded and generated noise, converted to one int8 step file, tested on the test part's
speakers in the test part's noises; beside it spectral gating, spectral Wiener and others. Needs the recordings.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from denoise_runs import bundle_of, by_row, trained

from keyword_runs import NOISE_FOLDERS, conclude, key, options, require_data, show, start, table

#: Least gains of SI-SDR [dB] over the noisy signal at 0 and at 5 dB, and the largest share of one core.
LEAST_GAIN, LEAST_GAIN_INT8, MOST_REAL_TIME = 5.0, 4.5, 0.02
MOST_MMAC_PER_S = 60.0
SNRS_DB = (10.0, 5.0, 0.0, -5.0)
EPOCHS, STEPS = 60, 100
#: Test examples of a condition; what the time of a stream is measured on [s].
COUNT, STREAM_S = 500, 60


def configuration(data: Path, epochs: int):
    """Real speech, split by speaker as the manifest says; recorded noise of the training part and generated noise."""
    from drsn_keras.frontend import SignalSpec
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.denoising.recipes import AUDIO, recipe

    audio = (data / "audio").resolve()
    fields = {**recipe(AUDIO), "loss": "snr", "optimizer": "adamw", "weight_decay": 1e-3, "learning_rate": 4e-3}
    return DenoiseConfig(
        **{**fields, "epochs": epochs, "steps_per_epoch": STEPS},
        data=str(audio / "gsc_v2_test"),
        manifest=str((data / "MANIFEST.csv").resolve()),
        noise=tuple(str(audio / name) for name in NOISE_FOLDERS),
        front_end=SignalSpec(shape=(250, 64)).to_dict(),
    )


def stream_cost(bundle: Path) -> dict[str, float]:
    """Seconds of one core per second of sound, on a minute of noise; the median of five."""
    from drsn_keras.edge.bundle import load_bundle
    from drsn_keras.edge.denoiser import open_denoiser

    denoiser = open_denoiser(load_bundle(bundle))
    y = (0.1 * np.random.default_rng(0).standard_normal(STREAM_S * 16_000)).astype(np.float32)
    spent = []
    for _ in range(5):
        denoiser.reset()
        began = time.perf_counter()
        for start_at in range(0, len(y), 1600):
            denoiser.push(y[start_at : start_at + 1600])
        spent.append((time.perf_counter() - began) / STREAM_S)
    return {"real_time_factor": round(float(np.median(spent)), 5)}


def main() -> None:
    """Train, convert, measure, print."""
    parser = options(__doc__, "denoise-audio")
    parser.set_defaults(epochs=EPOCHS)
    arguments = parser.parse_args()
    require_data(arguments.data)
    folder = arguments.runs / "denoise-audio"
    run = trained(configuration(arguments.data, arguments.epochs), folder)
    bundle = bundle_of(folder)

    from drsn_keras.training.conditions import RECORDED
    from drsn_keras.training.denoising.evaluation_run import evaluate_denoiser

    results, page = evaluate_denoiser(run, noises=[RECORDED], levels=SNRS_DB, count=COUNT, bundles=[bundle])
    found = by_row(results, "si_sdr_db")
    flat: dict[str, Any] = {"parameters": run.summary["parameters"], "mmac_per_s": round(run.summary["macs"] / 1e6, 2)}
    flat |= stream_cost(bundle)
    # With the extra speech-quality installed.
    quality = {name: by_row(results, name) for name in ("stoi", "pesq") if name in results[0].values}
    cells = []
    for name in dict.fromkeys(row for row, _, _ in found):
        line: list[object] = [name]
        for snr_db in SNRS_DB:
            one, noisy = (found[which, RECORDED, f"{snr_db:g}"] for which in (name, "noisy"))
            flat[f"{name}_{key(snr_db)}"] = round(one["mean"], 2)
            flat[f"{name}_gain_{key(snr_db)}"] = round(one["mean"] - noisy["mean"], 2)
            line.append(f"{one['mean']:.1f} ({one['mean'] - noisy['mean']:+.1f})")
            for measure, rows in quality.items():
                flat[f"{name}_{measure}_{key(snr_db)}"] = round(rows[name, RECORDED, f"{snr_db:g}"]["mean"], 3)
        line += [" / ".join(f"{flat[f'{name}_{m}_{key(s)}']:.2f}" for s in SNRS_DB) for m in quality]
        cells.append(line)
    text = f"SI-SDR [dB] and its gain, recorded noise of the test part, {COUNT} examples\n\n"
    show(
        flat,
        text + table(["row", *(f"{s:g} dB" for s in SNRS_DB), *map(str.upper, quality)], cells) + f"\n\n{page}",
        arguments.out,
    )
    model = run.config.model
    missed = [
        f"{model}-{scheme} gain at {key(s)} {flat[f'{model}-{scheme}_gain_{key(s)}']} (at least {least})"
        for scheme, least in (("keras", LEAST_GAIN), ("int8", LEAST_GAIN_INT8))
        for s in (0.0, 5.0)
        if flat[f"{model}-{scheme}_gain_{key(s)}"] < least
    ]
    if flat["real_time_factor"] > MOST_REAL_TIME:
        missed.append(f"real-time factor {flat['real_time_factor']} (at most {MOST_REAL_TIME})")
    if flat["mmac_per_s"] > MOST_MMAC_PER_S:
        missed.append(f"{flat['mmac_per_s']} MMAC/s (at most {MOST_MMAC_PER_S:g})")
    conclude(missed, ["gain at 0 and 5 dB", "int8", "real time", "MMAC/s"])


if __name__ == "__main__":
    start(main)
