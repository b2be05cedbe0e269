"""``drsn-edge simulate``: files, configuration, refusals, signals."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import wave

import numpy as np
import pytest

from drsn_keras.edge.cli import main
from drsn_keras.edge.gateway.config import read_config
from drsn_keras.edge.simulate.counts import FULL_SCALE_G, SCALE_G, to_counts
from drsn_keras.edge.simulate.gateway_toml import gateway_toml
from drsn_keras.machinery import STANDARD_GRAVITY_M_S2, BearingGeometry
from drsn_keras.simulation import draw_fleet


def test_counts_are_acceleration_in_g():
    y = np.array([STANDARD_GRAVITY_M_S2, -0.5 * STANDARD_GRAVITY_M_S2, 1e6, -1e6])
    assert to_counts(y).tolist() == [2048, -1024, 32767, -32768]
    assert SCALE_G * 2048 == 1.0


def test_recordings_hold_the_machines_samples(tmp_path, capsys):
    folder = tmp_path / "recordings"
    command = ["simulate", "--machines", "2", "--seconds", "1.5", "--seed", "3", "--wav", str(folder)]
    assert main(command) == 0
    captured = capsys.readouterr()
    assert [line.rsplit("/", 1)[1] for line in captured.out.split()] == ["pump-001.wav", "fan-002.wav"]
    assert f"{FULL_SCALE_G:g} g" in captured.err
    with wave.open(str(folder / "fan-002.wav")) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnframes()) == (12000, 2, 18000)
        counts = np.frombuffer(file.readframes(18000), "<i2")
    np.testing.assert_array_equal(counts, to_counts(draw_fleet(3, 2)[1].samples(0, 18000)))
    assert main(command) == 1
    assert "pump-001.wav" in capsys.readouterr().err
    assert main([*command, "--overwrite"]) == 0


def test_the_written_configuration_is_the_gateways(tmp_path, capsys):
    path = tmp_path / "fleet.toml"
    command = ["simulate", "--machines", "7", "--write-config", str(path), "--to", "127.0.0.1:7171", "--record", "2"]
    assert main(command) == 0
    config, fleet = read_config(path), draw_fleet(0, 7)
    assert [one.name for one in config.machines] == [machine.name for machine in fleet]
    assert (config.mqtt, config.web.host, config.web.token_file) == (None, "127.0.0.1", None)
    for one, machine in zip(config.machines, fleet, strict=True):
        assert (one.unit, one.scale, one.sample_rate_hz, one.record_s) == ("g", SCALE_G, 12000.0, 2.0)
        assert (one.bearing, one.iso_group) == (machine.drivetrain.bearing, 2)
        assert one.source == {"kind": "tcp", "host": "127.0.0.1", "port": 7171, "format": "s16le"}
        for regime in machine.duty.regimes:
            assert sum(band.low_rpm < regime.rpm < band.high_rpm for band in one.regimes) == 1
    assert main(command) == 1
    assert "fleet.toml" in capsys.readouterr().err


def test_a_configuration_with_everything_is_read_back(tmp_path):
    (machine,) = draw_fleet(0, 1, steady=True)
    object.__setattr__(machine.drivetrain, "bearing", BearingGeometry(11, 7.5, 40.25, 12.0))
    text = gateway_toml(
        [machine] * 1,
        ("::1", 7070),
        record_s=2.5,
        store="a b.db",
        mqtt=("broker", 1884),
        web=("0.0.0.0", 8181, "token"),
        alarms="confirm = 2",
    )
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    config = read_config(path)
    assert (config.mqtt.host, config.mqtt.port) == ("broker", 1884)
    assert (config.web.host, config.web.port, config.web.token_file) == ("0.0.0.0", 8181, tmp_path / "token")
    assert config.machines[0].bearing == machine.drivetrain.bearing
    assert config.machines[0].alarms.confirm == 2
    assert config.store.path == tmp_path / "a b.db"
    assert [regime.name for regime in config.machines[0].regimes] == ["full"]
    many = gateway_toml(draw_fleet(0, 1) * 60, ("127.0.0.1", 7070))
    assert "max_connections = 70" in many


@pytest.mark.parametrize(
    ("options", "code", "at_fault"),
    [
        (["--machines", "0"], 2, "--machines"),
        (["--rate", "4000"], 2, "--rate"),
        (["--to", "gateway"], 2, "--to"),
        (["--to", "a..b:7070"], 2, "--to: expected the name of a host, got a..b"),
        (["--pace", "-1"], 2, "--pace"),
        (["--healthy", "2"], 2, "--healthy"),
        (["--overwrite"], 2, "--overwrite"),
        (["--wav", "a", "--write-config", "b"], 2, "--write-config"),
        (["--write-config", "missing/fleet.toml"], 1, "missing/fleet.toml"),
    ],
)
def test_what_does_not_go_is_refused(options, code, at_fault, capsys):
    try:
        got = main(["simulate", *options])
    except SystemExit as error:
        got = error.code
    assert got == code
    assert at_fault in capsys.readouterr().err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_cleanly(number, code):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [sys.executable, "-m", "drsn_keras.edge", "simulate", "--machines", "1", "--to", f"127.0.0.1:{port}"]
    with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = [process.stderr.readline() for _ in range(2)]
        assert "pump-001" in said[0]
        assert f"no gateway at 127.0.0.1:{port}" in said[1]
        time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert process.returncode == code
    assert '"samples": 0' in out
    assert "Traceback" not in err
