"""The results in words: a table for the terminal, a page in Markdown, the curve as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from drsn_keras.noise_thresholds import threshold_words

from .composition import KINDS
from .matching import ANSWER_S
from .sweep import Point, det_curve

_DET_COLUMNS = (
    *("stream", "threshold", "release", "smoothing_s", "misses_percent", "false_accepts_per_hour"),
    *("missed", "words", "false_accepts", "hours", "on_curve"),
)
#: Streams by their split.
TITLES = {"val": "validation", "test": "test"}
#: What stands beside the chosen thresholds, by whether these follow the noise level.
OTHERS = {True: ("one threshold", "one_threshold"), False: ("by noise level", "by_noise_level")}


def detector_words(detector: Mapping[str, float], noise_thresholds: Sequence[Sequence[float]] = ()) -> str:
    """The constants on a line."""
    return (
        f"threshold {threshold_words(noise_thresholds, detector['threshold'])}, re-arms below "
        f"{detector['release']:g}, looks every {detector['hop_s']:g} s, averages {detector['smoothing_s']:g} s, rests "
        f"{detector['refractory_s']:g} s"
    )


def terminal(result: Mapping[str, Any]) -> str:
    """Tables of fixed columns."""
    lines = [f"{result['bundle']}: {result['model']}, {result['scheme']}", *_facts(result)]
    for rows in (overall_rows(result), noise_rows(result), keyword_rows(result), scene_rows(result)):
        if not rows:
            continue
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines.append("")
        lines += ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def markdown(result: Mapping[str, Any]) -> str:
    """stream.md."""
    parts = [f"# {result['model']}, {result['scheme']}, on streams", "\n".join(f"- {fact}" for fact in _facts(result))]
    for title, rows in (
        ("Misses and false accepts", overall_rows(result)),
        ("By noise level", noise_rows(result)),
        ("By keyword", keyword_rows(result)),
        ("Where false accepts come from", scene_rows(result)),
    ):
        if not rows:
            continue
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        parts += [f"## {title}", "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])]
    parts.append("![Misses over false accepts](det.png)")
    return "\n\n".join(parts) + "\n"


def _facts(result: Mapping[str, Any]) -> list[str]:
    """What was composed, and what was chosen how."""
    chosen = result["operating_point"]
    facts = [f"streams: {result['composed']}; seed {result['seed']}"]
    for name, found in result["material"].items():
        facts.append(
            f"{TITLES[name]}: {found['keyword_clips']} clips of keywords and {found['other_speech_clips']} of other "
            f"speech by {found['speakers']} speakers, {found['noises']} noises; {result['streams'][name]['words']} "
            f"keywords and {result['streams'][name]['other_words']} other words were spoken, all clips equally often"
        )
    facts.append(f"speakers of training, validation and test apart: {result['speaker_disjoint']}")
    facts.append(
        f"a word is heard if its keyword fires between its beginning and {ANSWER_S:g} s after its end; any other "
        "firing is a false accept (another keyword in its place too: then the word is missed besides)"
    )
    limit = f"{chosen['max_false_accepts_per_hour']:g} false accepts an hour"
    how = (
        f"fewest misses at no more than {limit}" if chosen["reached"] else f"the highest threshold: none keeps {limit}"
    )
    words = detector_words(chosen["detector"], chosen.get("noise_thresholds", ()))
    facts.append(f"operating point: {words}; chosen on validation ({how})")
    if found := result.get("noise_levels"):
        kept = "thresholds follow the noise level" if found["kept"] else "one threshold for all noise"
        facts.append(f"{kept}: {found['reason']}")
    return facts


def _rate(values: Mapping[str, Any], key: str, digits: int = 1) -> str:
    if values[key] is None:
        return "-"
    return f"{values[key]:.{digits}f} ({values['low']:.{digits}f} to {values['high']:.{digits}f})"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def overall_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """A row a stream and detector."""
    rows = [["stream", "detector", "hours", "words", "misses [%]", "false accepts/h", "latency [s] mean, 50, 95 %"]]
    streams = [(name, "chosen", found) for name, found in result["streams"].items()]
    if levels := result.get("noise_levels"):
        title, other = OTHERS[levels["kept"]]
        streams += [(name, title, found) for name, found in (levels[other] or {"streams": {}})["streams"].items()]
    streams += [(name, "the card's", found) for name, found in result["with_card"].items()]
    for name, detector, found in streams:
        latency = found["latency_s"]
        times = ", ".join(_seconds(latency[key]) for key in ("mean", "median", "p95"))
        misses, false = _rate(found["misses"], "percent"), _rate(found["false_accepts"], "per_hour", 2)
        rows.append([TITLES[name], detector, f"{found['hours']:.2f}", str(found["words"]), misses, false, times])
        if detector == "chosen":
            rows += [
                [f"  {part}", "", "", str(some["n"]), _rate(some, "percent"), "", ""]
                for part, some in found["misses_by_snr"].items()
            ]
    return rows


def noise_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """A row a stream and range of the noise level, one threshold beside those by noise level; none without these."""
    levels = result.get("noise_levels")
    if not levels or not levels["by_noise_level"]:
        return []
    one, several = (levels[name]["ranges"] for name in ("one_threshold", "by_noise_level"))
    columns = ["threshold", "misses [%]", "false accepts"]
    rows = [["noise level", "hours", "words", *(f"{c}, one" for c in columns), *(f"{c}, by noise" for c in columns)]]
    for name, ranges in one.items():
        for both in zip(ranges, several[name], strict=True):
            end_db, low_db = both[0]["up_to_db"], levels["edges_db"][-1]
            row = [f"{TITLES[name]}, " + (f"above {low_db:g} dB" if end_db is None else f"up to {end_db:g} dB")]
            row += [f"{both[0]['hours']:.2f}", str(both[0]["words"])]
            for found in both:
                misses = f"{100 * found['missed'] / found['words']:.1f}" if found["words"] else "-"
                row += [f"{found['threshold']:g}", misses, str(found["false_accepts"])]
            rows.append(row)
    return rows


def keyword_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """A row a keyword of the last stream."""
    name, found = list(result["streams"].items())[-1]
    rows = [[f"keyword ({TITLES[name]})", "words", "misses [%]", "false accepts"]]
    for label, one in found["by_keyword"].items():
        misses = one["misses"]
        rows.append([label, str(misses["n"]), _rate(misses, "percent"), str(one["false_accepts"]["count"])])
    return rows


def scene_rows(result: Mapping[str, Any]) -> list[list[str]]:
    """A row a kind of scene of the last stream."""
    name, found = list(result["streams"].items())[-1]
    rows = [[f"during ({TITLES[name]})", "hours", "false accepts", "an hour of it"]]
    for kind in KINDS:
        one = found["false_accepts_by_scene"][kind]
        rows.append([kind, f"{one['hours']:.2f}", str(one["count"]), _rate(one, "per_hour", 2)])
    at_word = f"{found['at_a_word']} of them at a word"
    rows[1][2] += f" ({at_word})" if found["at_a_word"] else ""
    return rows


def det_csv(curves: Mapping[str, Sequence[Point]]) -> str:
    """Every threshold of the sweep; ``on_curve`` where no other is better."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_DET_COLUMNS)
    for name, points in curves.items():
        best = set(map(id, det_curve(points)))
        for point in points:
            d = point.detector
            rates = f"{point.misses_percent:.3f}", f"{point.false_accepts_per_hour:.4f}"
            counts = point.missed, point.words, point.false_accepts, f"{point.hours:.4f}"
            on = "yes" if id(point) in best else "no"
            writer.writerow((name, d.threshold, d.release, d.smoothing_s, *rates, *counts, on))
    return text.getvalue()
