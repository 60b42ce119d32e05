"""Faults of the transport: broken connections, broken HTTP, bombs, redirects."""

import gzip
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.faults.judged import refused, store_dump, succeeded
from tests.support.faults.registries import CONFIGS, IMAGES, MANIFESTS, registry_of, trusted
from tests.support.http.fault_server import FaultServer
from tests.support.http.faults import (
    Endless,
    Fault,
    Raw,
    Reset,
    Truncated,
    broken_chunk,
    html,
    redirect,
    truncated,
    with_header,
    without_length,
)
from tests.support.http.http_messages import Answer
from tests.support.http.registry_auth import BasicGate
from tests.support.programs.our_program import run_here

PROGRAM = str(Path(sys.executable).parent / "manyfest")
IMAGE = IMAGES[1]
MIB = 1024 * 1024


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with registry_of(*IMAGES[:3]) as running:
        yield running


def raw(*head: str, body: bytes = IMAGE.manifest.data) -> Raw:
    """An answer spelled by the test: its first lines, and the manifest."""
    return Raw("\r\n".join([*head, "", ""]).encode("latin-1") + body)


TYPE = f"Content-Type: {IMAGE.manifest.media_type}"
LENGTH = f"Content-Length: {len(IMAGE.manifest.data)}"
OK = ("HTTP/1.1 200 OK", TYPE, LENGTH)

# The answer, our exit code, words of our line, and whether it is asked for again.
BROKEN: dict[str, tuple[Fault, int, str, bool]] = {
    "truncated": (truncated(20), 5, "tried", True),
    "truncated, in a chunk": (broken_chunk(20), 5, "tried", True),
    "nothing": (Raw(b""), 5, "tried", True),
    "a greeting": (Raw(b"SSH-2.0-OpenSSH_9.6\r\n"), 5, "tried", True),
    "no HTTP": (Raw(b"<policy/>\r\n\r\n"), 1, "does not speak HTTP correctly", False),
    "a chunk of no size": (
        raw("HTTP/1.1 200 OK", TYPE, "Transfer-Encoding: chunked", body=b"xyz\r\n"),
        1,
        "does not speak HTTP correctly: illegal chunk header: 'xyz",
        False,
    ),
    "compressed on the way": (
        raw("HTTP/1.1 200 OK", TYPE, "Transfer-Encoding: gzip, chunked"),
        1,
        "does not speak HTTP correctly",
        False,
    ),
    "a header of 300 KiB": (raw(*OK, f"X: {'y' * 300 * 1024}"), 1, "does not speak HTTP", False),
    "100 000 headers": (raw(*OK, *["X: y"] * 100_000), 1, "does not speak HTTP", False),
    "two lengths": (raw(*OK, "Content-Length: 5"), 1, "does not speak HTTP", False),
    "a length less than nothing": (
        raw("HTTP/1.1 200 OK", TYPE, "Content-Length: -1"),
        1,
        "does not speak HTTP",
        False,
    ),
    "a bare CR in a header": (raw(*OK, "X: a\rb"), 1, "does not speak HTTP", False),
    "a NUL in a header": (raw(*OK, "X: a\0b"), 1, "does not speak HTTP", False),
    "interim answers without end": (
        raw(*["HTTP/1.1 103 Early Hints\r\n"] * 20_000, *OK),
        1,
        "262144 bytes and no answer yet",
        False,
    ),
    "another protocol": (
        raw("HTTP/1.1 101 Switching Protocols", "Upgrade: x", "Connection: upgrade"),
        1,
        "does not speak HTTP",
        False,
    ),
    "no content": (raw("HTTP/1.1 204 No Content", TYPE), 1, "204 No Content", False),
    "a part": (raw("HTTP/1.1 206 Partial Content", TYPE, LENGTH), 1, "206", False),
    "not modified": (raw("HTTP/1.1 304 Not Modified"), 1, "304", False),
    "an unheard-of status": (raw("HTTP/1.1 799 Odd", LENGTH), 5, "799", False),
    "a length of 10^12": (with_header("Content-Length", str(10**12)), 1, "larger than", False),
    "a page for people": (html(), 1, "a web page", False),
}


