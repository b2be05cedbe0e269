"""Augmentation of a batch of clips inside TensorFlow's graph: parameters are drawn first, then applied.

Every draw is stateless (a function of one seed), so that a training step sees the same batch whatever the number of
threads, and a resumed run sees what an uninterrupted one would have seen.
"""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np
import tensorflow as tf
from scipy.fft import next_fast_len

from drsn_keras.errors import UsageError, mismatch

from .batch_part import WHOLE, Part, part_rows

#: Share of the clips in a stream before which another one is spoken.
_SPOKEN_BEFORE = 0.5
#: Samples of noise that are taken together: a stretch begins at a multiple, which is ten times as fast to gather.
GRAIN = 160


@dataclasses.dataclass(frozen=True)
class AugmentSpec:
    """How much each augmentation does; a range of (0, 0) or a probability of 0 switches one off.

    Parameters
    ----------
    snr_db : (low, high)
        Of the mixed noise, uniform, over the clip's mean power.
    noise_probability, reverb_probability : float in [0, 1]
        Reverberation is applied to this share of every batch.
    shift_s : float
        Time shift, uniform in +-shift_s.
    gain_db : (low, high)
        Of the finished mix.
    speed : (low, high)
        Playback speed factor; pitch moves with it.
    straddle : float in [0, 0.5]
        Share of every batch that is no clip but the end of one and the beginning of another: what a window that slides
        over a stream holds between words. Its label is ``_unknown_``.
    time_masks, time_mask_frames, band_masks, band_mask_bands : int
        SpecAugment: number of masks and the largest size of each.
    """

    snr_db: tuple[float, float] = (-10.0, 20.0)
    noise_probability: float = 0.75
    reverb_probability: float = 0.1
    shift_s: float = 0.1
    gain_db: tuple[float, float] = (-6.0, 6.0)
    speed: tuple[float, float] = (0.92, 1.08)
    straddle: float = 0.0
    time_masks: int = 2
    time_mask_frames: int = 10
    band_masks: int = 2
    band_mask_bands: int = 4

    def __post_init__(self) -> None:
        for name in ("snr_db", "gain_db", "speed"):
            low, high = getattr(self, name)
            if not (math.isfinite(low) and math.isfinite(high)):
                raise UsageError(mismatch(f"augmentation, {name}", "two finite numbers", f"{low}, {high}"))
            if not low <= high:
                raise UsageError(mismatch(f"augmentation, {name}", "low <= high", f"{low} > {high}"))
        for name, most in (("noise_probability", 1), ("reverb_probability", 1), ("straddle", 0.5)):
            if not 0 <= getattr(self, name) <= most:
                raise UsageError(mismatch(f"augmentation, {name}", f"0 to {most:g}", getattr(self, name)))
        if self.speed[0] <= 0:
            raise UsageError(mismatch("augmentation, speed", "factors above 0", self.speed[0]))


