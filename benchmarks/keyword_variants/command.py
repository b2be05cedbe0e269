"""The command: train variants seed by seed, keep each result, print a table of means and paired differences."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from drsn_keras.command_line import log
from keyword_runs import options, table

from .variants import TEACHER, VARIANTS

COLUMNS = ("clean", "10 dB", "5 dB", "0 dB", "-5 dB", "-10 dB")
LOW = slice(3, 6)
BASELINE = "log-wide"
EPOCHS, SEEDS = 60, 3


def main() -> None:
    """Run the command."""
    parser = options(__doc__.splitlines()[0], "keyword-variants")
    parser.set_defaults(epochs=EPOCHS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--names", help="variants, comma-separated (all)")
    parser.add_argument("--list", action="store_true", help="only list the variants")
    parser.add_argument("--table", action="store_true", help="only print the table of the results that are there")
    arguments = parser.parse_args()
    names = arguments.names.split(",") if arguments.names else list(VARIANTS)
    if unknown := [name for name in names if name not in VARIANTS]:
        parser.error(f"--names: expected variants that --list shows, got {', '.join(unknown)}")
    if arguments.list:
        print("\n".join(f"{name:<20} {VARIANTS[name].what}" for name in names))
        return
    folder = arguments.out.with_suffix("")
    results = folder / "results.jsonl"
    if not arguments.table:
        _train(names, arguments, folder, results)
    rows = [row for row in _read(results) if row["epochs"] == arguments.epochs]
    if not rows:
        sys.exit(f"{results}: expected results of {arguments.epochs} epochs, got none")
    figures = {f"{name}_{column}": value for name, values in _means(rows).items() for column, value in values.items()}
    arguments.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(_table(rows))


def _read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def _train(names: list[str], arguments, folder: Path, results: Path) -> None:
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    from drsn_keras.models.cost import count_macs, count_parameters

    from .material import Source
    from .training import score, train

    source = Source(arguments.data, arguments.epochs, folder)
    done = {(row["name"], row["seed"], row["epochs"]) for row in _read(results)}
    teacher = None
    for seed in range(arguments.seeds):
        for name in names:
            variant = VARIANTS[name]
            if (name, seed, arguments.epochs) in done:
                continue
            if variant.taught and teacher is None:
                log(f"{TEACHER}: trained for its pupils")
                teacher = train(VARIANTS[TEACHER], source.material(curriculum=False), 0, None)
            began = time.monotonic()
            material = source.material(curriculum=variant.curriculum)
            model = train(variant, material, seed, teacher if variant.taught else None)
            accuracy = score(model, material)
            row = {
                "name": name,
                "seed": seed,
                "epochs": arguments.epochs,
                "accuracy": [round(a, 3) for a in accuracy],
                "parameters": count_parameters(model),
                "macs": count_macs(model),
                "seconds": round(time.monotonic() - began, 1),
            }
            with results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            log(f"{name}, seed {seed}: low {np.mean(accuracy[LOW]):.1f}, clean {accuracy[0]:.1f}, {row['seconds']} s")


def _low(row: dict) -> float:
    return float(np.mean(row["accuracy"][LOW]))


def _means(rows: list[dict]) -> dict[str, dict[str, float]]:
    found = {}
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = [row for row in rows if row["name"] == name]
        found[name] = {"clean": round(float(np.mean([r["accuracy"][0] for r in mine])), 2)}
        found[name]["low"] = round(float(np.mean([_low(r) for r in mine])), 2)
    return found


def _table(rows: list[dict]) -> str:
    """Best first; the difference to the baseline is paired by seed."""
    base = {row["seed"]: _low(row) for row in rows if row["name"] == BASELINE}
    titles = (
        "name",
        "what it is",
        "parameters",
        "M MACs",
        "seeds",
        *COLUMNS,
        "mean of 0, -5, -10 dB",
        f"to `{BASELINE}`",
    )
    lines = []
    for name, means in sorted(_means(rows).items(), key=lambda item: -item[1]["low"]):
        mine = [row for row in rows if row["name"] == name]
        accuracy = np.mean([row["accuracy"] for row in mine], axis=0)
        paired = [_low(row) - base[row["seed"]] for row in mine if row["seed"] in base]
        first = mine[0]
        lines.append(
            (
                f"`{name}`",
                VARIANTS[name].what if name in VARIANTS else "",
                f"{first['parameters']:,}",
                f"{first['macs'] / 1e6:.2f}",
                len(mine),
                *(f"{a:.1f}" for a in accuracy),
                f"{means['low']:.2f}",
                f"{np.mean(paired):+.2f}" if paired else "",
            )
        )
    return table(titles, lines)
