"""Choose the detector's threshold: validation clips in a stream of noise, smoothed as the device smooths."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from drsn_keras.frontend import FrontEndSpec
from drsn_keras.model_card import BACKGROUND_LABELS, DetectorSpec
from drsn_keras.models.streaming_keywords import over_streams, step_frames

from .clips import Clips
from .conditions import noisy_clips
from .config import KeywordConfig
from .corpus import Corpus
from .features import BatchFeatures
from .validation import validation_sources

#: Share of clips without a keyword that may fire.
FALSE_ACCEPT_RATE = 0.02
#: Levels of noise [dB] that the threshold is chosen at, with the clean clips.
SNRS_DB = (10.0, 0.0)
_LOWEST, _HIGHEST = 0.3, 0.95
_CLIPS = 500
_SEED = 25_001


def choose_detector(model: keras.Model, corpus: Corpus, config: KeywordConfig) -> dict[str, Any]:
    """The lowest threshold at which at most 2 % of the validation clips without a keyword fire.

    Every clip stands in the middle of two window lengths of noise; the model looks at it every ``hop_s`` (a model of
    streams hears it from its beginning, step by step), and the probabilities are averaged over ``smoothing_s``, as on
    the device. Clean, 10 and 0 dB count alike. The threshold stays within 0.3 to 0.95; without clips that hold no
    keyword there is nothing to choose by, and the default stays.

    Returns
    -------
    dict
        ``detector``: fields of :class:`drsn_keras.model_card.DetectorSpec` that differ from the default; ``rows``:
        share of words heard and of other clips that fired [%] by condition.
    """
    frames = step_frames(model)
    stepped = {} if frames is None else {"hop_s": round(frames * config.spec.hop_s, 6)}
    default = DetectorSpec(**stepped)
    clips = _in_silence(corpus.clips("val"))
    background = [i for i, label in enumerate(corpus.labels) if label in BACKGROUND_LABELS]
    words = [i for i in range(len(corpus.labels)) if i not in background]
    without = np.isin(clips.y, background)
    if not without.any() or without.all():
        return {"detector": stepped, "rows": []}
    peaks = _peaks_of(model, config.spec, clips.x.shape[1], default)
    scores = {"clean": peaks(clips.x.astype(np.float32) / 32768.0)}
    if sources := validation_sources(corpus, config):
        # Half of the longer clip is silence: the same noise is 3 dB less below its mean power.
        nominal = {snr_db + 10.0 * np.log10(0.5): snr_db for snr_db in SNRS_DB}
        noisy = noisy_clips(clips, sources, list(nominal), _SEED)
        scores |= {f"{nominal[snr_db]:g} dB": peaks(y) for snr_db, y in noisy}
    others = np.concatenate([p[without][:, words].max(axis=1) for p in scores.values()])
    threshold = round(float(np.clip(np.quantile(others, 1.0 - FALSE_ACCEPT_RATE), _LOWEST, _HIGHEST)), 3)
    rows = []
    for name, p in scores.items():
        own = p[~without, clips.y[~without]]
        fired = p[without][:, words].max(axis=1) >= threshold
        heard, false = 100 * np.mean(own >= threshold), 100 * np.mean(fired)
        rows.append({"condition": name, "words_heard": round(heard, 1), "others_fired": round(false, 1)})
    release = round(min(default.release, threshold / 2), 3)
    return {"detector": {**stepped, "threshold": threshold, "release": release}, "rows": rows}


def _in_silence(clips: Clips) -> Clips:
    """Up to 500 clips, each in the middle of a clip twice as long."""
    chosen = np.sort(np.random.default_rng(_SEED).permutation(len(clips))[:_CLIPS])
    half = clips.x.shape[1] // 2
    x = np.pad(clips.x[chosen], ((0, 0), (half, clips.x.shape[1] - half)))
    return dataclasses.replace(clips, x=x, y=clips.y[chosen], recordings=())


def _smoothed_peaks(
    model: keras.Model, y: np.ndarray, features: BatchFeatures, spec: FrontEndSpec, detector: DetectorSpec
) -> np.ndarray:
    """Largest smoothed probability of every class [shape=(clips, classes)] while the window moves over the clip."""
    hop = round(detector.hop_s * spec.sample_rate_hz)
    starts = range(0, y.shape[1] - spec.n_samples + 1, hop)
    p = np.stack(
        [model.predict(features(y[:, s : s + spec.n_samples]), batch_size=512, verbose=0) for s in starts], axis=1
    )
    return _peaks(p, detector)


def _peaks_of(
    model: keras.Model, spec: FrontEndSpec, n_samples: int, detector: DetectorSpec
) -> Callable[[np.ndarray], np.ndarray]:
    """Waves [shape=(clips, n_samples)] to the largest smoothed probability of every class, as the device hears them."""
    if step_frames(model) is None:
        features = BatchFeatures(spec)
        return lambda y: _smoothed_peaks(model, y, features, spec, detector)
    features = BatchFeatures(dataclasses.replace(spec, duration_s=n_samples / spec.sample_rate_hz))
    stepped = over_streams(model, every_step=True)
    return lambda y: _peaks(stepped.predict(features(y), batch_size=128, verbose=0), detector)


def _peaks(p: np.ndarray, detector: DetectorSpec) -> np.ndarray:
    """Largest moving average of probabilities [shape=(clips, evaluations, classes)] over the evaluations."""
    n = max(1, min(math.floor(detector.smoothing_s / detector.hop_s + 0.5), p.shape[1]))
    sums = np.cumsum(np.pad(p, ((0, 0), (1, 0), (0, 0))), axis=1)
    return ((sums[:, n:] - sums[:, :-n]) / n).max(axis=1)
