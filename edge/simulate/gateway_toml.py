"""The gateway's configuration for a simulated fleet, as text."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

from drsn_keras.machinery import KNOWN_BEARINGS, BearingGeometry
from drsn_keras.simulation import VirtualMachine
from drsn_keras.simulation.fleet import FOUNDATION, ISO_GROUP

from .counts import FORMAT, SCALE_G

#: Above so many the listener has to be told.
_CONNECTIONS = 50
#: Width of a regime's band of speeds, as shares of its own.
_BAND = (0.93, 1.07)


def gateway_toml(
    machines: Sequence[VirtualMachine],
    address: tuple[str, int],
    *,
    record_s: float = 10.0,
    store: str = "gateway.db",
    mqtt: tuple[str, int] | None = None,
    web: tuple[str, int, str | None] | None = None,
    bundle: str | None = None,
    alarms: str = "",
) -> str:
    """A TOML file's text.

    Parameters
    ----------
    machines : sequence of VirtualMachine
    address : (str, int)
        Where the gateway listens for samples.
    record_s : float
    store : str
        The database's path.
    mqtt : (str, int), optional
        The broker's host and port. Without, the section is there as a comment.
    web : (str, int, str or None), optional
        The page's address and the token's file (None: made beside the store). Without, the section is there as a
        comment.
    bundle : str, optional
        Of a vibration model that judges every machine.
    alarms : str
        More lines of ``[defaults.alarms]``.
    """
    host, port = address
    source = f'kind = "tcp", host = {_text(host)}, port = {port}, format = {_text(FORMAT)}'
    if len(machines) > _CONNECTIONS:
        source += f", max_connections = {min(1000, len(machines) + 10)}"
    lines = [
        "# Written by drsn-edge simulate: the gateway's side of a simulated fleet.",
        'name = "demo"',
        "",
        "[store]",
        f"path = {_text(store)}",
        "",
        *_mqtt(mqtt),
        *_web(web),
        "[defaults]",
        f"sample_rate_hz = {machines[0].sample_rate_hz}",
        'unit = "g"',
        f"scale = {SCALE_G!r}  # g a count",
        f"iso_group = {ISO_GROUP}",
        f"foundation = {_text(FOUNDATION)}",
        f"record_s = {record_s:g}",
        f"waveform_s = {record_s:g}",
        f"source = {{ {source} }}",
    ]
    if bundle is not None:
        lines.append(f"bundle = {_text(bundle)}")
    if alarms:
        lines += ["", "[defaults.alarms]", *alarms.splitlines()]
    for machine in machines:
        lines += ["", f"[machines.{machine.name}]", f"bearing = {_bearing(machine.drivetrain.bearing)}"]
        lines += [f"regimes = {{ {', '.join(_bands(machine))} }}"]
    return "\n".join(lines) + "\n"


def _mqtt(mqtt: tuple[str, int] | None) -> list[str]:
    host, port = mqtt or ("127.0.0.1", 1883)
    return _section("mqtt", mqtt is not None, [f"host = {_text(host)}", f"port = {port}"])


def _web(web: tuple[str, int, str | None] | None) -> list[str]:
    host, port, token = web or ("127.0.0.1", 8080, None)
    values = [f"host = {_text(host)}", f"port = {port}"]
    if token is not None:
        values.append(f"token_file = {_text(token)}")
    return _section("web", web is not None, values)


def _section(name: str, given: bool, values: list[str]) -> list[str]:
    return [f"{'' if given else '# '}{line}" for line in (f"[{name}]", *values)] + [""]


def _bands(machine: VirtualMachine) -> list[str]:
    """``part = [1300, 1450]``: the slower regime first, bands apart."""
    speeds = sorted(regime.rpm for regime in machine.duty.regimes)
    names = ("part", "full")[-len(speeds) :]
    bands = []
    for name, rpm in zip(names, speeds, strict=True):
        low, high = (round(share * rpm) for share in _BAND)
        bands.append([name, low, high])
    for slower, faster in itertools.pairwise(bands):
        slower[2] = min(slower[2], faster[1] - 1)
    return [f"{name} = [{low}, {high}]" for name, low, high in bands]


def _bearing(geometry: BearingGeometry) -> str:
    for name, one in KNOWN_BEARINGS.items():
        if one == geometry:
            return _text(name)
    return (
        f"{{ elements = {geometry.n_elements}, element_mm = {geometry.element_diameter_mm!r}, "
        f"pitch_mm = {geometry.pitch_diameter_mm!r}, angle_deg = {geometry.contact_angle_deg!r} }}"
    )


def _text(value: str) -> str:
    # JSON's strings are TOML's.
    return json.dumps(value, ensure_ascii=False)
