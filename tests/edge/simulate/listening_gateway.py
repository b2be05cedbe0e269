"""A gateway's TCP source without the rest: it commits whole records and keeps what it was given."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np

from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.machine_config import MachineConfig
from drsn_keras.edge.gateway.records import Position
from drsn_keras.edge.gateway.sources.hub import Hub
from drsn_keras.edge.gateway.sources.tcp import TcpSource
from drsn_keras.errors import DataError

RATE = 12000


class ListeningGateway:
    """Receives samples of some machines; records of ``record`` samples. ``after``: what an earlier one had stored."""

    def __init__(self, names, port=0, record=RATE // 2, after=None):
        self.record, self.stop = record, threading.Event()
        self.hub = Hub(Live(list(names)), lambda event: None)
        self.blocks = {name: [] for name in names}
        self.stored = dict.fromkeys(names)
        self.sources = {}
        for name in names:
            config = MachineConfig(
                name,
                {"kind": "tcp", "host": "127.0.0.1", "port": port, "format": "s16le"},
                float(RATE),
                "g",
                scale=1.0,
            )
            self.sources[name] = TcpSource(config, (after or {}).get(name), self.hub)
        for name, source in self.sources.items():
            _open(source)
            threading.Thread(target=source.run, args=(self._emit, self.stop), daemon=True, name=name).start()
        self.port = next(iter(self.sources.values())).listener.port

    def _emit(self, block):
        self.blocks[block.machine].append(block)
        end = (block.position + len(block.samples)) // self.record * self.record
        self.stored[block.machine] = Position(end, block.epoch, block.cookie)
        if end > block.position:
            self.sources[block.machine].committed(end, block.epoch)
        return True

    def counts(self, name):
        """All that came [int], and the first position; fails on a hole or on a doubled sample."""
        blocks = self.blocks[name]
        for one, following in itertools.pairwise(blocks):
            assert following.position == one.position + len(one.samples)
            assert following.epoch == one.epoch
        return np.concatenate([block.samples for block in blocks]).astype(int), blocks[0].position

    def close(self):
        self.stop.set()
        self.hub.close()


def _open(source):
    """The port of a gateway that has just been closed is free when its last accept() has timed out."""
    for _ in range(40):
        try:
            return source.open()
        except DataError:
            time.sleep(0.05)
    return source.open()
