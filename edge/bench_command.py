"""``drsn-edge bench``: what a bundle costs on this machine."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.frontend import FrontEndSpec, SignalSpec, StreamingFrontEnd, window_features
from drsn_keras.machinery.novelty import novelty_features

from .bundle import Bundle, denoiser_signal, load_bundle
from .denoiser import PieceDenoiser, open_denoiser
from .listener import KeywordListener
from .progress import Progress
from .ring import FeatureRing

_WARM_UP = 5
_AT_LEAST = 10


def measure(bundle: Bundle, seconds: float) -> dict[str, Any]:
    """Time front end and model in turns, so that a clock that changes its pace hits both.

    Parameters
    ----------
    bundle : Bundle
    seconds : float
        Wall-clock time to measure for; at least ten rounds are measured.

    Returns
    -------
    dict
        ``front_end_ms`` and ``model_ms`` (median and p90, of one evaluation's hop; a denoiser's step or half a piece),
        ``real_time_factor`` (median time by the hop's duration: below 1 keeps up), ``hop_s``, ``rounds``. Without a
        rate the two about time are None.
    """
    kinds = {FrontEndSpec: _words, SignalSpec: _pieces}
    look, hop_s = kinds.get(type(bundle.front_end), _windows)(bundle)
    front_end_s, model_s = [], []
    progress = Progress("bench", seconds)
    begin = time.perf_counter()
    while len(model_s) < _WARM_UP + _AT_LEAST or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        window = look()
        middle = time.perf_counter()
        bundle.interpreter.run(window)
        end = time.perf_counter()
        front_end_s.append(middle - start)
        model_s.append(end - middle)
        progress.show(end - begin)
    progress.clear()
    front_end_s, model_s = np.array(front_end_s[_WARM_UP:]), np.array(model_s[_WARM_UP:])
    return {
        "front_end_ms": _summary(front_end_s),
        "model_ms": _summary(model_s),
        "real_time_factor": round(float(np.median(front_end_s + model_s)) / hop_s, 5) if hop_s else None,
        "hop_s": round(hop_s, 6) if hop_s else None,
        "rounds": len(model_s),
    }


def _words(bundle: Bundle) -> tuple[Callable[[], np.ndarray], float]:
    """What computes the next evaluation's input of a listener, and seconds between two."""
    listener = KeywordListener(bundle)
    spec = listener.front_end
    noise = _noise(listener.step_frames * spec.hop_length)
    front_end, ring = StreamingFrontEnd(spec), FeatureRing(listener.n_frames, spec.n_features)
    front_end.push(np.zeros(max(0, spec.frame_length - spec.hop_length)))

    def look() -> np.ndarray:
        ring.push(front_end.push(noise))
        return ring.window()

    return look, listener.hop_s


def _windows(bundle: Bundle) -> tuple[Callable[[], np.ndarray], float]:
    """The same of a monitor: what a window is shown to the model as, and how novel it is."""
    spec = bundle.front_end
    noise = _noise(spec.n_samples)

    def look() -> np.ndarray:
        novelty_features(noise, spec.sample_rate_hz)
        return window_features(noise, spec)

    return look, spec.hop_s


def _pieces(bundle: Bundle) -> tuple[Callable[[], np.ndarray], float | None]:
    """The same of a denoiser: the next step, or piece; there is no front end but its axes."""
    spec, denoiser = denoiser_signal(bundle), open_denoiser(bundle)
    noise = _noise(denoiser.delay_samples)
    hop = denoiser.hop_samples if isinstance(denoiser, PieceDenoiser) else denoiser.delay_samples
    shape = (-1, spec.hop_length)
    return lambda: noise.reshape(shape), hop / spec.sample_rate_hz if spec.sample_rate_hz else None


def _noise(n: int) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n)).astype(np.float32)


def peak_rss_bytes() -> int | None:
    """The most memory this process has held; None where the system does not say."""
    try:
        # getrusage also counts what the process was forked from: ask Linux for this program's own mark first.
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def bench(arguments: argparse.Namespace) -> None:
    """Handle the sub-command."""
    bundle = load_bundle(arguments.bundle, arguments.threads)
    result = {
        "bundle": arguments.bundle,
        "machine": platform.machine(),
        "threads": arguments.threads,
        **measure(bundle, arguments.seconds),
        "model_bytes": bundle.interpreter.model_path.stat().st_size,
        "peak_rss_bytes": peak_rss_bytes(),
    }
    print(json.dumps(result) if arguments.json else _table(result))


def _summary(times_s: np.ndarray) -> dict[str, float]:
    """Median and 90th percentile in ms."""
    return {
        "median": round(1e3 * float(np.median(times_s)), 4),
        "p90": round(1e3 * float(np.quantile(times_s, 0.9)), 4),
    }


def _table(result: dict[str, Any]) -> str:
    """For a person."""
    rss = result["peak_rss_bytes"]
    rows = [("", "median", "p90")]
    for title, key in (("front end", "front_end_ms"), ("model", "model_ms")):
        rows.append((title, f"{result[key]['median']:.3f} ms", f"{result[key]['p90']:.3f} ms"))
    lines = [f"{title:<18}{median:>12}{p90:>12}" for title, median, p90 in rows]
    if result["hop_s"]:
        lines += [
            f"{'hop':<18}{1e3 * result['hop_s']:>9.0f} ms",
            f"{'real-time factor':<18}{result['real_time_factor']:>12.4f}",
        ]
    lines += [
        f"{'model file':<18}{result['model_bytes'] / 1024:>8.1f} KiB",
        f"{'peak memory':<18}" + ("     unknown" if rss is None else f"{rss / 2**20:>8.1f} MiB"),
        f"{'rounds, threads':<18}{result['rounds']:>9}, {result['threads']}",
    ]
    return "\n".join(lines)
