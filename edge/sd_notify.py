"""What systemd wants to know of a service (``Type=notify``, ``WatchdogSec=``). Standard library only.

References
----------
sd_notify(3), sd_watchdog_enabled(3).
"""

from __future__ import annotations

import os
import socket
import time


class ServiceManager:
    """Tells systemd by the socket in ``NOTIFY_SOCKET``; without one does nothing."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        # An abstract socket's name begins with a zero byte, which an environment cannot hold.
        if self._address.startswith("@"):
            self._address = "\0" + self._address[1:]
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        mine = os.environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        #: A sign of life three times in the watchdog's time [s]; 0 without a watchdog.
        self._every_s = int(microseconds) / 3e6 if mine and microseconds.isdigit() else 0.0
        self._next_s = 0.0
        self._ready = False

    def ready(self) -> None:
        """The service has begun; said once."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")

    def alive(self) -> None:
        """A sign of life, sent where it is due; cheap, to be called often."""
        if self._every_s and time.monotonic() >= self._next_s:
            self._next_s = time.monotonic() + self._every_s
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The service ends."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(1.0)
                line.sendto(message.encode(), self._address)
        except (OSError, AttributeError):
            self._address = ""  # Nobody is there, or no such system: do not try for ever.
