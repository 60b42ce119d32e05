"""What a list says of itself, beside its entries: type, subject, annotations, members nobody knows.

Only an OCI index can carry these (image-spec, image-index.md).
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from manyfest.domain.annotations import (
    Annotations,
    check_unset,
    merged_annotations,
    with_annotations,
    without_annotations,
)
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.manifests import Manifest

# What makes a list, and is authored anew.
_STRUCTURE = frozenset({"schemaVersion", "mediaType", "manifests"})

# What can be taken away, by its name on the command line: our member, and the JSON's.
_EMPTIED: dict[str, tuple[dict[str, Any], str]] = {
    "artifact-type": ({"artifact_type": ""}, "artifactType"),
    "subject": ({"subject": None}, "subject"),
}


def index_fields(manifest: Manifest) -> Mapping[str, Json]:
    """What a list says of itself, verbatim, in its order."""
    return {key: value for key, value in manifest.document.items() if key not in _STRUCTURE}


@frozen
class IndexOverrides:
    """What a person says of the list itself, over what was found; empty members change nothing.

    ``unset`` names what is taken away before anything is laid over: ``artifact-type``, ``subject``,
    ``annotation:KEY``. Raises UnknownMemberError for any other name.
    """

    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: Annotations = ()
    unset: tuple[str, ...] = field(default=())

    @unset.validator
    def _check_unset(self, _attribute: object, names: tuple[str, ...]) -> None:
        check_unset(names, _EMPTIED)

    def applied_to(self, found: Mapping[str, Json]) -> Mapping[str, Json]:
        """The list's own members, as they will be written."""
        gone = {_EMPTIED[name][1] for name in self.unset if name in _EMPTIED}
        members = {key: value for key, value in found.items() if key not in gone}
        if self.artifact_type:
            members["artifactType"] = self.artifact_type
        if self.subject is not None:
            members["subject"] = self.subject.to_json()
        return with_annotations(members, self.annotations, self.unset)

    def followed_by(self, later: "IndexOverrides") -> "IndexOverrides":
        """Both, where ``later`` wins; annotations add up."""
        kept = self._without(later.unset)
        return IndexOverrides(
            artifact_type=later.artifact_type or kept.artifact_type,
            subject=later.subject or kept.subject,
            annotations=merged_annotations(kept.annotations, later.annotations),
            unset=tuple(dict.fromkeys(kept.unset + later.unset)),
        )

    def _without(self, unset: tuple[str, ...]) -> "IndexOverrides":
        emptied: dict[str, Any] = {}
        for name in unset:
            emptied |= _EMPTIED.get(name, ({}, ""))[0]
        return evolve(self, annotations=without_annotations(self.annotations, unset), **emptied)
