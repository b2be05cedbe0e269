"""``drsn-edge simulate``: the handler."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from drsn_keras.command_line import EXIT_INTERRUPTED, EXIT_OK, log
from drsn_keras.errors import DataError, mismatch
from drsn_keras.files import write_atomically
from drsn_keras.simulation import VirtualMachine, draw_fleet

from ..simulate_options import FLEET
from ..stop_signals import stop_signals
from .counts import FULL_SCALE_G
from .feed import Sent
from .fleet_feed import feed_fleet
from .gateway_toml import gateway_toml
from .recordings import write_recordings

_WAV_S = 60.0


def simulate(arguments: argparse.Namespace) -> int:
    """Handle the sub-command."""
    config = None if arguments.write_config is None else Path(arguments.write_config)
    if config is not None:
        _check_config(config, arguments.overwrite)
    machines = draw_fleet(
        arguments.seed,
        arguments.machines,
        sample_rate_hz=arguments.rate,
        days=arguments.days,
        speed=arguments.speed,
        healthy=arguments.healthy,
        steady=arguments.steady,
    )
    if config is not None:
        store, page = f"{config.stem}.db", ("127.0.0.1", 8080, None)
        text = gateway_toml(machines, arguments.to, record_s=arguments.record, store=store, web=page)
        write_atomically(config, text)
        log(f"{config}: {len(machines)} machines; next: drsn-edge gateway {config}")
        return EXIT_OK
    if arguments.wav is not None:
        paths = write_recordings(
            machines, Path(arguments.wav), arguments.seconds or _WAV_S, overwrite=arguments.overwrite
        )
        for path in paths:
            print(path)
        log(f"1.0 stands for {FULL_SCALE_G:g} g (drsn-edge monitor --full-scale {FULL_SCALE_G:g} --unit g)")
        return EXIT_OK
    return _send(machines, arguments)


def describe(machine: VirtualMachine) -> str:
    """What a machine comes to, and when.

    >>> from drsn_keras.simulation.fleet import draw_fleet
    >>> describe(draw_fleet(0, 1)[0])
    'pump-001: bearing-outer-race from 27 s of signal on, worn out at 162 s; 1492 and 1755 rpm'
    """
    speeds = " and ".join(f"{rpm:.0f}" for rpm in sorted(regime.rpm for regime in machine.duty.regimes))
    fate = "never wears"
    if machine.state != "normal":
        begins = machine.wear.begins / machine.ages_per_s
        ends = begins + machine.wear.grows / machine.ages_per_s
        fate = f"{machine.state} from {begins:.0f} s of signal on, worn out at {ends:.0f} s"
    return f"{machine.name}: {fate}; {speeds} rpm"


def _send(machines: list[VirtualMachine], arguments: argparse.Namespace) -> int:
    for machine in machines:
        log(describe(machine))
    stop = threading.Event()
    identity = json.dumps({name: getattr(arguments, name) for name in FLEET}, sort_keys=True)
    with stop_signals(stop) as received:
        for one in feed_fleet(machines, arguments.to, arguments.pace, arguments.seconds, stop, identity):
            print(json.dumps(vars(one)) if arguments.json else _line(one))
    return EXIT_INTERRUPTED if signal.SIGINT in received else EXIT_OK


def _line(one: Sent) -> str:
    return f"{one.machine}: {one.samples} samples from {one.first} on, {one.stored} stored; wear {one.wear:.2f}"


def _check_config(path: Path, overwrite: bool) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise DataError(mismatch(path, "a file in an existing folder", "none"))
    if path.exists() and not overwrite:
        raise DataError(mismatch(path, "no file yet (or --overwrite)", "one"))
