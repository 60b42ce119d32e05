"""Rules about one document alone: its own members, and the descriptors in it."""

import binascii
from collections.abc import Iterator

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import DocumentError
from manyfest.domain.manifests import Manifest, malformed_member
from manyfest.domain.media_types import is_media_type
from manyfest.domain.verification.findings import Finding, finding

# The rules of a list's or image's own members that Go readers cannot parse.
_OWN_MEMBERS = {"annotations": "invalid-annotations", "artifactType": "invalid-artifact-type"}

# A path in the document, such as ``layers[2]``, and the descriptor there.
Place = tuple[str, Descriptor]


def readable_descriptors(manifest: Manifest, *members: str) -> tuple[Place, ...]:
    """Return the descriptors in these ``members`` that can be parsed, with their paths."""
    found = []
    for path, value in _descriptors(manifest.document, members):
        parsed = _parsed(path, value)
        if isinstance(parsed, Descriptor):
            found.append((path, parsed))
    return tuple(found)


def document_findings(manifest: Manifest) -> Iterator[Finding]:
    """Yield the findings about a list or image that its own bytes show.

    There are no rules for manifests of unknown types.
    """
    if not (manifest.is_list or manifest.is_image):
        return
    if fault := malformed_member(manifest.document):
        path, reason = fault
        rule = _OWN_MEMBERS.get(path.partition(".")[0], "invalid-descriptor")
        yield finding(rule, path, reason)
    yield from _artifact_type("artifactType", manifest.document.get("artifactType"))
    members = ("manifests",) if manifest.is_list else ("config", "layers")
    for path, value in _descriptors(manifest.document, (*members, "subject")):
        parsed = _parsed(path, value)
        if isinstance(parsed, Descriptor):
            yield from _descriptor_findings(path, parsed)
        elif path != "subject":  # already among the own members
            yield finding("invalid-descriptor", parsed.subject, parsed.reason)


def _descriptors(document: JsonObject, members: tuple[str, ...]) -> Iterator[tuple[str, Json]]:
    for member in members:
        value = document.get(member)
        if isinstance(value, list):
            yield from ((f"{member}[{position}]", each) for position, each in enumerate(value))
        elif value is not None or member == "config":
            yield member, value


def _parsed(path: str, value: Json) -> Descriptor | DocumentError:
    try:
        return Descriptor.from_json(value, path)
    except DocumentError as error:
        return error


def _descriptor_findings(path: str, descriptor: Descriptor) -> Iterator[Finding]:
    if not is_media_type(descriptor.media_type):
        message = f"{descriptor.media_type!r} is not a media type (RFC 6838)"
        yield finding("invalid-media-type", f"{path}.mediaType", message)
    features = descriptor.platform.others.get("features") if descriptor.platform else None
    if not _is_texts(features):
        message = "not a list of texts, and registries that read Docker's lists refuse it"
        yield finding("invalid-descriptor", f"{path}.platform.features", message)
    yield from _artifact_type(f"{path}.artifactType", descriptor.others.get("artifactType"))
    data = descriptor.others.get("data")
    if data and (fault := _data_fault(data, descriptor)):
        yield finding("wrong-data", f"{path}.data", fault)


def _is_texts(value: Json) -> bool:
    """Whether it is a list of texts, or null, which Go reads as none."""
    return value is None or (
        isinstance(value, list) and all(isinstance(each, str) for each in value)
    )


def _artifact_type(path: str, value: Json) -> Iterator[Finding]:
    if isinstance(value, str) and value and not is_media_type(value):
        message = f"{value!r} is not a media type (RFC 6838)"
        yield finding("invalid-artifact-type", path, message)


def _data_fault(data: str, descriptor: Descriptor) -> str:
    """Return the fault of embedded content, or empty (image-spec, descriptor.md, ``data``)."""
    try:
        content = binascii.a2b_base64(_without_line_ends(data), strict_mode=True)
    except ValueError:  # binascii.Error, and text that is not ASCII
        return "not base64"
    if len(content) != descriptor.size:
        return f"{len(content)} bytes are embedded, and the size is {descriptor.size}"
    digest = descriptor.digest
    if digest.is_verifiable and Digest.of(content, digest.algorithm) != digest:
        return f"the embedded content is not {digest}"
    return ""


def _without_line_ends(data: str) -> str:
    """Drop what Go's decoder ignores."""
    return data.replace("\r", "").replace("\n", "")
