"""What a person says about an entry, over what was found: laid over, added to, taken away."""

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
from manyfest.domain.platforms import Platform

# What can be taken away from an entry, by its name on the command line, and what then stands there.
# Operating system and architecture cannot: a list needs them.
_EMPTIED: dict[str, dict[str, Any]] = {
    "variant": {"variant": ""},
    "os-version": {"os_version": ""},
    "os-features": {"os_features": ()},
}


@frozen
class Overrides:
    """What was annotated, beside the facts; empty members change nothing.

    As in docker, an empty text leaves a member alone, and ``os_features`` are added to those found.
    ``unset`` names what is taken away before anything is laid over: ``variant``, ``os-version``,
    ``os-features``, ``annotation:KEY``. Raises UnknownMemberError for any other name.
    """

    os: str = ""
    architecture: str = ""
    variant: str = ""
    os_version: str = ""
    os_features: tuple[str, ...] = ()
    annotations: Annotations = ()
    unset: tuple[str, ...] = field(default=())

    @unset.validator
    def _check_unset(self, _attribute: object, names: tuple[str, ...]) -> None:
        check_unset(names, _EMPTIED)

    def applied_to(self, found: Descriptor) -> Descriptor:
        """``found`` with these members in the place of its own; all others stay as they are."""
        if self == Overrides():
            return found
        platform = self._override_platform(found.platform or Platform())
        return evolve(
            found,
            platform=found.platform if platform == Platform() else platform,
            others=with_annotations(found.others, self.annotations, self.unset),
        )

    def followed_by(self, later: "Overrides") -> "Overrides":
        """Both, where ``later`` wins; features and annotations add up."""
        kept = self._without(later.unset)
        return Overrides(
            os=later.os or kept.os,
            architecture=later.architecture or kept.architecture,
            variant=later.variant or kept.variant,
            os_version=later.os_version or kept.os_version,
            os_features=_merged(kept.os_features, later.os_features),
            annotations=merged_annotations(kept.annotations, later.annotations),
            unset=_merged(kept.unset, later.unset),
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


def _cleared_fields(unset: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for name in unset for key, value in _EMPTIED.get(name, {}).items()}


def _merged(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))


def _added(found: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """``found`` as it is, what stands in it twice included, and of ``more`` what it lacks."""
    return found + tuple(each for each in dict.fromkeys(more) if each not in found)
