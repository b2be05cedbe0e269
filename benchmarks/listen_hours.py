"""``make bench-listen``: hours of stream through ``drsn-edge listen --stdin``: do its time stamps drift?

Words at known samples, from the first minute to the last, on a quiet background, piped as 16-bit PCM through the real
process as fast as it takes them. Compared are the times that its lines say with where the words were put. The words
are clips that the bundle hears without a doubt: spoken by the synthesiser where it was trained on synthetic speech,
else recordings (those of Speech Commands beside the repository, or ``--clips``), whether training knows them or not.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.edge import KeywordListener, load_bundle
from drsn_keras.edge.bundle import Bundle
from drsn_keras.model_card import BACKGROUND_LABELS
from drsn_keras.training.streams.matching import NONE, match
from drsn_keras.training.streams.word_bounds import word_bounds
from edge_wheel import BUNDLES, ROOT, conclude, find_bundle, options
from process_figures import memory_mb

#: Standard deviation of the background in steps of 16-bit PCM, -66 dBFS.
_BACKGROUND = 16.0
#: Average probability that a word's clip reaches, wherever the evaluations fall.
_CERTAIN = 0.95
#: Ends of the names of recordings.
_SOUND = (".wav", ".flac", ".ogg", ".opus")
#: Silence between words [s]: long enough that no word answers for another.
_GAP_S = (6.0, 12.0)
#: Moments of the first memory figure, in minutes of the stream.
_EARLY_MIN = 10.0
#: Largest figures that pass: missed words in a hundred, words out of nothing, drift, and growth after ten minutes.
LIMITS = {"missed_percent": 1.0, "false_detections": 0, "drift_abs_ms": 20.0, "memory_growth_mb": 2.0}


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """A word: its samples [int16], and where in them it ends."""

    label: str
    samples: np.ndarray
    stop: int


@dataclasses.dataclass(frozen=True)
class Placed:
    """A clip in the stream, from sample ``at`` on."""

    clip: int
    at: int


def main() -> None:
    """Choose clips, pipe the stream through, print and write the figures."""
    parser = options(__doc__, "listen")
    parser.add_argument("--hours", type=float, default=2.0, metavar="H", help="of stream (2)")
    parser.add_argument("--clips", type=Path, metavar="DIR", help="a folder a word, of recordings")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="0 by default")
    arguments = parser.parse_args()
    if not 0 < arguments.hours <= 48:
        sys.exit(f"--hours: expected above 0 and at most 48, got {arguments.hours:g}")
    bundle = load_bundle(_bundle_folder(arguments.bundle))
    clips = certain_clips(bundle, _candidates(bundle, arguments), per_word=3)
    n_samples = round(arguments.hours * 3600 * bundle.front_end.sample_rate_hz)
    figures = {"bundle": bundle.card.name, **hear_hours(bundle, clips, n_samples, arguments.seed)}
    conclude(figures, LIMITS, arguments.out)


def _bundle_folder(given: Path | None) -> Path:
    """The bundle that is asked for, or one that is there, or that of ``make demo``, made now."""
    if given is None and not any((ROOT / name / "card.json").is_file() for name in BUNDLES):
        log("no bundle yet: make demo")
        subprocess.run(["make", "demo"], cwd=ROOT, check=True)
    return find_bundle(given)


def _candidates(bundle: Bundle, arguments: argparse.Namespace) -> Iterator[tuple[str, np.ndarray]]:
    """Clips of the bundle's words [int16], word after word."""
    from drsn_keras.training.audio import read_audio, to_int16

    words = [label for label in bundle.card.labels if label not in BACKGROUND_LABELS]
    rate_hz = bundle.front_end.sample_rate_hz
    if arguments.clips is None and bundle.card.synthetic_speech:
        from drsn_keras.training.synthesis import Voice, speak_all, split_variants

        lines = [(word, Voice(variant=name, rate_wpm=160)) for word in words for name in split_variants()["test"][:8]]
        for (word, _), y in zip(lines, speak_all(lines, rate_hz, arguments.seed).signals, strict=True):
            yield word, to_int16(np.asarray(y) * np.float32(0.5 / max(float(np.abs(y).max()), 1e-9)))
        return
    folder = arguments.clips or Path(os.environ.get("DRSN_DATA", ROOT / "../shared/data")) / "audio" / "gsc_v2_test"
    for word in words:
        files = sorted(p for p in (folder / word).glob("*.*") if p.suffix in _SOUND)
        if not files:
            sys.exit(f"{folder / word}: expected recordings of a word of the bundle (--clips, or DRSN_DATA)")
        for path in files[:40]:
            yield word, to_int16(read_audio(path, rate_hz).y)


