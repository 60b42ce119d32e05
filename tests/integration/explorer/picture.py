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


def take_picture(browser: Browser, folder: Path) -> bytes:
    """Return a picture of a repository's page, of a store that is made in ``folder``."""
    store = folder / "store.db"
    fill(store)
    export_pages(evolve(settings_from(), store=store), folder / "site")
    page = browser.new_page(viewport={"width": 1000, "height": 470})
    page.goto((folder / "site" / file_of(Address("repositories", APP))).as_uri())
    picture = page.screenshot()
    page.close()
    return picture


def main() -> None:
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(FLAGS))
        PICTURE.write_bytes(take_picture(browser, Path(folder)))
        browser.close()


if __name__ == "__main__":
    main()
