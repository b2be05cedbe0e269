"""Many small trainings on few cores: jobs by the key that names them, results appended to one file, resumable."""

from __future__ import annotations

import json
import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drsn_keras.command_line import log

#: A job: its key (what results are known by) and what the work function needs besides.
Job = dict[str, Any]


def key_of(job: Job) -> str:
    """The name of a job in the results file."""
    return json.dumps(job, sort_keys=True)


def read_results(path: Path) -> list[dict[str, Any]]:
    """Rows of a results file; a line cut off by a crash is left out."""
    rows = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                log(f"{path}: a damaged line is left out")
    return rows


def append_result(path: Path, row: dict[str, Any]) -> None:
    """One line in one write: two processes may append to one file."""
    with path.open("ab", buffering=0) as file:
        file.write((json.dumps(row) + "\n").encode())


def _end_last_line(path: Path) -> None:
    """A line that a crash has cut off must not take the next one with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and (content := path.read_bytes()) and not content.endswith(b"\n"):
        path.write_bytes(content + b"\n")


def run_jobs(
    groups: Sequence[Sequence[Job]],
    work: Callable[[Sequence[Job], Callable[[Job, dict[str, Any]], None]], None],
    path: Path,
    workers: int,
) -> list[dict[str, Any]]:
    """Run what is not in the results file yet; returns the rows of these jobs, those of others are left out.

    Parameters
    ----------
    groups : sequence of sequences of Job
        Jobs of one group share what is costly to make (a compiled network) and run in one process, one after another.
    work : callable
        Top-level function: a group's jobs, and what to call with each job and its result.
    path : Path
        JSON lines, each a job with its ``result``.
    workers : int

    Raises
    ------
    SystemExit
        If a process ended early or a job has no result: what is done is kept.
    """
    _end_last_line(path)
    wanted = {key_of(job) for group in groups for job in group}
    done = {key_of(row["job"]) for row in read_results(path)}
    waiting = [[job for job in group if key_of(job) not in done] for group in groups]
    waiting = [group for group in waiting if group]
    total = sum(len(group) for group in waiting)
    log(f"{total} trainings to do, {len(done)} done before, {workers} processes")
    if not total:
        return _rows_of(path, wanted)
    context = multiprocessing.get_context("spawn")
    tasks = context.Queue()
    for group in waiting:
        tasks.put(group)
    processes = [context.Process(target=_worker, args=(tasks, work, path)) for _ in range(workers)]
    began = time.monotonic()
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    failed = [process.exitcode for process in processes if process.exitcode]
    if failed:
        raise SystemExit(f"{path}: a worker ended with {failed[0]}; what was done is kept, run the command again")
    log(f"done in {(time.monotonic() - began) / 60:.1f} min")
    return _rows_of(path, wanted)


def _rows_of(path: Path, wanted: set[str]) -> list[dict[str, Any]]:
    """One row for each wanted job."""
    found = {key_of(row["job"]): row for row in read_results(path)}
    if missing := wanted - set(found):
        raise SystemExit(f"{path}: {len(missing)} of {len(wanted)} trainings are missing: run the command again")
    return [found[key] for key in sorted(wanted)]


def _worker(tasks: multiprocessing.Queue, work: Callable, path: Path) -> None:
    """Take groups until none is left."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from drsn_keras.training.quiet import quiet_tensorflow

    quiet_tensorflow()
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)

    def finished(job: Job, result: dict[str, Any]) -> None:
        append_result(path, {"job": job, "result": result})
        log(f"{' '.join(str(v) for v in job.values())}: {result.get('said', '')}")

    while True:
        try:
            group = tasks.get(timeout=2)
        except queue.Empty:
            return
        work(group, finished)


class Network:
    """A network that is compiled once and trained many times, each time from fresh weights.

    Parameters
    ----------
    build : callable
        Makes the untrained network, with logits as output, from the global seed.
    optimizer : keras.optimizers.Optimizer
        Its learning rate is set at every step.
    """

    def __init__(self, build: Callable[[], Any], optimizer: Any, label_smoothing: float = 0.0) -> None:
        import keras
        import tensorflow as tf

        self.build, self.model, self.optimizer = build, build(), optimizer
        optimizer.build(self.model.trainable_variables)
        self._start = [np.asarray(v) for v in optimizer.variables]
        loss_of = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=label_smoothing)

        @tf.function(jit_compile=True)
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = loss_of(y, self.model(x, training=True))
                total = loss + sum(self.model.losses) if self.model.losses else loss
            self.optimizer.apply(tape.gradient(total, self.model.trainable_variables))
            return loss

        @tf.function(jit_compile=True)
        def logits(x):
            return self.model(x, training=False)

        self._step, self._logits = step, logits

    def train(
        self, seed: int, steps: int, batch: Callable[[int], tuple[np.ndarray, np.ndarray]], rate: Callable[[int], float]
    ) -> np.ndarray:
        """Train from fresh weights; returns the loss of every step [shape=(steps,)]."""
        import keras

        keras.utils.set_random_seed(seed)
        for variable, value in zip(self.model.variables, self.build().variables, strict=True):
            variable.assign(value)
        for variable, value in zip(self.optimizer.variables, self._start, strict=True):
            variable.assign(value)
        losses = []
        for i in range(steps):
            self.optimizer.learning_rate.assign(rate(i))
            losses.append(self._step(*batch(i)))
        return np.array([float(loss) for loss in losses])

    def predict(self, x: np.ndarray, size: int = 128) -> np.ndarray:
        """Logits [shape=(n, classes)] of inputs [shape=(n, ...)]."""
        parts = []
        for start in range(0, len(x), size):
            part = x[start : start + size]
            padded = np.concatenate([part, np.zeros((size - len(part), *x.shape[1:]), x.dtype)])
            parts.append(self._logits(padded).numpy()[: len(part)])
        return np.concatenate(parts)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean and half of its 95 % interval (Student's t) of independent values; half is NaN for a single one."""
    from drsn_keras.training.study.results import mean_of

    found = mean_of(values)
    return found.mean, found.half
