"""One HTTP request that ends: no redirects, and a limit for the whole of it. Standard library only."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import urllib.request
from typing import Any

#: From the connection to the end of the answer's head: a server that says a byte now and then is none [s].
WHOLE_S = 20.0


def request_once(request: urllib.request.Request, limit_s: float) -> None:
    """Send it; what the server answers besides its code does not matter, and is not read.

    Parameters
    ----------
    request : urllib.request.Request
    limit_s : float
        For each step; the whole takes at most :data:`WHOLE_S` besides.

    Raises
    ------
    OSError, http.client.HTTPException
        :class:`urllib.error.HTTPError` for any code but 200 to 299.
    """
    with _OPENER.open(request, timeout=limit_s):
        pass


class _Bounded:
    """A connection that is cut when its time is over."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._timer = threading.Timer(WHOLE_S, _cut, (self.sock,))
        self._timer.daemon = True
        self._timer.start()

    def getresponse(self) -> http.client.HTTPResponse:
        try:
            return super().getresponse()  # type: ignore[misc]
        finally:
            self._timer.cancel()

    def close(self) -> None:
        if hasattr(self, "_timer"):
            self._timer.cancel()
        super().close()  # type: ignore[misc]


def _cut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Http(_Bounded, http.client.HTTPConnection):
    pass


class _Https(_Bounded, http.client.HTTPSConnection):
    pass


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Http, request)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Https, request)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Another address would be asked without the body, and its answer taken for a delivery."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_HttpHandler, _HttpsHandler, _NoRedirects)
