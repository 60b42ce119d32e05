"""Annotations of descriptors and lists: merging, setting and removing them."""

from collections.abc import Collection, Mapping, Sequence

from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import UnknownMemberError

# Prefix of an annotation in ``unset``: ``annotation:org.opencontainers.image.url``.
ANNOTATION = "annotation:"

# Podman can list an image twice, with its layers compressed in two ways, and marks the zstd entry
# with this annotation (containers/image, "manifest.Instances").
ZSTD_MARK = "io.github.containers.compression.zstd"

Annotations = tuple[tuple[str, str], ...]


def malformed_annotation(annotations: Json) -> str | None:
    """Return the path of the first one that is not a string, such as ``annotations.k``; else None.

    Every Go reader refuses a whole document for it. Null is no annotations, or an empty text.
    """
    if annotations is None:
        return None
    if not isinstance(annotations, dict):
        return "annotations"
    wrong = (key for key, value in annotations.items() if not isinstance(value, str | None))
    return next((f"annotations.{key}" for key in wrong), None)


def check_unset(names: Sequence[str], members: Collection[str]) -> None:
    """Raise UnknownMemberError unless all are ``members`` or annotations."""
    for name in names:
        if name not in members and not name.startswith(ANNOTATION):
            raise UnknownMemberError(name, (*members, f"{ANNOTATION}KEY"))


def merged_annotations(first: Annotations, second: Annotations) -> Annotations:
    """Merge both, sorted by key, each key once; ``second`` wins."""
    return tuple(sorted((dict(first) | dict(second)).items()))


def without_annotations(annotations: Annotations, unset: Sequence[str]) -> Annotations:
    """Return the annotations whose keys ``unset`` does not name."""
    return tuple((key, value) for key, value in annotations if ANNOTATION + key not in unset)


def with_annotations(
    members: JsonObject, annotations: Annotations, unset: Sequence[str]
) -> Mapping[str, Json]:
    """Return the JSON ``members`` with annotations removed, then set.

    Members keep their order. An ``annotations`` member that becomes empty is removed. One that is
    not an object counts as empty, and is replaced only if there are annotations to set.
    """
    found = members.get("annotations")
    found = found if isinstance(found, dict) else {}
    merged = dict(without_annotations(tuple(found.items()), unset)) | dict(annotations)
    if merged == found:
        return members
    changed = {key: value for key, value in members.items() if key != "annotations" or merged}
    return changed | ({"annotations": merged} if merged else {})
