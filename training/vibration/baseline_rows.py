"""Classical rows beside a run's network: fitted on its training windows, clean and in its training noises."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.noise import NoiseSource, mix_at_snr

from ..evaluate import CLASSICAL, Candidate
from .band import LEAST_SAMPLES, choose_envelope_band
from .baselines import BASELINES, Baseline, baseline
from .config import VibrationConfig
from .corpus import VibrationCorpus

#: The row that looks at an envelope, and so needs a band.
_FOREST = "envelope-forest"
_BAND_SEED, _NOISE_SEED = 70_003, 70_004


@dataclasses.dataclass(frozen=True)
class Fitting:
    """How classical rows were fitted, for the page that shows them.

    Parameters
    ----------
    seconds : {name: s}
        That each row took, its features included.
    n_windows : int
        Of the training part.
    noises : tuple of str
        Kinds of which every window got one, once more beside the clean one; empty: clean windows only.
    snr_db : (float, float)
        Range of the ratios [dB].
    band_hz : (float, float) or None
        Of the forest's envelope; None without a forest.
    """

    seconds: Mapping[str, float]
    n_windows: int
    noises: tuple[str, ...]
    snr_db: tuple[float, float]
    band_hz: tuple[float, float] | None = None


def check_baselines(names: Sequence[str], config: object) -> None:
    """Refuse rows that there are not, before any data is read.

    Raises
    ------
    UsageError
        A run of another task, no name, an unknown one, windows in which no band for the forest can be found.
    """
    if not isinstance(config, VibrationConfig):
        raise UsageError(mismatch("--baselines", "a vibration run", f"a run of {getattr(config, 'task', 'no task')}"))
    for name in names or ("",):
        if name not in BASELINES:
            raise UsageError(mismatch("--baselines", f"some of {', '.join(BASELINES)}", repr(name)))
    spec = config.spec
    if _FOREST in names and spec.band_hz is None and spec.n_samples < LEAST_SAMPLES:
        others = ",".join(name for name in BASELINES if name != _FOREST)
        expected = f"windows of at least {LEAST_SAMPLES} samples for its band (without it: --baselines {others})"
        raise UsageError(mismatch(f"--baselines, {_FOREST}", expected, spec.n_samples))


def fit_baselines(
    corpus: VibrationCorpus, config: VibrationConfig, names: Sequence[str]
) -> tuple[list[Candidate], Fitting]:
    """Fit rows on a run's training windows, as they are and once more in noise.

    Of the training's noises every window gets one, at a ratio of the training's range; noise, ratios and the rows
    depend on the run's seed alone. The answers are to waveforms, as :class:`~drsn_keras.training.evaluate.Candidate`
    has them.

    Parameters
    ----------
    corpus : VibrationCorpus
    config : VibrationConfig
    names : of :data:`~drsn_keras.training.vibration.baselines.BASELINES`, checked by :func:`check_baselines`

    Returns
    -------
    (list of Candidate, Fitting)
    """
    windows, train = corpus.windows, corpus.split.train
    x = windows.x[train]
    # As the test windows are: without the sensor's offset.
    x -= x.mean(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)
    rate_hz = corpus.sample_rate_hz
    band_hz = None
    if _FOREST in names:
        rng = np.random.default_rng([config.seed, _BAND_SEED])
        band_hz = config.spec.band_hz or tuple(float(f) for f in choose_envelope_band(x, rate_hz, rng))
    sources = [corpus.source(name, "train") for name in corpus.training_noise_names]
    rng = np.random.default_rng([config.seed, _NOISE_SEED])
    noisy, labels = with_noisy_copies(x, windows.y[train], sources, rate_hz, config.snr_db, rng)
    candidates, seconds = [], {}
    for name in names:
        log(f"fitting {name} on {len(noisy)} windows")
        start = time.perf_counter()
        row = baseline(name, rate_hz, band_hz, config.seed).fit(noisy, labels)
        seconds[name] = time.perf_counter() - start
        candidates.append(Candidate(name, CLASSICAL, _predictor(row, corpus), "signal"))
    return candidates, Fitting(seconds, len(x), tuple(corpus.training_noise_names), tuple(config.snr_db), band_hz)


def with_noisy_copies(
    x: np.ndarray,
    y: np.ndarray,
    sources: Sequence[NoiseSource],
    sample_rate_hz: int,
    snr_db: tuple[float, float],
    rng: np.random.Generator,
    copies: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Windows as they are, and after them copies in noise, each window in a noise of its own.

    Parameters
    ----------
    x : np.ndarray [shape=(n, n_samples), float32], any unit
    y : np.ndarray [shape=(n,)]
        Labels.
    sources : sequence of NoiseSource
        Every copy of a window draws one of them; without any there are no copies.
    sample_rate_hz : int
    snr_db : (float, float)
        Range of the ratios [dB], uniform; a window's steady part is no signal.
    rng : np.random.Generator
    copies : int, >= 0

    Returns
    -------
    (np.ndarray [shape=(n * (1 + copies), n_samples), float32], np.ndarray [shape=(n * (1 + copies),)])

    Examples
    --------
    >>> from drsn_keras.noise import make_noise, measure_snr_db
    >>> x = np.sin(np.arange(4096, dtype=np.float32).reshape(2, 2048))
    >>> rng = np.random.default_rng(0)
    >>> noisy, y = with_noisy_copies(x, np.array([3, 8]), [make_noise("white")], 12000, (5.0, 5.0), rng)
    >>> noisy.shape, y.tolist(), round(measure_snr_db(x[1], noisy[3]), 1)
    ((4, 2048), [3, 8, 3, 8], 5.0)
    """
    copies = copies if sources else 0
    parts = [x]
    for _ in range(copies):
        levels_db = rng.uniform(*snr_db, len(x))
        kinds = rng.integers(len(sources), size=len(x))
        parts.append(
            np.stack(
                [
                    _mixed(window, sources[kind](rng, x.shape[1], sample_rate_hz), float(level_db))
                    for window, kind, level_db in zip(x, kinds, levels_db, strict=True)
                ]
            )
        )
    return np.concatenate(parts), np.tile(y, copies + 1)


def _mixed(window: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    try:
        return mix_at_snr(window - window.mean(), noise, snr_db)[0]
    except DataError:
        # A sensor that was off has no ratio to noise, and a recorded noise may pause.
        return window


def _predictor(row: Baseline, corpus: VibrationCorpus) -> Callable[[np.ndarray], np.ndarray]:
    """From waveforms at a full scale of 1 to a 1 for the answer: not all rows have probabilities."""
    classes = np.eye(len(corpus.labels), dtype=np.float32)
    return lambda y: classes[row.predict(y * np.float32(corpus.full_scale))]