@pytest.mark.parametrize("name", ["1", str(IMAGE.digest)], ids=["tag", "digest"])
@pytest.mark.parametrize(
    ("fault", "code", "words", "is_repeated"), BROKEN.values(), ids=BROKEN
)  # T12, T18, T21, T33
def test_broken_answers_are_one_line(server, fault, code, words, is_repeated, name):
    server.always("GET", MANIFESTS, fault)
    joint = "@" if ":" in name else ":"
    limit = ["--timeout", "2"] if is_repeated else []
    line = refused("inspect", *limit, f"{server.host}/app{joint}{name}", code=code, words=(words,))
    assert f"{server.host}/app" in line
    assert (server.count() > 1) is is_repeated
    assert server.count() <= 5


# What announces the digest, and our exit code for the tag and for the digest.
CUT = {
    "the header tells": (True, 7, 7),
    "nobody tells": (False, 1, 7),
}


@pytest.mark.parametrize(("is_announced", "by_tag", "by_digest"), CUT.values(), ids=CUT)
def test_what_ends_with_the_connection_is_not_believed(
    server, is_announced, by_tag, by_digest
):  # T13
    def fault(good: Answer):
        given = good if is_announced else good.with_header("Docker-Content-Digest", None)
        return without_length(100)(given)

    server.always("GET", MANIFESTS, fault)
    refused("inspect", f"{server.host}/app:1", code=by_tag)
    refused("inspect", f"{server.host}/app@{IMAGE.digest}", code=by_digest)


WHOLE: dict[str, Fault] = {
    "HTTP/1.0": raw("HTTP/1.0 200 OK", TYPE, LENGTH),
    "HTTP/1.0, to the end of the connection": raw("HTTP/1.0 200 OK", TYPE),
    "to the end of the connection": without_length(10_000),
    "100 before it": raw("HTTP/1.1 100 Continue", "", *OK),
    "103 before it, often": raw(*["HTTP/1.1 103 Early Hints\r\n"] * 100, *OK),
    "no reason": raw("HTTP/1.1 200", TYPE, LENGTH),
    "a length twice": raw(*OK, LENGTH),
    "bare line ends": Raw(("\n".join([*OK, "", ""])).encode() + IMAGE.manifest.data),
}


@pytest.mark.parametrize("fault", WHOLE.values(), ids=WHOLE)
def test_odd_answers_that_are_whole_are_taken(server, fault):  # T33
    server.on("GET", MANIFESTS, fault)
    assert succeeded("inspect", "--raw", f"{server.host}/app:1").stdout == IMAGE.manifest.data
    assert server.count() == 1


def test_a_part_of_a_blob_that_nobody_asked_for_is_refused(server):  # T33
    server.always("GET", CONFIGS, lambda good: Answer(206, good.body[:5]))
    target = f"{server.host}/app:list"
    refused("create", target, f"{server.host}/app:1", code=1, words=("206",))


# The status of an error whose text breaks off, our exit code, and words of our line.
CUT_ERRORS = {
    "401": (401, 4, "unauthorized"),
    "403": (403, 4, "denied"),
    "413": (413, 1, "413"),
    "500": (500, 5, "500"),
    "429": (429, 5, "toomanyrequests"),
}


