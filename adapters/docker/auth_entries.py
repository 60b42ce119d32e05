"""One entry of ``auths`` in docker's config.json (docker/cli, ``types/authconfig.go``)."""

from attrs import field, frozen
from cattrs.errors import BaseValidationError

from manyfest.domain.converters import CONVERTER
from manyfest.domain.strict_json import Json


@frozen
class AuthEntry:
    """What the file says for one host, as it stands there; members may be missing."""

    auth: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    identitytoken: str = field(default="", repr=False)
    registrytoken: str = field(default="", repr=False)

    @classmethod
    def from_json(cls, document: Json) -> "AuthEntry":
        """The entry in ``document``. Raises ValueError, which shows none of it."""
        if not isinstance(document, dict):
            raise ValueError("not an object")  # noqa: TRY004 - a value from outside, not a bug
        try:
            return CONVERTER.structure(document, cls)
        except (BaseValidationError, TypeError, AttributeError):
            raise ValueError("a member is not a text") from None
