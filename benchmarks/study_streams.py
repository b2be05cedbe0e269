"""``make study-streams``: what helps a keyword spotter on long streams?

Trains what ``study-streams.toml`` names as ``drsn-train compare`` does (resumed where it was stopped), then hears two
hours of validation and two of test with every int8 bundle as ``drsn-train stream-evaluate`` does. The best is chosen
on validation. Needs the recordings.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyword_runs import options, require_data, show, start, studied, table

if TYPE_CHECKING:
    from drsn_keras.training.study.results import Scores

SCHEME = "int8"
HOURS = 2.0
MOST_MISSES, MOST_PER_HOUR = 5.0, 0.5
#: False accepts an hour at which misses are shown beside those at the operating point.
LOOSER = (5.0, 20.0)


def main() -> None:
    """Train, hear, print."""
    parser = options(__doc__, "study-streams")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="trainings at a time (1)")
    arguments = parser.parse_args()
    require_data(arguments.data)
    figures = hear_study(arguments.data, arguments.out.with_suffix(""), arguments.workers)
    rows = [
        [
            model,
            f"{figures[f'{model}_parameters']:,}",
            figures[f"{model}_clean"],
            figures[f"{model}_low"],
            *(figures[f"{model}_val_miss{at}"] for at in ("", *(f"_at_{r:g}_per_hour" for r in LOOSER))),
            figures[f"{model}_test_miss"],
            figures[f"{model}_test_fa_per_hour"],
            figures[f"{model}_test_latency_s"],
        ]
        for model in figures["models"].split(", ")
    ]
    titles = ["model", "parameters", "clips, clean [%]", "0, -5, -10 dB [%]", "validation: missed [%] at 0.5 FA/h"]
    titles += [f"at {r:g} FA/h" for r in LOOSER] + ["test: missed [%]", "FA/h", "median latency [s]"]
    show(figures, table(titles, rows), arguments.out)


def hear_study(data: Path, folder: Path, workers: int = 1) -> dict[str, Any]:
    """Figures of every model, and those of the one that misses least on the validation stream.

    Parameters
    ----------
    data : Path
        The recordings' folder.
    folder : Path
        Of the study: trainings and streams stay there.
    """
    from drsn_keras.training.quiet import quiet_tensorflow
    from drsn_keras.training.streams.evaluate import Settings, stream_evaluate
    from drsn_keras.training.streams.open_material import Given, open_streams_data

    scores, _ = studied("study-streams", data, folder, workers)
    quiet_tensorflow()
    models = scores.study.seeds
    figures: dict[str, Any] = {"models": ", ".join(models)}
    for model, seeds in models.items():
        figures |= _clips(scores, model)
        path = folder / "runs" / f"{model}-{seeds[0]}" / "bundles" / SCHEME
        bundle, corpus = open_streams_data(path, Given())
        out = path.with_name(f"{SCHEME}-stream")
        streams = stream_evaluate(bundle, corpus, Settings(HOURS, max_per_hour=MOST_PER_HOUR), out)["streams"]
        for split, found in streams.items():
            figures[f"{model}_{split}_miss"] = round(found["misses"]["percent"], 2)
            figures[f"{model}_{split}_fa_per_hour"] = round(found["false_accepts"]["per_hour"], 3)
            figures[f"{model}_{split}_latency_s"] = found["latency_s"]["median"]
        figures |= {f"{model}_val_miss_at_{r:g}_per_hour": _misses(out / "det.csv", r) for r in LOOSER}
    best = min(models, key=lambda model: figures[f"{model}_val_miss"])
    figures["streaming_model"] = best
    figures["streaming_miss"] = figures[f"{best}_test_miss"]
    figures["streaming_fa_per_hour"] = figures[f"{best}_test_fa_per_hour"]
    return figures


def _clips(scores: Scores, model: str) -> dict[str, Any]:
    """Accuracy on test clips [%], and cost."""
    found = {f"{model}_{name}": round(scores.mean(model, SCHEME, name).mean, 2) for name in ("clean", "low")}
    return found | {f"{model}_{name}": round(scores.cost(model, name)) for name in ("parameters", "macs")}


def _misses(det: Path, most_per_hour: float) -> float | None:
    """Fewest misses [%] of the validation stream at so many false accepts an hour, at the chosen average."""
    with det.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["stream"] == "validation"]
    kept = [float(r["misses_percent"]) for r in rows if float(r["false_accepts_per_hour"]) <= most_per_hour]
    return round(min(kept), 2) if kept else None


if __name__ == "__main__":
    start(main)
