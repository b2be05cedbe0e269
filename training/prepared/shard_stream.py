"""The records of shards as a tf.data stream, in graph operators only: it may run in other processes."""

from __future__ import annotations

import tensorflow as tf

from .records import HEAD
from .tfrecord import COMPRESSION

#: Shards that are read in turn, a clip of each. Together they hold, of the usual size, no more than a shuffle buffer:
#: else a clip's place in one epoch would tell something of its place in the next.
OPEN_SHARDS = 4


def stream_records(files: tf.Tensor, firsts: tf.Tensor) -> tf.data.Dataset:
    """(number of the clip, record) of every clip of some shards, these in the order in which they are given.

    Parameters
    ----------
    files : str [shape=(n,)]
    firsts : int64 [shape=(n,)]
        Number of each shard's first clip.
    """

    def read(file: tf.Tensor, first: tf.Tensor) -> tf.data.Dataset:
        records = tf.data.TFRecordDataset(file, compression_type=COMPRESSION)
        return records.enumerate(first)

    shards = tf.data.Dataset.from_tensor_slices((files, firsts))
    return shards.interleave(read, cycle_length=OPEN_SHARDS, block_length=1, num_parallel_calls=2, deterministic=True)


def shuffle(records: tf.data.Dataset, clips: int, seed: int, epoch: tf.Tensor) -> tf.data.Dataset:
    """Shuffle through a buffer of ``clips``, in an order that (seed, epoch) gives and nothing else.

    ``Dataset.shuffle`` would mix in TensorFlow's global seed, and takes no seed that is a tensor beside a global one.
    """
    spec = records.element_spec
    shuffled = tf.raw_ops.ShuffleDataset(
        input_dataset=tf.data.experimental.to_variant(records),
        buffer_size=tf.constant(clips, tf.int64),
        seed=tf.constant(seed, tf.int64),
        # Two zeros would mean: any order.
        seed2=tf.cast(epoch, tf.int64) + 1,
        output_types=[part.dtype for part in spec],
        output_shapes=[part.shape for part in spec],
        reshuffle_each_iteration=False,
    )
    return tf.data.experimental.from_variant(shuffled, spec)


def decode_records(records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Clips [shape=(n, n_samples), int16] and labels [shape=(n,), int32] of records [shape=(n,)]."""
    numbers = tf.io.decode_raw(records, tf.int16)
    return numbers[:, HEAD:], tf.bitcast(numbers[:, :HEAD], tf.int32)
