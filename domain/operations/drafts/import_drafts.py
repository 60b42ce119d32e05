"""Import a draft of another program, ready to be pushed."""

from collections.abc import Sequence

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.errors import ConflictError, InvalidReferenceError
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class ForeignEntry:
    """An entry of another program's draft: its source, the descriptor to list, and the child.

    ``manifest`` has been checked to be what ``descriptor`` names.
    """

    source: Reference
    descriptor: Descriptor
    manifest: Manifest


def import_draft(
    name: Reference,
    entries: Sequence[ForeignEntry],
    *,
    ports: Ports,
    force: bool = False,
) -> Draft:
    """Save the draft ``name`` with these entries, and their manifests; ask no registry.

    The other program does not keep found and annotated members apart, so the platform counts as
    annotated: it outlives ``create --amend``. A draft of this name is replaced if it was pushed
    and not changed since, or with ``force``. Uses the ports contents, drafts and now.
    Raises InvalidReferenceError: ``name`` has a digest; ConflictError; StoreError.
    """
    if name.digest is not None:
        raise InvalidReferenceError(str(name), "a list is named by a tag, not by a digest")
    draft = Draft(name, ports.now, ports.now, tuple(map(_entry, entries)))
    with ports.drafts.transaction():
        existing = ports.drafts.find(name)
        if existing is not None and existing.pushed is None and not force:
            raise ConflictError(f"{name} is already a draft that is not pushed")
        ports.contents.keep_manifests(entry.manifest for entry in entries)
        ports.drafts.save(draft)
    return draft


def _entry(foreign: ForeignEntry) -> Entry:
    platform = foreign.descriptor.platform or Platform()
    annotated = Overrides(
        os=platform.os,
        architecture=platform.architecture,
        variant=platform.variant,
        os_version=platform.os_version,
        os_features=platform.os_features,
    )
    return Entry(foreign.source, foreign.descriptor, overrides=annotated)