@dataclasses.dataclass(frozen=True)
class NoiseBank:
    """Noise signals laid end to end; a draw picks a kind, then a place inside that kind's stretch.

    Parameters
    ----------
    names : kinds, in order
    samples : np.ndarray [shape=(total,), float32], each kind at unit mean power
    starts, lengths : np.ndarray [shape=(kinds,), int64], multiples of :data:`GRAIN`
    """

    names: tuple[str, ...]
    samples: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    @classmethod
    def from_signals(cls, signals: dict[str, list[np.ndarray]], n_samples: int) -> NoiseBank:
        """Lay signals of each kind end to end, at unit power, looped to whole grains of at least ``n_samples``."""
        stretches = []
        for parts in signals.values():
            scaled = [part / max(float(np.sqrt(np.mean(np.square(part)))), 1e-12) for part in parts]
            stretch = np.concatenate(scaled).astype(np.float32)
            least = -(-max(n_samples, len(stretch)) // GRAIN) * GRAIN
            stretches.append(np.resize(stretch, least))
        lengths = np.array([len(stretch) for stretch in stretches], dtype=np.int64)
        return cls(tuple(signals), np.concatenate(stretches), np.cumsum(lengths) - lengths, lengths)

    def first(self, kind: np.ndarray, place: np.ndarray, n_samples: int) -> np.ndarray:
        """Where drawn stretches of ``n_samples`` begin [shape as kind's, int64], for places in [0, 1)."""
        last = self.lengths[kind] // GRAIN - -(-n_samples // GRAIN)
        grain = (np.float32(place) * (last + 1).astype(np.float32)).astype(np.int64)
        return self.starts[kind] + GRAIN * np.minimum(grain, last)


def _uniform(seed, index: int, shape, low: float = 0.0, high: float = 1.0):
    return tf.random.stateless_uniform(shape, tf.random.experimental.stateless_fold_in(seed, index), low, high)


class Augmenter:
    """Applies an :class:`AugmentSpec` to batches of waveforms and of features.

    Nothing here is compiled by XLA, though its element-wise parts would run 2 to 5 times as fast: compiled inside the
    input pipeline beside a compiled training step, TensorFlow 2.21 crashed in 1 of 12 trainings on a CPU.

    Parameters
    ----------
    spec : AugmentSpec
    noise : NoiseBank, or None for no noise
    impulse_responses : np.ndarray [shape=(count, taps), float32], or None for no reverberation
    sample_rate_hz : int
    """

    def __init__(
        self, spec: AugmentSpec, noise: NoiseBank | None, impulse_responses: np.ndarray | None, sample_rate_hz: int
    ) -> None:
        self.spec = spec
        self.sample_rate_hz = sample_rate_hz
        self.noise = noise
        self.impulse_responses = impulse_responses
        if noise is not None:
            self._starts = tf.constant(noise.starts)
            self._lengths = tf.constant(noise.lengths)
        self._responses = None if impulse_responses is None else tf.constant(impulse_responses, tf.float32)

    @functools.cached_property
    def _grains(self) -> tf.Tensor:
        # A second copy of all noise, for who mixes in the graph.
        with tf.init_scope():
            return tf.constant(self.noise.samples.reshape(-1, GRAIN))

    def draw(self, seed, batch: int) -> dict[str, tf.Tensor]:
        """Parameters of one batch, all of shape (batch,), from one stateless seed [shape=(2,), int32]."""
        spec = self.spec
        parameters = {
            "speed": _uniform(seed, 0, [batch], *spec.speed),
            "shift": _uniform(seed, 1, [batch], -spec.shift_s, spec.shift_s) * self.sample_rate_hz,
            "gain_db": _uniform(seed, 2, [batch], *spec.gain_db),
            "spoken_before": tf.cast(_uniform(seed, 8, [batch]) < _SPOKEN_BEFORE, tf.float32),
        }
        if self.noise is not None and spec.noise_probability > 0:
            kind = tf.cast(_uniform(seed, 3, [batch]) * len(self.noise.names), tf.int32)
            parameters["noise_kind"] = tf.minimum(kind, len(self.noise.names) - 1)
            parameters["noise_place"] = _uniform(seed, 4, [batch])
            parameters["snr_db"] = _uniform(seed, 5, [batch], *spec.snr_db)
            parameters["noisy"] = tf.cast(_uniform(seed, 6, [batch]) < spec.noise_probability, tf.float32)
        if self._responses is not None:
            kind = tf.cast(_uniform(seed, 7, [batch]) * self._responses.shape[0], tf.int32)
            parameters["response"] = tf.minimum(kind, self._responses.shape[0] - 1)
        return parameters

    def straddle(self, clips: tf.Tensor, labels: tf.Tensor, seed, unknown: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Make the first clips of a batch (its order is random) the end of one and the beginning of the next.

        Both are cut at the same place, drawn for the batch between a quarter and three quarters of their length.
        """
        count = round(self.spec.straddle * clips.shape[0])
        if count == 0:
            return clips, labels
        n = clips.shape[1]
        cut = tf.cast(_uniform(seed, 9, [], 0.25, 0.75) * n, tf.int32)
        between = tf.ensure_shape(tf.concat([clips[:count, cut:], clips[count : 2 * count, :cut]], axis=1), [count, n])
        return tf.concat([between, clips[count:]], 0), tf.concat([tf.fill([count], unknown), labels[count:]], 0)

    def apply(self, clips: tf.Tensor, parameters: dict[str, tf.Tensor], part: Part = WHOLE) -> tf.Tensor:
        """Augmented waveforms [shape=(rows, n_samples)] of the part's rows of a batch, samples in [-1, 1].

        Parameters
        ----------
        clips : float32 [shape=(batch, n_samples)], the whole batch
        parameters : of the whole batch, from :meth:`draw`
        part : which rows are wanted; no others are computed
        """
        rows = part_rows(clips.shape[0], part)
        return self._finish(self._placed(clips, parameters, rows), parameters, rows)

    def apply_in_stream(self, clips: tf.Tensor, parameters: dict[str, tf.Tensor], part: Part = WHOLE) -> tf.Tensor:
        """The same with what a stream holds before a clip [shape=(rows, 2 * n_samples)]; the second half is the clip.

        Before half of the clips another clip of the batch is spoken, before the others nothing. The noise goes through
        both halves; its SNR is over the clip, as in :meth:`apply`.
        """
        rows = part_rows(clips.shape[0], part)
        y = self._placed(clips, parameters, rows)
        last = (rows.start - 1) % clips.shape[0]
        earlier = y[-1:] if last in rows else self._placed(clips, parameters, range(last, last + 1))
        before = tf.concat([earlier, y[:-1]], axis=0) * _own(parameters["spoken_before"], rows)[:, None]
        return self._finish(tf.concat([before, y], axis=1), parameters, rows, y.shape[1])

    def _placed(self, clips: tf.Tensor, parameters: dict[str, tf.Tensor], rows: range) -> tf.Tensor:
        y = self._move(_own(clips, rows), _own(parameters["speed"], rows), _own(parameters["shift"], rows))
        if "response" not in parameters:
            return y
        return self._reverberate(y, _own(parameters["response"], rows), self.reverberated(clips.shape[0], rows))

    def reverberated(self, batch: int, rows: range) -> int:
        """How many of the first of these rows of a batch are in a room: the batch's order is random."""
        return min(max(round(self.spec.reverb_probability * batch) - rows.start, 0), len(rows))

    def _finish(
        self, y: tf.Tensor, parameters: dict[str, tf.Tensor], rows: range, last: int | None = None
    ) -> tf.Tensor:
        if "snr_db" in parameters:
            y += self._noise(y, parameters, rows, last or y.shape[1])
        # Of the whole batch, here and below: a power's last bit depends on its place in a vector.
        return y * _own(tf.pow(10.0, parameters["gain_db"] / 20.0), rows)[:, None]

    def _move(self, clips: tf.Tensor, speed: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
        """Change speed about the middle of the clip and shift it, linearly interpolated; zeros come in at the ends."""
        n = clips.shape[1]
        middle = (n - 1) / 2
        first, last = ((side * middle - shift) * speed + middle for side in (-1, 1))
        # A stretch of a picture one pixel high: half the time of gathering sample by sample.
        zero = tf.zeros_like(first)
        boxes = tf.stack([zero, first / (n - 1), zero, last / (n - 1)], axis=1)
        pictures = clips[:, None, :, None]
        return tf.image.crop_and_resize(pictures, boxes, tf.range(tf.shape(clips)[0]), (1, n))[:, 0, :, 0]

    def _reverberate(self, y: tf.Tensor, response: tf.Tensor, count: int) -> tf.Tensor:
        """Convolve the first ``count`` clips with room impulse responses."""
        if count == 0:
            return y
        n = y.shape[1]
        dry, rest = y[:count], y[count:]
        taps = tf.gather(self._responses, response[:count])
        length = next_fast_len(n + taps.shape[1] - 1, real=True)
        product = tf.signal.rfft(dry, [length]) * tf.signal.rfft(taps, [length])
        wet = tf.signal.irfft(product, [length])[:, :n]
        return tf.concat([wet, rest], axis=0)

    def _noise(self, y: tf.Tensor, parameters: dict[str, tf.Tensor], rows: range, last: int) -> tf.Tensor:
        """Noise for all of y, at the drawn SNR over its last samples."""
        n = y.shape[1]
        kind = _own(parameters["noise_kind"], rows)
        count = -(-n // GRAIN)
        room = tf.cast(tf.gather(self._lengths, kind) // GRAIN - count + 1, tf.float32)
        first = tf.gather(self._starts, kind) // GRAIN + tf.cast(_own(parameters["noise_place"], rows) * room, tf.int64)
        grains = tf.gather(self._grains, first[:, None] + tf.range(count, dtype=tf.int64)[None, :])
        noise = tf.reshape(grains, [-1, count * GRAIN])[:, :n]
        power = tf.reduce_mean(tf.square(y[:, -last:]), axis=1)
        # A digitally silent clip has no SNR: it gets noise as if it were speech 60 dB below full scale.
        power = tf.maximum(power, 1e-6)
        noise_power = tf.maximum(tf.reduce_mean(tf.square(noise[:, -last:]), axis=1), 1e-12)
        wanted = _own(tf.pow(10.0, -parameters["snr_db"] / 10.0), rows)
        factor = tf.sqrt(power / noise_power * wanted) * _own(parameters["noisy"], rows)
        return noise * factor[:, None]

    def mask(self, features: tf.Tensor, seed, part: Part = WHOLE) -> tf.Tensor:
        """SpecAugment: set random stretches of frames and of bands to the clip's mean feature.

        ``features`` are those of the part's rows [shape=(rows, frames, bands)]. The mean is as likely a value of roots
        as of logarithms; zero is silence to the former, loud to the latter.

        References
        ----------
        D. S. Park et al., "SpecAugment", Interspeech 2019, doi:10.21437/Interspeech.2019-2680.
        """
        rows, frames, bands = features.shape
        drawn = self.draw_masks(seed, rows * part[1], (frames, bands), part)
        keep = tf.ones_like(features)
        for stretch in tf.unstack(drawn["frame_masks"]):
            keep *= _outside(stretch, frames)[:, :, None]
        for stretch in tf.unstack(drawn["band_masks"]):
            keep *= _outside(stretch, bands)[:, None, :]
        mean = tf.reduce_mean(features, axis=[1, 2], keepdims=True)
        return features * keep + mean * (1.0 - keep)

    def draw_masks(self, seed, batch: int, shape: tuple[int, int], part: Part = WHOLE) -> dict[str, tf.Tensor]:
        """First position and width of each mask [shape=(masks, 2, rows), int64] of features (frames, bands)."""
        spec, rows = self.spec, part_rows(batch, part)
        kinds = {
            "frame_masks": (20, spec.time_masks, spec.time_mask_frames, shape[0]),
            "band_masks": (40, spec.band_masks, spec.band_mask_bands, shape[1]),
        }
        drawn = {}
        for name, (index, masks, largest, size) in kinds.items():
            stretches = [_stretch(seed, index + i, batch, size, largest) for i in range(masks)]
            own = [stretch[:, rows.start : rows.stop] for stretch in stretches]
            drawn[name] = tf.cast(tf.reshape(own, [masks, 2, len(rows)]), tf.int64)
        return drawn


def _own(values: tf.Tensor, rows: range) -> tf.Tensor:
    return values[rows.start : rows.stop]


def _stretch(seed, index: int, batch: int, size: int, largest: int) -> tf.Tensor:
    """First position and width, at most ``largest``, of a random stretch of ``size`` positions [shape=(2, batch)]."""
    width = tf.floor(_uniform(seed, index, [batch]) * (min(largest, size) + 1))
    first = tf.floor(_uniform(seed, index + 10, [batch]) * (size - width + 1))
    return tf.stack([first, width])


def _outside(stretch: tf.Tensor, size: int) -> tf.Tensor:
    """0 inside a stretch [shape=(2, rows)], 1 outside [shape=(rows, size)]."""
    place = tf.range(size, dtype=tf.int64)[None, :]
    first, width = stretch[0][:, None], stretch[1][:, None]
    return 1.0 - tf.cast((place >= first) & (place < first + width), tf.float32)
