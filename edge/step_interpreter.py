"""A LiteRT model that computes a stream step by step: frames in, results out, and states that go round."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from drsn_keras.errors import BundleError, mismatch

from .interpreter import from_tensor, open_model, tensor_spec, to_tensor

#: Of an output of class probabilities: batch and labels.
_VECTOR_AXES = 2


class StepInterpreter:
    """A model file whose first input is frames, its first output their result, and its others states, pair by pair.

    Between steps a state stays what it is, integers of the file's own scale: nothing is rounded twice, nothing drifts.

    Parameters
    ----------
    model_path : path
        A ``.tflite`` file of n + 1 inputs and n + 1 outputs.
    threads : int
        Threads that the kernels may use, at least 1.
    reference : bool
        Use LiteRT's reference kernels, which compute bit for bit what a microcontroller does.

    Attributes
    ----------
    input, output : TensorSpec
        Of the frames.
    n_states, state_bytes : int
        Number and memory of all states.

    Raises
    ------
    DrsnError
        If LiteRT is not installed.
    BundleError
        If the file is missing, damaged or not of this kind.
    """

    def __init__(self, model_path: str | os.PathLike[str], threads: int = 1, reference: bool = False) -> None:
        self.model_path = path = Path(model_path)
        self._model = open_model(path, threads, reference)
        inputs, outputs = self._model.get_input_details(), self._model.get_output_details()
        if len(inputs) != len(outputs) or len(inputs) < 2:
            got = f"{len(inputs)} and {len(outputs)}"
            raise BundleError(mismatch(path, "as many inputs as outputs, states among them", got))
        specs = [[tensor_spec(one, f"{path}, {one['name']}") for one in ends] for ends in (inputs, outputs)]
        self.input, self.output = specs[0][0], specs[1][0]
        for number, (state, kept) in enumerate(zip(specs[0][1:], specs[1][1:], strict=True), start=1):
            if state != kept:
                raise BundleError(mismatch(f"{path}, state {number}", f"{state} as it goes in", kept))
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._states = [(a["index"], b["index"]) for a, b in zip(inputs[1:], outputs[1:], strict=True)]
        self._state_specs = specs[0][1:]
        self.n_states = len(self._state_specs)
        self.state_bytes = sum(int(np.prod(s.shape)) * np.dtype(s.dtype).itemsize for s in self._state_specs)
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next step is the first of a signal."""
        self._kept = [np.full(s.shape, s.zero_point, s.dtype) for s in self._state_specs]

    def run(self, frames: np.ndarray) -> np.ndarray:
        """One step.

        Parameters
        ----------
        frames : np.ndarray [shape=(n_frames, hop_length), float32]
            The input's shape; axes of length one do not matter.

        Returns
        -------
        np.ndarray [shape of ``frames``, float32]
            Of a model that tells classes apart their probabilities [shape=(n_labels,), float32].

        Raises
        ------
        DataError
            On another shape, NaN or infinity.
        """
        model = self._model
        model.set_tensor(self._input, to_tensor(frames, self.input, "frames"))
        for (index, _), kept in zip(self._states, self._kept, strict=True):
            model.set_tensor(index, kept)
        model.invoke()
        self._kept = [model.get_tensor(index) for _, index in self._states]
        found = from_tensor(model.get_tensor(self._output), self.output)
        return found.reshape(-1) if len(self.output.shape) == _VECTOR_AXES else found.reshape(np.shape(frames))

    def run_batch(self, features: np.ndarray) -> np.ndarray:
        """What a model that tells classes apart says after whole clips, each heard from its beginning.

        Parameters
        ----------
        features : np.ndarray [shape=(n, n_frames, n_features)]
            Frames behind the last whole step are not looked at.

        Returns
        -------
        np.ndarray [shape=(n, n_labels), float32]
            After the last step; the past is forgotten then.
        """
        size = self.input.shape[1]
        results = np.zeros((len(features), int(np.prod(self.output.shape))), np.float32)
        for row, clip in zip(results, features, strict=True):
            self.reset()
            for start in range(0, len(clip) - size + 1, size):
                row[:] = self.run(clip[start : start + size])
        self.reset()
        return results
