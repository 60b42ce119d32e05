"""Referrers: manifests that name another as their subject, such as signatures and SBOMs.

Where nothing keeps book of them, a list under a tag made of the subject's digest does: the
referrers tag schema (distribution-spec, "Unavailable Referrers API").
"""

import re

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import DocumentError, InvalidReferenceError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.references import Reference

_HEX_LIMIT = 64  # so that no digest makes a tag of more than 128 characters

_TAG = re.compile(rf"sha(?:256|512)-[0-9a-f]{{{_HEX_LIMIT}}}")


def referrers_tag(subject: Reference) -> Reference:
    """Where the referrers of the digest in ``subject`` are listed, if by tag.

    Raises InvalidReferenceError: there is no digest.
    """
    digest = subject.digest
    if digest is None:
        raise InvalidReferenceError(str(subject), "referrers are those of a digest")
    return subject.tagged(f"{digest.algorithm}-{digest.hex[:_HEX_LIMIT]}")


def is_referrers_tag(tag: str | None) -> bool:
    """Whether ``tag`` is such a tag: it names a list of referrers, and no image."""
    return tag is not None and _TAG.fullmatch(tag) is not None


def referrer_descriptor(referrer: Manifest) -> Descriptor:
    """The descriptor that lists ``referrer``: with its annotations and what kind of artifact it is.

    An image says so by its config, where it has no ``artifactType`` (distribution-spec, "Listing
    Referrers"). Raises DocumentError.
    """
    others: dict[str, Json] = {}
    if artifact_type := _artifact_type(referrer):
        others["artifactType"] = artifact_type
    if annotations := referrer.document.get("annotations"):
        others["annotations"] = annotations
    return Descriptor(referrer.media_type, referrer.digest, referrer.size, None, others)


def with_referrer(listed: Manifest | None, referrer: Manifest) -> Manifest:
    """The list ``listed`` with ``referrer`` in it: the same object if it was in it before.

    None is an empty list. Other members and entries stay as they are. Raises DocumentError: it is
    no OCI index, or would be larger than 4 MiB.
    """
    if listed is None:
        return _list({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX}, [], referrer)
    if listed.media_type != media_types.OCI_INDEX:
        raise DocumentError(str(listed.digest), "under a referrers tag, but no OCI index")
    if referrer.digest in [entry.digest for entry in listed.entries]:
        return listed
    return _list(listed.document, listed.document.get("manifests") or [], referrer)


def _list(document: JsonObject, entries: list[Json], referrer: Manifest) -> Manifest:
    entries = [*entries, referrer_descriptor(referrer).to_json()]
    data = authored_list(dict(document) | {"manifests": entries})
    if len(data) > SIZE_LIMIT:
        reason = f"no list of referrers has room for it in {SIZE_LIMIT} bytes"
        raise DocumentError(str(referrer.digest), reason)
    return Manifest(media_types.OCI_INDEX, data)


def _artifact_type(referrer: Manifest) -> str:
    stated = referrer.document.get("artifactType")
    if isinstance(stated, str) and stated:
        return stated
    return referrer.config.media_type if referrer.config else ""
