"""``make bench-denoise-ecg``: a streaming DRSN on an electrocardiogram under a wandering baseline and muscles.

Record 100 of the MIT-BIH arrhythmia database: trained on its first 60 %, tested on its last 20 %, the same heart.
Beside it the classical rows. Needs the recordings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from denoise_runs import bundle_of, by_row, trained

from keyword_runs import conclude, key, options, require_data, show, start, table

NOISES = ("baseline", "muscle", "mixed")
SNRS_DB = (10.0, 5.0, 0.0, -5.0)
EPOCHS, STEPS = 60, 100


def configuration(data: Path, epochs: int):
    """The task's recipe on one record."""
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.denoising.recipes import ECG, recipe
    from drsn_keras.training.denoising.tasks import prepare

    fields = {**recipe(ECG), "optimizer": "adamw", "weight_decay": 1e-3, "learning_rate": 4e-3}
    fields |= {"epochs": epochs, "steps_per_epoch": STEPS}
    record = (data / "ecg" / "mitdb_100.npz").resolve()
    return prepare(DenoiseConfig(kind=ECG, data=str(record), channel="MLII", **fields))[0]


def main() -> None:
    """Train, convert, measure, print."""
    parser = options(__doc__, "denoise-ecg")
    parser.set_defaults(epochs=EPOCHS)
    arguments = parser.parse_args()
    require_data(arguments.data)
    folder = arguments.runs / "denoise-ecg"
    run = trained(configuration(arguments.data, arguments.epochs), folder)
    bundle = bundle_of(folder, check=False)

    from drsn_keras.training.denoising.evaluation_run import evaluate_denoiser

    results, page = evaluate_denoiser(run, noises=NOISES, levels=SNRS_DB, bundles=[bundle])
    flat: dict[str, Any] = {"parameters": run.summary["parameters"]}
    found = by_row(results, "snr_db")
    prd = by_row(results, "prd_percent")
    cells = []
    for name in dict.fromkeys(row for row, _, _ in found):
        line: list[object] = [name]
        for noise in NOISES:
            for snr_db in SNRS_DB:
                where = name, noise, f"{snr_db:g}"
                flat[f"{name}_{noise}_{key(snr_db)}"] = round(found[where]["mean"], 2)
                flat[f"{name}_{noise}_{key(snr_db)}_prd_percent"] = round(prd[where]["mean"], 1)
                line.append(f"{found[where]['mean']:.1f}")
        cells.append(line)
    text = "SNR [dB] behind each row; columns: noise and SNR in front\n\n"
    show(
        flat,
        text + table(["row", *(f"{n} {s:g} dB" for n in NOISES for s in SNRS_DB)], cells) + f"\n\n{page}",
        arguments.out,
    )
    own = run.config.model
    for noise in NOISES:
        for snr_db in SNRS_DB:
            rows = {r: v["mean"] for (r, n, level), v in found.items() if (n, level) == (noise, f"{snr_db:g}")}
            best = max((r for r in rows if not r.startswith(own)), key=lambda r: rows[r])
            if rows[best] > rows[f"{own}-int8"]:
                ours = ", ".join(f"{s} {rows[f'{own}-{s}']:.1f}" for s in ("keras", "int8"))
                print(f"{noise} at {snr_db:g} dB: {best} {rows[best]:.1f} dB is ahead of {own} ({ours})")
    conclude([], ["measured"])


if __name__ == "__main__":
    start(main)
