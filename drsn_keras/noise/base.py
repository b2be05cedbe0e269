"""What every noise is: parameters that are drawn, and a signal that follows from them."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import DataError, UsageError, mismatch

_SEEDS = 2**32


class NoiseSource(abc.ABC):
    """A kind of noise. Drawing its parameters is apart from rendering them, so that a noise can be replayed.

    A subclass gives ``name``, :meth:`_draw` (if it has parameters besides the seed) and :meth:`_render`.

    Attributes
    ----------
    name : str
        Short name that a mix is recorded under.

    Notes
    -----
    The signal has zero mean and unit mean power over its own length, whatever the length and the rate. One sample
    cannot have both: ``n_samples=1`` renders 0.0. Below about 16 samples a spectrum means little; the mean and the
    power hold nevertheless. Rendering the same parameters with another length gives another realisation.

    Examples
    --------
    >>> import json
    >>> from drsn_keras.noise import PinkNoise
    >>> pink = PinkNoise()
    >>> parameters = pink.draw(np.random.default_rng(1), 16000, 16000)
    >>> again = json.loads(json.dumps(parameters))
    >>> bool((pink.render(parameters, 16000, 16000) == pink.render(again, 16000, 16000)).all())
    True
    """

    name: str = ""

    def draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        """Draw the parameters of one signal.

        Parameters
        ----------
        rng : np.random.Generator
            The only source of chance.
        n_samples : int, >= 1
        sample_rate_hz : int, > 0

        Returns
        -------
        dict
            Strings, numbers, lists and dicts (it survives JSON), with ``seed`` for the stochastic part.

        Raises
        ------
        UsageError
            If a length or a rate is not a whole number above 0.
        DataError
            If the source holds signals of another rate.
        """
        self._check(n_samples, sample_rate_hz)
        return {"seed": int(rng.integers(_SEEDS)), **self._draw(rng, n_samples, sample_rate_hz)}

    def render(self, parameters: Mapping[str, Any], n_samples: int, sample_rate_hz: int) -> np.ndarray:
        """The signal of these parameters; it depends on nothing but the arguments.

        Parameters
        ----------
        parameters : dict
            From :meth:`draw`.
        n_samples : int, >= 1
        sample_rate_hz : int, > 0

        Returns
        -------
        np.ndarray [shape=(n_samples,), float32]
            Zero mean, mean power 1.

        Raises
        ------
        UsageError
            If a length or a rate is not a whole number above 0.
        DataError
            If a parameter is missing, the rate is not the source's, or the signal is silent.
        """
        self._check(n_samples, sample_rate_hz)
        try:
            rng = np.random.default_rng(parameters["seed"])
            signal = self._render(parameters, rng, int(n_samples), int(sample_rate_hz))
        except KeyError as error:
            raise DataError(mismatch(f"parameters of {self.name} noise", f"a value for {error}", "none")) from None
        return self._normalise(signal)

    def __call__(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> np.ndarray:
        """Draw and render in one go; see :meth:`render` for what comes back."""
        return self.render(self.draw(rng, n_samples, sample_rate_hz), n_samples, sample_rate_hz)

    def _draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> dict[str, Any]:
        """Parameters besides the seed."""
        del rng, n_samples, sample_rate_hz
        return {}

    @abc.abstractmethod
    def _render(
        self, parameters: Mapping[str, Any], rng: np.random.Generator, n_samples: int, sample_rate_hz: int
    ) -> np.ndarray:
        """The signal [shape=(n_samples,)] at any level; ``rng`` is seeded by the parameters."""

    def _check(self, n_samples: int, sample_rate_hz: int) -> None:
        for what, value in (("n_samples", n_samples), ("sample_rate_hz", sample_rate_hz)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise UsageError(mismatch(f"{self.name} noise, {what}", "a whole number above 0", repr(value)))

    def _normalise(self, signal: np.ndarray) -> np.ndarray:
        if len(signal) == 1:
            return np.zeros(1, dtype=np.float32)
        signal = np.asarray(signal, dtype=np.float64)
        scale = np.abs(signal).max()
        signal = signal - signal.mean()
        # What the subtraction of the mean leaves of a constant is rounding, not noise.
        rms = float(np.sqrt(np.mean(np.square(signal))))
        if not rms > 1e-12 * scale:
            raise DataError(mismatch(f"{self.name} noise", "a signal", "silence"))
        return (signal / rms).astype(np.float32)
