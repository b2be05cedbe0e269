"""Do the thresholds follow the noise? Fit a level [dB] to ln(tau) of the first block, and see if it is monotone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from drsn_keras.models import thresholds
from drsn_keras.noise import NoiseSource, make_noise

from .clips import Clips
from .conditions import noisy_clips
from .corpus import Corpus
from .validation import validation_sources

#: SNRs [dB] that are fitted and judged; a noise level is minus the SNR.
SNRS_DB = (15.0, 10.0, 5.0, 0.0, -5.0, -10.0)
#: Least rank correlation of single windows on validation data ...
LEAST_CORRELATION = 0.8
#: ... and each kind of noise has to raise the mean estimate by at least this from one level to the next [dB].
LEAST_STEP_DB = 1.0
#: A kind of noise that is reported beside, and judges nothing.
UNSEEN = "impulsive"
_FIT, _JUDGE = 700, 300
_RIDGE = 1e-2
_SEEDS = (72_001, 72_002)


def calibrate_noise_level(
    model: keras.Model, corpus: Corpus, config: Any, features: Callable[[np.ndarray], np.ndarray]
) -> dict[str, Any]:
    """Fit on training windows, judge on validation windows and their noise.

    Returns
    -------
    dict
        ``monotone``; ``rows``: estimate and spread [dB] by SNR and kind of noise; ``correlation``, ``rmse_db`` of
        single windows; ``spec``: fields of :class:`drsn_keras.noise_level_spec.NoiseLevelSpec` where it is monotone.
        Empty for a network without shrinkage, or a run without noise.
    """
    sources = validation_sources(corpus, config)
    if not sources:
        return {}
    train = [corpus.source(name, "train") for name in corpus.training_noise_names]
    known = _some(corpus, "train", _FIT)
    found = [_log_tau(model, features(y)) for _, y in noisy_clips(known, train, SNRS_DB, _SEEDS[0])]
    if found[0] is None:
        return {}
    block = found[0][0]
    x = np.concatenate([log_tau for _, log_tau in found])
    levels = -np.repeat(SNRS_DB, [len(log_tau) for _, log_tau in found])
    weights, bias = _ridge(x, levels)
    rows, estimates, truth, steady = [], [], [], True
    clips = _some(corpus, "val", max(40, _JUDGE // len(sources)))
    unseen = [] if UNSEEN in corpus.training_noise_names else [make_noise(UNSEEN)]
    for source in (*sources, *unseen):
        means = []
        for snr_db, y in noisy_clips(clips, [source], SNRS_DB, _SEEDS[1]):
            level = np.clip(_log_tau(model, features(y))[1] @ weights + bias, -SNRS_DB[0], -SNRS_DB[-1])
            means.append(float(level.mean()))
            rows.append({**_row(source, snr_db, level), "seen": source not in unseen})
            if source not in unseen:
                estimates.append(level)
                truth.append(np.full(len(level), -snr_db))
        if source not in unseen:
            steady &= bool(np.all(np.diff(means) >= LEAST_STEP_DB))
    estimates, truth = np.concatenate(estimates), np.concatenate(truth)
    correlation = _rank_correlation(estimates, truth)
    rmse_db = float(np.sqrt(np.mean(np.square(estimates - truth))))
    monotone = steady and correlation >= LEAST_CORRELATION
    result = {
        "monotone": monotone,
        "block": block,
        "correlation": round(correlation, 3),
        "rmse_db": round(rmse_db, 2),
        "rows": rows,
    }
    if monotone:
        result["spec"] = {
            "block": block,
            "weights": [float(f"{w:.6g}") for w in weights],
            "bias": float(f"{bias:.6g}"),
            "low_db": -SNRS_DB[0],
            "high_db": -SNRS_DB[-1],
            "rmse_db": round(rmse_db, 2),
        }
    return result


def _some(corpus: Corpus, part: str, n: int) -> Clips:
    """Up to n clips of a part, always the same; silent ones have no SNR."""
    clips = corpus.clips(part)
    loud = np.flatnonzero([bool(np.any(x)) for x in clips.x])
    rows = np.sort(np.random.default_rng(0).permutation(loud)[:n])
    return dataclasses.replace(
        clips, x=clips.x[rows], y=clips.y[rows], recordings=tuple(clips.recordings[i] for i in rows)
    )


def _log_tau(model: keras.Model, x: np.ndarray) -> tuple[str, np.ndarray] | None:
    """Name of the first shrinkage block and ln(tau) [shape=(n, thresholds)]."""
    found = thresholds(model, x)
    if not found:
        return None
    block, (tau, _) = next(iter(found.items()))
    return block, np.log(np.maximum(tau, 1e-9))


def _ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, float]:
    centre, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = (x - centre) / spread
    solution = np.linalg.solve(z.T @ z + _RIDGE * len(z) * np.eye(z.shape[1]), z.T @ (y - y.mean())) / spread
    return solution, float(y.mean() - centre @ solution)


def _rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import spearmanr

    value = float(spearmanr(a, b).statistic) if np.ptp(a) > 0 else 0.0
    return value if np.isfinite(value) else 0.0


def _row(source: NoiseSource, snr_db: float, level: np.ndarray) -> dict[str, Any]:
    return {
        "noise": source.name,
        "snr_db": snr_db,
        "estimate_db": round(float(level.mean()), 2),
        "spread_db": round(float(level.std()), 2),
    }


def summary_rows(result: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """The estimate [dB] in every kind of noise by SNR, and the spread of single windows, for a card."""
    found = []
    for snr_db in SNRS_DB:
        rows = [r for r in result["rows"] if r["snr_db"] == snr_db]
        spread = float(np.mean([r["spread_db"] for r in rows]))
        estimates = {f"{r['noise']}_db" + ("" if r["seen"] else " (unseen)"): round(r["estimate_db"], 1) for r in rows}
        found.append({"noise_level_db": f"{0.0 - snr_db:g}", **estimates, "spread_db": round(spread, 1)})
    return found
