"""By what an estimate is judged: a few measures for each task, the first of which chooses the epoch."""

from __future__ import annotations

import dataclasses
import importlib.util
import warnings
from collections.abc import Callable, Sequence

import numpy as np

from drsn_keras.denoising import metrics

from .recipes import AUDIO, ECG, IMAGES, SPIKES, VIBRATION
from .task import DenoiseTask

#: Length of a frame of the segmental SNR [s].
_SEGMENT_S = 0.03
#: Rates at which PESQ is defined.
_PESQ_MODE = {16000: "wb", 8000: "nb"}

#: Measures that clips with little speech in them have none of.
PARTLY_DEFINED = frozenset({"pesq", "stoi"})


@dataclasses.dataclass(frozen=True)
class Measure:
    """One measure of an estimate beside the clean signal, both in real units.

    Parameters
    ----------
    name : str
        Column of the CSV.
    title : str
        For a person, with its unit; formula and peak where they are not obvious.
    compute : (clean, estimate) -> float
    higher : bool
        Whether more is better.
    digits : int
        Behind the point.
    """

    name: str
    title: str
    compute: Callable[[np.ndarray, np.ndarray], float]
    higher: bool = True
    digits: int = 2

    @property
    def short(self) -> tuple[str, str]:
        """Name and unit: of ``PSNR [dB], 20 log10(255/RMSE)`` PSNR and dB."""
        name, _, rest = self.title.split(",")[0].partition(" [")
        return name, rest.rstrip("]")


def measures_of(task: DenoiseTask) -> list[Measure]:
    """Measures of a task; PESQ and STOI of speech where their packages are installed."""
    unit, peak = task.spec.unit, task.peak
    rmse = Measure("rmse", f"RMSE [{unit}]", metrics.rmse, higher=False, digits=4)
    snr = Measure("snr_db", "SNR [dB]", snr_db)
    si_sdr = Measure("si_sdr_db", "SI-SDR [dB]", _si_sdr)
    if task.kind == AUDIO:
        rate = task.spec.sample_rate_hz
        segmental = Measure("segmental_snr_db", "Segmental SNR [dB]", lambda s, y: _segmental_snr(s, y, rate))
        return [si_sdr, snr, segmental, *_speech_extras(rate)]
    if task.kind == VIBRATION:
        return [snr, si_sdr, rmse]
    if task.kind == ECG:
        return [snr, rmse, Measure("prd_percent", "PRD [%]", metrics.prd, higher=False)]
    psnr = Measure("psnr_db", f"PSNR [dB], 20 log10({peak:g}/RMSE)", lambda s, y: metrics.psnr(s, y, peak))
    if task.kind == SPIKES:
        slides = Measure("slide_psnr_db", "“PSNR” of the slides, 20 log10(10/MSE)", metrics.slide_psnr)
        return [dataclasses.replace(rmse, digits=3), psnr, slides]
    if task.kind == IMAGES:
        return [psnr, Measure("ssim", "SSIM", lambda s, y: metrics.ssim(s, y, peak), digits=4), rmse]
    raise KeyError(task.kind)


def snr_db(clean: np.ndarray, estimate: np.ndarray) -> float:
    """Power of the clean signal over that of the error [dB]; infinite where there is none.

    >>> snr_db(np.ones(4), np.full(4, 0.9))
    20.0
    """
    clean, estimate = np.asarray(clean, np.float64), np.asarray(estimate, np.float64)
    error = float(np.mean(np.square(clean - estimate)))
    power = float(np.mean(np.square(clean)))
    return float("inf") if error == 0 else round(10.0 * float(np.log10(max(power, 1e-300) / error)), 9)


def _si_sdr(clean: np.ndarray, estimate: np.ndarray) -> float:
    """Of an estimate that is nothing at all it is not defined."""
    return float(metrics.si_sdr(clean, estimate)) if np.any(estimate) else float("nan")


def _segmental_snr(clean: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    """Of an example shorter than a frame it is not defined."""
    frames = len(clean) >= round(_SEGMENT_S * rate)
    return metrics.segmental_snr(clean, estimate, rate, _SEGMENT_S) if frames else float("nan")


def values_of(
    measure: Measure, clean: Sequence[np.ndarray], estimates: Sequence[np.ndarray], full_scale: float
) -> np.ndarray:
    """A measure of each of some examples in units of full scale [shape=(n,)]."""
    return np.array([measure.compute(s * full_scale, y * full_scale) for s, y in zip(clean, estimates, strict=True)])


def mean_of(measure: Measure, clean: Sequence[np.ndarray], estimates: Sequence[np.ndarray], full_scale: float) -> float:
    """Mean of a measure over examples in units of full scale."""
    return float(np.mean(values_of(measure, clean, estimates, full_scale)))


def _speech_extras(rate: int) -> list[Measure]:
    found = []
    if rate in _PESQ_MODE and importlib.util.find_spec("pesq"):
        found.append(Measure("pesq", "PESQ", lambda s, y: _pesq(s, y, rate)))
    if importlib.util.find_spec("pystoi"):
        found.append(Measure("stoi", "STOI", lambda s, y: _stoi(s, y, rate), digits=3))
    return found


def _pesq(clean: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    from pesq import BufferTooShortError, NoUtterancesError, pesq

    try:
        return float(pesq(rate, clean, estimate, _PESQ_MODE[rate]))
    except (BufferTooShortError, NoUtterancesError):
        return float("nan")


def _stoi(clean: np.ndarray, estimate: np.ndarray, rate: int) -> float:
    from pystoi import stoi

    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Not enough STFT frames", RuntimeWarning)
        try:
            return float(stoi(clean, estimate, rate))
        except RuntimeWarning:
            return float("nan")
