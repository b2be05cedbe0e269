"""Who may see the gateway: a token for programs, passwords and sessions for people. Standard library only."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from drsn_keras.command_line import log
from drsn_keras.errors import DrsnError, UsageError, mismatch
from drsn_keras.files import file_state

from .exchange import Refused, Request
from .limits import Attempts
from .passwords import PasswordHash, check_name, read_passwords, read_token

COOKIE = "drsn_session"
SESSION_S = 12 * 3600.0
_MOST_SESSIONS = 256
_MOST_WAITING = 8


@dataclasses.dataclass(frozen=True)
class Identity:
    """Who asks: a name for the event log, and whether a browser sent it by itself (a cookie)."""

    name: str
    by_cookie: bool
    expires_s: float | None = None


@dataclasses.dataclass(frozen=True)
class _Session:
    name: str
    credential: bytes
    expires: float


class Access:
    """Checks requests and logs people in. Safe to use from several threads.

    A session ends after 12 hours, at a restart, or when the token or the password that it was opened with is changed.

    Parameters
    ----------
    token_file, password_file : Path or None
        Read again whenever they change.
    clock : callable
        Seconds that only go up.

    Raises
    ------
    UsageError, DataError, OSError
        Neither file, or one that cannot be used.
    """

    def __init__(
        self, token_file: Path | None, password_file: Path | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if token_file is None and password_file is None:
            raise UsageError(mismatch("web", "token_file or password_file", "neither (there is no default password)"))
        self._token_file, self._password_file, self._clock = token_file, password_file, clock
        self._lock, self._hashing, self._waiting = threading.Lock(), threading.Lock(), 0
        self._sessions: dict[bytes, _Session] = {}
        self._attempts = Attempts(clock)
        self._stamp = _stamp(token_file, password_file)
        self._token: bytes | None = None
        self._passwords: dict[str, PasswordHash] = {}
        self._nobody = PasswordHash.of_nothing()
        self._read_token()
        self._read_passwords()
        self.refused = 0

    @property
    def ways(self) -> list[str]:
        """How a person may log in: ``password``, ``token``."""
        self._refresh()
        return [*(["password"] if self._passwords else []), *([] if self._token is None else ["token"])]

    def identify(self, request: Request) -> Identity:
        """Who sent a request.

        Raises
        ------
        Refused
            401 without a good token or session; 403 where another site made a browser send it.
        """
        self._refresh()
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind:
            if kind.lower() == "bearer" and self._is_token(token.strip()):
                return Identity("token", by_cookie=False)
            self.refused += 1
            raise _unauthorized("a bearer token of this gateway", "another")
        session = self._sessions.get(_digest(_cookie(request)))
        if session is None or session.expires <= self._clock() or not self._stands(session):
            raise _unauthorized("a login or a bearer token", "neither")
        if request.method not in {"GET", "HEAD"}:
            check_origin(request, needed=True)
        return Identity(session.name, by_cookie=True, expires_s=session.expires - self._clock())

    def login(self, request: Request) -> tuple[str, str]:
        """Open a session for a body of ``name`` and ``password``, or ``token`` and perhaps ``name``.

        Returns
        -------
        (name, Set-Cookie)

        Raises
        ------
        Refused
            400, 401, 403; 429 after too many failures from one address, 503 while others are being checked.
        """
        check_origin(request, needed=False)
        values = request.json()
        if set(values) - {"name", "password", "token"} or not all(isinstance(v, str) for v in values.values()):
            raise Refused(400, mismatch("login", "name and password, or token, as text", "something else"))
        if (wait_s := self._attempts.wait_s(request.peer)) > 0:
            text = mismatch("login", "fewer failures from this address", f"too many; wait {wait_s:.0f} s")
            raise Refused(429, text, {"Retry-After": str(int(wait_s) + 1)})
        self._refresh()
        if "token" in values:
            good, credential = self._is_token(values["token"].strip()), self._token
            name = _token_name(values.get("name", "")) if good else ""
        else:
            name = values.get("name", "")
            good, credential = self._is_password(name, values.get("password", ""))
        if not good or credential is None:
            self._attempts.failed(request.peer)
            self.refused += 1
            raise Refused(401, mismatch("login", "a name and its password, or the token", "another"))
        return name, self._open(name, credential, request.secure)

    def logout(self, request: Request) -> str:
        """Close the request's session, if it has one; gives Set-Cookie."""
        with self._lock:
            self._sessions.pop(_digest(_cookie(request)), None)
        return _set_cookie("", 0, request.secure)

    def _open(self, name: str, credential: bytes, secure: bool) -> str:
        key, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            living = {k: s for k, s in self._sessions.items() if s.expires > now}
            while len(living) >= _MOST_SESSIONS:  # in the order in which they were opened
                living.pop(next(iter(living)))
            living[_digest(key)] = _Session(name, credential, now + SESSION_S)
            self._sessions = living
        return _set_cookie(key, int(SESSION_S), secure)

    def _stands(self, session: _Session) -> bool:
        """Whether what it was opened with is still valid."""
        known = self._passwords.get(session.name)
        valid = [] if self._token is None else [self._token]
        valid += [] if known is None else [known.digest]
        return any(hmac.compare_digest(session.credential, credential) for credential in valid)

    def _is_token(self, token: str) -> bool:
        return self._token is not None and hmac.compare_digest(self._token, _digest(token))

    def _is_password(self, name: str, password: str) -> tuple[bool, bytes | None]:
        """One hash at a time: each takes memory and a core."""
        with self._lock:
            if self._waiting >= _MOST_WAITING:
                raise Refused(503, mismatch("login", "fewer logins at once", "too many"), {"Retry-After": "5"})
            self._waiting += 1
        try:
            with self._hashing:
                known = self._passwords.get(name)
                good = (known or self._nobody).matches(password)
                return good and known is not None, None if known is None else known.digest
        finally:
            with self._lock:
                self._waiting -= 1

    def _refresh(self) -> None:
        """Read the files again where they changed; one that cannot be used lets nobody in."""
        if self._stamp == (stamp := _stamp(self._token_file, self._password_file)):
            return
        self._stamp = stamp
        for read in (self._read_token, self._read_passwords):
            try:
                read()
            except (DrsnError, OSError) as error:
                log(f"drsn-edge: web: nobody gets in by this file until it is mended: {error}")

    def _read_token(self) -> None:
        self._token = None
        if self._token_file is not None:
            self._token = _digest(read_token(self._token_file))

    def _read_passwords(self) -> None:
        self._passwords = {}
        if self._password_file is not None:
            self._passwords = read_passwords(self._password_file)


