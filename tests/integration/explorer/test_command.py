"""``manyfest explore`` as a process: its address, its end, and what it refuses."""

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from manyfest.cli.process.main import main
from tests.support.content.fleet import APP
from tests.support.programs.waiting import wait_until


@pytest.fixture
def serve(started_manyfest, fleet, monkeypatch):
    """Start explorers: gives the process, and the URL that it prints; all end with the test."""
    monkeypatch.setenv("MANYFEST_STORE", str(fleet))
    with ExitStack() as stack:

        def start(*words):
            command = [*started_manyfest.command, "explore", *words]
            process = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
            stack.callback(process.terminate)
            return process, process.stdout.readline().strip()

        yield start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_ends_it(serve, number):
    process, url = serve(f"{APP}:1.0")
    assert urlsplit(url).hostname == "127.0.0.1"
    with httpx.Client(follow_redirects=True) as client:
        answer = client.get(url)
        assert answer.status_code == 200
        assert "token" not in str(answer.url)
        assert f"{APP}:1.0" in answer.text
        assert "server" not in answer.headers
    process.send_signal(number)
    _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")


def test_it_serves_on_ipv6_loopback(serve):
    _, url = serve("--listen", "[::1]:0")
    assert url.startswith("http://[::1]:")
    assert httpx.get(url).status_code == 303


def test_on_all_addresses_it_prints_a_name_that_others_can_open(serve):
    process, url = serve("--listen", "0.0.0.0:0")
    place = urlsplit(url)
    assert place.hostname == socket.gethostname().lower()
    here = f"http://127.0.0.1:{place.port}/?{place.query}"
    for host in (place.netloc, f"127.0.0.1:{place.port}", f"localhost:{place.port}"):
        assert httpx.get(here, headers={"Host": host}).status_code == 303
    assert httpx.get(here, headers={"Host": f"evil.example:{place.port}"}).status_code == 421
    process.terminate()
    assert "an address of this machine does for its name" in process.communicate(timeout=300)[1]


def test_an_address_in_use_is_one_clear_line(serve, manyfest):
    _, url = serve()
    taken = f"127.0.0.1:{urlsplit(url).port}"
    ran = manyfest("explore", "--listen", taken)
    assert ran.code == 1
    assert taken in ran.stderr
    assert "in use" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--listen", "nonsense"], 2, "give HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], 2, "give HOST:PORT"),
        (["--export", "x", "a:1"], 2, "takes no MANIFEST"),
        (["a//b"], 2, "invalid reference format"),
        (["a", "b"], 2, "at most 1"),
    ],
)
def test_what_it_cannot_do_it_says(manyfest, words, code, why):
    ran = manyfest("explore", *words)
    assert (ran.code, why in ran.stderr) == (code, True), ran.stderr


def test_without_its_packages_it_names_the_extra(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert main(["explore"]) == 1
    assert "pip install 'manyfest[explore]'" in capsys.readouterr().err


_BROWSER = """\
#!{python}
import pathlib, sys, urllib.request
try:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    text = opener.open(sys.argv[1], timeout=300).read()
except OSError as error:
    text = str(error).encode()
pathlib.Path({place!r}).write_bytes(text)
"""


def test_a_browser_that_returns_when_it_is_left_sees_the_page(serve, tmp_path, monkeypatch):
    """One on a terminal runs until it is left, and the pages are answered meanwhile."""
    place, browser = tmp_path / "seen.html", tmp_path / "browser"
    browser.write_text(_BROWSER.format(python=sys.executable, place=str(place)))
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    serve("--open")
    wait_until(lambda: place.exists() and place.stat().st_size)
    assert b"<h1>Repositories</h1>" in place.read_bytes()


def test_a_store_that_cannot_be_read_is_told_at_the_start(manyfest, tmp_path, monkeypatch):
    (tmp_path / "store.db").write_bytes(b"no database" * 500)
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "store.db"))
    ran = manyfest("explore")
    assert ran.code in {1, 7}
    assert len(ran.stderr.splitlines()) == 1
    assert "store.db" in ran.stderr
