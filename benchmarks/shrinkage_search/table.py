"""The Markdown table of results."""

from __future__ import annotations

from collections.abc import Sequence

from .jobs import JOBS
from .results import Row
from .scores import CONDITIONS

TITLES = (
    "name",
    "what it is",
    "parameters",
    "M MACs",
    "epochs",
    "seeds",
    *CONDITIONS,
    "mean of 0, -5, -10 dB",
    "deviation over seeds",
)


def markdown(rows: Sequence[Row]) -> str:
    """Short trainings first, of equal ones the best first."""
    lines = [TITLES, ["---"] * len(TITLES)]
    for row in sorted(rows, key=lambda row: (row["configuration"]["epochs"], -row["low"], row["name"])):
        configuration = row["configuration"]
        lines.append(
            [
                row["name"],
                JOBS[row["name"]].what if row["name"] in JOBS else "",
                f"{row['parameters']:,}",
                f"{row['macs'] / 1e6:.2f}",
                configuration["epochs"],
                configuration["seeds"],
                *(f"{a:.1f}" for a in row["accuracy"]),
                f"{row['low']:.2f}",
                f"{row['low_deviation']:.2f}",
            ]
        )
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n"
