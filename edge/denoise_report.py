"""What is said of a cleaned signal: how long, how fast, how much was taken away."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from .denoiser import Denoiser


class Cleaning:
    """One signal through a denoiser, with its time and its energies taken.

    Parameters
    ----------
    denoiser : Denoiser
        Fresh.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        self.denoiser = denoiser
        self._seconds = self._energy_in = self._energy_out = 0.0

    def push(self, samples: np.ndarray) -> np.ndarray:
        """As of the denoiser."""
        self._energy_in += _energy(samples)
        return self._timed(lambda: self.denoiser.push(samples))

    def flush(self) -> np.ndarray:
        """As of the denoiser."""
        return self._timed(self.denoiser.flush)

    def _timed(self, compute) -> np.ndarray:
        began = time.perf_counter()
        y = compute()
        self._seconds += time.perf_counter() - began
        self._energy_out += _energy(y)
        return y

    def result(self, source: str, output: Path | None) -> dict[str, Any]:
        """Figures for JSON; without a rate there is no duration.

        ``real_time_factor`` is the time of the model alone by the duration. ``energy_removed_db`` is the energy that
        went in over that which came out; None where one of them is nothing.
        """
        denoiser, rate = self.denoiser, self.denoiser.spec.sample_rate_hz
        duration_s = denoiser.samples_seen / rate if rate else None
        both = self._energy_in > 0 and self._energy_out > 0
        return {
            "type": "denoised",
            "source": source,
            "output": "stdout" if output is None else str(output),
            "samples": denoiser.samples_seen,
            "sample_rate_hz": rate,
            "duration_s": None if duration_s is None else round(duration_s, 4),
            "real_time_factor": round(self._seconds / duration_s, 6) if duration_s else None,
            "energy_removed_db": round(10.0 * math.log10(self._energy_in / self._energy_out), 2) if both else None,
            "gain_db": round(denoiser.gain_db, 2),
            "clipped_share": round(denoiser.samples_clipped / max(1, denoiser.samples_seen), 6),
        }


def result_line(result: dict[str, Any]) -> str:
    """The same for a person."""
    parts = [f"{result['source']} -> {result['output']}"]
    if result["duration_s"] is None:
        parts.append(f"{result['samples']} samples")
    else:
        parts.append(f"{result['duration_s']:.2f} s, real-time factor {result['real_time_factor'] or 0.0:.4f}")
    removed = result["energy_removed_db"]
    parts.append("silence" if removed is None else f"{removed:.1f} dB of energy removed")
    parts.append(f"gain {result['gain_db']:+.1f} dB")
    parts.append(f"{100 * result['clipped_share']:.2g} % clipped")
    return "  ".join(parts)


def _energy(y: np.ndarray) -> float:
    return float(np.sum(np.square(y, dtype=np.float64)))
