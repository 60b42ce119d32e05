"""The picture of the explorer in the docs: ``python -m tests.integration.explorer.picture``."""

from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve
from playwright.sync_api import Browser, sync_playwright

from manyfest.cli.explorer.export import export_pages
from manyfest.cli.explorer.links import Address, file_of
from manyfest.cli.settings import settings_from
from tests.support.content.fleet import APP, fill

PICTURE = Path("docs", "explorer.png")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def take_picture(browser: Browser, site: Path) -> bytes:
    """Return a picture of a repository's page in an exported site."""
    page = browser.new_page(viewport={"width": 1000, "height": 470})
    page.goto((site / file_of(Address("repositories", APP))).as_uri())
    picture = page.screenshot()
    page.close()
    return picture


def main() -> None:
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        store, site = Path(folder) / "store.db", Path(folder) / "site"
        fill(store)
        export_pages(evolve(settings_from(), store=store), site)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        PICTURE.write_bytes(take_picture(browser, site))
        browser.close()


if __name__ == "__main__":
    main()
