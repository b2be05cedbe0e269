"""Choose the detector's threshold on validation clips."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from drsn_keras.model_card import BACKGROUND_LABELS, DetectorSpec

from .validation import NoisyValidation

#: Share of clips without a keyword that may score above the threshold.
FALSE_ACCEPT_RATE = 0.02
_LOWEST, _HIGHEST = 0.4, 0.95


def choose_detector(model: keras.Model, validation: NoisyValidation, labels: tuple[str, ...]) -> dict[str, Any]:
    """The lowest threshold at which at most 2 % of the validation clips without a keyword would fire.

    Over all validation conditions, clean and noisy. Kept within 0.4 to 0.95; without clips that hold no keyword there
    is nothing to choose by, and the default stays.

    Returns
    -------
    dict
        Fields of :class:`drsn_keras.model_card.DetectorSpec` that differ from the default.
    """
    background = [i for i, label in enumerate(labels) if label in BACKGROUND_LABELS]
    words = [i for i in range(len(labels)) if i not in background]
    without = np.isin(validation.labels, background)
    if not without.any():
        return {}
    p = validation.probabilities(model)
    scores = p[:, without][..., words].max(axis=-1).ravel()
    threshold = float(np.clip(np.quantile(scores, 1.0 - FALSE_ACCEPT_RATE), _LOWEST, _HIGHEST))
    return {"threshold": round(threshold, 3), "release": round(min(DetectorSpec().release, threshold / 2), 3)}
