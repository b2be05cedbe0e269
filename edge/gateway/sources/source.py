"""What all sources are."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..machine_config import MachineConfig
from ..records import Block, Position
from ..toml_table import Table
from .hub import Hub

#: Takes a block; waits where there is no room. False: the gateway stops, the block was not taken.
Emit = Callable[[Block], bool]


class Source:
    """One machine's samples.

    Parameters
    ----------
    config : MachineConfig
    after : Position or None
        Up to where samples are committed; None for a new machine.
    hub : Hub

    Attributes
    ----------
    silence_s : float or None
        A source that gives nothing for so long has something to say for itself. None: it may be silent.
    """

    def __init__(self, config: MachineConfig, after: Position | None, hub: Hub) -> None:
        self.config, self.after, self.hub = config, after, hub
        self.keys = Table(dict(config.source), f"{config.where or config.name}.source")
        self.keys.text("kind")
        self.silence_s: float | None = self.keys.positive("silence_s", self.default_silence_s())

    def default_silence_s(self) -> float | None:
        """Three records, and half a minute at least."""
        return max(30.0, 3.0 * self.config.record_s)

    def open(self) -> None:
        """Get hold of what it needs (a port).

        Raises
        ------
        DataError
        """

    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Give blocks until told to stop."""
        raise NotImplementedError

    def committed(self, position: int, epoch: int) -> None:
        """All samples before it are on the disk."""

    def check(self) -> str:
        """Whether it would work, in a line.

        Raises
        ------
        DataError
        """
        self.open()
        return self.config.source["kind"]
