"""The page's own files, from a fixed table: a request's path never becomes a file's. Standard library only."""

from __future__ import annotations

from pathlib import Path

from .exchange import Reply, Request, tagged_bytes

_FOLDER = Path(__file__).parent / "static"
_SCRIPT = "text/javascript; charset=utf-8"
#: Path below / -> content type; the first is the page itself.
FILES = {
    "index.html": "text/html; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "app.js": _SCRIPT,
    "api.js": _SCRIPT,
    "dom.js": _SCRIPT,
    "words.js": _SCRIPT,
    "chart.js": _SCRIPT,
    "charts.js": _SCRIPT,
    "login.js": _SCRIPT,
    "machines.js": _SCRIPT,
    "machine.js": _SCRIPT,
    "verdicts.js": _SCRIPT,
    "alarms.js": _SCRIPT,
    "events.js": _SCRIPT,
    "relearn.js": _SCRIPT,
    "gateway.js": _SCRIPT,
}


class StaticFiles:
    """All of them in memory; they hold no data and need no login."""

    def __init__(self) -> None:
        self._bodies = {name: (_FOLDER / name).read_bytes() for name in FILES}

    def reply(self, request: Request, segments: tuple[str, ...]) -> Reply | None:
        """A file, or None where the path is none of the table's."""
        name = "/".join(segments) or "index.html"
        if name not in self._bodies:
            return None
        return tagged_bytes(request, self._bodies[name], FILES[name], "no-cache")