def certain_clips(bundle: Bundle, candidates: Iterable[tuple[str, np.ndarray]], per_word: int) -> list[Clip]:
    """Up to ``per_word`` clips a word that fire once, and surely, wherever the evaluations fall."""
    listener = KeywordListener(bundle)
    rate_hz, hop = listener.front_end.sample_rate_hz, round(listener.hop_s * listener.front_end.sample_rate_hz)
    rng = np.random.default_rng(0)
    found: list[Clip] = []
    for label, samples in candidates:
        if sum(clip.label == label for clip in found) == per_word:
            continue
        stop = word_bounds(samples, rate_hz)[1]
        if all(_fires_once(listener, label, samples, hop * i // 4, rng) for i in range(4)):
            found.append(Clip(label, samples, stop))
    if not found:
        sys.exit(f"{bundle.folder}: expected a clip that it hears without a doubt, got none")
    return found


def _fires_once(
    listener: KeywordListener, label: str, samples: np.ndarray, shift: int, rng: np.random.Generator
) -> bool:
    rate_hz = listener.front_end.sample_rate_hz
    y = background(rng, 4 * rate_hz + len(samples))
    y[2 * rate_hz + shift :][: len(samples)] += samples
    listener.reset()
    verdicts = listener.push(to_pcm(y).astype(np.float32) / 32768.0)
    words = [v.detection.label for v in verdicts if v.detection]
    of_label = listener.detector.labels.index(label)
    return words == [label] and max(v.probabilities[of_label] for v in verdicts) >= _CERTAIN


def background(rng: np.random.Generator, n: int) -> np.ndarray:
    """Quiet white noise [shape=(n,), float32, steps of 16-bit PCM]."""
    return np.float32(_BACKGROUND) * rng.standard_normal(n, np.float32)


def to_pcm(y: np.ndarray) -> np.ndarray:
    """Rounded to 16 bits."""
    return np.round(y).clip(-32768, 32767).astype("<i2")


def place(clips: Sequence[Clip], n_samples: int, rate_hz: int, rng: np.random.Generator) -> list[Placed]:
    """Clips in a random order at random samples, so far apart that each answers for itself."""
    placed, at = [], 0
    while True:
        clip = int(rng.integers(len(clips)))
        at += round(rng.uniform(*_GAP_S) * rate_hz)
        if at + len(clips[clip].samples) + 2 * rate_hz > n_samples:
            return placed
        placed.append(Placed(clip, at))
        at += len(clips[clip].samples)


def blocks(
    clips: Sequence[Clip], placed: Sequence[Placed], n_samples: int, rate_hz: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """The stream in blocks of 10 s [int16]."""
    length = 10 * rate_hz
    for start in range(0, n_samples, length):
        y = background(rng, min(length, n_samples - start))
        for word in placed:
            samples = clips[word.clip].samples
            if word.at < start + len(y) and word.at + len(samples) > start:
                low, high = max(word.at, start), min(word.at + len(samples), start + len(y))
                y[low - start : high - start] += samples[low - word.at : high - word.at]
        yield to_pcm(y)


def hear_hours(bundle: Bundle, clips: Sequence[Clip], n_samples: int, seed: int) -> dict[str, Any]:
    """Place, pipe, compare."""
    rate_hz = bundle.front_end.sample_rate_hz
    rng = np.random.default_rng(seed)
    placed = place(clips, n_samples, rate_hz, rng)
    log(f"{len(placed)} words of {len(clips)} clips in {n_samples / rate_hz / 3600:.3g} h")
    began = time.perf_counter()
    lines, memory = pipe(bundle.folder, blocks(clips, placed, n_samples, rate_hz, rng), rate_hz)
    seconds = time.perf_counter() - began
    return {
        "hours": round(n_samples / rate_hz / 3600, 4),
        **compare(lines, clips, placed, rate_hz),
        **memory,
        "times_real_time": round(n_samples / rate_hz / seconds, 1),
    }


def pipe(folder: Path, stream: Iterable[np.ndarray], rate_hz: int) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """What the process says about a stream, and the most memory that it took [MiB]: early, and until the end."""
    command = [
        sys.executable,
        "-m",
        "drsn_keras.edge",
        "listen",
        str(folder),
        "--stdin",
        "--rate",
        str(rate_hz),
        "--json",
    ]
    with tempfile.TemporaryFile() as messages:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": messages}
        with subprocess.Popen(command, cwd=ROOT, bufsize=0, **pipes) as process:
            lines: list[bytes] = []
            reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
            reader.start()
            written, early = 0, 0.0
            try:
                for block in stream:
                    process.stdin.write(block.tobytes())
                    written += len(block)
                    # A pipe holds two seconds: what was written before that has been heard.
                    if written <= _EARLY_MIN * 60 * rate_hz or not early:
                        early = memory_mb(process.pid, "VmHWM")
                # The last that can be asked: a process that has ended has no memory.
                end = memory_mb(process.pid, "VmHWM")
                process.stdin.close()
            except BrokenPipeError:
                end = 0.0
            reader.join()
            code = process.wait()
        messages.seek(0)
        if code:
            sys.exit(f"drsn-edge listen: exit code {code}: {messages.read().decode(errors='replace').strip()[-500:]}")
    figures = {"peak_10_min_mb": round(early, 1), "peak_end_mb": round(end, 1)}
    return [json.loads(line) for line in lines], {**figures, "memory_growth_mb": round(end - early, 1)}


def compare(
    lines: Sequence[dict[str, Any]], clips: Sequence[Clip], placed: Sequence[Placed], rate_hz: int
) -> dict[str, Any]:
    """Time stamps beside the ends of the words.

    The difference is how long after its word's end the window that fired ends: constant for a clip but for where the
    evaluations fall. Its slope over the stream, clip by clip, is the drift.
    """
    words = [clips[word.clip].label for word in placed]
    starts_s = np.array([word.at for word in placed]) / rate_hz
    stops_s = np.array([word.at + clips[word.clip].stop for word in placed]) / rate_hz
    times_s = np.array([line["time_s"] for line in lines], float)
    answered = match(times_s, [line["label"] for line in lines], words, starts_s, stops_s)
    hits = answered != NONE
    if hits.sum() < 3:
        sys.exit(f"drsn-edge listen: expected most of {len(words)} words, got {int(hits.sum())}")
    word, after_s = answered[hits], times_s[hits] - stops_s[answered[hits]]
    which = np.array([placed[i].clip for i in word])
    rest_s = after_s - np.array([after_s[which == clip].mean() for clip in which])
    at_s = stops_s[word]
    slope, error = _slope(at_s, rest_s)
    quarter = max(1, len(rest_s) // 4)
    ms = 1e3 * float(rest_s[-quarter:].mean() - rest_s[:quarter].mean())
    return {
        "words": len(words),
        "detected": int(hits.sum()),
        "missed_percent": round(100.0 * (len(words) - int(hits.sum())) / len(words), 3),
        "false_detections": int((~hits).sum()),
        "difference_mean_s": round(float(after_s.mean()), 4),
        "difference_least_s": round(float(after_s.min()), 4),
        "difference_largest_s": round(float(after_s.max()), 4),
        "drift_ppm": round(1e6 * slope, 2),
        "drift_ppm_standard_error": round(1e6 * error, 2),
        "drift_first_to_last_quarter_ms": round(ms, 2),
        "drift_abs_ms": round(abs(ms), 2),
    }


def _slope(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Of a straight line through points, with its standard error."""
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    return slope, float(np.sqrt(rest @ rest / max(1, len(x) - 2) / (x @ x)))


if __name__ == "__main__":
    main()
