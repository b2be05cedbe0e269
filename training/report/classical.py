"""What the page says about classical rows: what they are, how they were fitted, how near the network they come."""

from __future__ import annotations

import math

from ..vibration.baseline_rows import Fitting
from .grid import Grid
from .sentences import decibels, points

#: What a row looks at, and what decides.
_ROWS = {
    "envelope-forest": "envelope spectrum, levels of bands, RMS, kurtosis, crest factor; random forest",
    "fft-svm": "log spectrum; support vectors",
    "fft-ridge": "log spectrum; linear",
    "rms-kurtosis": "a few thresholds on RMS, kurtosis and crest factor, as an alarm has them",
}


def paragraphs(grid: Grid, fitting: Fitting) -> list[str]:
    """For the page; the last one compares, where there is a network to compare."""
    rows = "; ".join(f"{name} ({_ROWS[name]})" for name in fitting.seconds)
    found = [
        f"{rows}. No networks, but what a network has to beat: classifiers of scikit-learn on features of the window, "
        + "settings fixed, nothing tuned. They answer to the same windows in the same noise.",
        _fitting(fitting),
    ]
    return [*found, said] if (said := _nearest(grid)) else found


def _fitting(fitting: Fitting) -> str:
    said = f"They were fitted on the {fitting.n_windows:,} training windows, "
    if fitting.noises:
        low, high = (f"{v:g}".replace("-", "−") for v in fitting.snr_db)
        said += (
            f"each clean and once more in a noise of training’s own ({', '.join(fitting.noises)}) at {low} to {high} "
            + "dB, drawn by the run’s seed. The network was given new noise in every epoch, these rows one copy."
        )
    else:
        said += "clean: the training mixed in no noise."
    if fitting.band_hz is not None:
        said += f" The forest’s envelope is that of {fitting.band_hz[0]:.0f} to {fitting.band_hz[1]:.0f} Hz."
    each = ", ".join(f"{name} {_seconds(s)}" for name, s in fitting.seconds.items())
    if len(fitting.seconds) == 1:
        return f"{said} Fitting took {_seconds(sum(fitting.seconds.values()))}."
    return f"{said} Fitting took {_seconds(sum(fitting.seconds.values()))}: {each}."


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def _nearest(grid: Grid) -> str:
    """The shipped model minus the best of the rows at the headline's levels, with paired intervals."""
    if not grid.networks:
        return ""
    parts = []
    for level in (math.inf, *grid.headline_snrs_db):
        shares = {s: share for s in grid.classical if (share := grid.share(s, level)) is not None}
        if not shares:
            continue
        best = max(shares, key=lambda s: shares[s].percent)
        if (d := grid.difference(grid.shipped, best, level)) is not None:
            where = "clean" if math.isinf(level) else f"at {decibels(level)}"
            parts.append(
                f"{where} {points(d.points)} points ({grid.name(best)}; 95 % interval {points(d.low)} to "
                + f"{points(d.high)})"
            )
    if not parts:
        return ""
    return f"{grid.name(grid.shipped)} minus the best of these rows, picked anew at each level: {', '.join(parts)}."
