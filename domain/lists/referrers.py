"""Referrers: manifests with a subject, such as signatures and SBOMs.

Without the referrers API, they are listed in an index under a tag made of the subject's digest:
the referrers tag schema (distribution-spec, "Unavailable Referrers API").

Digest tags are older: ``sha256-HEX.sig`` has cosign's signatures of that digest, ``.att`` its
attestations and ``.sbom`` an SBOM (cosign, ``specs/SIGNATURE_SPEC.md``). They have no subject.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import DocumentError, InvalidReferenceError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.references import Reference

_HEX_LIMIT = 64  # keeps the tag of a sha512 digest below 128 characters

# The rest of the referrers tag schema, which matters for unregistered algorithms only.
_ALGORITHM_LIMIT = 32
_NO_TAG_CHARACTER = r"[^A-Za-z0-9_.-]"

_TAG = rf"sha(?:256|512)-[0-9a-f]{{{_HEX_LIMIT}}}"

_DIGEST_TAG = r"(?a)(sha(?:256|512))-([0-9a-f]{64,})\.[\w.-]+"
COSIGN_SUFFIXES = (".sig", ".att", ".sbom")


class AttachedMode(Enum):
    """The fate of what is attached to an image that is brought to another repository."""

    LEAVE = "leave"
    TRY = "try"  # a failure is told, and all else is brought
    REQUIRE = "require"


def referrers_tag(subject: Reference) -> Reference:
    """Return the tag that lists referrers of the digest in ``subject``.

    Raises InvalidReferenceError: ``subject`` has no digest.
    """
    digest = subject.digest
    if digest is None:
        raise InvalidReferenceError(str(subject), "referrers are those of a digest")
    tag = f"{digest.algorithm[:_ALGORITHM_LIMIT]}-{digest.hex[:_HEX_LIMIT]}"
    return subject.tagged(re.sub(_NO_TAG_CHARACTER, "-", tag))


def is_referrers_tag(tag: str | None) -> bool:
    """Return True if ``tag`` names a list of referrers, not an image."""
    return tag is not None and re.fullmatch(_TAG, tag) is not None


def short_tag(name: str) -> str:
    """Return the tag in ``name``, which in a layout may be that of an image with its registry."""
    return name.rpartition(":")[2]


def is_digest_tag(tag: str | None) -> bool:
    """Return True if ``tag`` names what is attached to a digest, not an image."""
    return tag is not None and re.fullmatch(_DIGEST_TAG, short_tag(tag)) is not None


def digest_tags(tags: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the digest tags among ``tags``, whatever their suffix, by the text of the digest."""
    found: dict[str, list[str]] = defaultdict(list)
    for tag in tags:
        if match := re.fullmatch(_DIGEST_TAG, short_tag(tag)):
            found[f"{match[1]}:{match[2]}"].append(tag)
    return {digest: tuple(sorted(names)) for digest, names in found.items()}


def cosign_tags(digest: Digest) -> tuple[str, ...]:
    """Return the digest tags that cosign may have made for ``digest``."""
    return tuple(f"{digest.algorithm}-{digest.hex}{suffix}" for suffix in COSIGN_SUFFIXES)


def supersedes(newer: Manifest, older: Manifest) -> bool:
    """Return True if ``newer`` has all that ``older``, under the same digest tag, attaches.

    cosign adds a signature as a further layer, which differs in its annotations at least.
    """
    return all(layer in newer.layers for layer in older.layers) and all(
        entry in newer.entries for entry in older.entries
    )


def referrer_descriptor(referrer: Manifest) -> Descriptor:
    """Return the descriptor that lists ``referrer``.

    It has the annotations and the artifact type: ``artifactType``, or the media type of the config
    (distribution-spec, "Listing Referrers"). Raises DocumentError.
    """
    others: dict[str, Json] = {}
    if artifact_type := _artifact_type(referrer):
        others["artifactType"] = artifact_type
    if annotations := referrer.document.get("annotations"):
        others["annotations"] = annotations
    return Descriptor(referrer.media_type, referrer.digest, referrer.size, None, others)


def with_referrer(listed: Manifest | None, referrer: Manifest, tag: Reference) -> Manifest:
    """Return the list ``listed`` under the referrers ``tag`` with ``referrer`` added.

    The result is ``listed`` itself if it has the referrer already. None is an empty list. Other
    members and entries are kept. Raises DocumentError: ``listed`` is not an OCI index, or would be
    larger than 4 MiB.
    """
    if listed is None:
        return _list({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX}, [], referrer)
    if listed.media_type != media_types.OCI_INDEX:
        reason = "the referrers tag is not an OCI index; delete it, so that referrers can be listed"
        raise DocumentError(str(tag), reason)
    if referrer.digest in [entry.digest for entry in listed.entries]:
        return listed
    return _list(listed.document, listed.document.get("manifests") or [], referrer)


def _list(document: JsonObject, entries: list[Json], referrer: Manifest) -> Manifest:
    entries = [*entries, referrer_descriptor(referrer).to_json()]
    data = authored_list(dict(document) | {"manifests": entries})
    if len(data) > SIZE_LIMIT:
        reason = f"the list of referrers would be larger than {SIZE_LIMIT} bytes"
        raise DocumentError(str(referrer.digest), reason)
    return Manifest(media_types.OCI_INDEX, data)


def _artifact_type(referrer: Manifest) -> str:
    stated = referrer.document.get("artifactType")
    if isinstance(stated, str) and stated:
        return stated
    return referrer.config.media_type if referrer.config else ""
