"""A job of a tf.data service, watched: TensorFlow asks a lost worker for an hour, a lost dispatcher without end."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from drsn_keras.command_line import log

from .batches import explained
from .data_service import require_dispatcher

#: Silence [s] after which the dispatcher is looked for; no shorter one ends a job.
LOOK_S = 15.0
#: Before anything ever came: workers read their first graph, and fill their first shuffle buffer [s].
START_S = 120.0
#: Silence [s] after which it is said that nothing comes.
NOTE_S = 30.0
#: A piece is late after so many times what others took, but no more than this [s]; than that after jobs in vain [s].
_LATE, _MOST_S, _MOST_IN_VAIN_S = 4.0, 300.0, 3600.0
_AHEAD = 4
Batch = tuple[np.ndarray, np.ndarray]


@dataclasses.dataclass
class Patience:
    """How long a silent job is waited for: some times what pieces took before, doubled by every job in vain.

    Attributes
    ----------
    usual_s : dict
        How long it was waited for the first piece of a job (True), and for the others (False).
    silent_s : float
        How long nothing has come, jobs that were given up included.
    in_vain : int
        Jobs in a row that brought nothing.
    """

    usual_s: dict[bool, float] = dataclasses.field(
        default_factory=lambda: dict.fromkeys((True, False), START_S / _LATE)
    )
    silent_s: float = 0.0
    in_vain: int = 0
    told: bool = False

    def limit_s(self, first: bool) -> float:
        """Silence that gives a job up."""
        late = min(_MOST_S, max(LOOK_S, _LATE * self.usual_s[first]))
        return min(_MOST_IN_VAIN_S, late * 2.0 ** min(self.in_vain, 20))

    def came(self, first: bool, waited_s: float) -> None:
        """Something has: old waits count less and less."""
        self.usual_s[first] = max(waited_s, self.usual_s[first] * (0.5 if first else 0.9))
        self.silent_s, self.in_vain, self.told = 0.0, 0, False


def register(service: str, dataset: tf.data.Dataset, name: str) -> Callable[[], tf.data.Dataset]:
    """Send a graph to the dispatcher, which keeps it once for all jobs of a name; returns what makes such a job."""
    api = tf.data.experimental.service
    address, spec = f"grpc://{service}", dataset.element_spec
    # Features hardly shrink.
    number = api.register_dataset(address, dataset, compression=None, dataset_id=name).numpy()
    return lambda: api.from_dataset_id(
        api.ShardingPolicy.DYNAMIC, address, number, spec, job_name=f"{name}-{uuid.uuid4().hex}"
    ).prefetch(_AHEAD)


class Job:
    """Pieces of a job, received by a thread of its own, which may be given up while it waits.

    It runs in a session of its own: closing that is the one way to take a call back that waits, and with it whatever
    the job holds.
    """

    def __init__(self, start: Callable[[], Callable[[], tf.data.Dataset]]) -> None:
        self.sent: queue.Queue = queue.Queue(_AHEAD)
        self._ended = threading.Event()
        self._session: tf.compat.v1.Session | None = None
        threading.Thread(target=self._receive, args=(start,), daemon=True).start()

    def end(self) -> None:
        """Ask for nothing more."""
        self._ended.set()
        if self._session is not None:
            self._session.close()
            self._session = None

    def _put(self, item: object) -> None:
        while not self._ended.is_set():
            try:
                self.sent.put(item, timeout=1.0)
                return
            except queue.Full:
                pass

    def _receive(self, start: Callable[[], Callable[[], tf.data.Dataset]]) -> None:
        try:
            make = start()
            graph = tf.Graph()
            with graph.as_default():
                iterator = tf.compat.v1.data.make_initializable_iterator(make())
                following = iterator.get_next()
            options = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
            session = self._session = tf.compat.v1.Session(graph=graph, config=options)
            session.run(iterator.initializer)
            # Of session.run, errors would begin with where the graph was made.
            take = session.make_callable(following)
            while not self._ended.is_set():
                self._put(take())
        except tf.errors.OutOfRangeError:
            self._put(None)
        except Exception as error:  # handed on to the thread that waits
            self._put(error)


def received(service: str, job: Job, patience: Patience) -> Iterator[Batch]:
    """What workers send, until the job ends or is silent for too long.

    Raises
    ------
    DrsnError
        If the dispatcher is gone, or a worker cannot read a shard.
    """
    first = True
    try:
        while True:
            item, waited_s = _next(service, job, patience, first)
            if isinstance(item, Exception):
                raise explained(item, f"data service {service}") or item
            if item is None:
                break
            patience.came(first, waited_s)
            first = False
            yield item
    finally:
        job.end()
    patience.in_vain += first


def _next(service: str, job: Job, patience: Patience, first: bool) -> tuple[object, float]:
    """A piece, an error, or None at the end and when it is given up; and how long it was waited for [s]."""
    began, limit_s = time.monotonic(), patience.limit_s(first)
    before_s = patience.silent_s
    while (waited_s := time.monotonic() - began) < limit_s:
        try:
            item = job.sent.get(timeout=min(LOOK_S, limit_s - waited_s))
            return item, time.monotonic() - began
        except queue.Empty:
            require_dispatcher(service)
        patience.silent_s = before_s + time.monotonic() - began
        # A job that has brought something may yet be given up: the next one will show.
        if first and patience.silent_s >= NOTE_S and not patience.told:
            log(f"note: nothing has come from the data service {service} for {patience.silent_s:.0f} s; waiting for "
                "workers (drsn-train data-worker --connect)")  # fmt: skip
            patience.told = True
    return None, limit_s
