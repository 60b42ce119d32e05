"""The URL of a PostgreSQL store, and its form for messages."""

import re

from manyfest.domain.encoding.shown_urls import safe_url, without_url_parts
from manyfest.domain.values import frozen

# A URL in which libpq sees another login or host than we do: it ends the login at "@", the host
# at "/".
_UNENCODED = re.compile(r"^\w+://[^@/?]*(?:@[^/?]*@|/[^?]*@)")
_LOGIN = re.compile(r"^[^@/]*@")  # where libpq sees one


@frozen
class Address:
    """The place of a store. ``url`` may hold a password: ``str`` and ``repr`` do not show it."""

    url: str

    def __str__(self) -> str:
        return safe_url(self.url, shows_user=True)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    @property
    def is_unencoded(self) -> bool:
        """True if the password seems to hold ``@`` or ``/`` as it is, where libpq ends it."""
        return _UNENCODED.match(self.url) is not None

    @property
    def file_name(self) -> str:
        """A name for files that belong to this store: its host, port and database."""
        rest = _LOGIN.sub("", self.url.partition("://")[2], count=1)
        place = rest.partition("?")[0].rpartition("@")[2]
        return re.sub(r"[^A-Za-z0-9.-]+", "_", place).strip("_.") or "local"

    def without_secrets(self, message: str) -> str:
        """Return ``message`` of the driver or the server, without the secrets of the URL."""
        return without_url_parts(message, self.url, str(self))
