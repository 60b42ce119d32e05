"""Overrides: changes that a user makes to an entry, or to the list itself.

First ``unset`` removes, then the other fields set or add. Empty fields change nothing.
"""

from collections.abc import Mapping
from typing import Any

from attr import evolve, field

from manyfest.domain.annotations import (
    Annotations,
    check_unset,
    merged_annotations,
    with_annotations,
    without_annotations,
)
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import InvalidMediaTypeError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import is_media_type
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

# Fields of an entry that can be unset, by their names on the command line, and their values then.
# Operating system and architecture cannot be unset, because a list needs them.
_CLEARED: dict[str, dict[str, Any]] = {
    "variant": {"variant": ""},
    "os-version": {"os_version": ""},
    "os-features": {"os_features": ()},
}

# The structure of a list, which is always authored and never copied.
_STRUCTURE = frozenset({"schemaVersion", "mediaType", "manifests"})

# Fields of the list that can be unset, by their names on the command line: ours, and the JSON's.
_CLEARED_FROM_INDEX: dict[str, tuple[dict[str, Any], str]] = {
    "artifact-type": ({"artifact_type": ""}, "artifactType"),
    "subject": ({"subject": None}, "subject"),
}


@frozen
class Overrides:
    """Overrides of an entry's descriptor.

    As in docker, an empty text changes nothing, and ``os_features`` are added to those found.
    ``unset`` names members to remove first: ``variant``, ``os-version``, ``os-features``,
    ``annotation:KEY``. Raises UnknownMemberError for any other name. ``converted`` describes what
    takes the place of the content that was found: the same image with other media types.
    """

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()
    annotations: Annotations = ()
    unset: tuple[str, ...] = field(default=())
    converted: Descriptor | None = None

    @unset.validator
    def _check_unset(self, _attribute: object, names: tuple[str, ...]) -> None:
        check_unset(names, _CLEARED)

    def applied_to(self, found: Descriptor) -> Descriptor:
        """Return ``found`` with these members replaced; all others are kept."""
        if self is NO_OVERRIDES or self == NO_OVERRIDES:
            return found
        if self.converted is not None:
            found = found.replaced_by(self.converted)
        platform = self._override_platform(found.platform or Platform())
        return evolve(
            found,
            platform=found.platform if platform == Platform() else platform,
            others=with_annotations(found.others, self.annotations, self.unset),
        )

    def followed_by(self, later: "Overrides") -> "Overrides":
        """Combine both: ``later`` wins, features and annotations add up."""
        kept = self._without(later.unset)
        return Overrides(
            os=later.os or kept.os,
            architecture=later.architecture or kept.architecture,
            variant=later.variant or kept.variant,
            os_version=later.os_version or kept.os_version,
            os_features=_merged(kept.os_features, later.os_features),
            annotations=merged_annotations(kept.annotations, later.annotations),
            unset=_merged(kept.unset, later.unset),
            converted=later.converted or kept.converted,
        )

    def _override_platform(self, platform: Platform) -> Platform:
        bare = evolve(platform, **_cleared_fields(self.unset))
        return evolve(
            bare,
            os=self.os or bare.os,
            architecture=self.architecture or bare.architecture,
            variant=self.variant or bare.variant,
            os_version=self.os_version or bare.os_version,
            os_features=_added(bare.os_features, self.os_features),
        )

    def _without(self, unset: tuple[str, ...]) -> "Overrides":
        annotations = without_annotations(self.annotations, unset)
        return evolve(self, annotations=annotations, **_cleared_fields(unset))


NO_OVERRIDES = Overrides()  # nearly all entries have none


@frozen
class IndexOverrides:
    """Overrides of the list's own fields: artifact type, subject, annotations.

    Only an OCI index can have these (image-spec, image-index.md). ``unset`` names fields to remove
    first: ``artifact-type``, ``subject``, ``annotation:KEY``. Raises UnknownMemberError for any
    other name.
    """

    artifact_type: str = ""
    subject: Descriptor | None = None
    annotations: Annotations = ()
    unset: tuple[str, ...] = field(default=())

    @unset.validator
    def _check_unset(self, _attribute: object, names: tuple[str, ...]) -> None:
        check_unset(names, _CLEARED_FROM_INDEX)

    def check_artifact_type(self) -> None:
        """Raise InvalidMediaTypeError if the artifact type is not one of RFC 6838."""
        if self.artifact_type and not is_media_type(self.artifact_type):
            raise InvalidMediaTypeError(self.artifact_type)

    def applied_to(self, found: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return the list's own fields, as they are written."""
        gone = {_CLEARED_FROM_INDEX[name][1] for name in self.unset if name in _CLEARED_FROM_INDEX}
        members = {key: value for key, value in found.items() if key not in gone}
        if self.artifact_type:
            members["artifactType"] = self.artifact_type
        if self.subject is not None:
            members["subject"] = self.subject.to_json()
        return with_annotations(members, self.annotations, self.unset)

    def followed_by(self, later: "IndexOverrides") -> "IndexOverrides":
        """Combine both: ``later`` wins, annotations add up."""
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
            emptied |= _CLEARED_FROM_INDEX.get(name, ({}, ""))[0]
        return evolve(self, annotations=without_annotations(self.annotations, unset), **emptied)


def index_fields(manifest: Manifest) -> Mapping[str, Json]:
    """Return a list's own fields, unknown ones too, verbatim and in order."""
    return {key: value for key, value in manifest.document.items() if key not in _STRUCTURE}


def _cleared_fields(unset: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for name in unset for key, value in _CLEARED.get(name, {}).items()}


def _merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


def _added(found: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Append what is missing; ``found`` is kept, its duplicates too."""
    return found + tuple(each for each in dict.fromkeys(more) if each not in found)
