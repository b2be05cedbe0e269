"""Every command that converts or checks a model works with TensorFlow, whatever its run was trained with."""

from __future__ import annotations

import os

from drsn_keras.command_line import log
from drsn_keras.training.backend import TENSORFLOW, asked_backend
from drsn_keras.training.quiet import quiet_tensorflow


def start_tensorflow() -> None:
    """Start TensorFlow quietly, as Keras's backend too; where KERAS_BACKEND says otherwise, say so and go on.

    A run's network and weights are the same to every backend; only TensorFlow's can be lowered and converted.
    """
    if asked_backend() != TENSORFLOW:
        log(f"note: KERAS_BACKEND={asked_backend()} does not count here: the export works with {TENSORFLOW}")
        os.environ["KERAS_BACKEND"] = TENSORFLOW
    quiet_tensorflow()