@pytest.mark.parametrize("resets", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("path", [MANIFESTS, CONFIGS], ids=["manifest", "config"])
@pytest.mark.parametrize(("status", "code", "words"), CUT_ERRORS.values(), ids=CUT_ERRORS)
def test_an_error_whose_text_breaks_off_is_told_by_its_status(
    server, path, status, code, words, resets
):
    said = Answer(status, b'{"errors": [{"code": "DENIED", "message": "no"}]}')
    server.always("GET", path, Truncated(said, 20, resets))
    command = ("create", "--timeout", "1", f"{server.host}/app:list", f"{server.host}/app:1")
    line = refused(*command, code=code, words=(words,))
    assert "cannot reach" not in line
    assert (server.count("GET", path) > 1) is (code == 5)


# T17: each without end and without length.
ENDLESS = {
    "a manifest": (MANIFESTS, ("Content-Type", IMAGE.manifest.media_type), 1, "larger than"),
    "a page": (MANIFESTS, ("Content-Type", "text/html"), 1, "a web page"),
    "a config": (CONFIGS, ("Content-Type", "application/octet-stream"), 7, "bytes long"),
}


@pytest.mark.parametrize(("path", "header", "code", "words"), ENDLESS.values(), ids=ENDLESS)
def test_a_body_without_end_is_read_to_its_limit(server, path, header, code, words):  # T17
    endless = Endless(header)
    server.always("GET", path, endless)
    refused("create", f"{server.host}/app:l", f"{server.host}/app:1", code=code, words=(words,))
    assert endless.sent < 32 * MIB  # 4 MiB and what is under way on loopback


BOMB = gzip.compress(bytes(MIB)) * 200
GZIP = ("Content-Encoding", "gzip")
JSON = ("Content-Type", "application/json")

BOMBS = {
    "a manifest": (Answer(200, BOMB, (GZIP, ("Content-Type", IMAGE.manifest.media_type))), 1),
    "an error": (Answer(400, BOMB, (GZIP, JSON)), 1),
    "a redirect": (Answer(307, BOMB, (GZIP, ("Location", "/v2/app/manifests/9"))), 3),
    "a challenge": (Answer(401, BOMB, (GZIP, JSON)), 4),
}


@pytest.mark.parametrize(("bomb", "code"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_does_not_go_off(server, bomb, code):  # T19, T20
    server.always("GET", "/v2/app/manifests/1", bomb)
    command = [sys.executable, "-c", MEASURED, PROGRAM, "inspect", f"{server.host}/app:1"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=300)
    line, peak = ended.stderr.splitlines()
    assert (ended.stdout, line[:7], len(line) <= 400) == (b"", b"error: ", True)
    assert ended.returncode == code
    assert int(peak) < 150 * 1024  # KiB; the bomb is 200 MiB


# In a small process between: a forked child's peak counts what its parent had.
MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("exit_by", ["close", "reset"])
def test_one_that_is_away_in_the_middle_leaves_no_draft(server, exit_by):  # T31
    server.always("GET", "/v2/app/manifests/1", Raw(b"") if exit_by == "close" else Reset())
    sources = [f"{server.host}/app:{number}" for number in range(3)]
    command = ("create", "--timeout", "2", f"{server.host}/app:list", *sources)
    refused(*command, code=5, words=(f"{server.host}/app:1",))
    with registry_of(*IMAGES[:3]) as healed:
        again = [source.replace(server.host, healed.host) for source in sources]
        succeeded("create", f"{healed.host}/app:list", *again)


def test_a_name_that_nobody_knows_is_looked_up_once(monkeypatch):  # T16
    asked = []

    def resolve(host, *_arguments, **_options):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    refused("inspect", "registry.test/app:1", code=5, words=("registry.test", "not known"))
    assert asked == ["registry.test"]


def test_a_port_that_is_closed_is_said_after_two_tries():  # T16
    with closed_port() as host:
        refused("inspect", f"{host}/app:1", code=5, words=(host, "refused", "tried 2 times"))


def test_a_port_that_is_closed_for_one_reference_is_closed_for_all(tmp_path, monkeypatch):  # T16
    tried = []
    connect = socket.socket.connect

    def counting(taken, address):
        tried.append(address)
        return connect(taken, address)

    monkeypatch.setattr(socket.socket, "connect", counting)
    with closed_port() as host:
        (tmp_path / "names").write_text("".join(f"{host}/app:{i}\n" for i in range(100)))
        ended = run_here("cache", "fetch", "--jobs", "4", "-f", str(tmp_path / "names"))
    assert ended.code == 1
    assert ended.stderr.count(f"cannot reach {host}: connection refused") == 100
    assert 90 <= ended.stderr.count("(not tried again)") < 100
    assert len(tried) <= 8  # four jobs, two tries each


@contextmanager
def closed_port():
    """A host and port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def _names_on_loopback(monkeypatch) -> None:
    def resolve(_host, port, **_options):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.usefixtures("_names_on_loopback")
def test_plain_http_is_spoken_where_it_is_allowed_and_else_hinted_at(server):  # T29, A19
    name = f"registry.test:{server.host.rpartition(':')[2]}/app:1"
    refused("inspect", name, code=5, words=("does not speak TLS", "--insecure"))
    assert server.requests == ()
    succeeded("inspect", "--insecure", name)


@pytest.fixture
def login(tmp_path):
    """Makes docker's configuration hold one login for these hosts."""

    def make(*hosts: str) -> None:
        file = tmp_path / "home" / ".docker" / "config.json"
        file.parent.mkdir()
        entries = ", ".join(f'"{h}": {{"username": "user", "password": "canary"}}' for h in hosts)
        file.write_text(f'{{"auths": {{{entries}}}, "HttpHeaders": {{"X-Own": "canary"}}}}')

    return make


def test_a_redirect_from_https_to_http_is_not_followed(
    tmp_path, monkeypatch, certificate, server
):  # T25
    monkeypatch.setenv("MANYFEST_CERTS_D", str(tmp_path / "certs.d"))
    with FaultServer(certificate=certificate) as encrypted:
        trusted(tmp_path / "certs.d", certificate, encrypted.host)
        encrypted.always("GET", "*", redirect(f"{server.url}/v2/app/manifests/1"))
        refused("inspect", f"{encrypted.host}/app:1", code=1, words=("from https to plain http",))
    assert server.connections == 0


def test_where_a_redirect_leads_gets_no_credentials_though_there_are_some(login):  # T23, T26
    challenge = ("WWW-Authenticate", 'Basic realm="r"')
    with registry_of(IMAGE, gate=BasicGate("user", "canary")) as server, FaultServer() as other:
        other.always("GET", "*", Answer(401, headers=(challenge, ("Set-Cookie", "a=b"))))
        server.always("GET", MANIFESTS, _once_let_in(redirect(f"{other.url}/there")))
        login(server.host, other.host)
        line = refused("inspect", f"{server.host}/app:0", code=4, words=(other.host,))
        assert "canary" not in line
        (request,) = other.requests
    assert {name.lower() for name, _ in request.headers} <= {
        *("host", "accept", "accept-encoding", "connection", "user-agent"),
    }


def test_the_way_back_is_taken_with_credentials_and_the_way_there_without(login):  # T27
    with registry_of(*IMAGES[:2], gate=BasicGate("user", "canary")) as server:
        with FaultServer() as other:
            back = redirect(f"{server.url}/v2/app/manifests/1")
            other.always("GET", "*", back)
            there = _once_let_in(redirect(f"{other.url}/there"))
            server.always("GET", "/v2/app/manifests/0", there)
            login(server.host, other.host)
            shown = succeeded("inspect", "--raw", f"{server.host}/app:0")
            assert shown.stdout == IMAGE.manifest.data
            assert [request.header("Authorization") for request in other.requests] == [""]
        last = server.requests[-1]
    assert (last.path, last.header("Authorization")[:6]) == ("/v2/app/manifests/1", "Basic ")


def _once_let_in(answer: Answer) -> Fault:
    """In place of every good answer but a challenge."""
    return lambda good: good if good.status == 401 else answer


def test_redirects_in_a_circle_end_after_ten(server):  # T22
    server.always("GET", MANIFESTS, redirect("/v2/app/manifests/1"))
    refused("inspect", f"{server.host}/app:1", code=1, words=("redirects more than 10 times",))
    assert server.count() == 11


def test_what_was_healed_works_without_cleaning_up(server):
    server.on("GET", MANIFESTS, *[truncated(20)] * 5)
    command = ("create", f"{server.host}/app:list", f"{server.host}/app:1")
    refused(*command, code=5)
    assert store_dump() == []
    succeeded(*command)


NAMES = ["http://xn--/", "http.a://xn--", "http://[::1", "//\xe9.xn--/"]


@pytest.mark.parametrize("location", NAMES)
def test_a_redirect_to_a_name_that_cannot_be_is_one_line(server, location):  # T25
    server.always("GET", MANIFESTS, redirect(location))
    refused("inspect", f"{server.host}/app:1", code=1, words=(server.host,))
    assert server.count() == 1


@pytest.mark.parametrize("location", NAMES)
def test_an_upload_to_a_name_that_cannot_be_is_one_line(server, location, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    succeeded("copy", f"{server.host}/app:1", "oci:here:1")
    server.always("POST", "*", Answer(202, headers=(("Location", location),)))
    refused("copy", "oci:here:1", f"{server.host}/other:1", code=1, words=(server.host,))