def check_origin(request: Request, needed: bool) -> None:
    """Refuse what another site made a browser send: its Origin must be the host that was asked.

    Raises
    ------
    Refused
        403.
    """
    origin = request.headers.get("origin")
    if origin is None and not needed:
        return
    try:
        asked = urlsplit(origin or "").netloc.lower()
    except ValueError:
        asked = ""
    if not asked or asked != request.headers.get("host", "").lower():
        raise Refused(403, mismatch("Origin", "the gateway's own", "another" if origin else "none"))


def _unauthorized(expected: str, got: str) -> Refused:
    return Refused(401, mismatch("access", expected, got), {"WWW-Authenticate": 'Bearer realm="drsn-edge gateway"'})


def _token_name(name: str) -> str:
    """Who uses the token to log in is what they say, and said to be so."""
    if not name.strip():
        return "token"
    try:
        return f"{check_name(name.strip())} (token)"
    except UsageError as error:
        raise Refused(400, str(error)) from None


def _cookie(request: Request) -> str:
    for part in request.headers.get("cookie", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""


def _set_cookie(value: str, age_s: int, secure: bool) -> str:
    end = "; Secure" if secure else ""
    return f"{COOKIE}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Strict{end}"


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _stamp(*paths: Path | None) -> list[object]:
    """What changes when a file does."""
    return [path and file_state(path) for path in paths]
