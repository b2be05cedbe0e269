"""The systemd unit of a listener, with the command line that it was asked for. Standard library only."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

UNIT = Path(__file__).parent / "systemd" / "drsn-listen.service"
#: Options that name files: a service has another working directory.
_PATHS = ("bundle", "mqtt_tls")
_RELOAD = "ExecReload=/bin/kill -HUP $MAINPID\n"


def unit_text(arguments: argparse.Namespace, argv: Sequence[str]) -> str:
    """The unit for this command line and this Python.

    Parameters
    ----------
    arguments : Namespace
        Of ``drsn-edge listen``.
    argv : sequence of str
        What it was parsed from, ``listen`` first.
    """
    paths = {text: str(Path(text).absolute()) for name in _PATHS if (text := getattr(arguments, name, None))}
    given = (part for word in argv if word != "--print-unit" for part in _parts(word))
    words = [quoted(paths.get(word, word)) for word in given]
    text = UNIT.read_text(encoding="utf-8")
    if secret := arguments.mqtt_password_file:
        # The service's user may not read the file: systemd hands it over.
        words = ["%d/mqtt-password" if word == quoted(secret) else word for word in words]
        credential = f"LoadCredential=mqtt-password:{str(Path(secret).absolute()).replace('%', '%%')}\n"
        text = text.replace("DynamicUser=", credential + "DynamicUser=", 1)
    if not arguments.watch:  # without it, SIGHUP ends a program
        text = text.replace(_RELOAD, "", 1)
    command = " ".join([quoted(sys.executable), "-m", "drsn_keras.edge", *words])
    return re.sub(r"(?m)^ExecStart=.*$", lambda _: f"ExecStart={command}", text, count=1)


def _parts(word: str) -> list[str]:
    """An option of MQTT that is spelled with ``=`` as its name and its value, so that the value can be found."""
    return word.split("=", 1) if word.startswith("--mqtt-") else [word]


def quoted(word: str) -> str:
    """A word as systemd's ExecStart= reads it back.

    >>> quoted("bundle"), quoted("50% of $a"), quoted('say "yes"')
    ('bundle', '"50%% of $$a"', '"say \\\\"yes\\\\""')
    """
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$").replace("\n", "\\n")
    return word if re.fullmatch(r"[\w@:,./+=-]+", word, re.ASCII) else f'"{escaped}"'
