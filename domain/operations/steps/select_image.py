"""Find one image in a list or draft: that of a platform, or the only one."""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.list_assembly import ordered_entries
from manyfest.domain.errors import SeveralImagesError
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.platform_selection import require_platform, select_entry
from manyfest.domain.manifests import require_match
from manyfest.domain.media_types import LISTS
from manyfest.domain.operations.resolve import Resolved, with_config
from manyfest.domain.operations.steps.tree import NESTING_LIMIT, nested_too_deep
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference


def locate_image(
    found: Resolved, wanted: Platform | None, registry: Registry, level: int = 0
) -> Reference:
    """Return the reference, by digest, of the image for ``wanted`` that ``found`` is or lists.

    Without ``wanted`` it is the only image. An image by itself must be of that platform, by its
    config. Raises what reading raises; NoSuchPlatformError, AmbiguousEntryError; InputError: there
    are several images; DocumentError: lists are nested too deep.
    """
    subject = str(found.reference)
    if not found.manifest.is_list:
        if wanted is not None:
            require_platform([wanted], with_config(found, registry).platform, subject)
        return found.reference.at(found.manifest.digest)
    entry = _selected(found.manifest.entries, wanted, subject)
    place = found.reference.at(entry.digest)
    if entry.media_type not in LISTS:
        return place
    if level == NESTING_LIMIT:
        raise nested_too_deep(subject)
    inner = require_match(registry.get_manifest(place), entry, str(place))
    return locate_image(Resolved(place, inner), wanted, registry, level + 1)


def locate_in_draft(draft: Draft, wanted: Platform | None) -> Reference:
    """Return the reference, by digest, of the entry for ``wanted``, or of the only image.

    Raises NoSuchPlatformError, AmbiguousEntryError, SeveralImagesError.
    """
    entries = ordered_entries(draft)
    listed = [entry.descriptor for entry in entries]
    return entries[listed.index(_selected(listed, wanted, str(draft.name)))].content


def _selected(entries: Sequence[Descriptor], wanted: Platform | None, subject: str) -> Descriptor:
    if wanted is not None:
        return select_entry(entries, wanted, subject)
    images = without_attestations(entries)
    if len(images) == 1:
        return images[0]
    platforms = dict.fromkeys(str(each.platform) for each in images if each.platform)
    raise SeveralImagesError(subject, len(images), tuple(platforms))
