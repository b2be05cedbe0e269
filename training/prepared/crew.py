"""Processes that make shards: they end with the process that started them, however it ends."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from drsn_keras.errors import DrsnError

#: Calls that wait for a process, of each.
_AHEAD = 2


def run_all(call: Callable[..., Any], arguments: Iterable[tuple], workers: int) -> Iterator[Any]:
    """Results of all calls, in their order; only a few are on their way at a time.

    An error of a call, or an interruption, ends the processes at once.

    Raises
    ------
    DrsnError
        If a process was killed.
    """
    if workers == 1:
        yield from (call(*one) for one in arguments)
        return
    arguments = iter(arguments)
    first = next(arguments, None)
    if first is None:
        return
    # Not forked: a child would have this process's threads' locks.
    context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    waiting: deque[Future] = deque()
    try:
        for one in itertools.chain([first], arguments):
            waiting.append(pool.submit(call, *one))
            if len(waiting) >= workers * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BaseException as error:
        children = set(multiprocessing.active_children()) - before
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.terminate()
        for child in children:
            child.join()
        if isinstance(error, BrokenProcessPool):
            raise DrsnError(
                "a process that made shards was killed (out of memory?); the same command goes on"
            ) from None
        raise
    pool.shutdown()


def _begin() -> None:
    """In every process: Ctrl-C is the parent's to handle, and without a parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
