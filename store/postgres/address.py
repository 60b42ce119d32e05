"""The URL of a PostgreSQL store, and its form for messages."""

import re

from manyfest.domain.values import frozen

# A password may hold "@", "/" or "?" by mistake: all of it is hidden.
_AUTHORITY = re.compile(r"^(\w+://[^:@/?]*):(?:[^?]*|[^/]*)@")
# What libpq takes for the end of the user and password is "@", and of the host "/".
_UNENCODED = re.compile(r"^\w+://[^@/?]*(?:@[^/?]*@|/[^?]*@)")
_SECRETS = re.compile(r"([?&](?:password|sslpassword)=)[^&]*", re.IGNORECASE)
_MASK = "***"


@frozen
class Address:
    """The place of a store. ``url`` may hold a password: ``str`` and ``repr`` do not show it."""

    url: str

    def __str__(self) -> str:
        return masked(self.url)

    def __repr__(self) -> str:
        return f"Address({masked(self.url)!r})"

    @property
    def is_unencoded(self) -> bool:
        """True if the password seems to hold ``@`` or ``/`` as it is, where libpq ends it."""
        return _UNENCODED.match(self.url) is not None

    @property
    def file_name(self) -> str:
        """A name for files that belong to this store: its host, port and database."""
        place = masked(self.url).partition("://")[2].partition("?")[0].rpartition("@")[2]
        return re.sub(r"[^A-Za-z0-9.-]+", "_", place).strip("_.") or "local"


def masked(url: str) -> str:
    """Return ``url`` with ``***`` in place of each password."""
    return _SECRETS.sub(rf"\1{_MASK}", _AUTHORITY.sub(rf"\1:{_MASK}@", url))
