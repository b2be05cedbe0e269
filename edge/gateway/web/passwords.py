"""Passwords as scrypt hashes in a file, tokens in a file: made, read, compared. Standard library only.

A line of the password file is ``name:scrypt$n$r$p$salt$hash`` (salt and hash in base64); empty lines and lines that
begin with # are passed over.

References
----------
C. Percival, S. Josefsson, "The scrypt Password-Based Key Derivation Function", RFC 7914, 2016.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from drsn_keras.errors import DataError, UsageError, mismatch
from drsn_keras.files import write_atomically

LEAST_PASSWORD, MOST_PASSWORD = 10, 256
LEAST_TOKEN = 20
#: 16 MiB and about 0.2 s of a desktop's core a try.
_COST = (2**14, 8, 5)
_MOST_COST = (2**17, 16, 16)
_SALT_BYTES, _HASH_BYTES = 16, 32
_LONGEST_NAME = 64
_LARGEST_FILE = 1 << 20


@dataclasses.dataclass(frozen=True)
class PasswordHash:
    """A password that can be recognised but not read: costs n, r, p of scrypt, salt, hash."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str, cost: tuple[int, int, int] | None = None) -> PasswordHash:
        """Hash a password with a fresh salt."""
        salt, cost = secrets.token_bytes(_SALT_BYTES), cost or _COST
        return cls(*cost, salt, _scrypt(password, salt, cost))

    @classmethod
    def of_nothing(cls) -> PasswordHash:
        """What no password matches: tried where a name is not known, so that it takes as long as a wrong password."""
        return cls(*_COST, secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES))

    @classmethod
    def parse(cls, text: str, where: str) -> PasswordHash:
        """Read what :meth:`__str__` wrote.

        Raises
        ------
        DataError
        """
        try:
            kind, n, r, p, salt, digest = text.strip().split("$")
            found = cls(int(n), int(r), int(p), _from_base64(salt), _from_base64(digest))
            costs = (found.n, found.r, found.p)
            good = all(1 <= c <= most for c, most in zip(costs, _MOST_COST, strict=True))
            good = good and found.n > 1 and found.n & (found.n - 1) == 0 and len(found.salt) >= _SALT_BYTES
            if kind != "scrypt" or not good or len(found.digest) != _HASH_BYTES:
                raise ValueError
        except ValueError:
            expected = "name:scrypt$n$r$p$salt$hash as drsn-edge gateway-password writes it"
            raise DataError(mismatch(where, expected, "another line")) from None
        return found

    def matches(self, password: str) -> bool:
        """Whether it is this password; takes as long for another."""
        return hmac.compare_digest(self.digest, _scrypt(password, self.salt, (self.n, self.r, self.p)))

    def __str__(self) -> str:
        return "$".join(["scrypt", str(self.n), str(self.r), str(self.p), _base64(self.salt), _base64(self.digest)])


def check_name(name: str) -> str:
    """A name to log in with: printable, at most 64 characters, without a colon.

    Raises
    ------
    UsageError
    """
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable() or ":" in name or name.strip() != name:
        expected = f"1 to {_LONGEST_NAME} printable characters without a colon"
        raise UsageError(mismatch("name", expected, repr(name[:80])))
    if name.startswith("#"):
        raise UsageError(mismatch("name", "no # at its beginning", repr(name)))
    return name


def check_password(password: str) -> str:
    """A password that may be set.

    Raises
    ------
    UsageError
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        expected = f"{LEAST_PASSWORD} to {MOST_PASSWORD} characters"
        raise UsageError(mismatch("password", expected, f"{len(password)}"))
    return password


def read_passwords(path: Path) -> dict[str, PasswordHash]:
    """All names of a password file.

    Raises
    ------
    DataError
        Naming the line; also where there is no name at all.
    """
    found: dict[str, PasswordHash] = {}
    for number, line in enumerate(_text(path).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        where = f"{path} line {number}"
        name, _, rest = line.partition(":")
        try:
            check_name(name)
        except UsageError as error:
            raise DataError(f"{where}, {error}") from None
        if name in found:
            raise DataError(mismatch(where, "each name once", repr(name)))
        found[name] = PasswordHash.parse(rest, where)
    if not found:
        raise DataError(mismatch(path, "a line name:hash (drsn-edge gateway-password writes it)", "none"))
    return found


def set_password(path: Path, name: str, password: str) -> bool:
    """Add a name to a password file, or give it another password; the file is its owner's alone.

    Returns
    -------
    bool
        Whether the name was there before.
    """
    check_name(name), check_password(password)
    lines, known = _others(path, name)
    _write_private(path, [*lines, f"{name}:{PasswordHash.of(password)}"])
    return known


def remove_password(path: Path, name: str) -> bool:
    """Take a name out of a password file; whether it was there."""
    lines, known = _others(path, name)
    if known:
        _write_private(path, lines)
    return known


def _others(path: Path, name: str) -> tuple[list[str], bool]:
    """Lines of all others, and whether there is one of this name."""
    old = _text(path).splitlines() if path.exists() else []
    kept = [line for line in old if line.partition(":")[0] != name]
    return kept, len(kept) < len(old)


def _write_private(path: Path, lines: list[str]) -> None:
    before = os.umask(0o077)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, "".join(f"{line}\n" for line in lines))
    finally:
        os.umask(before)


def read_token(path: Path) -> str:
    """The token of a file: one line of printable ASCII without spaces.

    Raises
    ------
    DataError
    """
    token = _text(path).strip()
    if len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        expected = f"a token of {LEAST_TOKEN} or more ASCII characters without spaces"
        raise DataError(mismatch(path, expected, f"{len(token)} characters"))
    return token


def make_token(path: Path) -> str:
    """A new token in a new file that its owner alone may read, in a new folder where there is none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = secrets.token_urlsafe(32)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token + "\n")
    return token


def _text(path: Path) -> str:
    """A small file's text; OSError names the file."""
    with path.open("rb") as file:
        data = file.read(_LARGEST_FILE + 1)
    try:
        if len(data) > _LARGEST_FILE:
            raise ValueError
        return data.decode("utf-8")
    except ValueError:
        raise DataError(mismatch(path, f"UTF-8 text of at most {_LARGEST_FILE} bytes", "something else")) from None


def _scrypt(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    room = 128 * r * (n + p + 2) + (1 << 20)
    data = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(data, salt=salt, n=n, r=r, p=p, maxmem=room, dklen=_HASH_BYTES)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    return base64.b64decode(text.encode("ascii"), validate=True)
