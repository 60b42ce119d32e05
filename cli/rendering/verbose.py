"""``inspect -v``: an image's details in docker's form (``cli/manifest/types``, ImageManifest)."""

import base64
import json
from collections.abc import Sequence

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.canonical_json import go_escaped, indented
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.views.inspect import Detail

# Under which member the manifest stands. Docker has the first two and fails on lists in lists.
_MEMBERS = {
    media_types.DOCKER_MANIFEST: "SchemaV2Manifest",
    media_types.OCI_MANIFEST: "OCIManifest",
    media_types.DOCKER_LIST: "ManifestList",
    media_types.OCI_INDEX: "OCIIndex",
}

# The order of the members of Go's ocispec.Descriptor.
_DESCRIPTOR_ORDER = (
    *("mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType"),
)


def detail_text(detail: Detail) -> str:
    """One image's details: what docker prints for an image, or for an entry of a draft."""
    return indented(_compact(detail), "\t")


def details_text(details: Sequence[Detail]) -> str:
    """Several images' details as an array: what docker prints for a list, even of one entry."""
    return indented(f"[{','.join(map(_compact, details))}]", "\t")


def _compact(detail: Detail) -> str:
    manifest = detail.found.manifest
    raw = base64.b64encode(manifest.data).decode()
    members = {
        "Ref": _json(str(detail.reference)),
        "Descriptor": _json(_ordered(detail.descriptor)),
        "Raw": _json(raw),
        _MEMBERS[manifest.media_type]: go_escaped(manifest.data.decode().strip()),
    }
    return "{" + ",".join(f"{_json(key)}:{text}" for key, text in members.items()) + "}"


def _ordered(descriptor: Descriptor) -> dict[str, Json]:
    members = descriptor.to_json()
    first = {key: members[key] for key in _DESCRIPTOR_ORDER if key in members}
    return first | members


def _json(value: Json) -> str:
    return go_escaped(json.dumps(value, ensure_ascii=False))
