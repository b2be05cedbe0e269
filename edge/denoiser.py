"""Cleans a signal by a bundle's model as its samples come: step by step, or in overlapping pieces."""

from __future__ import annotations

import abc

import numpy as np

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.frontend import SignalSpec

from .bundle import Bundle, denoiser_signal
from .denoise_gain import LARGEST_GAIN_DB, input_limits
from .interpreter import Interpreter
from .step_interpreter import StepInterpreter


class Denoiser(abc.ABC):
    """Push samples, get those that became computable, cleaned and aligned with what went in.

    After :meth:`flush` as many samples have come out as went in. The output does not depend on how the samples were
    cut into chunks.

    Parameters
    ----------
    spec : SignalSpec
    limits : (float, float) or None
        Of :func:`.denoise_gain.input_limits`.
    gain_db : float
        The signal is amplified so much before the model, and attenuated by as much behind it; at most 40 either way.

    Attributes
    ----------
    spec : SignalSpec
        Samples go in and come out in its unit, at its rate.
    delay_samples : int
        Samples that have to be there before the first of them can be answered.
    samples_seen, samples_clipped : int
        Since the last reset; clipped are those beyond the integers of the model's input.
    """

    delay_samples: int

    def __init__(self, spec: SignalSpec, limits: tuple[float, float] | None, gain_db: float = 0.0) -> None:
        if not abs(gain_db) <= LARGEST_GAIN_DB:
            raise UsageError(mismatch("gain", f"-{LARGEST_GAIN_DB:g} to {LARGEST_GAIN_DB:g} dB", gain_db))
        self.spec, self.gain_db = spec, gain_db
        self._scale = np.float32(10.0 ** (gain_db / 20.0) / spec.full_scale)
        self._limits = limits
        self.reset()

    def reset(self) -> None:
        """Forget the signal: the next sample is the first of another one."""
        self.samples_seen = self.samples_clipped = 0
        self._buffer = np.zeros(0, np.float32)

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Take samples, give cleaned ones.

        Parameters
        ----------
        samples : np.ndarray [shape=(n,)]
            In the unit of ``spec``, for sound [-1, 1].

        Returns
        -------
        np.ndarray [shape=(m,), float32]
            The same unit; ``m`` may be 0.

        Raises
        ------
        DataError
            On another shape, NaN or infinity; then nothing of the chunk was taken.
        """
        samples = np.asarray(samples, np.float32)
        if samples.ndim != 1:
            raise DataError(mismatch("samples", "one axis", f"shape {samples.shape}"))
        if len(bad := np.flatnonzero(~np.isfinite(samples))):
            raise DataError(mismatch(f"sample {self.samples_seen + int(bad[0])}", "a finite number", samples[bad[0]]))
        x = samples * self._scale
        if self._limits is not None:
            self.samples_clipped += int(np.count_nonzero((x < self._limits[0]) | (x > self._limits[1])))
        self.samples_seen += len(x)
        self._buffer = np.concatenate([self._buffer, x])
        return self._real(self._advance())

    def flush(self) -> np.ndarray:
        """End of the signal: what is still to come [shape=(m,), float32]; then :meth:`reset` is to be called."""
        return self._real(self._finish())

    @abc.abstractmethod
    def _advance(self) -> list[np.ndarray]:
        """What can be answered now, in the model's units; takes it out of the buffer."""

    @abc.abstractmethod
    def _finish(self) -> list[np.ndarray]:
        """The rest."""

    def _real(self, parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.zeros(0, np.float32), *parts]) / self._scale


