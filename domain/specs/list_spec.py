"""Specs: lists that a user declares, with platforms and annotations.

The members are manifest-tool's (``pkg/types/input.go``), and the templates those of its
``from-args``.
"""

from collections.abc import Callable, Iterable, Sequence

from attr import evolve, field

from manyfest.domain.annotations import Annotations
from manyfest.domain.drafts.draft import ListForm, ListType
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.drafts.source_entries import EVERYTHING, ListSelection
from manyfest.domain.errors import UnsupportedPlatformError
from manyfest.domain.lists.platform_normalisation import is_supported
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.specs.annotation_levels import LeveledAnnotation
from manyfest.domain.values import frozen


@frozen
class EntrySpec:
    """An image or list to include; ``written`` is its text, parsed ``source``.

    ``platform`` overrides that of the image; empty members change nothing. ``size``,
    ``media_type`` and ``artifact_type`` are what a descriptor says of the source; empty if it does
    not. An amendment
    changes the entries of this image that other sources give, and is one itself if there are none.
    """

    written: str
    source: Reference
    platform: Platform = field(factory=Platform)
    annotations: Annotations = ()
    size: int = 0
    media_type: str = ""
    artifact_type: str = ""
    is_amendment: bool = False

    @property
    def overrides(self) -> Overrides:
        """The overrides; features replace those found, as in manifest-tool."""
        platform = self.platform
        return Overrides(
            os=platform.os,
            architecture=platform.architecture,
            variant=platform.variant,
            os_version=platform.os_version,
            os_features=platform.os_features,
            annotations=self.annotations,
            unset=("os-features",) if platform.os_features else (),
        )

    @property
    def selection(self) -> ListSelection:
        """The selection from a list: the named platform with attestations, or all.

        Features do not select, because those of a spec replace the ones that are found.
        """
        wanted = evolve(self.platform, os_features=())
        return ListSelection(platforms=(wanted,)) if wanted.os else EVERYTHING

    def check(self, manifest: Manifest) -> None:
        """Check that the source is what the descriptor says.

        Raises SizeMismatchError, DocumentError: another media type.
        """
        stated = evolve(
            manifest.descriptor(),
            size=self.size or manifest.size,
            media_type=self.media_type or manifest.media_type,
        )
        require_match(manifest, stated, self.written)


@frozen
class ListSpec:
    """A list to publish as ``target`` and under ``more_tags``; order counts.

    With ``is_untagged`` it is published by digest alone, in the homes of these. ``annotations`` are
    those of the list, ``entry_annotations`` those of its entries. Only the entries for
    ``platforms`` are taken, if there are any, and it must have exactly the ``expected_platforms``,
    if there are any. ``is_appended``: the target is one of the sources, and must still be what was
    read when it is replaced. ``convert`` makes all of it one family.
    """

    written: str
    target: Reference
    entries: tuple[EntrySpec, ...]
    more_tags: tuple[Reference, ...] = ()
    annotations: Annotations = ()
    list_type: ListType = ListType.AUTO
    entry_annotations: tuple[LeveledAnnotation, ...] = ()
    expected_platforms: tuple[Platform, ...] = ()
    convert: Family | None = None
    platforms: tuple[Platform, ...] = ()
    form: ListForm = ListForm.DOCKER
    is_appended: bool = False
    is_untagged: bool = False

    @property
    def targets(self) -> tuple[Reference, ...]:
        """The names to publish as, each once."""
        return tuple(dict.fromkeys((self.target, *self.more_tags)))

    def annotated(self, annotations: Iterable[LeveledAnnotation]) -> "ListSpec":
        """Return the list with ``annotations``, by their level its own or those of its entries."""
        given = tuple(annotations)
        return evolve(
            self,
            annotations=tuple((a.key, a.value) for a in given if not a.is_of_entries),
            entry_annotations=tuple(a for a in given if a.is_of_entries),
        )

    def of_type(self, list_type: ListType) -> "ListSpec":
        """Return the list with ``list_type``, unless it states one."""
        return evolve(self, list_type=list_type) if self.list_type is ListType.AUTO else self


def sources_of(specs: Sequence[ListSpec]) -> tuple[Reference, ...]:
    """Return the sources of all ``specs``, each once."""
    return tuple(dict.fromkeys(entry.source for spec in specs for entry in spec.entries))


def entries_from_template(
    template: str, platforms: Sequence[Platform], reference: Callable[[str], Reference]
) -> tuple[EntrySpec, ...]:
    """Return an entry for each platform, with its parts put into ``template``.

    The first ``ARCH``, ``OS`` and ``VARIANT`` are replaced. ``reference`` parses the result. Raises
    UnsupportedPlatformError, InvalidReferenceError.
    """
    return tuple(_from_template(template, platform, reference) for platform in platforms)


def _from_template(
    template: str, platform: Platform, reference: Callable[[str], Reference]
) -> EntrySpec:
    if not is_supported(platform.os, platform.architecture):
        raise UnsupportedPlatformError(platform.os, platform.architecture)
    parts = {"ARCH": platform.architecture, "OS": platform.os, "VARIANT": platform.variant}
    written = template
    for placeholder, part in parts.items():
        written = written.replace(placeholder, part, 1)
    return EntrySpec(written, reference(written), platform)
