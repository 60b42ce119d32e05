"""The addresses of pages: those that a server answers, and those of exported files.

Templates know pages by kind and subject only, so the same templates serve both.
"""

import hashlib
from collections.abc import Callable
from typing import Protocol
from urllib.parse import quote, urlencode

from manyfest.domain.values import frozen

_NAME_LIMIT = 150  # bytes of an exported file's name; file systems allow 255


@frozen
class Address:
    """A page by its kind, such as ``manifests``, its subject, and the words of its query."""

    kind: str
    subject: str = ""
    query: tuple[tuple[str, str], ...] = ()


HOME = Address("home")


class Links(Protocol):
    """Turns an address into a link."""

    @property
    def is_static(self) -> bool:
        """Whether pages are files, where nothing can be asked, searched or fetched."""
        ...

    def to(self, kind: str, subject: str = "", **query: str) -> str:
        """The link to a page."""
        ...

    def static(self, name: str) -> str:
        """The link to a file that all pages share."""
        ...


class ServedLinks:
    """Links to the pages of a server, from its root."""

    is_static = False

    def to(self, kind: str, subject: str = "", **query: str) -> str:
        """See ``Links``."""
        path = "/" if kind == HOME.kind else f"/{kind}" + (f"/{quote(subject)}" if subject else "")
        return f"{path}?{urlencode(query)}" if query else path

    def static(self, name: str) -> str:
        """See ``Links``."""
        return f"/static/{name}"


@frozen
class ExportedLinks:
    """Links between files, each one folder below the root; ``visit`` is told what is linked."""

    visit: Callable[[Address], None]
    is_static = True

    def to(self, kind: str, subject: str = "", **query: str) -> str:
        """See ``Links``."""
        address = Address(kind, subject, tuple(sorted(query.items())))
        self.visit(address)
        return f"../{quote(file_of(address))}"

    def static(self, name: str) -> str:
        """See ``Links``."""
        return f"../static/{name}"


def file_of(address: Address) -> str:
    """Return the path of an exported page, from the root: a folder and a file.

    Names are escaped, so that none leaves its folder; a long one ends with its hash.
    """
    words = "&".join((address.subject, *(f"{name}={value}" for name, value in address.query)))
    name = quote(words, safe="").replace("%", "=").strip(".") or "index"
    if len(name) > _NAME_LIMIT:
        name = f"{name[:80]}-{hashlib.sha256(words.encode()).hexdigest()[:32]}"
    return f"{address.kind}/{name}.html"
