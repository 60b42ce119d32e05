"""Descriptors: a media type, a digest and a size that identify content.

The members are the image-spec's (descriptor.md).
"""

from collections.abc import Mapping
from types import MappingProxyType

from attr import evolve, field

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, JsonObject, check_letter_case
from manyfest.domain.errors import DocumentError, InvalidDigestError
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

_CORE = frozenset({"mediaType", "size", "digest", "platform"})
_OTHERS = ("urls", "annotations", "data", "artifactType")
_OF_CONTENT = ("data", "urls")  # a copy of the bytes, and their addresses
_KNOWN = _CORE.union(_OTHERS)
_OCI_ORDER = (
    *("mediaType", "digest", "size", "urls", "annotations", "data"),
    *("platform", "artifactType"),
)
_NONE: Mapping[str, Json] = MappingProxyType({})  # one for all: a list may have 40,000 entries
_SIZE_LIMIT = 2**63  # a signed 64-bit integer in every Go reader


@frozen
class Descriptor:
    """The description of one child in a manifest or list.

    ``others`` has every further member verbatim, in its order: annotations, artifactType, urls,
    data, and members that are unknown to us.
    """

    media_type: str
    digest: Digest
    size: int
    platform: Platform | None = None
    others: Mapping[str, Json] = field(default=_NONE, hash=False)

    @classmethod
    def from_json(cls, document: Json, subject: str) -> "Descriptor":
        """Parse a descriptor.

        ``subject`` is its location for errors, such as ``REF: manifests[3]``. Raises DocumentError:
        not an object, a member that is missing, of another type or in another letter case, an
        invalid digest, a size that is not an integer from 0 to 2^63-1. A digest of an unregistered
        algorithm passes (descriptor.md, "Digests").
        """
        if not isinstance(document, dict):
            raise DocumentError(subject, "not an object")
        others: Mapping[str, Json] = _NONE
        if not document.keys() <= _CORE:
            others = {key: value for key, value in document.items() if key not in _CORE}
            check_letter_case(others, _KNOWN, subject)
            _check_others(others, subject)
        return cls(
            media_type=_text(document, "mediaType", subject),
            digest=_digest(document, subject),
            size=_size(document, subject),
            platform=_platform(document, subject),
            others=others,
        )

    def to_json(self) -> dict[str, Json]:
        """Return the JSON members, docker's first and in its order."""
        core: dict[str, Json] = {
            "mediaType": self.media_type,
            "size": self.size,
            "digest": str(self.digest),
        }
        if self.platform is not None:
            core["platform"] = self.platform.to_json()
        return core | dict(self.others)

    def replaced_by(self, content: "Descriptor") -> "Descriptor":
        """Return it with the type, digest and size of ``content``, which takes its place."""
        others = {key: value for key, value in self.others.items() if key not in _OF_CONTENT}
        return evolve(content, platform=self.platform, others=others)

    def to_oci_json(self) -> dict[str, Json]:
        """Return the JSON members, those of the image-spec first and in its Go type's order."""
        members = self.to_json()
        first = {key: members[key] for key in _OCI_ORDER if key in members}
        return first | members

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations; null is an empty text, as Go reads it. Empty if there are none."""
        found: Mapping[str, str] = self.others.get("annotations") or {}
        if None in found.values():
            return {key: value or "" for key, value in found.items()}
        return found

    @property
    def urls(self) -> tuple[str, ...]:
        """Other locations of the bytes; never followed (CVE-2020-15157)."""
        return tuple(self.others.get("urls") or ())


def _text(document: JsonObject, key: str, subject: str) -> str:
    value = document.get(key)
    if not isinstance(value, str) or not value:
        raise DocumentError(f"{subject}.{key}", "missing or not a string")
    return value


def _digest(document: JsonObject, subject: str) -> Digest:
    try:
        return Digest.parse_any(_text(document, "digest", subject))
    except InvalidDigestError as error:
        raise DocumentError(f"{subject}.digest", str(error)) from error


def _size(document: JsonObject, subject: str) -> int:
    size = document.get("size")
    if type(size) is not int or not 0 <= size < _SIZE_LIMIT:
        raise DocumentError(f"{subject}.size", "missing or no size in bytes")
    return size


def _platform(document: JsonObject, subject: str) -> Platform | None:
    platform = document.get("platform")
    if platform is None:
        return None
    if not isinstance(platform, dict):
        raise DocumentError(f"{subject}.platform", "not an object")
    return Platform.from_json(platform, f"{subject}.platform")


def _check_others(document: JsonObject, subject: str) -> None:
    for key in ("data", "artifactType"):
        if not isinstance(document.get(key), str | None):
            raise DocumentError(f"{subject}.{key}", "not a string")
    annotations, urls = document.get("annotations"), document.get("urls")
    texts = (annotations or {}).values() if isinstance(annotations, dict | None) else (0,)
    if not all(isinstance(value, str | None) for value in texts):
        raise DocumentError(f"{subject}.annotations", "not an object of strings")
    if not isinstance(urls, list | None) or not _all_texts(urls or []):
        raise DocumentError(f"{subject}.urls", "not a list of strings")


def _all_texts(values: Json) -> bool:
    return all(isinstance(value, str) for value in values)
