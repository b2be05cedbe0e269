"""The front end as a Keras layer, for training: equal to the NumPy reference within 1e-4."""

from __future__ import annotations

import keras
from keras import ops

from .reference import constants
from .specification import FrontEndSpec


@keras.saving.register_keras_serializable(package="drsn_keras")
class FrontEnd(keras.layers.Layer):
    """Waveforms to log-mel, MFCC or root-mel features, or to themselves; without weights, always in float32.

    Parameters
    ----------
    spec : FrontEndSpec or its dict

    Input / output
    --------------
    (batch, n_samples), samples in [-1, 1] -> (batch, n_frames, n_features), float32
    """

    def __init__(self, spec: FrontEndSpec | dict, **kwargs) -> None:
        # Sums of squares overflow half precision: the features stay in float32 under any policy.
        super().__init__(**{**kwargs, "dtype": "float32", "trainable": False})
        self.spec = spec if isinstance(spec, FrontEndSpec) else FrontEndSpec.from_dict(spec)

    def call(self, y):
        spec = self.spec
        if spec.is_waveform:
            return ops.expand_dims(y, -1)
        window, filters, dct = constants(spec)
        frames = ops.extract_sequences(y, spec.frame_length, spec.hop_length)
        real, imag = ops.rfft(frames * ops.cast(window, "float32"), fft_length=spec.fft_length)
        power = ops.square(real) + ops.square(imag)
        mel = ops.matmul(power, ops.cast(filters, "float32")) + spec.log_floor
        features = ops.sqrt(ops.sqrt(mel)) if spec.kind == "root_mel" else ops.log(mel)
        return features if dct is None else ops.matmul(features, ops.cast(dct, "float32"))

    def compute_output_shape(self, input_shape):
        spec = self.spec
        frames = 1 + (input_shape[-1] - spec.frame_length) // spec.hop_length
        return (input_shape[0], frames, spec.n_features)

    def get_config(self) -> dict:
        return {**super().get_config(), "spec": self.spec.to_dict()}
