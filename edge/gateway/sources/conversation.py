"""What is said on a line with two directions: HELLO, where to go on, frames, what is committed."""

from __future__ import annotations

from collections.abc import Callable

from drsn_keras.errors import DataError

from ..frame import MOST_BYTES, Frame, Kind
from ..frame_reader import FrameReader
from .framed import FramedSource, RefusedFrame, need_source
from .hub import Hub

#: Before a client has said who it is, it is given this much room.
_GREETING_BYTES = 256
#: So many bytes without a good frame, and it is no client of ours.
_MOST_GARBAGE = 1 << 16


class Goodbye(DataError):
    """The conversation is over, and why."""


class Refused(Goodbye):
    """The client was told why; it has been said."""


class Conversation:
    """One client's. It is refused before it costs anything unless it names a machine that is configured.

    Parameters
    ----------
    find : callable
        A machine's source by name, or None.
    write : callable
        Bytes to the client; must not wait.
    who : str
        The client, in messages.
    hub : Hub
    must_greet : bool
        A client that has to say HELLO first, and then is one machine. Otherwise (a line that cannot be closed) frames
        of any configured machine are taken as they come.
    is_over : callable
        Whether the client has been given up from another thread.
    met : callable
        Called with the machine that has just said HELLO, before it is answered.
    line : str
        What the client came by (a port): faults of all who come by it are one kind, so that many addresses do not
        make many lines. By default the client itself.

    Attributes
    ----------
    source : FramedSource or None
        Of the last machine that spoke.
    n_frames : int
        Good ones so far.
    """

    def __init__(
        self,
        find: Callable[[str], FramedSource | None],
        write: Callable[[bytes], None],
        who: str,
        hub: Hub,
        must_greet: bool = True,
        is_over: Callable[[], bool] = lambda: False,
        met: Callable[[FramedSource], None] = lambda source: None,
        line: str = "",
    ) -> None:
        self._find, self._write, self.who, self._hub, self._must_greet = find, write, who, hub, must_greet
        self._is_over, self._met, self._line = is_over, met, line or who
        self._reader = FrameReader(_GREETING_BYTES if must_greet else MOST_BYTES)
        self._bad = 0
        self.source: FramedSource | None = None
        self.n_frames = 0

    @property
    def is_amid_frame(self) -> bool:
        """Whether the client has begun a frame and not ended it."""
        return self._reader.waiting_bytes > 0

    def feed(self, data: bytes) -> bool:
        """Take what the client said; False where the gateway stops.

        Raises
        ------
        Goodbye
            The client has to go.
        """
        for frame in self._reader.each(data):
            self.n_frames += 1
            try:
                if not self._hear(frame):
                    return False
            except RefusedFrame as error:
                self._refuse(frame.machine, str(error))
        if self._reader.bad > self._bad:
            name = self.source.config.name if self.source else ""
            self._hub.live.add("bad_frames", name, self._reader.bad - self._bad)
            self._bad = self._reader.bad
            self._hub.trouble(name, f"bad {self._line}", f"{self.who}: {self._reader.why}")
        if self._must_greet and self._reader.skipped_bytes > _MOST_GARBAGE:
            raise Goodbye(f"{self.who}: nothing but garbage")
        return True

    def _hear(self, frame: Frame) -> bool:
        if frame.kind == Kind.HELLO:
            source = need_source(self._find, frame.machine)
            source.greet(frame)
            self._meet(source)
            place = source.wanted()
            self.tell(*place) if place else self._reply(Frame(Kind.BEGIN, frame.machine))
            return True
        if frame.kind != Kind.SAMPLES:
            return True
        if self._must_greet and (self.source is None or frame.machine != self.source.config.name):
            raise RefusedFrame("a HELLO has to come first")
        source = self.source if self._must_greet else need_source(self._find, frame.machine)
        self.source = source
        return source.take(frame, is_over=self._is_over)

    def _meet(self, source: FramedSource) -> None:
        """It is one of ours: it gets room for what it may send."""
        self.source = source
        self._reader.most_bytes = MOST_BYTES
        self._met(source)

    def tell(self, epoch: int, position: int) -> None:
        """Say what is committed, in the sensor's own numbers."""
        if self.source is not None:
            self._reply(Frame(Kind.POSITION, self.source.config.name, epoch, position))

    def _refuse(self, machine: str, text: str) -> None:
        known = machine if self._find(machine) else ""
        self._hub.live.add("refused", known)
        self._hub.trouble(known, f"refused {self._line}", f"{self.who}: {text}")
        self._reply(Frame(Kind.REFUSED, machine, payload=text.encode()[:1000]))
        if self._must_greet:
            raise Refused(text)

    def _reply(self, frame: Frame) -> None:
        self._write(frame.encode())
