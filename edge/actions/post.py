"""``--post``: a web address for each word. Standard library only."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Collection
from typing import Any

from drsn_keras import __version__
from drsn_keras.errors import DataError, UsageError, mismatch

from .host import need_host
from .http_once import request_once
from .worker import Worker

_LIMIT_S = 5.0
#: Before the second, third and fourth try [s].
_PAUSES_S = (1.0, 3.0, 9.0)
#: Answers that may be better next time, besides all of 500 and above.
_TRY_AGAIN = (408, 425, 429)


class PostAction(Worker):
    """Sends the JSON line as a POST; tries up to four times where nobody answers or the server is in trouble.

    Parameters
    ----------
    url : str
        http or https.
    words : collection of str or None
    limit_s : float
        For each step of a connection.
    pauses_s : sequence of float
        Before each further try.

    Raises
    ------
    UsageError
        If the address is none.
    """

    def __init__(
        self,
        url: str,
        words: Collection[str] | None,
        limit_s: float = _LIMIT_S,
        pauses_s: tuple[float, ...] = _PAUSES_S,
    ) -> None:
        try:
            parts = urllib.parse.urlsplit(url)
            right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            right = False
        if not right or not url.isascii() or not url.isprintable() or " " in url:
            raise UsageError(mismatch("--post", "an address http://HOST/PATH or https://HOST/PATH", url))
        need_host("--post", parts.hostname)
        self._url, self._limit_s, self._pauses_s = url, limit_s, pauses_s
        super().__init__(f"--post {parts.hostname}", words)

    def do(self, result: dict[str, Any]) -> None:
        """Send it, as often as it takes, within reason."""
        for pause_s in (*self._pauses_s, None):
            try:
                self._send(json.dumps(result).encode())
                return
            except urllib.error.HTTPError as error:
                error.close()
                reason = f"{error.code} {error.reason}"
                final = error.code < 500 and error.code not in _TRY_AGAIN
            except (OSError, http.client.HTTPException) as error:
                reason, final = str(getattr(error, "reason", error)) or type(error).__name__, False
            if final or pause_s is None or self.closing.wait(pause_s):
                raise DataError(f"{result['label']} not delivered: {reason}")

    def _send(self, body: bytes) -> None:
        headers = {"Content-Type": "application/json", "User-Agent": f"drsn-edge/{__version__}"}
        request = urllib.request.Request(self._url, body, headers, method="POST")
        request_once(request, self._limit_s)
