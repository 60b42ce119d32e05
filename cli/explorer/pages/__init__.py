"""The pages of the explorer, a module a kind; each function reads a library and returns a page.

``PAGES`` names them by the first word of their address. A function takes the rest of the address,
its subject, which is empty where there is none, and the words of the query.
"""

from collections.abc import Callable, Mapping

from manyfest.cli.explorer.library import Library
from manyfest.cli.explorer.page import Arguments, Page
from manyfest.cli.explorer.pages.attached import attached
from manyfest.cli.explorer.pages.content import content
from manyfest.cli.explorer.pages.history import compare, history
from manyfest.cli.explorer.pages.home import home, search
from manyfest.cli.explorer.pages.manifest import draft, manifest
from manyfest.cli.explorer.pages.repository import repository
from manyfest.cli.explorer.pages.store import drafts, store

PageFunction = Callable[[str, Arguments, Library], Page]

# Pages with a subject, and pages without one.
OF_SUBJECTS: Mapping[str, PageFunction] = {
    "repositories": repository,
    "manifests": manifest,
    "content": content,
    "history": history,
    "attached": attached,
    "drafts": draft,
}
ALONE: Mapping[str, PageFunction] = {
    "home": home,
    "search": search,
    "compare": compare,
    "drafts": drafts,
    "store": store,
}


def page_function(kind: str, subject: str) -> PageFunction | None:
    """Return the function of a page by the first word of its address; None: there is none."""
    return (OF_SUBJECTS if subject else ALONE).get(kind)
