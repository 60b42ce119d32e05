"""Every page in a real browser: no error, no script from outside, and nothing hard to read."""

import os
import threading
from pathlib import Path

import pytest
import uvicorn
from attrs import evolve
from playwright.sync_api import sync_playwright

from manyfest.cli.arguments.listen_address import ListenAddress, listening
from manyfest.cli.explorer.access import Guard, Keys
from manyfest.cli.explorer.application import Explorer
from manyfest.cli.explorer.server import hosts_of
from manyfest.cli.settings import settings_from
from tests.integration.explorer.conftest import PATIENCE
from tests.integration.explorer.picture import FLAGS, take_picture
from tests.support.content.fleet import APP, HOSTILE, LAYOUT, SHOP
from tests.support.programs.programs import require_file, require_program

SERIOUS = {"serious", "critical"}  # grades of axe
# All that axe finds to be in order is more than a page is, and nobody asks for it.
VIOLATIONS = "options => axe.run({resultTypes: ['violations'], ...options}).then(r => r.violations)"

PAGES = (
    "/",
    f"/repositories/{APP}",
    f"/repositories/{LAYOUT}",
    f"/manifests/{APP}:1.0",
    f"/manifests/{APP}:1.0?platform=linux/arm64",
    f"/manifests/{APP}:amd64",
    f"/manifests/{APP}:chart",
    f"/attached/{APP}:stated?platform=linux/amd64",
    f"/manifests/{SHOP}:twice",
    f"/manifests/{HOSTILE}:1",
    f"/manifests/{HOSTILE}:2",
    f"/history/{APP}:1.0",
    f"/compare?a={APP}:1.0@{{1}}&b={APP}:1.0",
    f"/compare?a={LAYOUT}:1&b={HOSTILE}:1",
    "/drafts",
    f"/drafts/{APP}:next",
    "/store",
    "/search?q=app",
    "/search?q=curl",
)


@pytest.fixture(scope="module")
def address(fleet):
    """An explorer in a thread of this process: its address with the token."""
    settings, keys = evolve(settings_from(), store=fleet, offline=True), Keys()
    listener = listening(ListenAddress("127.0.0.1", 0))
    port = listener.getsockname()[1]
    explorer = Explorer(settings, keys, query_seconds=PATIENCE)
    app = Guard(explorer.application(), keys, hosts_of("127.0.0.1", port), port)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://127.0.0.1:{port}", keys.token
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture(scope="session")
def axe():
    """The program that checks accessibility, as a script for a page."""
    path = Path(os.environ.get("MANYFEST_TESTS_AXE", "node_modules/axe-core/axe.min.js"))
    return require_file(path, "npm install --no-save axe-core").read_text()


@pytest.fixture(scope="module")  # it keeps an event loop running, which others must not meet
def browser():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=require_program("chromium"), args=list(FLAGS)
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def visitor(browser, address):
    """A page that was let in. A new one costs more time than all that a test does with it."""
    base, token = address
    page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    page.goto(f"{base}/?token={token}")
    yield page
    page.context.close()


@pytest.fixture
def open_page(visitor, address):
    """Open pages at a width and in a scheme of colours; fails on any error of the console."""
    errors = []
    listeners = {
        "console": lambda said: errors.append(said.text) if said.type == "error" else None,
        "pageerror": lambda error: errors.append(str(error)),
        "dialog": lambda dialog: errors.append(f"dialog: {dialog.message}"),
    }
    for event, listener in listeners.items():
        visitor.on(event, listener)

    def opened(path, width=1200, scheme="light"):
        resize(visitor, width, scheme)
        assert visitor.goto(address[0] + path).ok
        return visitor

    yield opened
    visitor.goto("about:blank")  # what the last page still does is seen by this test
    for event, listener in listeners.items():
        visitor.remove_listener(event, listener)
    assert errors == []


def resize(page, width, scheme):
    if page.viewport_size["width"] != width:
        page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_accessible_without_errors_and_no_wider_than_its_window(open_page, axe, path):
    """As it is opened, and in windows that get other widths and colours."""
    page = open_page(path, 390)
    assert page.locator("h1").count() == 1
    for width in (390, 800, 1200):
        for scheme in ("dark", "light"):
            resize(page, width, scheme)
            assert page.evaluate("window.innerWidth") == width
            assert page.evaluate("document.documentElement.scrollWidth") <= width, scheme
    page.evaluate(axe)
    found = page.evaluate(VIOLATIONS, {})
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in SERIOUS] == []


@pytest.mark.parametrize("path", ["/", f"/repositories/{APP}", f"/manifests/{APP}:1.0"])
def test_colours_are_told_apart_in_the_dark(open_page, axe, path):
    page = open_page(path, scheme="dark")
    page.evaluate(axe)
    assert page.evaluate(VIOLATIONS, {"runOnly": ["color-contrast"]}) == []


def test_a_person_finds_the_image_of_a_platform_by_links(open_page):
    page = open_page("/")
    page.get_by_role("link", name=APP).click()
    page.get_by_role("link", name="1.0", exact=True).click()
    page.get_by_role("link", name="linux/arm64").click()
    assert page.get_by_text("ENV TOKEN=hunter2").is_visible()


def test_tags_are_filtered_as_a_person_types(open_page):
    page = open_page(f"/repositories/{APP}")
    page.get_by_label("Filter tags").fill("chart")
    shown = page.locator("tbody tr:visible")
    assert shown.count() == 1
    assert "chart" in shown.inner_text()


def test_a_table_is_sorted_by_its_headings(open_page):
    page = open_page(f"/manifests/{APP}:1.0")
    heading = page.get_by_role("columnheader", name="Platform").first
    for order in ("ascending", "descending"):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == order
    assert page.locator("tbody tr").first.inner_text().startswith("linux/arm64")


def test_all_is_reached_by_keyboard(open_page):
    page = open_page(f"/manifests/{APP}:1.0")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.wait_for_url("**/*#main")  # fails after the page's time limit


def test_pages_are_read_without_javascript(browser, address):
    base, token = address
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base}/?token={token}")
    page.goto(f"{base}/repositories/{APP}")
    assert page.get_by_text("linux/arm64").first.is_visible()
    assert not page.get_by_label("Filter tags").is_visible()
    context.close()


def test_another_host_name_of_this_machine_reads_nothing(browser, address):
    """The cookie is of one host name, and the browser sends it to no other."""
    base, token = address
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/?token={token}")
    answer = page.goto(f"{base.replace('127.0.0.1', 'localhost')}/repositories/{APP}")
    assert answer.status == 403
    context.close()


def test_a_page_of_another_site_reads_nothing(browser, address, tmp_path):
    """A script elsewhere may send requests here; they carry no cookie, and it sees no answer."""
    base, token = address
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/?token={token}")
    elsewhere = tmp_path / "elsewhere.html"
    elsewhere.write_text("<title>elsewhere</title>")
    page.goto(elsewhere.as_uri())
    script = f"fetch('{base}/', {{credentials: 'include'}}).then(r => r.text(), e => 'refused')"
    assert page.evaluate(script) == "refused"
    context.close()


def test_the_picture_of_the_docs_is_one(browser, site):
    picture = take_picture(browser, site)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 20_000  # an empty page has some 5 kB
