"""A serial line (needs pyserial): frames of one machine or several, HELLO and POSITION as over TCP."""

from __future__ import annotations

import contextlib
import functools
import threading
from typing import Any

from drsn_keras.errors import DataError, mismatch

from ..frame import Frame, Kind
from ..machine_config import MachineConfig
from ..records import Position
from .conversation import Conversation
from .framed import FramedSource
from .hub import Hub

_RETRY_S = 2.0


class SerialSource(FramedSource):
    """One machine on a line; keys ``device``, ``baud``, ``format``."""

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        super().__init__(config, after, hub)
        device = self.keys.text("device")
        baud = self.keys.whole("baud", 921600, 300, 20_000_000)
        self.keys.finish()
        self.key = ("serial", device)
        self._line: SerialLine = hub.listener(self.key, lambda: SerialLine(device, baud, hub))
        self._line.add(self)

    def check(self) -> str:
        """The device can be opened."""
        self._line.open_device().close()
        return f"serial on {self._line.device}"


class SerialLine:
    """One device; opened again where it was pulled out."""

    def __init__(self, device: str, baud: int, hub: Hub) -> None:
        self.device, self._baud, self._hub = device, baud, hub
        self._sources: dict[str, FramedSource] = {}
        self._port: Any = None

    def add(self, source: FramedSource) -> None:
        """One more machine may speak on it; it is told what is committed of it."""
        self._sources[source.config.name] = source

    def open(self) -> None:
        """The library has to be there; the device may come later."""
        _pyserial()
        threading.Thread(target=self._run, name=f"serial-{self.device}", daemon=True).start()

    def close(self) -> None:
        """Let go of the device."""
        if self._port is not None:
            self._port.close()

    def open_device(self) -> Any:
        """The device, opened.

        Raises
        ------
        DataError
        """
        serial = _pyserial()
        try:
            return serial.Serial(self.device, self._baud, timeout=0.5, write_timeout=0)
        except (OSError, ValueError) as error:  # its own error is an OSError
            raise DataError(mismatch(self.device, "a serial line", " ".join(str(error).split())[:200])) from None

    def _run(self) -> None:
        while not self._hub.stopping.is_set():
            try:
                self._port = self.open_device()
                if self._hub.live.clear(f"serial:{self.device}"):
                    self._hub.say(f"{self.device} back", f"{self.device}: back again")
                self._listen()
            except (DataError, OSError, TypeError) as error:  # TypeError: pyserial of a port that was closed meanwhile
                if self._hub.stopping.is_set():
                    return
                self._hub.live.fault(f"serial:{self.device}", str(error))
                self._hub.say(self.device, str(error) if isinstance(error, DataError) else f"{self.device}: {error}")
            finally:
                self.close()
            self._hub.stopping.wait(_RETRY_S)

    def _listen(self) -> None:
        talk = Conversation(self._sources.get, self._write, self.device, self._hub, must_greet=False)
        for source in self._sources.values():
            source.on_commit = functools.partial(self._tell, source.config.name)
        while not self._hub.stopping.is_set():
            data = self._port.read(max(1, min(self._port.in_waiting, 1 << 16)))
            if data and not talk.feed(data):
                return

    def _tell(self, machine: str, epoch: int, position: int) -> None:
        """What is committed of one of the machines on the line."""
        self._write(Frame(Kind.POSITION, machine, epoch, position).encode())

    def _write(self, data: bytes) -> None:
        with contextlib.suppress(OSError, TypeError):
            self._port.write(data)


def _pyserial() -> Any:
    try:
        import serial
    except ImportError:
        expected = "pyserial (pip install 'drsn-keras[gateway]')"
        raise DataError(mismatch("source serial", expected, "none")) from None
    return serial
