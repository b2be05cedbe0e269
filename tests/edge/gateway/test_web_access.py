"""Who gets in, and who does not: every route, tokens, passwords, sessions, other sites, TLS."""

import shutil
import ssl
import stat
import subprocess

import pytest
from web_gateway import CHEAP, NAME, PASSWORD, TOKEN, Client, machine, open_page

pytest.importorskip("aiohttp")

from drsn_keras.edge.gateway.config import WebConfig
from drsn_keras.edge.gateway.web.api import ROUTES
from drsn_keras.edge.gateway.web.auth import SESSION_S, Access
from drsn_keras.edge.gateway.web.exchange import Refused, Request
from drsn_keras.edge.gateway.web.open_access import open_access
from drsn_keras.edge.gateway.web.passwords import (
    PasswordHash,
    read_passwords,
    read_token,
    remove_password,
    set_password,
)
from drsn_keras.edge.gateway.web.static_files import FILES
from drsn_keras.errors import DataError, UsageError

NOWHERE = ("/../store.db", "/..%2fstore.db", "/static/../token", "/%2e%2e/token", "/app.js/..", "/token")
PUBLIC = {("GET", "health"), ("GET", "api/login"), ("POST", "api/login")}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Passwords are hashed in no time."""
    monkeypatch.setattr("drsn_keras.edge.gateway.web.passwords._COST", CHEAP)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with open_page(tmp_path_factory.mktemp("access"), (machine("PUMP-1"),)) as page:
        yield page


def _login(client, **values):
    answer = client("POST", "/api/login", values or {"name": NAME, "password": PASSWORD})
    if answer.status == 200:
        client.cookie = answer.headers["set-cookie"].partition(";")[0]
    return answer


def _origin(client):
    return {"Origin": f"http://127.0.0.1:{client.port}"}


# --- nothing without a login ----------------------------------------------------------------------------------


def test_every_route_asks_for_a_login(page):
    assert {(r.method, r.path) for r in ROUTES if r.public} == PUBLIC
    client = page.client()
    for route in ROUTES:
        if route.public:
            continue
        path = "/" + route.path.replace("{name}", "PUMP-1").replace("{alarm}", "1")
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
            answer = client(method, path, {} if method == "POST" else None)
            assert answer.status == 401, (method, path)
            assert list(answer.json) == ["error"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/metrics/", "/store.db", "/static/", "//"])
def test_who_is_not_let_in_is_not_told_what_there_is(page, path):
    assert page.client()("GET", path).status == 401
    assert page.client(TOKEN)("GET", path).status == 404


def test_what_is_public_holds_no_data(page):
    client = page.client()
    for name in ["", *FILES]:
        answer = client("GET", f"/{name}")
        assert answer.status == 200
        assert b"PUMP-1" not in answer.body
    page.live.fault("mqtt", "no broker at secret-host:1883")
    page.live.fault("source:PUMP-1", "cannot open /secret/path")
    assert client("GET", "/health").json == {"status": "degraded", "reasons": ["mqtt", "source"]}
    page.live.fault("store", "disk full")
    answer = client("GET", "/health")
    assert (answer.status, answer.json["status"]) == (503, "failing")
    for name in ("mqtt", "source:PUMP-1", "store"):
        page.live.clear(name)
    assert client("GET", "/health").json == {"status": "ok", "reasons": []}


@pytest.mark.parametrize(
    "authorization",
    [f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", "Bearer ", "Basic bWFyaWE6eA==", TOKEN, "Bearer \u00e9"],
)
def test_a_wrong_token(page, authorization):
    answer = page.client()("GET", "/api/machines", Authorization=authorization)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_token(page):
    assert page.client(TOKEN)("GET", "/api/session").json["name"] == "token"
    assert page.client()("GET", "/api/session", Authorization=f"bearer {TOKEN}").status == 200


@pytest.mark.parametrize("path", NOWHERE)
def test_no_path_leads_to_a_file(page, path):
    answer = page.client(TOKEN)("GET", path)
    assert answer.status in {400, 404}
    assert TOKEN.encode() not in answer.body


# --- passwords and sessions -----------------------------------------------------------------------------------


def test_login_session_logout(page):
    client = page.client()
    answer = _login(client)
    assert answer.json == {"name": NAME}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    session = client("GET", "/api/session").json
    assert (session["name"], session["gateway"]) == (NAME, "works")
    assert 0 < session["expires_s"] <= SESSION_S
    assert client("POST", "/api/logout", {}, **_origin(client)).status == 200
    assert client("GET", "/api/session").status == 401


def test_login_by_token_says_so(page):
    client = page.client()
    assert _login(client, token=TOKEN, name="Jo").json == {"name": "Jo (token)"}
    assert _login(client, token=TOKEN).json == {"name": "token"}
    assert client("GET", "/api/machines").status == 200


def test_another_site_cannot_send_for_a_person(page):
    client = page.client()
    _login(client)
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://[bad"}):
        answer = client("POST", "/api/comment", {"text": "x"}, **headers)
        assert answer.status == 403, headers
    assert client("POST", "/api/comment", {"text": "seen"}, **_origin(client)).status == 200
    assert client("POST", "/api/login", {"token": TOKEN}, Origin="http://evil.example").status == 403
    # A form of another site can only send types that are no JSON.
    answer = client("POST", "/api/comment", b'{"text": "x"}', Content_Type="text/plain", **_origin(client))
    assert answer.status == 415


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": NAME},
        {"password": PASSWORD},
        {"name": NAME, "password": ""},
        {"token": ""},
        {"name": "nobody", "password": PASSWORD},
        {"name": NAME.upper(), "password": PASSWORD},
    ],
)
def test_a_wrong_login(tmp_path, body):
    access, _ = _access(tmp_path)
    with pytest.raises(Refused) as refused:
        access.login(_post(body))
    assert refused.value.status == 401


def test_a_login_that_is_none(tmp_path):
    access, _ = _access(tmp_path)
    for body in ({"name": 1}, {"name": NAME, "password": PASSWORD, "admin": "1"}, {"name": [NAME]}):
        with pytest.raises(Refused) as refused:
            access.login(_post(body))
        assert refused.value.status == 400


def test_too_many_failures_from_one_address(tmp_path):
    access, clock = _access(tmp_path)
    wrong, right = {"name": NAME, "password": "wrong"}, {"name": NAME, "password": PASSWORD}
    statuses = []
    for _ in range(12):
        with pytest.raises(Refused) as refused:
            access.login(_post(wrong))
        statuses.append(refused.value.status)
    assert statuses == [401] * 10 + [429] * 2
    assert int(refused.value.headers["Retry-After"]) > 0
    with pytest.raises(Refused, match="too many"):  # the right one has to wait too
        access.login(_post(right))
    assert access.login(_post(right, peer="10.0.0.8"))[0] == NAME
    clock[0] += 31.0
    assert access.login(_post(right))[0] == NAME


def test_a_session_ends_by_time_and_by_a_new_password(tmp_path):
    access, clock = _access(tmp_path)
    cookie = access.login(_post({"name": NAME, "password": PASSWORD}))[1].partition(";")[0]
    request = Request("GET", "/", {"cookie": f"other=1; {cookie}"})
    clock[0] += SESSION_S - 1
    assert access.identify(request).name == NAME
    clock[0] += 2
    with pytest.raises(Refused):
        access.identify(request)
    cookie = access.login(_post({"name": NAME, "password": PASSWORD}))[1].partition(";")[0]
    request = Request("GET", "/", {"cookie": cookie})
    assert access.identify(request).name == NAME
    (tmp_path / "passwords").write_text(f"{NAME}:{PasswordHash.of('another one', CHEAP)}\n")
    with pytest.raises(Refused):
        access.identify(request)
    assert access.login(_post({"name": NAME, "password": "another one"}))[0] == NAME


def test_a_file_that_was_broken_lets_nobody_in(tmp_path, capsys):
    access, _ = _access(tmp_path)
    cookie = access.login(_post({"name": NAME, "password": PASSWORD}))[1].partition(";")[0]
    (tmp_path / "passwords").write_text("nonsense\n")
    with pytest.raises(Refused):
        access.identify(Request("GET", "/", {"cookie": cookie}))
    assert "line 1: expected name:scrypt" in capsys.readouterr().err
    assert access.identify(Request("GET", "/", {"authorization": f"Bearer {TOKEN}"})).name == "token"
    (tmp_path / "token").unlink()
    with pytest.raises(Refused):
        access.identify(Request("GET", "/", {"authorization": f"Bearer {TOKEN}"}))


def test_sessions_are_bounded(tmp_path):
    access, _ = _access(tmp_path)
    cookies = [access.login(_post({"token": TOKEN}))[1].partition(";")[0] for _ in range(300)]
    assert access.identify(Request("GET", "/", {"cookie": cookies[-1]}))
    with pytest.raises(Refused):
        access.identify(Request("GET", "/", {"cookie": cookies[0]}))


def _access(folder):
    (folder / "token").write_text(TOKEN)
    (folder / "passwords").write_text(f"# people\n\n{NAME}:{PasswordHash.of(PASSWORD, CHEAP)}\n")
    clock = [1000.0]
    return Access(folder / "token", folder / "passwords", lambda: clock[0]), clock


def _post(values, peer="10.0.0.7"):
    import json

    return Request("POST", "/api/login", {"content-type": "application/json"}, json.dumps(values).encode(), peer)


# --- files ----------------------------------------------------------------------------------------------------


def test_no_access_is_configured(tmp_path, capsys, monkeypatch):
    with pytest.raises(
        UsageError, match=r"^web: expected token_file or password_file to listen on 0\.0\.0\.0, got neither"
    ):
        open_access(WebConfig(host="0.0.0.0"), tmp_path)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    access = open_access(WebConfig(), tmp_path)
    path = tmp_path / "gateway-token"
    token = path.read_text().strip()
    assert len(token) >= 40
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token in capsys.readouterr().err
    assert access.identify(Request("GET", "/", {"authorization": f"Bearer {token}"})).name == "token"
    open_access(WebConfig(), tmp_path)  # kept, and not said again
    assert path.read_text().strip() == token
    assert token not in capsys.readouterr().err


def test_a_missing_token_file_is_made_but_not_said_to_a_network(tmp_path, capsys):
    open_access(WebConfig(host="0.0.0.0", token_file=tmp_path / "new" / "t"), tmp_path)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    open_access(WebConfig(token_file=tmp_path / "u"), tmp_path)  # nor to a journal
    said = capsys.readouterr().err
    assert read_token(tmp_path / "new" / "t") not in said and read_token(tmp_path / "u") not in said


def test_a_password_file_by_the_command(tmp_path, drsn_edge):
    path = tmp_path / "passwords"
    done = drsn_edge("gateway-password", path, "jo", "--stdin", stdin=b"a long password\n")
    assert (done.returncode, done.stdout) == (0, b""), done.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"a long password" not in path.read_bytes()
    assert read_passwords(path)["jo"].matches("a long password")
    done = drsn_edge("gateway-password", path, "jo", "--stdin", stdin=b"short\n")
    assert (done.returncode, done.stderr) == (2, b"drsn-edge: password: expected 10 to 256 characters, got 5\n")


def test_the_page_is_told_which_ways_in_there_are(page, tmp_path):
    assert page.client()("GET", "/api/login").json == {"ways": ["password", "token"]}
    assert open_access(WebConfig(), tmp_path).ways == ["token"]


def test_setting_and_removing(tmp_path):
    path = tmp_path / "passwords"
    assert not set_password(path, "jo", "first password")
    assert not set_password(path, "mo", "other password")
    assert set_password(path, "jo", "second password")
    found = read_passwords(path)
    assert list(found) == ["mo", "jo"]
    assert found["jo"].matches("second password") and not found["jo"].matches("first password")
    assert remove_password(path, "mo") and not remove_password(path, "mo")
    assert list(read_passwords(path)) == ["jo"]


@pytest.mark.parametrize(
    "line",
    [
        "jo:password",
        "jo",
        ":scrypt$16$8$1$AAAA$AAAA",
        "jo:scrypt$15$8$1$AAAAAAAAAAAAAAAAAAAAAA==$AAAA",
        f"jo:{PasswordHash.of('x' * 10, CHEAP)}\njo:{PasswordHash.of('x' * 10, CHEAP)}",
        "jo:scrypt$1073741824$8$1$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=",
        "jo:scrypt$a$b$c$d$e",
        "# nobody",
    ],
)
def test_a_password_file_that_is_none(tmp_path, line):
    (tmp_path / "passwords").write_text(line + "\n")
    with pytest.raises(DataError, match=r"passwords.*expected"):
        read_passwords(tmp_path / "passwords")


@pytest.mark.parametrize("text", ["", "short", "with a space in the middle of it", "x" * 19, "\u00e9" * 30])
def test_a_token_file_that_is_none(tmp_path, text):
    (tmp_path / "token").write_text(text)
    with pytest.raises(DataError, match="expected a token of 20 or more"):
        read_token(tmp_path / "token")


# --- TLS ------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl to make a certificate")
def test_tls(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subject = ["-days", "1", "-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *subject, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with open_page(tmp_path, (), certificate=certificate, key=key) as page:
        assert page.server.url == f"https://127.0.0.1:{page.server.port}/"
        client = Client(page.server.port, context=ssl.create_default_context(cafile=certificate))
        assert "; Secure" in _login(client).headers["set-cookie"]
        assert client("GET", "/api/machines").json["machines"] == []
        with pytest.raises((ConnectionError, OSError)):
            Client(page.server.port)("GET", "/health")
    certificate.write_text("no certificate")
    with (
        pytest.raises(DataError, match=r"certificate\.pem: expected a PEM certificate"),
        open_page(tmp_path, (), certificate=certificate, key=key),
    ):
        pass
    with pytest.raises(FileNotFoundError), open_page(tmp_path, (), certificate=tmp_path / "none", key=key):
        pass


def test_a_port_that_is_taken(page, tmp_path):
    from drsn_keras.edge.gateway.web.server import WebServer

    with pytest.raises(
        UsageError, match=rf"^web, 127\.0\.0\.1 port {page.server.port}: expected an address to listen on"
    ):
        WebServer(lambda request: None, "127.0.0.1", page.server.port, None, None)
