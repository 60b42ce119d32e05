"""Who may read the explorer, and what its answers allow a browser."""

import pytest

from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from tests.integration.explorer.conftest import PORT
from tests.support.content.fleet import APP, HOSTILE
from tests.support.http.asgi_client import HOST, AsgiClient

PAGES = ("/", "/search", "/drafts", "/store", "/compare", f"/repositories/{APP}", "/nothing")


@pytest.mark.parametrize("path", [*PAGES, "/static/style.css", "/?token=", "/?token=wrong"])
def test_nothing_is_shown_without_the_token(outsider, path):
    answer = outsider.get(path)
    assert answer.status_code == 403
    assert APP not in answer.text
    assert "the token" in answer.text


def test_the_token_gives_a_cookie_and_leaves_the_address(outsider, keys):
    answer = outsider.get(f"/search?token={keys.token}&q=app")
    assert (answer.status_code, answer.headers["location"]) == (303, "/search?q=app")
    cookie = answer.headers["set-cookie"].lower()
    assert f"manyfest-{PORT}=" in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert keys.token not in answer.headers["set-cookie"]
    assert outsider.get("/search?q=app").status_code == 200


def test_a_cookie_of_another_run_is_worth_nothing(outsider):
    outsider.cookies[f"manyfest-{PORT}"] = Keys().cookie
    assert outsider.get("/").status_code == 403


@pytest.mark.parametrize("path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example"])
def test_the_redirect_leads_to_no_other_host(outsider, keys, path):
    location = outsider.get(f"{path}?token={keys.token}").headers["location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1", "", HOST + "0"])
def test_another_host_name_is_refused(client, host):
    answer = client.get("/", host=host)
    assert answer.status_code == 421
    assert APP not in answer.text


def test_the_host_may_be_in_capitals(settings, keys):
    app = Guard(Explorer(settings, keys).application(), keys, ["localhost:8080"], PORT)
    assert AsgiClient(app).get("/", host="LOCALHOST:8080").status_code == 403  # and not 421


@pytest.mark.parametrize("path", [*PAGES, f"/manifests/{HOSTILE}:1", "/static/tables.js"])
def test_every_answer_forbids_what_pages_do_not_need(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_no_inline_script_or_style(client, path):
    text = client.get(path).text
    assert " style=" not in text
    assert "<style" not in text
    assert text.count("<script") == text.count("<script src=")
    assert not any(f" on{event}=" in text for event in ("click", "load", "error"))


@pytest.mark.parametrize(
    "name", ["../templates/base.html", "..%2ftemplates%2fbase.html", "%2e%2e/html.py"]
)
def test_no_file_beside_the_shared_ones_is_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404
