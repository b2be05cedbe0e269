"""Batches of prepared data that workers of a tf.data service make: reading, augmentation and features are theirs."""

from __future__ import annotations

import contextlib
import dataclasses
import uuid
from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError, UsageError, mismatch

from ..batch_part import WHOLE, Part
from .batches import PreparedBatches
from .data_service import require_dispatcher
from .service_job import Batch, Job, Patience, received, register
from .shard_stream import decode_records, shuffle, stream_records


@dataclasses.dataclass(frozen=True)
class ServiceBatches(PreparedBatches):
    """Endless augmented batches, every clip once an epoch; which are together depends on who is faster.

    Each epoch is a job of its own: the dispatcher hands its shards, in the epoch's order, to whichever worker asks. A
    worker shuffles, augments and computes features; full batches are put together here. A batch's draws depend on
    (seed, epoch, its first clip). The last, incomplete batch is filled with the epoch's first rows. What a worker had
    when it died is lost to the epoch: its job is given up, clips of another job of the epoch stand in, and it is said.

    Parameters
    ----------
    service : str
        HOST:PORT of the dispatcher.
    failure : list
        Where an error is left that TensorFlow would wrap into one of its own.
    """

    service: str = ""
    failure: list[DrsnError] = dataclasses.field(default_factory=list)

    def dataset(self, first_step: int = 0, part: Part = WHOLE) -> tf.data.Dataset:
        """(features [batch, frames, channels], one-hot labels [batch, classes]) from ``first_step``'s epoch on."""
        if part != WHOLE:
            raise UsageError(mismatch("--data-service", "one trainer", "several (--workers)"))
        require_dispatcher(self.service)
        size, spec = self.look.batch_size, self.look.spec
        signature = (
            tf.TensorSpec((size, *spec.shape), tf.float32),
            tf.TensorSpec((size, self.look.classes), tf.float32),
        )
        return tf.data.Dataset.from_generator(lambda: self._steps(first_step), output_signature=signature).prefetch(2)

    def epoch(self, epoch: int) -> tf.data.Dataset:
        """Rows of an epoch as a worker makes them of the shards that it gets: batches of any size up to the whole."""
        size = self.look.batch_size
        files, firsts = self.files()
        order = self.order(tf.constant(epoch, tf.int64)).numpy()
        clips = stream_records(
            tf.constant(np.array(files)[order]), tf.constant(np.array(firsts, np.int64)[order], tf.int64)
        )

        # A worker is sent a graph, no code of Python's.
        look = dataclasses.replace(self.look, in_graph=True)

        def make(numbers: tf.Tensor, records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            count = tf.shape(records)[0]
            # A worker's last batch is made as a whole one, and cut.
            whole = tf.gather(records, tf.range(size) % count)
            features, labels = look(epoch * self.total + numbers[0], *decode_records(whole))
            return features[:count], labels[:count]

        batches = shuffle(clips, self.buffer, self.look.seed, tf.constant(epoch, tf.int64)).batch(size)
        return batches.map(make, num_parallel_calls=tf.data.AUTOTUNE)

    def _steps(self, first_step: int) -> Iterator[Batch]:
        epoch, skip = divmod(first_step, self.steps_per_epoch)
        patience = Patience()
        try:
            while True:
                for number, batch in enumerate(self._batches(self._rows(epoch, patience))):
                    if number >= skip:
                        yield batch
                epoch, skip = epoch + 1, 0
        except DrsnError as error:
            self.failure.append(error)
            raise

    def _batches(self, pieces: Iterator[Batch]) -> Iterator[Batch]:
        """Rows put together to whole batches."""
        size, held, count = self.look.batch_size, [], 0
        for piece in pieces:
            held.append(piece)
            count += len(piece[1])
            while count >= size:
                features, labels = (np.concatenate(parts) for parts in zip(*held, strict=True))
                yield features[:size], labels[:size]
                held, count = [(features[size:], labels[size:])], count - size

    def _rows(self, epoch: int, patience: Patience) -> Iterator[Batch]:
        """As many rows as the batches of an epoch have: every clip, and what fills the last batch."""
        first, came, told = None, 0, 0
        name = f"{uuid.uuid4().hex}-{epoch}"
        while came < self.total:
            job = Job(lambda: register(self.service, self.epoch(epoch), name))
            with contextlib.closing(received(self.service, job, patience)) as pieces:
                for features, labels in pieces:
                    piece = features[: self.total - came], labels[: self.total - came]
                    first, came = first or piece, came + len(piece[1])
                    yield piece
                    if came == self.total:
                        break
            if told < came < self.total:
                lost = f"{self.total - came:,} of the {self.total:,} clips of epoch {epoch + 1}"
                log(f"note: {lost} were lost with a data worker; others of the epoch stand in for them")
                told = came
        rows = np.arange(self.steps_per_epoch * self.look.batch_size - came) % len(first[1])
        yield first[0][rows], first[1][rows]
