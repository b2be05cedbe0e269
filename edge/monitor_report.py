"""Verdicts and summaries as JSON objects and as lines for a person."""

from __future__ import annotations

from typing import Any

from .monitor import REASONS, MonitorVerdict


def window_result(verdict: MonitorVerdict, name: str) -> dict[str, Any]:
    """A verdict as plain values; ``noise_level_db`` only where the model tells it."""
    result = {
        "type": "window",
        "source": name,
        "time_s": round(verdict.time_s, 4),
        "label": verdict.label,
        "reason": verdict.reason,
        "probability": _rounded(verdict.probability, 4),
        "novelty": _rounded(verdict.novelty, 3),
        "health_percent": _rounded(verdict.health_percent, 1),
    }
    if verdict.noise_level_db is not None:
        result["noise_level_db"] = round(verdict.noise_level_db, 1)
    return result


def window_line(result: dict[str, Any]) -> str:
    """Columns two spaces apart: source, time, label, probability, health and noise where they are known.

    >>> window_line({"source": "a.wav", "time_s": 1.0, "label": None, "reason": "novel", "probability": None,
    ...              "health_percent": 93.25})
    'a.wav  1.00 s  abstain (unlike anything trained on)  -  health 93 %'
    """
    probability, health = result["probability"], result["health_percent"]
    state = result["label"] if result["label"] is not None else f"abstain ({REASONS[result['reason']]})"
    columns = [
        result["source"],
        f"{result['time_s']:.2f} s",
        state,
        "-" if probability is None else f"{probability:.2f}",
    ]
    if health is not None:
        columns.append(f"health {health:.0f} %")
    if "noise_level_db" in result:
        columns.append(f"noise {result['noise_level_db']:.0f} dB")
    return "  ".join(columns)


def summary_line(result: dict[str, Any]) -> str:
    """A summary in one line: state, abstention, velocity and zone, bearing, health."""
    parts = (_state(result), _abstained(result), _velocity(result), _bearing(result), _health(result))
    return f"{result['source']}  summary  {'; '.join(part for part in parts if part)}"


def _state(result: dict[str, Any]) -> str:
    if result["state"] is None:
        return f"abstain ({REASONS[result['reason']]})"
    windows = f"{100 * result['share']:.0f} % of {result['classified']} classified windows"
    return f"{result['state']} in {windows}, mean probability {result['probability']:.2f}"


def _abstained(result: dict[str, Any]) -> str:
    reasons = ", ".join(f"{REASONS[reason]} {n}" for reason, n in result["abstained"].items())
    count = result["windows"] - result["classified"]
    clean = result.get("false_abstention_clean_percent")
    stated = f"{result['false_abstention_percent']:g} % falsely on validation data"
    stated += f" ({clean:g} % on clean windows)" if clean is not None else ""
    return f"abstained on {count} of {result['windows']} windows" + (f" ({reasons})" if reasons else "") + f", {stated}"


def _velocity(result: dict[str, Any]) -> str:
    if "velocity_rms_mm_s" not in result:
        return f"no velocity ({result['velocity_reason']})"
    low_hz, high_hz = result["velocity_band_hz"]
    velocity = f"velocity {result['velocity_rms_mm_s']:.3g} mm/s RMS ({low_hz:g} to {high_hz:g} Hz)"
    if "iso" not in result:
        return velocity
    iso = result["iso"]
    return f"{velocity}, ISO 20816-3 zone {iso['zone']} (group {iso['group']}, {iso['foundation']})"


def _bearing(result: dict[str, Any]) -> str:
    if "bearing_reason" in result:
        return f"no bearing evidence ({result['bearing_reason']})"
    if "bearing" not in result:
        return ""
    lines = result["bearing"]
    where = f"envelope of {lines['band_hz'][0]:g} to {lines['band_hz'][1]:g} Hz"
    if lines["strongest"] is None:
        return f"no bearing line stands out by {lines['least_contrast_db']:.0f} dB ({where})"
    found, of = lines["found"][lines["strongest"]]
    return f"{lines['strongest']} stands out by {lines['contrast_db']:.0f} dB, {found} of {of} lines found ({where})"


def _health(result: dict[str, Any]) -> str:
    return "" if result["health_percent"] is None else f"health {result['health_percent']:.0f} %"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