class StreamDenoiser(Denoiser):
    """By a file that computes a step of a stream: nothing is computed twice, and the delay is one step."""

    def __init__(self, interpreter: StepInterpreter, spec: SignalSpec, gain_db: float = 0.0) -> None:
        self._model = interpreter
        self.delay_samples = int(np.prod(interpreter.input.shape))
        super().__init__(spec, input_limits(interpreter.input), gain_db)

    def reset(self) -> None:
        """Forget the signal and the model's states."""
        super().reset()
        self._model.reset()

    def _advance(self) -> list[np.ndarray]:
        whole = len(self._buffer) - len(self._buffer) % self.delay_samples
        steps, self._buffer = self._buffer[:whole], self._buffer[whole:]
        return [self._step(step) for step in steps.reshape(-1, self.delay_samples)]

    def _finish(self) -> list[np.ndarray]:
        """The last step goes on in silence."""
        rest, self._buffer = self._buffer, np.zeros(0, np.float32)
        return [self._step(np.pad(rest, (0, self.delay_samples - len(rest))))[: len(rest)]] if len(rest) else []

    def _step(self, x: np.ndarray) -> np.ndarray:
        return self._model.run(x.reshape(-1, self.spec.hop_length)).reshape(-1)


class PieceDenoiser(Denoiser):
    """By a file of a fixed length: pieces that overlap by half, faded into each other.

    In an overlap the weights of the two pieces sum to one: sin^2 of the new one, cos^2 of the older one. The first and
    the last half piece are of one piece alone. The last piece of a longer signal ends with the signal; a signal shorter
    than a piece is followed by silence.
    """

    def __init__(self, interpreter: Interpreter, spec: SignalSpec, gain_db: float = 0.0) -> None:
        self._model = interpreter
        self.delay_samples = spec.n_samples
        #: Samples between two pieces, and those that two of them share.
        self.hop_samples = spec.n_samples - spec.n_samples // 2
        self._shared = spec.n_samples - self.hop_samples
        self._rise = (np.sin(0.5 * np.pi * (np.arange(self._shared) + 0.5) / self._shared) ** 2).astype(np.float32)
        super().__init__(spec, input_limits(interpreter.input), gain_db)

    def reset(self) -> None:
        """Forget the signal."""
        super().reset()
        self._older: np.ndarray | None = None  # what the last piece said of what the next one shares with it
        self._before = np.zeros(0, np.float32)  # samples in front of the buffer

    def _advance(self) -> list[np.ndarray]:
        found, n = [], self.spec.n_samples
        while len(self._buffer) >= n:
            y = self._joined(self._piece(self._buffer[:n]))
            found.append(y[: self.hop_samples])
            self._older = y[self.hop_samples :]
            self._before, self._buffer = self._buffer[: self.hop_samples], self._buffer[self.hop_samples :]
        return found

    def _finish(self) -> list[np.ndarray]:
        rest, self._buffer = self._buffer, np.zeros(0, np.float32)
        if self._older is None:
            return [self._piece(np.pad(rest, (0, self.spec.n_samples - len(rest))))[: len(rest)]] if len(rest) else []
        if len(rest) == self._shared:
            return [self._older]
        last = np.concatenate([self._before, rest])[-self.spec.n_samples :]
        return [self._joined(self._piece(last)[-len(rest) :])]

    def _joined(self, y: np.ndarray) -> np.ndarray:
        """A piece's answer from the sample on at which the older one is left."""
        if self._older is not None:
            y[: self._shared] = self._rise * y[: self._shared] + (1.0 - self._rise) * self._older
        return y

    def _piece(self, x: np.ndarray) -> np.ndarray:
        return self._model.run(x.reshape(self.spec.shape)).reshape(-1)


def open_denoiser(bundle: Bundle, gain_db: float = 0.0) -> Denoiser:
    """The denoiser of a bundle.

    Parameters
    ----------
    bundle : Bundle
        Of :func:`drsn_keras.edge.bundle.load_bundle`.
    gain_db : float

    Raises
    ------
    BundleError
        If the bundle's model is for something else.

    Examples
    --------
    >>> from drsn_keras.edge import load_bundle, open_denoiser
    >>> denoiser = open_denoiser(load_bundle("runs/speech/bundles/int8"))  # doctest: +SKIP
    >>> clean = np.concatenate([denoiser.push(noisy), denoiser.flush()])  # doctest: +SKIP
    """
    spec = denoiser_signal(bundle)
    if isinstance(bundle.interpreter, StepInterpreter):
        return StreamDenoiser(bundle.interpreter, spec, gain_db)
    return PieceDenoiser(bundle.interpreter, spec, gain_db)
