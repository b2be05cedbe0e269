"""``make bench-denoise-images``: DnCNN trained here in half an hour on images that may be had; Set12 at sigma 25.

Trained on drawn textures and on the photographs of a folder (by default those that scikit-image carries). The published
network saw 400 photographs for a day of a graphics card. Beside it the classical rows. Needs the recordings' folder for
Set12.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from denoise_runs import trained
from photographs import photographs

from keyword_runs import conclude, options, require_data, show, start, table

SIGMA = 25.0
#: Mean PSNR [dB] over Set12 at sigma 25 that the authors of DnCNN publish, of DnCNN-S and of BM3D.
PUBLISHED, PUBLISHED_BM3D = 30.44, 29.97
#: Share of patches that are drawn.
TEXTURES = 0.3
EPOCHS, STEPS = 30, 200
#: Seven convolutions that see 33 x 33 pixels, as DnCNN's seventeen see 35 x 35: about 5 of its 15 inner layers' cost.
NETWORK = {"depth": 7, "width": 64, "dilations": [1, 2, 3, 4, 3, 2, 1], "initializer": "orthogonal"}
#: 12 grey levels are 1.0 to the network: noise then has the size of its weights' outputs from the first step on.
TRAINING = {"scale": 12.0, "learning_rate": 6e-3, "batch_size": 16}
#: Rows that a training of minutes has to pass.
CLASSICAL = ("tv", "wiener", "wavelet-soft", "wavelet-garrote", "nl-means", "bm3d-lite")


def configuration(photographs: Path, test: Path | None, **changes: Any):
    """Noise of one level on patches of photographs and drawn textures."""
    from drsn_keras.training.denoising.config import DenoiseConfig
    from drsn_keras.training.denoising.recipes import IMAGES, recipe
    from drsn_keras.training.denoising.tasks import prepare

    fields = {**recipe(IMAGES), "network": NETWORK, "sigma": (SIGMA, SIGMA), "textures": TEXTURES, **TRAINING}
    fields |= {"epochs": EPOCHS, "steps_per_epoch": STEPS, "data": str(photographs.resolve())}
    fields |= {"test_data": str(test.resolve()) if test else None, **changes}
    return prepare(DenoiseConfig(kind=IMAGES, **fields))[0]


def main() -> None:
    """Train, measure, print."""
    parser = options(__doc__, "denoise-images")
    parser.set_defaults(epochs=EPOCHS)
    parser.add_argument("--photographs", type=Path, help="a folder of photographs to train on, such as BSD400")
    arguments = parser.parse_args()
    require_data(arguments.data)
    folder = arguments.photographs or photographs(arguments.runs.parent / "photographs")
    test = arguments.data / "images" / "set12"
    run = trained(configuration(folder, test, epochs=arguments.epochs), arguments.runs / "denoise-images")

    from drsn_keras.training.denoising.evaluation_run import evaluate_denoiser

    results, page = evaluate_denoiser(run, levels=[SIGMA])
    flat: dict[str, Any] = {
        "parameters": run.summary["parameters"],
        "train_minutes": round(run.summary["train_seconds"] / 60, 1),
        "images": len(results[0].values["psnr_db"]),
    }
    cells = []
    for result in sorted((r for r in results if not r.condition.clean), key=lambda r: -r.mean("psnr_db")):
        low, high = result.interval("psnr_db")
        flat |= {result.model: round(result.mean("psnr_db"), 2), f"{result.model}_ssim": round(result.mean("ssim"), 4)}
        half = (high - low) / 2
        cells.append([result.model, f"{result.mean('psnr_db'):.2f} ± {half:.2f}", f"{result.mean('ssim'):.3f}"])
    flat["gap_to_published_db"] = round(PUBLISHED - flat["dncnn"], 2)
    text = f"Set12, sigma {SIGMA:g}: mean ± 95 % interval over pictures; all rows see the same noise\n\n"
    text += table(["row", "PSNR [dB], peak 255", "SSIM"], cells)
    text += f"\n\npublished: DnCNN-S {PUBLISHED} dB, BM3D {PUBLISHED_BM3D} dB; gap {flat['gap_to_published_db']} dB"
    show(flat, f"{text}\n\n{page}", arguments.out)
    missed = [
        f"{row} {flat[row]} dB is not below dncnn {flat['dncnn']} dB"
        for row in CLASSICAL
        if row in flat and flat[row] >= flat["dncnn"]
    ]
    conclude(missed, ["above every classical row"])


if __name__ == "__main__":
    start(main)
