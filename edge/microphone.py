"""A microphone as a source, through PortAudio."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, DrsnError, mismatch

from .block_queue import BlockQueue
from .seldom import Seldom
from .sound_devices import find_again, find_device, inputs_of, one_line, settings_of, sounddevice

#: A block of the sound card's, and how many of them may wait [s].
_BLOCK_S, _QUEUE_S = 0.05, 10.0
#: So often there is a block, an empty one if need be [s].
_TICK_S = 0.5
#: A device that gives nothing for so long has gone [s].
_SILENT_S = 3.0
#: Between tries to open it again: twice as long each time [s].
_PAUSES_S = (1.0, 30.0)


class Microphone:
    """Blocks of a sound card's input, for months: a device that goes is waited for.

    Parameters
    ----------
    device : str
        Its number or a part of its name that no other has; empty: the system's own choice.
    sample_rate_hz : int
        Wanted; where the device does not take it, it is heard at its own.
    channels : int, optional
        Default: 1, or all that the device has where it does not take one.

    Raises
    ------
    DrsnError
        If sounddevice, PortAudio or the device is missing.

    Attributes
    ----------
    n_read, arrived_s, broken
        See :class:`.source.LiveSource`. Time that passes while the device is away is not counted.
    """

    n_samples = None

    def __init__(self, device: str, sample_rate_hz: int, channels: int | None = None) -> None:
        self._sd = sounddevice()
        found = find_device(self._sd, device)
        self.name: str = found["name"]
        self.sample_rate_hz, self.channels = settings_of(self._sd, found, sample_rate_hz, channels)
        self.n_read, self.arrived_s, self.broken = 0, 0.0, False
        self._seldom = Seldom()
        self._queue = BlockQueue(round(_QUEUE_S / _BLOCK_S))
        self._stream: Any = None
        self._counted: tuple[int, int] = (0, 0)
        try:
            self._open(found)
        except self._failures() as error:
            raise DataError(mismatch(self.name, "a microphone that opens", one_line(error))) from None

    def blocks(self) -> Iterator[np.ndarray]:
        """What has arrived [shape=(n, channels), float32]; does not end by itself."""
        heard_s, missing = time.monotonic(), False
        while True:
            taken = self._queue.take(_TICK_S)
            self._say_overruns()
            if taken is not None:
                heard_s = time.monotonic()
                self.n_read += len(taken.samples)
                self.arrived_s, self.broken, missing = taken.arrived_s, missing or taken.broken, False
                yield taken.samples
                continue
            self.broken = False
            yield self._nothing()
            if time.monotonic() - heard_s >= _SILENT_S or not self._is_active():
                yield from self._reopened()
                heard_s, missing = time.monotonic(), True

    def close(self) -> None:
        """Let the device go."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(*self._failures()):
                stream.abort()
            with contextlib.suppress(*self._failures()):
                stream.close()

    def _reopened(self) -> Iterator[np.ndarray]:
        """Empty blocks until the device is there again."""
        log(f"{self.name}: no sound any more; waiting for the microphone")
        gone_s = time.monotonic()
        self.close()
        self._queue.clear()
        pause_s = _PAUSES_S[0]
        while True:
            next_s = time.monotonic() + pause_s
            while time.monotonic() < next_s:
                time.sleep(min(_TICK_S, pause_s))
                yield self._nothing()
            with contextlib.suppress(*self._failures()):
                # PortAudio lists the devices once, when it begins; by then another may have the number.
                self._sd._terminate()
                self._sd._initialize()
                self._open(find_again(inputs_of(self._sd), self.name))
                break
            pause_s = min(2.0 * pause_s, _PAUSES_S[1])
        log(f"{self.name}: there again after {time.monotonic() - gone_s:.0f} s")

    def _open(self, device: dict[str, Any]) -> None:
        stream = self._sd.InputStream(
            device=device["index"],
            samplerate=self.sample_rate_hz,
            channels=self.channels,
            dtype="float32",
            blocksize=round(_BLOCK_S * self.sample_rate_hz),
            latency="high",
            callback=self._called,
        )
        try:
            stream.start()
        except BaseException:
            stream.close()
            raise
        self._stream = stream

    def _called(self, samples: np.ndarray, n: int, at: Any, status: Any) -> None:
        """PortAudio's thread has a block; what it gives is its own again afterwards."""
        # The clock of PortAudio is one of its own; only the difference says something, if it is kept at all.
        delay_s = min(1.0, max(0.0, at.currentTime - at.inputBufferAdcTime)) if at.inputBufferAdcTime > 0 else 0.0
        arrived_s = time.time() - max(0.0, delay_s - n / self.sample_rate_hz)
        self._queue.put(samples, arrived_s, overrun=bool(status.input_overflow))

    def _is_active(self) -> bool:
        with contextlib.suppress(*self._failures()):
            return self._stream is not None and bool(self._stream.active)
        return False

    def _nothing(self) -> np.ndarray:
        return np.zeros((0, self.channels), np.float32)

    def _say_overruns(self) -> None:
        counted = (self._queue.overruns, self._queue.lost)
        if counted != self._counted:
            self._counted = counted
            lost_s = counted[1] / self.sample_rate_hz
            text = f"{counted[0]} overruns, {lost_s:.1f} s of them left out because listening took too long"
            self._seldom("overrun", f"{self.name}: {text}")

    def _failures(self) -> tuple[type[Exception], ...]:
        """What sounddevice raises where a device is not as it was."""
        return (self._sd.PortAudioError, ValueError, OSError, DrsnError)
