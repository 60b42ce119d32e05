"""A manifest or a list as ``inspect`` shows it, alone or (``-v``) with details.

The details have docker's form (``cli/manifest/types``, ImageManifest).
"""

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from manyfest.domain import media_types
from manyfest.domain.encoding.canonical_json import LIST_INDENT, go_escaped, indented
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest

if TYPE_CHECKING:  # an operation that only -v needs
    from manyfest.domain.operations.views.details import Detail

# The member of ``inspect -v`` that has the manifest, by media type. Docker prints the first two,
# and fails on an entry that is itself a list.
_MEMBERS = {
    media_types.DOCKER_MANIFEST: "SchemaV2Manifest",
    media_types.OCI_MANIFEST: "OCIManifest",
    media_types.DOCKER_LIST: "ManifestList",
    media_types.OCI_INDEX: "OCIIndex",
}


def document_text(manifest: Manifest) -> str:
    """Return the document with docker's indents: 3 spaces in lists, else tabs.

    Nothing is dropped, moved or rewritten. A list that docker or we authored comes out as its own
    bytes.
    """
    return indented(manifest.data.decode(), LIST_INDENT if manifest.is_list else "\t")


def entry_text(manifest: Manifest) -> str:
    """Return the document of a draft's entry, as docker shows it.

    Docker's drafts have no outer white space, and escape the characters that Go escapes.
    """
    return go_escaped(document_text(manifest).strip())


def detail_text(detail: "Detail") -> str:
    """Return one image's details: docker's output for an image, or a draft's entry."""
    return indented(_compact(detail), "\t")


def details_text(details: "Iterable[Detail]") -> Iterator[str]:
    """Yield an array of details in pieces: docker's output for a list, even of one entry."""
    start, end = "[", "[]"
    for detail in details:
        yield start + indented(f"[{_compact(detail)}]", "\t")[1:-2]
        start, end = ",", "\n]"
    yield end


def _compact(detail: "Detail") -> str:
    import base64  # only needed with -v

    members = {
        "Ref": _json(str(detail.reference)),
        "Descriptor": _json(detail.descriptor.to_oci_json()),
    }
    if detail.found is not None:
        manifest = detail.found.manifest
        members["Raw"] = _json(base64.b64encode(manifest.data).decode())
        member = _MEMBERS.get(manifest.media_type, "Manifest")
        members[member] = go_escaped(manifest.data.decode().strip())
    return "{" + ",".join(f"{_json(key)}:{text}" for key, text in members.items()) + "}"


def _json(value: Json) -> str:
    return go_escaped(json.dumps(value, ensure_ascii=False))
