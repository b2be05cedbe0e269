"""``make study-keywords``: our keyword spotters, their twins without thresholds and published networks, in noise.

Trains what ``study-keywords.toml`` names (hours; resumed where it was stopped) as ``drsn-train compare`` does, and
what ``study-streams.toml`` names, which is heard on long streams (study_streams.py). ``--quick`` is a smaller study of
the leading rows. Needs the recordings.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from drsn_keras.command_line import log
from keyword_runs import conclude, key, options, require_data, start, studied
from study_streams import MOST_MISSES, MOST_PER_HOUR, SCHEME, hear_study

if TYPE_CHECKING:
    from drsn_keras.training.study.results import Scores

OURS, TWIN = "drsn", "resnet-wide"
LOW = "low"
#: Accuracy [%] that the issue asks of our model, parameters and MACs that it may have.
ASKED = {"clean": 93.0, "0db": 83.5, "m5db": 75.5, "m10db": 55.0}
MOST_PARAMETERS, MOST_MACS = 75_000, 2_000_000
LEAST_GAIN = 2.5
#: SNRs [dB] at which no peer of as few MACs may be better.
NOISY_DB = (5.0, 0.0, -5.0, -10.0)


def main() -> None:
    """Train, measure, print."""
    parser = options(__doc__, "study-keywords")
    parser.add_argument("--quick", action="store_true", help="fewer models, epochs and seeds, no streams")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="trainings at a time (1)")
    arguments = parser.parse_args()
    require_data(arguments.data)
    name = "study-keywords-quick" if arguments.quick else "study-keywords"
    out = arguments.out.with_stem(name)
    scores, page = studied(name, arguments.data, out.with_suffix(""), arguments.workers)
    figures = figures_of(scores)
    if not arguments.quick:
        figures |= _streaming(arguments)
    out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(page.read_text(encoding="utf-8"))
    for kind in ("shrinkage", "streaming"):
        print("\n".join(f"{n:<34} {v}" for n, v in figures.items() if n.startswith(kind)))
    log(f"written to {out}")
    if not arguments.quick:
        conclude(*judged(figures, list(scores.study.models)))


def figures_of(scores: Scores) -> dict[str, Any]:
    """Flat: ``MODEL_clean``, ``MODEL_0db`` and so on, half of their intervals, costs; the gain over the twin."""
    figures: dict[str, Any] = {}
    for model, seeds in scores.study.seeds.items():
        figures[f"{model}_seeds"] = len(seeds)
        for column in scores.columns:
            mean = scores.mean(model, SCHEME, column)
            figures[f"{model}_{_name(column)}"] = round(mean.mean, 2)
            figures[f"{model}_{_name(column)}_interval"] = round(mean.half, 2) if mean.n > 1 else None
        figures[f"{model}_parameters"] = round(scores.cost(model, "parameters"))
        figures[f"{model}_macs"] = round(scores.cost(model, "macs"))
    gain = scores.difference(OURS, TWIN, SCHEME, LOW)
    figures["shrinkage_gain"] = round(gain.mean, 2)
    figures["shrinkage_gain_low"] = round(gain.mean - gain.half, 2) if gain.n > 1 else None
    figures["shrinkage_gain_clean"] = round(scores.difference(OURS, TWIN, SCHEME, "clean").mean, 2)
    return figures


def _name(column: str) -> str:
    """``recorded -5`` is ``m5db``; clean and averages have their own names."""
    last = column.rsplit(maxsplit=1)[-1]
    return key(float(last)) if " " in column else column


def _streaming(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the best model of ``make study-streams`` does."""
    found = hear_study(arguments.data, arguments.out.with_name("study-streams"), arguments.workers)
    return {name: found[name] for name in ("streaming_model", "streaming_miss", "streaming_fa_per_hour")}


def judged(figures: dict[str, Any], models: Sequence[str]) -> tuple[list[str], list[str]]:
    """Bars that were missed, and those that were kept, a line each."""
    bars = [
        (f"{name} {figures[f'{OURS}_{name}']}", figures[f"{OURS}_{name}"] >= least) for name, least in ASKED.items()
    ]
    bars.append((f"{figures[f'{OURS}_parameters']:,} parameters", figures[f"{OURS}_parameters"] <= MOST_PARAMETERS))
    bars.append((f"{figures[f'{OURS}_macs']:,} MACs", figures[f"{OURS}_macs"] <= MOST_MACS))
    gain, low = figures["shrinkage_gain"], figures["shrinkage_gain_low"]
    bars.append((f"shrinkage gain {gain}, at least {low}", gain >= LEAST_GAIN and (low or 0) > 0))
    bars.append((f"gain clean {figures['shrinkage_gain_clean']}", figures["shrinkage_gain_clean"] >= 0))
    for model in models:
        if model != OURS and figures[f"{model}_macs"] <= figures[f"{OURS}_macs"]:
            ahead = [figures[f"{OURS}_{key(s)}"] - figures[f"{model}_{key(s)}"] for s in NOISY_DB]
            bars.append((f"ahead of {model} by {min(ahead):.2f} to {max(ahead):.2f}", min(ahead) > 0))
    misses, rate = figures["streaming_miss"], figures["streaming_fa_per_hour"]
    bars.append((f"{misses} % missed at {rate} false accepts an hour", misses <= MOST_MISSES and rate <= MOST_PER_HOUR))
    return [what for what, kept in bars if not kept], [what for what, kept in bars if kept]


if __name__ == "__main__":
    start(main)
