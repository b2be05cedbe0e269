"""An input pipeline as it is written without ours: tf.data that calls librosa for every clip, noise mixed in by NumPy.

It does less: no change of speed, no shift, no rooms, no masks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

#: Of drsn-train's own features: as many frames and bands, so that one and the same network takes them.
RATE_HZ, FRAME, HOP, FFT, BANDS = 16000, 480, 160, 512, 40
SNR_DB = (-10.0, 20.0)


def make_dataset(paths: list[Path], labels: np.ndarray, classes: int, noises: list[Path], batch_size: int) -> Any:
    """Endless batches (decibels [batch, 98, 40], one-hot labels)."""
    import librosa
    import tensorflow as tf

    rng = np.random.default_rng(0)
    noise = [librosa.load(path, sr=RATE_HZ)[0] for path in noises]

    def load(path: bytes) -> np.ndarray:
        y, _ = librosa.load(path.decode(), sr=RATE_HZ)
        y = librosa.util.fix_length(y, size=RATE_HZ)
        other = noise[rng.integers(len(noise))]
        begin = rng.integers(len(other) - len(y))
        other = other[begin : begin + len(y)]
        power, noise_power = np.mean(y**2) + 1e-9, np.mean(other**2) + 1e-9
        y = y + other * np.sqrt(power / noise_power * 10 ** (-rng.uniform(*SNR_DB) / 10))
        # librosa's frames are as long as the transform.
        y = np.pad(y, (0, FFT - FRAME))
        mel = librosa.feature.melspectrogram(
            y=y, sr=RATE_HZ, n_fft=FFT, win_length=FRAME, hop_length=HOP, n_mels=BANDS, center=False
        )
        return librosa.power_to_db(mel).T.astype(np.float32)

    def example(path: Any, label: Any) -> tuple[Any, Any]:
        features = tf.numpy_function(load, [path], tf.float32)
        return tf.ensure_shape(features, [98, BANDS]), tf.one_hot(label, classes)

    files = tf.data.Dataset.from_tensor_slices(([str(path) for path in paths], labels))
    files = files.shuffle(len(paths), seed=0).repeat()
    return files.map(example, num_parallel_calls=2).batch(batch_size, drop_remainder=True).prefetch(4)
