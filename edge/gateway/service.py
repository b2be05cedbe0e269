"""The gateway as a process: builds all parts, runs them until it is told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from drsn_keras.command_line import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, log
from drsn_keras.errors import DrsnError

from ..bundle import Bundle, load_bundle
from ..seldom import Seldom
from ..stop_signals import stop_signals
from .committer import Committer
from .config import GatewayConfig, MachineConfig, MqttConfig
from .inbox import Inbox
from .live import Live
from .publisher import Publisher
from .records import Block, Event, Position, Step
from .sources import open_source
from .sources.hub import Hub
from .sources.source import Source
from .sparkplug import SparkplugWire
from .station import Station
from .store import Store
from .unwatched import end_unwatched
from .watchdog import Watchdog
from .wire import JsonWire, Wire
from .worker import Worker

#: Samples that may wait for a machine's station: a share of a record, and at least so many.
_WAITING_SHARE, _LEAST_WAITING = 4, 1 << 14
_JOIN_S, _RESTART_S = 10.0, 5.0


class Gateway:
    """Everything of one configuration.

    Parameters
    ----------
    config : GatewayConfig
    threads : int, optional
        That run stations; by default the number of processors, at most 4.

    Attributes
    ----------
    store, live : Store, Live
    sources : dict of str to Source
    web : WebServer or None

    Raises
    ------
    DrsnError
        In one line: what cannot be had (the store, a port, a bundle, a library).
    """

    def __init__(self, config: GatewayConfig, threads: int | None = None) -> None:
        self.config = config
        self.say = Seldom()
        self.live = Live([machine.name for machine in config.machines])
        self.stop = threading.Event()
        self._failed: str | None = None
        self._exit = contextlib.ExitStack()
        self._configs = {machine.name: machine for machine in config.machines}
        store = config.store
        self.store = Store(store.path, store.quota_mb, store.waveform_quota_mb, publish=config.mqtt is not None)
        self._exit.callback(self.store.close)
        try:
            self._build(threads or min(4, os.cpu_count() or 1))
        except BaseException:
            self._exit.close()
            raise

    def _build(self, n_threads: int) -> None:
        config = self.config
        if self.store.moved_to is not None:
            self.say("damaged", f"{self.store.path}: was damaged, moved to {self.store.moved_to.name}; begun anew")
        self._hub = Hub(self.live, self.store.log, self.say)
        self._exit.callback(self._hub.close)
        self.sources: dict[str, Source] = {
            machine.name: open_source(machine, self._position(machine.name), self._hub) for machine in config.machines
        }
        self._committer = Committer(self.store, self.live, self.say, self._committed)
        self._worker_of: dict[str, Worker] = {}
        self._workers, self._inboxes = self._make_workers(n_threads)
        self.watchdog = Watchdog(self.store, self.live, self.sources, self.say)
        self._publisher = None
        if config.mqtt is not None:
            wire = make_wire(config.mqtt, config.name, self.store)
            self._publisher = Publisher(config.mqtt, wire, self.store, self.live, self.say)
        for source in self.sources.values():
            source.open()
        self.web = None
        if config.web is not None:
            from .web import serve

            self.web = serve(config.web, self.store, self.live, config.machines, config.name, self.relearn)
            self._exit.callback(self.web.close)

    def _position(self, name: str) -> Position | None:
        state = self.store.station(name)
        return None if state is None else Position(state.position, state.epoch, state.cookie)

    def _make_workers(self, n_threads: int) -> tuple[list[Worker], dict[str, Inbox]]:
        """Machines are dealt out to threads; a bundle's interpreter is for one thread alone."""
        workers, inboxes, standing = [], {}, {}
        for i in range(min(n_threads, len(self.config.machines))):
            machines = self.config.machines[i::n_threads]
            bundles: dict[Path, Bundle] = {}
            limits = {machine.name: max(_LEAST_WAITING, machine.n_samples // _WAITING_SHARE) for machine in machines}
            inbox = Inbox(limits, self.live)
            inboxes.update(dict.fromkeys(limits, inbox))
            make = self._station_maker(bundles)
            stations = {machine.name: make(machine.name) for machine in machines}
            workers.append(Worker(inbox, make, stations, self._committer, self.live, self.say))
            self._worker_of.update(dict.fromkeys(stations, workers[-1]))
            standing |= {name: station.standing for name, station in stations.items()}
        end_unwatched(self.store, standing)
        return workers, inboxes

    def _station_maker(self, bundles: dict[Path, Bundle]) -> Callable[[str], Station]:
        def make(name: str) -> Station:
            return make_station(self._configs[name], self.store, bundles)

        return make

    def _committed(self, step: Step) -> None:
        self.sources[step.record.machine].committed(step.position, step.epoch)
        if self._publisher is not None:
            self._publisher.wake()

    def _emit(self, block: Block) -> bool:
        taken = self._inboxes[block.machine].put(block, self.stop)
        self.watchdog.heard(block.machine)
        return taken

    def relearn(self, machine: str, regime: str | None = None) -> None:
        """Learn a machine's normal anew, of one regime or of all, from its next record on."""
        self._worker_of[machine].relearn(machine, regime)

    def run(self) -> int:
        """Work until SIGTERM (then 0), SIGINT (then 130), or a fault that only a new start can mend (then 1)."""
        log(self.summary())
        with stop_signals(self.stop) as received, self._exit:
            self._note("start", f"gateway {self.config.name} starts with {len(self._configs)} machines")
            workers_ended = threading.Event()
            threads = [
                self._thread(f"source-{name}", self._run_source, name, source) for name, source in self.sources.items()
            ]
            workers = [self._thread(f"worker-{i}", worker.run, self.stop) for i, worker in enumerate(self._workers)]
            committer = self._thread("committer", self._committer.run, self.stop, workers_ended)
            if self._publisher is not None:
                threads.append(self._thread("publisher", self._publisher.run, self.stop))
            self._guarded("watchdog", self.watchdog.run, self.stop)
            self._hub.close()
            for thread in workers:
                thread.join(_JOIN_S)
            workers_ended.set()
            committer.join(_JOIN_S)
            for thread in threads:
                thread.join(_JOIN_S)
            self._note("stop", "gateway stops" if self._failed is None else f"gateway stops: {self._failed}")
        if self._failed is not None:
            return EXIT_FAILED
        return EXIT_INTERRUPTED if received == [signal.SIGINT] else EXIT_OK

    def _run_source(self, name: str, source: Source) -> None:
        """A source that fails is begun again: its fault is not that of the other machines."""
        while not self.stop.is_set():
            try:
                source.run(self._emit, self.stop)
                self.live.clear(f"source:{name}")
            except Exception as error:
                text = f"the source failed ({type(error).__name__}: {error}); begun again"
                self.live.fault(f"source:{name}", text)
                self._hub.trouble(name, "source", text)
            self.stop.wait(_RESTART_S)

    def summary(self) -> str:
        """What runs, in a line."""
        config = self.config
        parts = [f"gateway {config.name}: {len(self._configs)} machines, store {config.store.path}"]
        if config.mqtt is not None:
            parts.append(f"MQTT {config.mqtt.host}:{config.mqtt.port} {config.mqtt.topic}/{config.name}/#")
        if self.web is not None:
            parts.append(f"page {self.web.url}")
        return ", ".join(parts)

    def _thread(self, name: str, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(name, work, *arguments), name=name, daemon=True)
        thread.start()
        return thread

    def _guarded(self, name: str, work: Callable[..., None], *arguments: Any) -> None:
        try:
            work(*arguments)
        except Exception as error:  # one part cannot do its work any more: a new start may
            self._failed = f"{name}: {error if isinstance(error, DrsnError) else f'{type(error).__name__}: {error}'}"
            self.live.fault(f"worker:{name}", str(error))
            log(f"drsn-edge: {self._failed}")
            self.stop.set()

    def _note(self, kind: str, text: str) -> None:
        with contextlib.suppress(DrsnError):
            self.store.log(Event(time.time(), "", kind, text))


def make_station(config: MachineConfig, store: Store, bundles: dict[Path, Bundle]) -> Station:
    """A machine's station as the store has it; bundles are shared among those given."""
    bundle = None
    if config.bundle is not None:
        if config.bundle not in bundles:
            bundles[config.bundle] = load_bundle(config.bundle, 1)
        bundle = bundles[config.bundle]
    state = store.station(config.name)
    if state is None:
        return Station(config, bundle)
    return Station(config, bundle, state.memory, state.position, state.epoch, state.cookie)


def make_wire(mqtt: MqttConfig, name: str, store: Store) -> Wire:
    """The format that is configured."""
    return (SparkplugWire if mqtt.format == "sparkplug" else JsonWire)(mqtt.topic, name, store.id)
