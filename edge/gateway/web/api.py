"""The page's API: which requests there are and what each is answered. Knows no web framework."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from drsn_keras.command_line import log
from drsn_keras.errors import DataError, DrsnError, mismatch

from ..records import Event
from .auth import Access, Identity
from .exchange import Refused, Reply, Request, json_bytes, tagged
from .export import envelope, file_name, is_label, labelled_zip, waveform_file
from .fields import Fields
from .metrics import metrics_text
from .static_files import StaticFiles
from .views import MachineViews, short_alarm

if TYPE_CHECKING:
    from ..config import MachineConfig

_LONGEST_NAME, _LONGEST_COMMENT, _LONGEST_LABEL = 64, 2000, 64
_MOST_ROWS, _MOST_POINTS = 1000, 2000
_LARGEST_ID = 2**53
_FAULT_EVERY_S = 60.0


class Route(NamedTuple):
    """One kind of request; ``{name}`` in the path stands for anything. A public one needs no login."""

    method: str
    path: str
    handler: str
    public: bool = False


#: All there is beside the static files; docs/gateway.md has the same table.
ROUTES = (
    Route("GET", "health", "_health", public=True),
    Route("GET", "api/login", "_ways", public=True),
    Route("POST", "api/login", "_login", public=True),
    Route("POST", "api/logout", "_logout"),
    Route("GET", "api/session", "_session"),
    Route("GET", "api/machines", "_machines"),
    Route("GET", "api/machine/{name}", "_machine"),
    Route("POST", "api/machine/{name}/relearn", "_relearn"),
    Route("GET", "api/trend", "_trend"),
    Route("GET", "api/picture", "_picture"),
    Route("GET", "api/alarms", "_alarms"),
    Route("POST", "api/acknowledge", "_acknowledge"),
    Route("GET", "api/waveform/{alarm}", "_waveform"),
    Route("GET", "api/waveform/{alarm}/picture", "_waveform_picture"),
    Route("GET", "api/events", "_events"),
    Route("POST", "api/comment", "_comment"),
    Route("GET", "api/export", "_export"),
    Route("GET", "api/gateway", "_gateway"),
    Route("GET", "metrics", "_metrics"),
)


class Application:
    """Answers every request, whatever it is; may be called from several threads.

    Parameters
    ----------
    access : Access
    store : Store
    live : Live
    machines : sequence of MachineConfig
    name : str
        Of the gateway.
    relearn : callable, optional
        Called with a machine and a regime (None: all).
    """

    def __init__(
        self,
        access: Access,
        store: Any,
        live: Any,
        machines: tuple[MachineConfig, ...],
        name: str = "gateway",
        relearn: Callable[[str, str | None], None] | None = None,
    ) -> None:
        self._begin_relearn = relearn
        self._access, self._store, self._live, self._name = access, store, live, name
        self._views, self._files = MachineViews(machines), StaticFiles()
        self._last_fault, self._exporting = -_FAULT_EVERY_S, threading.Lock()

    def __call__(self, request: Request) -> Reply:
        """The reply to a request; what goes wrong is one line of JSON."""
        try:
            return self._answer(request)
        except Refused as refused:
            return refused.reply()
        except DrsnError as error:  # the store, for now
            return Refused(503, str(error), {"Retry-After": "5"}).reply()
        except Exception as error:
            self._live.add("web_faults")
            if time.monotonic() - self._last_fault >= _FAULT_EVERY_S:
                self._last_fault = time.monotonic()
                path = request.target.partition("?")[0][:80]
                log(f"drsn-edge: web: {request.method} {path!r}: {type(error).__name__}: {error}")
            return Refused(500, mismatch("gateway", "an answer", "a fault of its own")).reply()

    def _answer(self, request: Request) -> Reply:
        segments = request.segments()
        method = "GET" if request.method == "HEAD" else request.method
        if method == "GET" and (file := self._files.reply(request, segments)):
            return file
        matches = [(route, names) for route in ROUTES if (names := _match(route, segments)) is not None]
        found = next(((route, names) for route, names in matches if route.method == method), None)
        # Who is not let in is not told what there is.
        who = None if found and found[0].public else self._access.identify(request)
        if not matches:
            raise Refused(404, mismatch("path", "one of the API's", "another"))
        if found is None:
            allowed = ", ".join(route.method for route, _ in matches)
            raise Refused(405, mismatch("method", allowed, request.method[:16]), {"Allow": allowed})
        route, names = found
        handler: Callable[[Request, Identity | None, dict[str, str]], Reply] = getattr(self, route.handler)
        return handler(request, who, names)

    # --- access -----------------------------------------------------------------------------------------------

    def _health(self, request: Request, who: Identity | None, names: dict[str, str]) -> Reply:
        works, told = self._live.health()
        reasons = sorted({name.partition(":")[0] for name in told.get("faults", {})})
        return Reply(200 if works else 503, json_bytes({"status": told["status"], "reasons": reasons}))

    def _ways(self, request: Request, who: Identity | None, names: dict[str, str]) -> Reply:
        """Which ways in there are: nothing that an attempt would not tell."""
        return Reply(200, json_bytes({"ways": self._access.ways}))

    def _login(self, request: Request, who: Identity | None, names: dict[str, str]) -> Reply:
        name, cookie = self._access.login(request)
        return Reply(200, json_bytes({"name": name}), headers={"Set-Cookie": cookie})

    def _logout(self, request: Request, who: Identity | None, names: dict[str, str]) -> Reply:
        return Reply(200, json_bytes({}), headers={"Set-Cookie": self._access.logout(request)})

    def _session(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        values = {"name": who.name, "gateway": self._name, "expires_s": who.expires_s}
        return Reply(200, json_bytes(values))

    # --- machines ---------------------------------------------------------------------------------------------

    def _machines(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        Fields(request.query()).finish()
        now, alarms = time.time(), self._store.alarms(open_only=True, limit=_MOST_ROWS)
        machines = [
            self._views.short(name, self._store.latest(name), [a for a in alarms if a["machine"] == name], now)
            for name in self._views.names()
        ]
        _, told = self._live.health()
        own = [short_alarm(a) for a in alarms if not a["machine"]]
        values = {
            "gateway": self._name,
            "status": told["status"],
            "reasons": [f"{name}: {fault['text']}" for name, fault in sorted(told.get("faults", {}).items())],
            "own_alarms": own,
            "machines": machines,
        }
        return tagged(request, values)

    def _machine(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        Fields(request.query()).finish()
        name = self._known(names["name"])
        alarms = self._store.alarms(open_only=True, machine=name)
        return tagged(request, self._views.long(name, self._store.latest(name), alarms, time.time()))

    def _trend(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.query())
        name = self._known(fields.needed("machine", _LONGEST_NAME))
        feature = fields.needed("feature", _LONGEST_NAME)
        points = fields.whole("points", 2, _MOST_POINTS, 400)
        since, until = fields.time_span()
        fields.finish()
        rows = self._store.trend(name, feature, since, until, points)
        values = {"machine": name, "feature": feature, "since_s": since, "until_s": until, "points": rows}
        return Reply(200, json_bytes(values))

    def _picture(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.query())
        name = self._known(fields.needed("machine", _LONGEST_NAME))
        fields.finish()
        return tagged(request, self._store.picture(name))

    def _relearn(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.json(), "body")
        name, regime = self._known(names["name"]), fields.text("regime", _LONGEST_NAME, None) or None
        fields.finish()
        state = self._store.station(name)
        known = sorted(state.memory.get("normal", {})) if state else []
        if regime is not None and regime not in known:
            raise Refused(404, mismatch("regime", " or ".join(known) or "one that was seen", repr(regime)))
        if self._begin_relearn is None:
            raise Refused(503, mismatch("gateway", "stations that run", "none"))
        what = "all regimes" if regime is None else f"regime {regime}"
        text = f"{who.name}: learn the normal of {what} anew, from the next record on"
        self._store.log(Event(time.time(), name, "relearn", text, {"who": who.name, "regime": regime}))
        self._begin_relearn(name, regime)
        return Reply(200, json_bytes({"machine": name, "regime": regime}))

    def _known(self, name: str) -> str:
        if self._views.config(name) is None:
            raise Refused(404, mismatch("machine", "one that is configured", repr(name[:_LONGEST_NAME])))
        return name

    # --- alarms and events ------------------------------------------------------------------------------------

    def _alarms(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.query())
        machine, is_open = fields.text("machine", _LONGEST_NAME, None), fields.flag("open")
        limit = fields.whole("limit", 1, _MOST_ROWS, 200)
        fields.finish()
        alarms = self._store.alarms(open_only=is_open, machine=machine, limit=limit)
        labels = {name: self._views.labels(name) for name in {alarm["machine"] for alarm in alarms}}
        return tagged(request, {"alarms": alarms, "labels": labels})

    def _acknowledge(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.json(), "body")
        number = fields.whole("alarm", 1, _LARGEST_ID)
        comment = fields.text("comment", _LONGEST_COMMENT)
        label = fields.text("label", _LONGEST_LABEL, None) or None
        fields.finish()
        if number is None:
            raise Refused(400, mismatch("body, alarm", "the number of an alarm", "none"))
        if label is not None and not is_label(label):
            raise Refused(400, mismatch("body, label", 'text without / \\ and ", that is no formula', "another"))
        try:
            self._store.acknowledge(number, who.name, comment, label)
        except DataError as error:
            raise Refused(404, str(error)) from None
        return Reply(200, json_bytes({"alarm": number, "acknowledged_by": who.name}))

    def _waveform(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        number = Fields({"alarm": names["alarm"]}, "path").whole("alarm", 1, _LARGEST_ID)
        found = self._store.waveform(number)
        if found is None:
            raise Refused(404, mismatch("alarm", "one with a waveform", number))
        ending, data = waveform_file(*found)
        return _download(data, f"alarm-{number}{ending}", "audio/wav" if ending == ".wav" else "application/zip")

    def _waveform_picture(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        """For the page: as many points as a screen shows."""
        Fields(request.query()).finish()
        number = Fields({"alarm": names["alarm"]}, "path").whole("alarm", 1, _LARGEST_ID)
        found, alarm = self._store.waveform(number), self._store.alarm(number)
        if found is None or alarm is None:
            raise Refused(404, mismatch("alarm", "one with a waveform", number))
        machine = self._views.config(alarm["machine"])
        values = {"unit": machine.unit if machine else None, "sample_rate_hz": found[0], "points": envelope(*found)}
        return tagged(request, values)

    def _events(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.query())
        machine = fields.text("machine", _LONGEST_NAME, None)
        before, limit = fields.whole("before", 1, _LARGEST_ID), fields.whole("limit", 1, _MOST_ROWS, 100)
        fields.finish()
        return tagged(request, {"events": self._store.events(limit, before, machine)})

    def _comment(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        fields = Fields(request.json(), "body")
        machine = fields.text("machine", _LONGEST_NAME)
        text = fields.needed("text", _LONGEST_COMMENT)
        fields.finish()
        if machine:
            self._known(machine)
        self._store.log(Event(time.time(), machine, "comment", f"{who.name}: {text}", {"who": who.name}))
        return Reply(200, json_bytes({}))

    def _export(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        Fields(request.query()).finish()
        if request.method == "HEAD":
            raise Refused(405, mismatch("method", "GET", "HEAD"), {"Allow": "GET"})
        if not self._exporting.acquire(blocking=False):
            raise Refused(503, mismatch("export", "one at a time", "another that runs"), {"Retry-After": "10"})
        try:
            return _download(labelled_zip(self._store, self._views), file_name(), "application/zip")
        except OSError as error:
            raise Refused(503, mismatch("export", "room on the disk", error.strerror or error)) from None
        finally:
            self._exporting.release()

    # --- the gateway itself -----------------------------------------------------------------------------------

    def _gateway(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        Fields(request.query()).finish()
        _, told = self._live.health()
        quotas = {
            name: value
            for name in ("quota_bytes", "waveform_quota_bytes")
            if isinstance(value := getattr(self._store, name, None), int)
        }
        values = {"name": self._name, "status": told["status"], **self._live.snapshot(), **quotas}
        return Reply(200, json_bytes(values))

    def _metrics(self, request: Request, who: Identity, names: dict[str, str]) -> Reply:
        Fields(request.query()).finish()
        content_type, text = metrics_text(self._store, self._live, self._views.names(), self._access.refused)
        return Reply(200, text, content_type)


def _match(route: Route, segments: tuple[str, ...]) -> dict[str, str] | None:
    """What the names in a route's path stand for; None where it is another path."""
    parts = route.path.split("/")
    if len(parts) != len(segments):
        return None
    names = {}
    for part, segment in zip(parts, segments, strict=True):
        if part.startswith("{"):
            names[part.strip("{}")] = segment
        elif part != segment:
            return None
    return names


def _download(data: Any, name: str, content_type: str) -> Reply:
    return Reply(200, data, content_type, {"Content-Disposition": f'attachment; filename="{name}"'})
