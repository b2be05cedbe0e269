"""What the page says in words, computed from the results."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .grid import Grid
from .shares import Share
from .terms import KEYWORDS, Terms

#: With fewer speakers in the test part than this, the page warns.
FEW_GROUPS = 20
#: Numbers of a sentence are set apart by the page: a sentence is a list of (text, is a number).
Sentence = list[tuple[str, bool]]


def decibels(snr_db: float) -> str:
    """``-5.0`` as a person writes it, on one line."""
    return "clean" if math.isinf(snr_db) else f"{snr_db:g}\u00a0dB".replace("-", "−")


def loudness(snr_db: float, terms: Terms = KEYWORDS) -> str:
    """What an SNR means."""
    if snr_db == 0:
        return f"noise as strong as the {terms.signal}"
    if snr_db < 0:
        return f"noise {10 ** (-snr_db / 10):.1f} times as strong as the {terms.signal}"
    return f"{terms.signal} {10 ** (snr_db / 10):.3g} times as strong as the noise"


def points(value: float) -> str:
    """Signed percentage points."""
    text = f"{value:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def interval(share: Share) -> str:
    """``93.1 to 95.0``."""
    return f"{share.low:.1f} to {share.high:.1f}"


def kinds_of_noise(grid: Grid, terms: Terms = KEYWORDS) -> str:
    """How many kinds a mean is over, and how many of them training never heard."""
    n = len(grid.kinds)
    unseen = sum(not grid.seen(k) for k in grid.kinds)
    if n == 1:
        return f"in {grid.kinds[0]} noise" + (f", which training {terms.never_heard}" if unseen else "")
    known = {0: f"all {terms.heard} in training", n: f"none {terms.heard} in training"}
    return f"over {n} kinds of noise, " + known.get(unseen, f"{unseen} of them never {terms.heard} in training")


def verdict(grid: Grid, size_bytes: int | None, terms: Terms = KEYWORDS, *, leaky: bool = False) -> Sentence:
    """The result in one sentence; ``leaky``: training saw parts of what is tested, which must not be denied."""
    series = grid.shipped
    clips = f"{terms.clip}s"
    known = "of recordings that training knows" if leaky else f"that training {terms.never_heard}"
    size = f" ({size_bytes / 1000:.0f} kB)" if size_bytes else ""
    said: Sentence = [(f"Of {grid.clips:,} test {clips} {known}, the {grid.name(series)} model", False)]
    said += [(f"{size} names the right {terms.category} for ", False)]
    parts: list[Sentence] = []
    for level in (math.inf, *grid.headline_snrs_db):
        share = grid.share(series, level)
        if share is None:
            continue
        where = f"of clean {clips}" if math.isinf(level) else f"at {decibels(level)} ({loudness(level, terms)})"
        parts.append([(f"{share.percent:.1f} %", True), (f" {where} [{interval(share)}]", False)])
    for number, part in enumerate(parts):
        said += [("" if number == 0 else " and " if number == len(parts) - 1 else ", ", False), *part]
    return [*said, (f", {kinds_of_noise(grid, terms)}." if grid.kinds else ".", False)]


def quantisation(grid: Grid, terms: Terms = KEYWORDS) -> str | None:
    """How far the shipped model is from the first one, at worst; None where there is but one."""
    base, series = grid.series[0], grid.shipped
    if series == base:
        return None
    found = [(level, d) for level in grid.levels_db if (d := grid.difference(series, base, level)) is not None]
    if not found:
        return None
    level, worst = max(found, key=lambda item: abs(item[1].points))
    where = "clean" if math.isinf(level) else f"at {decibels(level)}"
    return (
        f"Against {grid.name(base)} on the same {terms.clip}s, {grid.name(series)} differs by at most "
        f"{abs(worst.points):.1f} percentage points ({where}: {points(worst.points)}, "
        f"95 % interval {points(worst.low)} to {points(worst.high)})."
    )


def overlap(grid: Grid) -> str:
    """A word of warning where curves hide each other."""
    found = [grid.difference(s, grid.networks[0], level) for s in grid.networks[1:] for level in grid.levels_db]
    if not found or any(d is not None and abs(d.points) >= 2 for d in found):
        return ""
    return f"The curves{' of the networks' if grid.classical else ''} lie nearly on each other."


def limits(grid: Grid, summary: dict[str, Any], *, synthetic: bool, has_recordings: bool) -> list[str]:
    """What the numbers of a keyword spotter do not say."""
    found = []
    if synthetic:
        found.append(
            "Nobody spoke: all words come from a speech synthesiser. The scores tell how well synthetic voices are "
            + "told apart; expect less on people, and record real voices before relying on it."
        )
    if extra := summary.get("protocol", {}).get("synthetic_training"):
        found.append(f"{extra['share']}. What the synthesiser's clips bring is known only beside a run without them.")
    clean = grid.share(grid.shipped, math.inf)
    if clean is not None:
        found.append(
            f"{clean.clips:,} clips leave the clean score anywhere from {clean.low:.1f} to {clean.high:.1f} %. The "
            + "intervals are about other clips like these; another training seed moves the scores as well, and this is "
            + "one training."
        )
    groups = summary.get("protocol", {}).get("groups", {}).get("test")
    if isinstance(groups, int) and groups < FEW_GROUPS:
        found.append(
            f"The test part comes from {groups} {'group' if groups == 1 else 'groups'} (speakers, voices, "
            + "recordings). Clips of one speaker are alike: for other speakers the uncertainty is larger than the "
            + "intervals."
        )
    found.append(
        "Every clip is one word cut out and decided once. False alarms per hour of running audio, latency, and words "
        + "missed between two windows are not measured here."
    )
    if grid.kinds:
        found.append(
            "Noise is added to the clip"
            + ("" if has_recordings else ", and all of it is generated: no recording of a real place was tested")
            + ". People who raise their voice in noise, echo, distance and other microphones are not in it. The SNR is "
            + "over the whole clip, pauses included; during the word itself it is higher."
        )
    labels = summary.get("labels", [])
    if "_unknown_" in labels:
        found.append("Other words (_unknown_) are those of the test part; words it lacks may be taken for a keyword.")
    elif labels:
        found.append("There is no class for other words: whatever is said, the model answers one of its classes.")
    return found


def chance_label(grid: Grid, labels: Sequence[str], terms: Terms = KEYWORDS) -> str:
    """Caption of the chance line."""
    index, percent = grid.commonest
    length = terms.label_length + 2
    name = labels[index] if len(labels[index]) <= length else labels[index][: length - 1] + "…"
    return f"chance: always answering “{name}”, {percent:.0f} %"
