"""Specs: lists as a person declares them, whole, with what is said of each image.

The members are manifest-tool's (``pkg/types/input.go``), the templates those of its ``from-args``.
"""

from collections.abc import Callable, Sequence

from attrs import field, frozen

from manyfest.domain.annotations import Annotations
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.drafts.source_entries import EVERYTHING, ListSelection
from manyfest.domain.errors import UnsupportedPlatformError
from manyfest.domain.lists.platform_normalisation import is_supported
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference


@frozen
class EntrySpec:
    """An image or list to be listed: ``written`` is how it is called, ``source`` where it stands.

    ``platform`` is laid over what the image says; empty members leave that alone.
    """

    written: str
    source: Reference
    platform: Platform = field(factory=Platform)
    annotations: Annotations = ()

    @property
    def overrides(self) -> Overrides:
        """What is said of the image; features replace those found, as in manifest-tool."""
        said = self.platform
        return Overrides(
            os=said.os,
            architecture=said.architecture,
            variant=said.variant,
            os_version=said.os_version,
            os_features=said.os_features,
            annotations=self.annotations,
            unset=("os-features",) if said.os_features else (),
        )

    @property
    def selection(self) -> ListSelection:
        """What is taken of a list: the platform that is named, with its attestations, or all."""
        return ListSelection(platforms=(self.platform,)) if self.platform.os else EVERYTHING


@frozen
class ListSpec:
    """A list to be published as ``target`` and under ``more_tags``, its entries in their order."""

    written: str
    target: Reference
    entries: tuple[EntrySpec, ...]
    more_tags: tuple[Reference, ...] = ()
    annotations: Annotations = ()
    list_type: ListType = ListType.AUTO


def entries_from_template(
    template: str, platforms: Sequence[Platform], reference: Callable[[str], Reference]
) -> tuple[EntrySpec, ...]:
    """An entry for each platform: the first ``ARCH``, ``OS`` and ``VARIANT`` stand for its parts.

    ``reference`` reads what then is the image's name. Raises UnsupportedPlatformError,
    InvalidReferenceError.
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
