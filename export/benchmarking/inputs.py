"""A run's data where it is there, and inputs to measure integer ranges on where it is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import BundleError, DrsnError, SplitError
from drsn_keras.frontend import FrontEndSpec, WindowSpec, features_of
from drsn_keras.training.corpus import Corpus
from drsn_keras.training.open_run import OpenRun

from ..calibration import draw_calibration

_STAND_INS = 64


def data_of(run: OpenRun, splits: Sequence[str], without: str) -> Corpus | None:
    """A run's data, the splits read; or None where it is not there, and a line on stderr that ends in ``without``.

    Raises
    ------
    BundleError, SplitError
        If the data is there and is not what the run was trained on.
    """
    try:
        corpus = run.corpus
        for split in splits:
            corpus.clips(split)
            corpus.recorded(split)
    except (BundleError, SplitError):
        raise
    except DrsnError as error:
        log(f"{error}: {without}")
        return None
    return corpus


def calibration_inputs(run: OpenRun) -> np.ndarray:
    """Features of a run's training clips [shape=(n, frames, channels)]; of white noise where the data is gone."""
    corpus = data_of(run, ["train"], "ranges of the integers are from white noise, accuracies would mean nothing")
    if corpus is None:
        return noise_inputs(run.config.spec, _STAND_INS, np.random.default_rng(0))
    return draw_calibration(corpus, run.config).features


def noise_inputs(spec: FrontEndSpec | WindowSpec, n: int, rng: np.random.Generator) -> np.ndarray:
    """Features of white noise at -60 to -10 dBFS [shape=(n, frames, channels), float32]: they do for a latency."""
    level_db = rng.uniform(-60.0, -10.0, (n, 1))
    waves = 10.0 ** (level_db / 20.0) * rng.standard_normal((n, spec.n_samples))
    return features_of(waves.astype(np.float32), spec)
