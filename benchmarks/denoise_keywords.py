"""``make bench-denoise-keywords``: does a denoiser in front of a keyword spotter help?

Two spotters of the same recordings and split, one trained in noise as ``drsn-train keywords`` does, one on clean speech
alone, each heard with and without the streaming denoiser of ``make bench-denoise-audio`` in front; test speakers and
noises are those that neither training heard. Needs the recordings.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from denoise_audio import EPOCHS as DENOISER_EPOCHS
from denoise_audio import configuration as denoiser_configuration
from denoise_runs import bundle_of, trained

import keyword_runs
from keyword_runs import conclude, key, options, require_data, show, start, table

SNRS_DB = (10.0, 5.0, 0.0, -5.0)
#: A row's name -> share of the noisy signal in what the spotter hears.
HEARD = {"alone": 1.0, "behind": 0.0, "behind-half": 0.5}
TITLES = {
    "alone": "noisy signal",
    "behind": "behind the denoiser",
    "behind-half": "behind the denoiser, half of the noisy signal in it",
}


def main() -> None:
    """Train, measure, print."""
    arguments = options(__doc__, "denoise-keywords").parse_args()
    require_data(arguments.data)
    in_noise = keyword_runs.configuration(arguments.data, "drsn-cw", 0, arguments.epochs)
    without = dataclasses.replace(in_noise, augment={**in_noise.augment, "noise_probability": 0.0})
    spotters = {
        "in-noise": keyword_runs.trained(in_noise, arguments.runs / "denoise-keywords"),
        "clean": keyword_runs.trained(without, arguments.runs / "denoise-keywords-clean"),
    }
    folder = arguments.runs / "denoise-audio"
    trained(denoiser_configuration(arguments.data, DENOISER_EPOCHS), folder)
    bundle = bundle_of(folder)

    from drsn_keras.edge.bundle import load_bundle
    from drsn_keras.training.conditions import CLEAN, RECORDED
    from drsn_keras.training.denoising.bundle_rows import as_file
    from drsn_keras.training.evaluate import Candidate, accuracy_of, evaluate
    from drsn_keras.training.features import BatchFeatures

    device, features = load_bundle(bundle), BatchFeatures(in_noise.spec)
    last: list[np.ndarray] = []

    def behind(y: np.ndarray) -> np.ndarray:
        """The same clips are heard by every row: cleaned once a condition."""
        if not last or last[0] is not y:
            last[:] = [y, np.stack([as_file(device, one) for one in y])]
        return last[1]

    def hears(run, share: float):
        def predict(y: np.ndarray) -> np.ndarray:
            heard = y if share == 1.0 else share * y + (1.0 - share) * behind(y)
            return run.predict(features(heard.astype(np.float32)))

        return predict

    rows = [
        Candidate(spotter, name, hears(run, share), input="signal")
        for spotter, run in spotters.items()
        for name, share in HEARD.items()
    ]
    run = spotters["in-noise"]
    results = evaluate(rows, run.corpus, run.config, noises=[RECORDED], snrs_db=SNRS_DB)
    flat: dict[str, Any] = {"test_clips": len(results[0].truth)}
    cells = []
    for spotter in spotters:
        for name in HEARD:
            own = [r for r in results if (r.model, r.scheme) == (spotter, name)]
            accuracies = [accuracy_of(own, name, CLEAN, float("inf"))]
            accuracies += [accuracy_of(own, name, RECORDED, snr_db) for snr_db in SNRS_DB]
            keys = [f"{spotter}_{name}_clean", *(f"{spotter}_{name}_{key(s)}" for s in SNRS_DB)]
            flat |= dict(zip(keys, (round(a, 2) for a in accuracies), strict=True))
            cells.append([spotter, TITLES[name], *(f"{a:.1f}" for a in accuracies)])
    text = f"accuracy [%] on {flat['test_clips']} test clips in recorded noise of the test part\n\n"
    show(flat, text + table(["trained", "hears", "clean", *(f"{s:g} dB" for s in SNRS_DB)], cells), arguments.out)
    for spotter in spotters:
        gain = flat[f"{spotter}_behind_m5db"] - flat[f"{spotter}_alone_m5db"]
        print(
            f"-5 dB, trained {spotter}: the denoiser in front {'helps' if gain > 0 else 'does not help'} ({gain:+.1f})"
        )
    conclude([], ["measured"])


if __name__ == "__main__":
    start(main)
