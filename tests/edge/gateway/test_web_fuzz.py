"""Whatever is asked of the API: an answer below 500, one line where it is an error, and no way in."""

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_gateway import CHEAP, TOKEN, machine, now_s, run_station

from drsn_keras.edge.gateway.live import Live
from drsn_keras.edge.gateway.store import Store
from drsn_keras.edge.gateway.web.api import ROUTES, Application
from drsn_keras.edge.gateway.web.auth import Access
from drsn_keras.edge.gateway.web.exchange import Request

NAME = "PUMP-1"
NAMES = st.sampled_from([NAME, "", "NONE", "..", "%00", "a" * 65]) | st.text(max_size=12)
FIELDS = ["machine", "feature", "range", "points", "since_s", "until_s", "open", "limit", "before", "alarm", "comment"]
FIELDS += ["regime", "label", "text", "name", "password", "token", "other"]
VALUES = st.sampled_from([NAME, "1", "0", "-1", "1e3", "nan", "inf", "1h", "30d", "9" * 30, "kurtosis"]) | st.text(
    max_size=9
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.sampled_from([NAME, TOKEN, 1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), JSON | VALUES, max_size=5)
PATHS = st.sampled_from(ROUTES).flatmap(
    lambda route: st.builds(lambda name: route.path.replace("{name}", name).replace("{alarm}", name), NAMES.map(quote))
) | st.text(max_size=30)
TARGETS = st.builds(
    lambda path, query: f"/{path}" + (f"?{query}" if query else ""),
    PATHS,
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4).map(urlencode) | st.text(max_size=20),
)
BODIES = OBJECTS.map(lambda values: json.dumps(values).encode()) | st.binary(max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "cookie", "origin", "host", "if-none-match", "authorization", "accept"]),
    st.sampled_from(["application/json", "x", "http://x", "drsn_session=x", '"', "Bearer x"]) | st.text(max_size=12),
    max_size=4,
)
METHODS = st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "BREW"])


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    config = machine(NAME)
    store, live = Store(folder / "store.db"), Live([NAME])
    run_station(store, config, 100, 2, now_s() - 60)
    access = Access(folder / "token", None)
    access._attempts.wait_s = lambda peer: 0.0  # what is tried here is not how often
    yield Application(access, store, live, (config,), "works", lambda *what: None)
    store.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("drsn_keras.edge.gateway.web.passwords._COST", CHEAP)


def _ask(application, method, target, headers, body):
    reply = application(Request(method, target, headers, body, "10.0.0.1"))
    data = reply.body
    if not isinstance(data, bytes):
        data = reply.body.read()
        reply.body.close()
    if reply.status >= 400:
        values = json.loads(data)
        assert list(values) == ["error"] and "\n" not in values["error"]
    return reply.status, data


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(METHODS, TARGETS, HEADERS, BODIES)
def test_with_the_token(application, method, target, headers, body):
    sent = {"content-type": "application/json", **headers, "authorization": f"Bearer {TOKEN}"}
    assert _ask(application, method, target, sent, body)[0] < 500


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(METHODS, TARGETS, HEADERS, BODIES.filter(lambda body: TOKEN.encode() not in body))
def test_without_it_there_is_no_way_in(application, method, target, headers, body):
    status, data = _ask(application, method, target, headers, body)
    assert status < 500
    assert NAME.encode() not in data
