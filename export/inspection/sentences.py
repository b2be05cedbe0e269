"""What the figures mean, in sentences; the limits that decide are named here."""

from __future__ import annotations

from .layers import LayerNoise
from .resolution import Resolution

#: A threshold of fewer quanta of its map has lost its resolution; of fewer than the second, the dead zone is coarse.
LOST_QUANTA, COARSE_QUANTA = 2.0, 5.0
#: More thresholds than this share should not round to 0.
MAX_ZERO_SHARE = 0.10
#: The share of zeros may move by this much between float and integers.
MAX_DEAD_SHIFT = 0.05
#: A scale or threshold of fewer integer levels hardly adapts to its input.
FEW_LEVELS = 16
#: A layer whose own rounding comes this close to its noise makes that noise itself [dB].
OWN_NOISE_DB = 3.0
#: A tensor whose own noise is this many times that of rounding (a twelfth of the squared quantum) clips.
CLIPPING = 2.0
#: Below this ratio the weights are other weights, not rounded ones [dB].
SAME_WEIGHTS_DB = 15.0
#: Differences this far down are those of float32 arithmetic [dB].
EXACT_DB = 120.0


def faults(block: Resolution) -> list[str]:
    """What is wrong with a block's resolution; empty where it keeps."""
    found = []
    if block.tau_quanta < LOST_QUANTA:
        found.append("the dead zone has lost its resolution")
    elif block.tau_quanta < COARSE_QUANTA:
        found.append("the dead zone is coarse")
    if block.tau_zero > MAX_ZERO_SHARE:
        found.append(f"{100 * block.tau_zero:.0f} % of the thresholds round to 0")
    if abs(block.zero_int - block.dead_float) > MAX_DEAD_SHIFT:
        found.append(f"the dead zone is {100 * (block.zero_int - block.dead_float):+.1f} points of the values off")
    for name, levels in (("alpha", block.alpha_levels), ("tau", block.tau_levels)):
        if levels is not None and 1 < levels < FEW_LEVELS:
            found.append(f"{name} takes {levels} levels only")
    return found


def shrinkage_sentence(block: Resolution, target: str) -> str:
    """A block's resolution, its faults, and what to do about them."""
    alpha = "" if block.alpha_levels is None else f"alpha takes {block.alpha_levels} levels, "
    text = (
        f"{block.block}: tau (median {block.tau_median:.3g}) spans {_count(block.tau_quanta)} levels of x's quantum "
        f"({block.x_quantum:.3g}); {alpha}tau {block.tau_levels}; zeros {100 * block.dead_float:.1f} % in float, "
        f"{100 * block.zero_int:.1f} % in {block.dtype}"
    )
    found = faults(block)
    if not found:
        return f"{text}: the threshold keeps its resolution"
    keep = f"keep {block.block} at int16 (--keep {block.block}=int16)" if target == "litert" else "take int16x8"
    advice = f"; {keep} or train with int8-qat" if block.dtype == "int8" else ""
    return f"{text}: {'; '.join(found)}{advice}"


def _count(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def layer_sentence(layer: LayerNoise) -> str:
    """A layer's ratio and where its noise comes from."""
    text = f"{layer.layer} ({layer.operator}) {decibels(layer.sqnr_db)} dB"
    if layer.local_db is None or layer.sqnr_db is None:
        return text
    if layer.local_db - layer.sqnr_db >= OWN_NOISE_DB:
        cause = "carried in by what it reads, or its weights"
    elif clips(layer):
        cause = f"its range is too narrow, {100 * layer.clipped:.2g} % of the values are clipped"
    else:
        cause = "its own rounding: its range is wide for most of its values"
    return f"{text}, {decibels(layer.local_db)} dB were it alone rounded: {cause}"


def clips(layer: LayerNoise) -> bool:
    """Whether values beyond the range, not rounding, make a tensor's own noise."""
    if not layer.clipped or layer.local_db is None:
        return False
    return (layer.signal_rms / layer.scale) ** 2 * 10 ** (-layer.local_db / 10) > CLIPPING / 12


def weights_note(weights_db: float | None) -> str | None:
    """A warning where the bundle's weights are not the run's."""
    if weights_db is None or weights_db >= SAME_WEIGHTS_DB:
        return None
    return (
        f"the kernels differ from the run's by more than rounding (median {weights_db:.1f} dB): trained further, "
        "pruned, clustered, or from another run; every ratio holds that difference too"
    )


def decibels(value: float | None) -> str:
    """A ratio for people: one decimal, ``exact`` from where float32 itself rounds, ``-`` without signal."""
    if value is None:
        return "-"
    return "exact" if value >= EXACT_DB else f"{round(value, 1) + 0.0:.1f}"
