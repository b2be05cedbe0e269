"""Rows of every table: the network, and what needs no training."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable, Sequence

import numpy as np

from drsn_keras.errors import UsageError, mismatch

from .bayes import bayes_estimate
from .classical import CLASSICAL
from .corruption import Condition
from .recipes import AUDIO, ECG, IMAGES, SPIKES, VIBRATION
from .spectral import spectral_gate, spectral_wiener
from .task import DenoiseTask

#: Schemes of rows that are no network: classical filters, and the bound that nothing can pass.
CLASSICAL_SCHEME, BOUND_SCHEME = "classical", "bound"
NOISY, ZEROS = "noisy", "zeros"
_MEDIAN_OF_NORMAL = 0.6744897501960817
#: Weight of total variation in standard deviations of the noise.
_TV_WEIGHT = {1: 1.0, 2: 0.7}
#: What an electrocardiogram's monitor keeps [Hz].
_ECG_BAND_HZ = (0.5, 40.0)
#: Packages that rows need beside SciPy.
_NEEDS = {"wavelet-soft": "pywt", "wavelet-garrote": "pywt", "tv": "skimage", "nl-means": "skimage"}

#: Spoiled examples in units of full scale, and how they were spoiled, to estimates.
Denoise = Callable[[Sequence[np.ndarray], Condition], list[np.ndarray]]
#: One spoiled signal in real units and the noise's standard deviation (None: not known) to an estimate.
Filter = Callable[[np.ndarray, "float | None"], np.ndarray]

_OF_TASK = {
    AUDIO: (NOISY, ZEROS, "wiener", "spectral-gate", "spectral-wiener", "wavelet-soft"),
    VIBRATION: (NOISY, ZEROS, "wiener", "wavelet-soft", "wavelet-garrote", "tv"),
    ECG: (NOISY, ZEROS, "high-pass", "band-pass", "wiener", "wavelet-soft", "wavelet-garrote", "tv"),
    SPIKES: (
        *(NOISY, ZEROS, "wiener", "l1", "gmc", "wavelet-soft", "wavelet-garrote", "tv", "soft", "soft-nonnegative"),
        "bayes",
    ),
    IMAGES: (NOISY, ZEROS, "wiener", "wavelet-soft", "wavelet-garrote", "tv", "nl-means", "bm3d-lite"),
}


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One thing to evaluate.

    Parameters
    ----------
    model, scheme : str
        A classical row is its model; its scheme is :data:`CLASSICAL_SCHEME`. Of a network: ``keras``, or a bundle's.
    denoise : callable
    """

    model: str
    scheme: str
    denoise: Denoise


def row_names(task: DenoiseTask) -> list[str]:
    """Rows of a task that can be computed here."""
    return [n for n in _OF_TASK[task.kind] if n not in _NEEDS or importlib.util.find_spec(_NEEDS[n])]


def classical_candidates(task: DenoiseTask, names: Sequence[str] | None = None) -> list[Candidate]:
    """Rows of a task by name; all that can be computed by default.

    Rows that use the noise's standard deviation are told it where a condition has one (a network is not), and else
    estimate it.

    Raises
    ------
    UsageError
        A row that the task has not, or whose package is not installed.
    """
    known = _OF_TASK[task.kind]
    names = row_names(task) if names is None else list(names)
    for name in names:
        if name not in known:
            raise UsageError(mismatch("--baselines", f"some of {', '.join(known)}", name))
        if name in _NEEDS and not importlib.util.find_spec(_NEEDS[name]):
            raise UsageError(mismatch(f"--baselines {name}", f"the package {_NEEDS[name]}", "none installed"))
    return [_candidate(name, task) for name in names]


def _candidate(name: str, task: DenoiseTask) -> Candidate:
    scale, filtered = task.spec.full_scale, _filter(name, task)

    def denoise(noisy: Sequence[np.ndarray], condition: Condition) -> list[np.ndarray]:
        sigma = condition.level if condition.measure == "sigma" else None
        return [(filtered(np.asarray(y, np.float64) * scale, sigma) / scale).astype(np.float32) for y in noisy]

    return Candidate(name, BOUND_SCHEME if name == "bayes" else CLASSICAL_SCHEME, denoise)


def _filter(name: str, task: DenoiseTask) -> Filter:
    rank, rate = (2 if task.spec.is_image else 1), task.spec.sample_rate_hz
    if name == "bayes":
        return lambda y, sigma: bayes_estimate(y[None], sigma)[0]
    if name in {"soft", "soft-nonnegative"}:
        return CLASSICAL[name]
    if name == "tv":
        return lambda y, sigma: CLASSICAL[name](y, _TV_WEIGHT[rank] * (sigma or noise_deviation(y)), rank=rank)
    if name.startswith("wavelet") or name in {"nl-means", "bm3d-lite"}:
        return lambda y, sigma: CLASSICAL[name](y, sigma=sigma, rank=rank)
    if name == "spectral-gate":
        return lambda y, _: spectral_gate(y, rate)
    if name == "spectral-wiener":
        return lambda y, _: spectral_wiener(y, rate)
    if name in {"high-pass", "band-pass"}:
        low_hz, high_hz = _ECG_BAND_HZ
        return lambda y, _: band_pass(y, rate, low_hz, high_hz if name == "band-pass" else rate)
    return lambda y, _: CLASSICAL[name](y, rank=rank)


def noise_deviation(y: np.ndarray) -> float:
    """Standard deviation of white noise, by the median magnitude of neighbours' differences.

    >>> round(noise_deviation(np.random.default_rng(0).normal(0, 2.0, 100_000)), 1)
    2.0
    """
    difference = np.diff(np.asarray(y, np.float64), axis=-1)
    return max(float(np.median(np.abs(difference)) / (_MEDIAN_OF_NORMAL * np.sqrt(2.0))), 1e-12)


def band_pass(y: np.ndarray, sample_rate_hz: float, low_hz: float, high_hz: float) -> np.ndarray:
    """What lies between two frequencies, without a shift in time; the ends are mirrored."""
    n = len(y)
    hz = np.fft.rfftfreq(2 * n, 1.0 / sample_rate_hz)
    kept = (hz >= low_hz) & (hz <= high_hz)
    return np.fft.irfft(np.fft.rfft(np.concatenate([y, y[::-1]])) * kept, 2 * n)[:n]
