"""What the page says in words, computed from the results."""

from __future__ import annotations

import math

from ..recipes import AUDIO, ECG, IMAGES, SPIKES, VIBRATION
from ..rows import BOUND_SCHEME, ZEROS
from .board import Board, Column, Series

#: Numbers of a sentence are set apart by the page: a sentence is a list of (text, is a number).
Sentence = list[tuple[str, bool]]

WORDS = {
    AUDIO: "clips of speech",
    VIBRATION: "windows of vibration",
    ECG: "stretches of ECG",
    SPIKES: "signals",
    IMAGES: "images",
}
TITLES = {
    AUDIO: "speech",
    VIBRATION: "vibration",
    ECG: "electrocardiograms",
    SPIKES: "spikes",
    IMAGES: "images",
}


def signed(value: float, digits: int) -> str:
    """With a sign and a true minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def plain(value: float, digits: int) -> str:
    """A dash where it is not defined."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.{digits}f}".replace("-", "−")


def headline_columns(board: Board) -> list[Column]:
    """The levels that the page speaks of: a middle one and the last."""
    columns = board.noisy_columns
    return list(dict.fromkeys([columns[(len(columns) - 1) // 2], columns[-1]])) if columns else []


def verdict(board: Board, kind: str) -> Sentence:
    """The result in a sentence or two."""
    measure, d = board.first, board.first.digits
    name, unit = measure.short
    unit = unit if unit == "dB" else ""
    said: Sentence = [(f"On {board.n:,} test {WORDS[kind]}, {board.name(board.network)} brings the {name} ", False)]
    parts: list[Sentence] = []
    for column in headline_columns(board):
        ours = board.mean(board.network, column, measure)
        noisy = board.mean(("noisy", "classical"), column, measure)
        gain = board.gain(board.network, column)
        if not math.isfinite(ours):
            continue
        part: Sentence = [(f"at {column.title} ", False)]
        if math.isfinite(noisy):
            part.append((f"from {plain(noisy, d)} ", False))
        part.append((f"to {plain(ours, d)}{unit and f' {unit}'}", True))
        if gain is not None:
            value, low, high = gain
            interval = f"{signed(value, d)} [{signed(low, d)} to {signed(high, d)}]"
            part.append((f", a gain of {interval}" if value > 0 else f": it loses, by {interval}", False))
        parts.append(part)
    for number, part in enumerate(parts):
        said += [("" if number == 0 else "; ", False), *part]
    several = len(board.kinds)
    said.append((f", mean over {several} kinds of noise." if board.pooled else ".", False))
    return said


def beside(board: Board) -> str:
    """How the network stands beside what needs no training."""
    lines = []
    for column in headline_columns(board):
        best = board.best_classical(column)
        if best is None:
            continue
        ours, theirs = (board.mean(s, column, board.first) for s in (board.network, best))
        d = board.first.digits
        better = (ours > theirs) if board.first.higher else (ours < theirs)
        word = "ahead of" if better else "behind"
        lines.append(
            f"At {column.title} it is {word} the best row without training, {board.name(best)}: "
            f"{plain(ours, d)} against {plain(theirs, d)}."
        )
    bound = next((s for s in board.series if s[1] == BOUND_SCHEME), None)
    if bound is not None and board.noisy_columns:
        column = board.noisy_columns[-1]
        value = plain(board.mean(bound, column, board.first), board.first.digits)
        lines.append(f"Nothing can do better than {value} there, the mean given what was measured.")
    return " ".join(lines)


def limits(board: Board, kind: str, made: str) -> list[str]:
    """What the numbers do not say."""
    found = []
    if made:
        found.append(f"Nothing was recorded: {made}.")
    losing = [c.title for c in board.noisy_columns if (g := board.gain(board.network, c)) is not None and g[0] <= 0]
    if losing:
        found.append(f"At {', '.join(losing)} the network does more harm than good.")
    zeros: Series = (ZEROS, "classical")
    beaten = [
        c.title
        for c in board.noisy_columns
        if _is_better(board, board.mean(zeros, c, board.first), board.mean(board.network, c, board.first))
    ]
    if beaten:
        found.append(f"At {', '.join(beaten)} an answer of nothing but zeros would score better.")
    found.append(
        "Intervals take examples as independent; those of one speaker, recording or person are alike, so that for "
        "others the uncertainty is larger. Another training seed moves the scores as well, and this is one training."
    )
    if kind in {AUDIO, VIBRATION, ECG}:
        found.append(
            "Noise was added by a computer: reverberation, a sensor's own saturation and people who raise their voice "
            "in noise are not in it. Ratios are over a whole example, its pauses included."
        )
        found.append("What the recordings called clean holds some noise of its own, which a network may keep or take.")
    if kind == AUDIO:
        found.append("SI-SDR is not what ears hear: listen to the examples.")
    if kind == ECG:
        found.append("No diagnosis was checked: a denoiser may take away what a physician looks for.")
    if kind == IMAGES:
        found.append("PSNR is of values that were neither clipped nor rounded, as in the published tables.")
    return found


def _is_better(board: Board, one: float, other: float) -> bool:
    if not (math.isfinite(one) and math.isfinite(other)):
        return False
    return one > other if board.first.higher else one < other
