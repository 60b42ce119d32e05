"""Sources as ``docker buildx imagetools create`` takes them.

A source is a digest, a reference, or the JSON of a descriptor (``commands/imagetools``); layouts
are written ``oci-layout://DIR[:TAG][@DIGEST]`` (``util/ocilayout``). What a descriptor says of its
image replaces what is found (docs/reference/buildx_imagetools_create.md, "--file").
"""

from manyfest.domain.annotations import Annotations
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import JsonObject, parse_object
from manyfest.domain.errors import DocumentError, InvalidDigestError
from manyfest.domain.media_types import LISTS
from manyfest.domain.platforms import Platform
from manyfest.domain.references import LAYOUT_SCHEME, Home, Reference
from manyfest.domain.specs.list_spec import EntrySpec
from manyfest.domain.values import frozen

_LAYOUT = "oci-layout://"
_DEFAULT_TAG = "latest"
_ANY = "any"  # in place of a media type that is not stated


@frozen
class DescribedSource:
    """A source without a repository: its digest, and what else a descriptor says of it."""

    digest: Digest
    size: int = 0
    media_type: str = ""
    platform: Platform = Platform()
    annotations: Annotations = ()
    artifact_type: str = ""

    def entry(self, home: Home, written: str) -> EntrySpec:
        """Return the entry for the image in ``home``."""
        return EntrySpec(
            written,
            Reference(home, None, self.digest),
            self.platform,
            self.annotations,
            self.size,
            self.media_type,
            self.artifact_type,
            is_amendment=self != DescribedSource(self.digest),
        )


def parse_source(text: str, subject: str) -> DescribedSource | str:
    """Parse a source; one that is neither digest nor descriptor is the text of a reference.

    ``subject`` names it in errors. Raises DocumentError: JSON that is no descriptor;
    InvalidDigestError.
    """
    if text.startswith("{"):
        return _described(parse_object(text.encode(), subject), subject)
    if text.startswith("sha256:"):
        return DescribedSource(Digest.parse(text))
    return reference_text(text)


def reference_text(text: str) -> str:
    """Return ``text``, but buildx's form of a layout in ours; its default tag is ``latest``."""
    if not text.startswith(_LAYOUT):
        return text
    place = text.removeprefix(_LAYOUT)
    named, at, digest = place.rpartition("@")
    has_digest = bool(at) and ":" in digest and "/" not in digest
    has_tag = ":" in (named if has_digest else place).rpartition("/")[2]
    return f"{LAYOUT_SCHEME}{place}{'' if has_digest or has_tag else f':{_DEFAULT_TAG}'}"


def _described(document: JsonObject, subject: str) -> DescribedSource:
    digest = document.get("digest")
    if not isinstance(digest, str) or not digest:
        kind = "a manifest" if "schemaVersion" in document else "JSON"
        raise DocumentError(
            subject, f"{kind} without a digest, and not a descriptor; give a reference instead"
        )
    try:
        Digest.parse(digest)
    except InvalidDigestError as error:
        raise DocumentError(f"{subject}.digest", str(error)) from error
    members = {key: value for key, value in document.items() if value is not None}
    stated = Descriptor.from_json({"size": 0, "mediaType": _ANY, **members}, subject)
    media_type = "" if stated.media_type == _ANY else stated.media_type
    if media_type in LISTS:
        return DescribedSource(stated.digest, stated.size, media_type)
    return DescribedSource(
        stated.digest,
        stated.size,
        media_type,
        stated.platform or Platform(),
        tuple(stated.annotations.items()),
        stated.others.get("artifactType") or "",
    )
