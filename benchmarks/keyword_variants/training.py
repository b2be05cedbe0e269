"""Train a variant and score it."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from drsn_keras.training.epochs import cosine_with_warmup

from .material import DRAWS, SNRS_DB, Material
from .network import network
from .variants import Variant

PEAK_RATE, WEIGHT_DECAY, WARMUP_EPOCHS = 8e-3, 0.02, 2
SMOOTHING = 0.1
#: Share of the labels that a teacher's answers take.
TAUGHT_SHARE = 0.7
#: Masks in time [frames] and over bands, two of each.
_MASKS, _TIME, _BANDS = 2, 10, 4


def train(variant: Variant, material: Material, seed: int, teacher: keras.Model | None) -> keras.Model:
    """A trained network; ``seed`` decides its initial weights and the masks, not the batches."""
    keras.utils.set_random_seed(seed)
    steps, size, frames, bands = material.x.shape
    classes = material.y.shape[-1]
    model = network(variant, (frames, bands), classes)
    per_epoch = material.steps_per_epoch
    schedule = cosine_with_warmup(PEAK_RATE, steps // per_epoch, per_epoch, WARMUP_EPOCHS)
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=WEIGHT_DECAY)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer,
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING),
        # XLA makes depthwise convolutions slow on a CPU.
        jit_compile=not variant.body.startswith("separable"),
    )
    answers = (
        None if teacher is None else tf.function(lambda x: tf.nn.softmax(teacher(x, training=False)), jit_compile=True)
    )

    def batches():
        rng = np.random.default_rng([seed, 3])
        for step in range(steps):
            x = masked(material.x[step].astype(np.float32), rng)
            y = material.y[step]
            if answers is not None:
                y = (1 - TAUGHT_SHARE) * y + TAUGHT_SHARE * answers(x).numpy()
            yield x, y

    signature = tuple(tf.TensorSpec(shape, tf.float32) for shape in ((size, frames, bands), (size, classes)))
    dataset = tf.data.Dataset.from_generator(batches, output_signature=signature).prefetch(8)
    model.fit(dataset, epochs=1, steps_per_epoch=steps, shuffle=False, verbose=0)
    return model


def masked(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """SpecAugment: random stretches of frames and of bands set to the clip's mean feature."""
    batch, frames, bands = x.shape
    mean = x.mean(axis=(1, 2), keepdims=True)
    hidden = np.zeros(x.shape, bool)
    for _ in range(_MASKS):
        hidden |= _stripe(rng, batch, frames, _TIME)[:, :, None]
        hidden |= _stripe(rng, batch, bands, _BANDS)[:, None, :]
    return np.where(hidden, mean, x)


def _stripe(rng: np.random.Generator, batch: int, size: int, largest: int) -> np.ndarray:
    width = rng.integers(largest + 1, size=(batch, 1))
    start = np.floor(rng.random((batch, 1)) * (size - width + 1))
    place = np.arange(size)[None]
    return (place >= start) & (place < start + width)


def score(model: keras.Model, material: Material) -> list[float]:
    """Accuracy [%] of validation clips: clean, then at every SNR, a mean over the draws of noise."""
    conditions, clips = material.validation.shape[:2]
    flat = material.validation.reshape(-1, *material.validation.shape[2:])
    right = model.predict(flat, batch_size=1024, verbose=0).argmax(-1).reshape(conditions, clips) == material.labels
    percent = 100 * right.mean(axis=1)
    noisy = percent[1:].reshape(len(SNRS_DB), DRAWS).mean(axis=1)
    return [float(percent[0]), *map(float, noisy)]
