"""The platform of an image: its text form and its JSON form.

The text form is containerd's (``platforms`` package), ``os[(version+feature)]/arch[/variant]``:
``linux/arm/v7``, ``windows(10.0.17763+win32k)/amd64``. Bytes that are syntax are percent-escaped.
``str()`` and ``Platform.parse`` are inverses. The JSON form is the image-spec's
(image-index.md, "platform").
"""

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from attr import field

from manyfest.domain.encoding.strict_json import Json, JsonObject, check_letter_case
from manyfest.domain.errors import DocumentError, InvalidPlatformError
from manyfest.domain.values import frozen

_WORD = r"[A-Za-z0-9_.-]+"
_ESCAPED = r"(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})*"
_SPECIFIER = re.compile(
    rf"([A-Za-z0-9_-]+)(?:\(({_ESCAPED}(?:\+{_ESCAPED})*)\))?(?:/({_WORD})(?:/({_WORD}))?)?"
)

_MEMBERS = {
    "architecture": "architecture",
    "os": "os",
    "os.version": "os_version",
    "os.features": "os_features",
    "variant": "variant",
}


@frozen
class Platform:
    """Operating system, architecture, variant, version and features.

    An empty text means that the member is absent. ``others`` are unknown members of the JSON form;
    they are kept, and do not count for equality.
    """

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()
    others: Mapping[str, Json] = field(factory=dict, eq=False, repr=False)

    def __repr__(self) -> str:
        return f"<Platform {self}>"

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """Parse the text form; nothing is normalised.

        Raises InvalidPlatformError: fewer than two or more than three parts, an empty part, a
        wildcard or any other character outside the grammar, an escape that is not UTF-8.
        """
        platform = cls.parse_system(text)
        if not platform.architecture:
            raise InvalidPlatformError(text, "expected os[(version+feature)]/arch[/variant]")
        return platform

    @classmethod
    def parse_system(cls, text: str) -> "Platform":
        """Parse the text form, where an operating system may stand alone.

        Raises InvalidPlatformError as ``parse``, but not for one part.
        """
        match = _SPECIFIER.fullmatch(text)
        if match is None:
            raise InvalidPlatformError(text, "expected os[(version+feature)]/arch[/variant]")
        os, narrowing, architecture, variant = match.groups(default="")
        try:
            version, *features = (unquote(part, errors="strict") for part in narrowing.split("+"))
        except UnicodeDecodeError as error:
            raise InvalidPlatformError(text, "an escape that is not UTF-8") from error
        return cls(os, architecture, variant, version, tuple(features))

    @classmethod
    def from_json(cls, document: JsonObject, subject: str) -> "Platform":
        """Parse the JSON form; absent and null members are empty.

        ``document`` is the platform of a descriptor, or an image config. Raises DocumentError: a
        member of another type, or in another letter case.
        """
        check_letter_case(document, _MEMBERS, subject)
        values: dict[str, str | tuple[str, ...]] = {}
        for key, name in _MEMBERS.items():
            values[name] = _member(document, key, subject)
        others = {key: value for key, value in document.items() if key not in _MEMBERS}
        return cls(**values, others=others)  # type: ignore[arg-type]

    def to_json(self) -> dict[str, Json]:
        """Return the JSON members in docker's order.

        Empty members are omitted, except os and architecture.
        """
        members: dict[str, Json] = {"architecture": self.architecture, "os": self.os}
        optional = {
            "os.version": self.os_version,
            "os.features": list(self.os_features),
            "variant": self.variant,
        }
        members.update({key: value for key, value in optional.items() if value})
        return members | dict(self.others)

    def __str__(self) -> str:
        narrowing = "+".join(quote(part, safe="") for part in (self.os_version, *self.os_features))
        system = f"{self.os}({narrowing})" if narrowing else self.os
        if system and not (self.architecture or self.variant):
            return system
        return "/".join([system, self.architecture, *filter(None, [self.variant])])


def _member(document: JsonObject, key: str, subject: str) -> str | tuple[str, ...]:
    value = document.get(key)
    if key == "os.features":
        features = [] if value is None else value
        if not isinstance(features, list) or not all(isinstance(item, str) for item in features):
            raise DocumentError(subject, f"{key} is not a list of strings")
        return tuple(features)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DocumentError(subject, f"{key} is not a string")
    return value
