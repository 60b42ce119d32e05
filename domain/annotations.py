"""Annotations of descriptors and lists: laying some over those found, and taking some away."""

from collections.abc import Collection, Mapping, Sequence

from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import UnknownMemberError

# How a member that can be taken away is named: ``annotation:org.opencontainers.image.url``.
ANNOTATION = "annotation:"

# Podman lists an image twice, its layers compressed in two ways, and marks the second
# (containers/image, "manifest.Instances").
ZSTD_MARK = "io.github.containers.compression.zstd"

Annotations = tuple[tuple[str, str], ...]


def check_unset(names: Sequence[str], members: Collection[str]) -> None:
    """Raises UnknownMemberError for a name that is none of ``members`` and no annotation's."""
    for name in names:
        if name not in members and not name.startswith(ANNOTATION):
            raise UnknownMemberError(name, (*members, f"{ANNOTATION}KEY"))


def merged_annotations(first: Annotations, second: Annotations) -> Annotations:
    """Both, each key once and by key; ``second`` wins."""
    return tuple(sorted((dict(first) | dict(second)).items()))


def without_annotations(annotations: Annotations, unset: Sequence[str]) -> Annotations:
    """Those whose key no name in ``unset`` takes away."""
    return tuple((key, value) for key, value in annotations if ANNOTATION + key not in unset)


def with_annotations(
    members: JsonObject, annotations: Annotations, unset: Sequence[str]
) -> Mapping[str, Json]:
    """JSON ``members``, where ``annotations`` are as wished: first taken away, then laid over.

    Members keep their places; annotations that nothing is left of go. What is no object has none,
    and stays as it is until there are others.
    """
    found = members.get("annotations")
    found = found if isinstance(found, dict) else {}
    wished = dict(without_annotations(tuple(found.items()), unset)) | dict(annotations)
    if wished == found:
        return members
    changed = {key: value for key, value in members.items() if key != "annotations" or wished}
    return changed | ({"annotations": wished} if wished else {})
