"""All pages of the store as files: HTML to read, and the same answers as JSON.

Pages are found by following links from the first one, as a reader would, so what is not linked is
not written, and each page is written once.
"""

import shutil
from collections import deque
from pathlib import Path
from urllib.parse import quote

from manyfest.assembly.settings import Settings
from manyfest.cli.explorer.application import as_json
from manyfest.cli.explorer.html import STATIC, Pages
from manyfest.cli.explorer.library import Library, open_library
from manyfest.cli.explorer.links import HOME, Address, ExportedLinks, file_of
from manyfest.cli.explorer.page import Page, error_page
from manyfest.cli.explorer.pages import page_function
from manyfest.domain.errors import ConfigError, ManyfestError

# Leads to the first page; the pages themselves are one folder below, so that links are alike.
_ENTRANCE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>manyfest</title>
<meta http-equiv="refresh" content="0; url=home/index.html">
<a href="home/index.html">All repositories</a></html>
"""


def export_pages(settings: Settings, folder: Path) -> int:
    """Write all pages of the store into ``folder``, which is made; return how many there are.

    Raises ConfigError: this is no folder; OSError; StoreError. A page that cannot be shown says
    why.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"--export {folder}", "this is not a folder; name another one")
    waiting: deque[Address] = deque([HOME])
    known: set[Address] = {HOME}

    def visit(address: Address) -> None:
        if address not in known:
            known.add(address)
            waiting.append(address)

    shutil.copytree(STATIC, folder / "static", dirs_exist_ok=True)
    (folder / "index.html").write_text(_ENTRANCE)
    with open_library(settings) as library:
        pages = Pages(ExportedLinks(visit), library.now)
        while waiting:
            _write(folder, waiting.popleft(), pages, library)
    return len(known)


def _write(folder: Path, address: Address, pages: Pages, library: Library) -> None:
    page = _page(address, library)
    file = folder / file_of(address)
    file.parent.mkdir(exist_ok=True)
    data = file.with_suffix(".json")
    file.write_text(pages.html(page, quote(data.name)), encoding="utf-8")
    data.write_text(as_json(page), encoding="utf-8")


def _page(address: Address, library: Library) -> Page:
    function = page_function(address.kind, address.subject)
    assert function is not None, address  # noqa: S101 - templates link to pages that exist
    try:
        return function(address.subject, dict(address.query), library)
    except ManyfestError as error:
        return error_page(error)
