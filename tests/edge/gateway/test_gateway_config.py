"""The configuration: every key checked, every error one line that names file, key, expectation and value."""

from pathlib import Path

import pytest

from drsn_keras.edge.gateway.config import example_config, read_config
from drsn_keras.edge.gateway.toml_table import read_toml
from drsn_keras.errors import DataError
from drsn_keras.machinery import KNOWN_BEARINGS, BearingGeometry

ROOT = Path(__file__).resolve().parents[3]
TEXT = """
name = "plant"
[store]
path = "data/gateway.db"
[web]
token_file = "token"
[defaults]
unit = "g"
sample_rate_hz = 12000
alarms = { confirm = 2, clear = 4 }
source = { kind = "tcp", port = 9750 }
[machines.PUMP]
rpm = 1500
bearing = "6205-2RS"
iso_group = 2
foundation = "rigid"
alarms = { clear = 5 }
[machines.FAN]
unit = "m/s^2"
source = { kind = "file", path = "fan.csv" }
bearing = { elements = 8, element_mm = 6.75, pitch_mm = 28.55 }
regimes = { idle = [0, 900], full = [1400, 1600] }
"""


def _write(folder, text):
    path = folder / "gateway.toml"
    path.write_text(text)
    return path


def test_machines_take_defaults_and_say_their_own(tmp_path):
    config = read_config(_write(tmp_path, TEXT))
    pump, fan = config.machines
    assert (config.name, config.store.path, config.mqtt) == ("plant", tmp_path / "data/gateway.db", None)
    assert (config.web.host, config.web.port, config.web.token_file) == ("127.0.0.1", 8080, tmp_path / "token")
    assert (pump.name, pump.unit, pump.rpm, pump.bearing) == ("PUMP", "g", 1500.0, KNOWN_BEARINGS["6205-2RS"])
    assert (pump.alarms.confirm, pump.alarms.within, pump.alarms.clear) == (2, 2, 5)
    assert (pump.source, pump.n_samples) == ({"kind": "tcp", "port": 9750}, 120_000)
    # Another kind of source takes nothing from the defaults' one.
    assert (fan.source, fan.unit, fan.alarms.clear) == ({"kind": "file", "path": "fan.csv"}, "m/s^2", 4)
    assert fan.bearing == BearingGeometry(8, 6.75, 28.55)
    assert [(r.name, r.low_rpm, r.high_rpm) for r in fan.regimes] == [("idle", 0.0, 900.0), ("full", 1400.0, 1600.0)]
    assert (fan.where, fan.folder) == (f"{tmp_path / 'gateway.toml'}, machines.FAN", tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rpm = 1500", "rmp = 1500", "machines.PUMP.rmp: expected one of alarms, "),
        ("rpm = 1500", "rmp = 1500", "(did you mean rpm?), got 'rmp'"),
        ("rpm = 1500", 'rpm = "fast"', "machines.PUMP.rpm: expected a number above 0, got 'fast'"),
        ("rpm = 1500", "rpm = true", "machines.PUMP.rpm: expected a number above 0, got true"),
        ("rpm = 1500", "rpm = nan", "machines.PUMP.rpm: expected a number above 0, got nan"),
        ("iso_group = 2\n", "", "machines.PUMP.iso_group: expected it where foundation is given"),
        ("iso_group = 2", "iso_group = 3", "machines.PUMP.iso_group: expected a whole number from 1 to 2, got 3"),
        ('kind = "file"', 'kind = "flie"', "machines.FAN.source.kind: expected file, folder, tcp, udp, mqtt or serial"),
        ("clear = 5", "claer = 5", "machines.PUMP.alarms.claer: expected one of "),
        ("clear = 4", "claer = 4", "defaults.alarms.claer: expected one of "),
        ("confirm = 2", "within = 2", "defaults.alarms.within: expected a whole number from 3 to 100, got 2"),
        ("sample_rate_hz = 12000\n", "", "machines.PUMP.sample_rate_hz: expected a number from 10 to 2000000, got no"),
        ('unit = "g"', "unit = 3", "defaults.unit: expected text, got 3"),
        ("[defaults]", "[default]", "default: expected one of defaults, "),
        ('"6205-2RS"', '"6205"', "machines.PUMP.bearing: expected 6205-2RS, "),
        ("pitch_mm = 28.55", "pitch_mm = 2", "machines.FAN.bearing: bearing, element_diameter_mm: expected less than"),
        ("1400", "900", "machines.FAN.regimes.full: expected a band apart from that of idle"),
        ("machines.FAN", 'machines."a/b"', "machines.'a/b': expected a name of letters"),
        ("rpm = 1500", "waveform_s = 21", "machines.PUMP.waveform_s: expected at most two records (20 s), got 21"),
        ("rpm = 1500", "record_s = 500", "machines.PUMP.record_s: expected 1024 to 4194304 samples a record, got 60"),
        (
            'token_file = "token"',
            'host = "0.0.0.0"',
            "web.password_file: expected it or token_file to listen on 0.0.0.0 (there is no default password)",
        ),
        ('token_file = "token"', 'key = "k"', "web.certificate: expected it where key is given, got nothing"),
        ("[store]", '[mqtt]\nhost = "h"\nca_file = "c"\n[store]', "mqtt.tls: expected true where ca_file is given"),
        ("[store]", '[mqtt]\nhost = "h"\npassword_file = "p"\n[store]', "mqtt.username: expected it where password"),
        ("[store]", "[store", "expected TOML, got "),
    ],
)
def test_errors_are_one_line_about_one_key(tmp_path, old, new, said):
    assert old in TEXT
    path = _write(tmp_path, TEXT.replace(old, new))
    with pytest.raises(DataError) as caught:
        read_config(path)
    line = str(caught.value)
    assert line.startswith(str(path)) and said in line and "\n" not in line


def test_a_file_that_is_none(tmp_path):
    with pytest.raises(DataError, match="expected a file that can be read, got "):
        read_config(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="expected TOML"):
        read_config(tmp_path / "binary.toml")
    (tmp_path / "large.toml").write_bytes(b"#" * (5 << 20))
    with pytest.raises(DataError, match="at most 4 MiB"):
        read_config(tmp_path / "large.toml")


def test_the_example_is_right_and_shows_every_key(tmp_path):
    path = ROOT / "docs" / "examples" / "gateway.toml"
    assert path.read_text() == example_config()
    config = read_config(path)
    assert {machine.source["kind"] for machine in config.machines} == {"tcp", "udp", "mqtt", "folder", "file", "serial"}
    # With the comments before keys taken off, every key of every part is there and accepted.
    lines = [line.removeprefix("# ") if " = " in line else line for line in example_config().splitlines()]
    full = read_toml(_write(tmp_path, "\n".join(lines))).values
    assert set(full["web"]) == {"host", "port", "token_file", "password_file", "certificate", "key"}
    assert {"bundle", "verdict_windows", "rpm", "rpm_tolerance", "bearing"} <= set(full["machines"]["PUMP-1"])
    assert {"client_id", "ca_file", "format", "topic"} <= set(full["mqtt"])
    assert "normal_limit" in full["defaults"]["alarms"]
