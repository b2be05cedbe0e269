"""Batches of prepared data: shards -> shuffle buffer -> augmentation -> features, never all clips in memory."""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from drsn_keras.errors import DataError

from ..batch_look import BatchLook
from ..batch_part import WHOLE, Part
from .folder import Prepared
from .shard_stream import decode_records, shuffle, stream_records

#: Clips of the shuffle buffer: 66 MB of clips of one second.
SHUFFLE_CLIPS = 2048


@dataclasses.dataclass(frozen=True)
class PreparedBatches:
    """Endless augmented batches of the training part whose content depends on (seed, step) alone.

    An epoch is every clip once: its shards in an order of its own, :data:`~.shard_stream.OPEN_SHARDS` of them read in
    turn, through a shuffle buffer that holds as many. Clips were dealt to shards at random when they were prepared, so
    that this is as good as a permutation of all clips. The last, incomplete batch is filled with the first clips of the
    epoch's first shards. To begin with any epoch costs nothing; to begin inside one costs reading what comes before.

    Parameters
    ----------
    prepared : Prepared
    look : BatchLook
        What is done with the clips of a step.
    shuffle_clips : int
        Size of the shuffle buffer, for clips of a second at 16 kHz; of longer ones it holds fewer.
    """

    prepared: Prepared
    look: BatchLook
    shuffle_clips: int = SHUFFLE_CLIPS

    @property
    def batch_size(self) -> int:
        """Clips of a step."""
        return self.look.batch_size

    @property
    def total(self) -> int:
        """Clips of an epoch."""
        return self.prepared.count("train")

    @property
    def steps_per_epoch(self) -> int:
        """Batches in which every clip is seen once."""
        return -(-self.total // self.look.batch_size)

    @property
    def buffer(self) -> int:
        """Clips in the shuffle buffer, which takes as much memory whatever the window."""
        return max(1, self.shuffle_clips * 16_000 // max(self.prepared.n_samples, 16_000))

    def files(self) -> tuple[list[str], list[int]]:
        """Paths of the shards, and the number of each one's first clip."""
        shards = self.prepared.parts["train"]
        counts = [shard.clips for shard in shards]
        return [str(self.prepared.folder / s.file) for s in shards], (np.cumsum(counts) - counts).tolist()

    def order(self, epoch: tf.Tensor) -> tf.Tensor:
        """Numbers of the shards in an epoch's order [shape=(shards,)]."""
        seed = tf.stack([tf.constant(self.look.seed, tf.int64), -1 - tf.cast(epoch, tf.int64)])
        return tf.random.experimental.stateless_shuffle(tf.range(len(self.prepared.parts["train"])), seed)

    def dataset(self, first_step: int = 0, part: Part = WHOLE) -> tf.data.Dataset:
        """(features [batch, frames, channels], one-hot labels [batch, classes]) from ``first_step`` on, without end.

        With ``part``, the rows of one of several workers only, as they are in the whole batch.
        """
        files, firsts = (tf.constant(values) for values in self.files())
        steps, size = self.steps_per_epoch, self.look.batch_size
        missing = steps * size - self.total
        look = dataclasses.replace(self.look, part=part)

        def epoch_steps(epoch: tf.Tensor) -> tf.data.Dataset:
            order = self.order(epoch)
            clips = stream_records(tf.gather(files, order), tf.gather(tf.cast(firsts, tf.int64), order))
            records = shuffle(clips, self.buffer, self.look.seed, epoch)
            if missing:
                records = records.concatenate(clips.take(missing))
            numbers = tf.data.Dataset.range(epoch * steps, (epoch + 1) * steps)
            return tf.data.Dataset.zip((numbers, records.batch(size, drop_remainder=True)))

        def batch(step: tf.Tensor, records: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
            return look(step, *decode_records(records[1]))

        epochs = tf.data.Dataset.range(first_step // steps, np.iinfo(np.int64).max).flat_map(epoch_steps)
        return epochs.skip(first_step % steps).map(batch, num_parallel_calls=2, deterministic=True).prefetch(4)


def explained(error: Exception, who: str = "prepared data") -> DataError | None:
    """One line about what TensorFlow says of shards that it cannot read; None for all other errors."""
    if not isinstance(error, tf.errors.OpError):
        return None
    text = next(iter(str(error.message).strip().splitlines()), type(error).__name__).split(" [Op:")[0]
    reasons = {
        tf.errors.NotFoundError: "a shard is gone, or lies elsewhere for a data worker: expected the folder under the "
        "same path everywhere",
        tf.errors.PermissionDeniedError: "a shard may not be read",
        tf.errors.DataLossError: "a shard is damaged: see drsn-train prepare --verify",
    }
    reason = next((said for kind, said in reasons.items() if isinstance(error, kind)), None)
    return None if reason is None else DataError(f"{who}: {reason} ({text})")
