"""The noise level that the thresholds of a bundle's first block tell."""

from __future__ import annotations

import numpy as np

from drsn_keras.errors import BundleError, mismatch
from drsn_keras.model_card import CARD_NAME, sha256_of
from drsn_keras.noise_level_spec import NOISE_MODEL_NAME, NoiseLevelSpec

from .bundle import Bundle
from .interpreter import Interpreter


class NoiseLevel:
    """Estimates how strong the noise in an evaluation's features is.

    Parameters
    ----------
    bundle : Bundle
        Whose card says how (:func:`noise_level_of` asks).

    Raises
    ------
    BundleError
        If noise.tflite is missing, damaged, or not the one that the card was written for.
    """

    def __init__(self, bundle: Bundle) -> None:
        source = f"{bundle.folder / CARD_NAME}, noise_level"
        self.spec = NoiseLevelSpec.from_dict(bundle.card.noise_level, source)
        path = bundle.folder / NOISE_MODEL_NAME
        if not path.is_file():
            raise BundleError(mismatch(path, "a file of the bundle", "nothing there"))
        if (found := sha256_of(path)) != self.spec.sha256:
            raise BundleError(mismatch(path, f"SHA-256 {self.spec.sha256[:16]}... (its card)", f"{found[:16]}..."))
        self._model = Interpreter(path)
        if int(np.prod(self._model.output.shape)) != len(self.spec.weights):
            got = int(np.prod(self._model.output.shape))
            raise BundleError(mismatch(f"{source}, weights", f"{got} (the thresholds)", len(self.spec.weights)))

    def estimate_db(self, features: np.ndarray) -> float:
        """Noise over signal [dB] of one model input, within the spec's range."""
        return self.spec.level_db(self._model.run(features))


def noise_level_of(bundle: Bundle) -> NoiseLevel | None:
    """The estimator of a bundle; None where its thresholds were not found to follow the noise."""
    return NoiseLevel(bundle) if bundle.card.noise_level else None
