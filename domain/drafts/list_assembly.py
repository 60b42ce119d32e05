"""From a draft to its list: which type, in which order, and what must hold before it is pushed."""

from collections.abc import Callable, Mapping, Sequence

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.docker_file_names import docker_file_name
from manyfest.domain.drafts.draft import Draft, Entry, ListType
from manyfest.domain.drafts.overrides import IndexOverrides
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import ListError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.references import Layout

# Gives the list of this digest, if its bytes are at hand.
ManifestLookup = Callable[[Digest], Manifest | None]

# Members that Docker's lists do not have, of the list and of its descriptors.
_INDEX_MEMBERS = frozenset({"annotations", "artifactType", "subject"})
_INDEX_DESCRIPTOR_MEMBERS = frozenset({"annotations", "artifactType", "data"})

_MEDIA_TYPES = {ListType.DOCKER: media_types.DOCKER_LIST, ListType.OCI: media_types.OCI_INDEX}


def assemble(draft: Draft, held: ManifestLookup = lambda _digest: None) -> Manifest:
    """The list that ``draft`` stands for now, ready to be shown.

    A list that was taken apart and that nothing was changed of is that list, to the byte, if
    ``held`` has it. Raises ListError: over 4 MiB, or Docker's type is asked for and something
    needs an OCI index.
    """
    entries = ordered_entries(draft)
    return _unchanged(draft, entries, held) or _authored(draft, entries)


def assemble_for_push(draft: Draft, held: ManifestLookup = lambda _digest: None) -> Manifest:
    """The list that ``draft`` stands for, checked to be one that may be published.

    Raises ListError, where docker refuses too: no entries, or a single image that neither its
    config nor an annotation gives an operating system and an architecture.
    """
    if not draft.entries:
        raise ListError(str(draft.name), f"{draft.name} has no entries")
    for entry in ordered_entries(draft):
        _check_platform(draft, entry)
    return assemble(draft, held)


def ordered_entries(draft: Draft) -> tuple[Entry, ...]:
    """The entries as they are listed.

    Docker's order where docker could make the list: by the file name that it would keep each
    source under (``cli/manifest/store``, ``makeFilesafeName``). Entries of one source stay
    together, in its order. A draft that keeps its order has the one given. So has one as soon as a
    layout takes part: a folder's path on one machine must not decide the digest.
    """
    if draft.keeps_order or _involves_layout(draft):
        return draft.entries
    return tuple(sorted(draft.entries, key=lambda entry: docker_file_name(entry.source)))


def _involves_layout(draft: Draft) -> bool:
    homes = [draft.name.home, *(entry.source.home for entry in draft.entries)]
    return any(isinstance(home, Layout) for home in homes)


def _unchanged(draft: Draft, entries: Sequence[Entry], held: ManifestLookup) -> Manifest | None:
    digests = {entry.list_digest for entry in entries}
    digest = digests.pop() if len(digests) == 1 else None
    manifest = None if digest is None else held(digest)
    if manifest is None or draft.index != IndexOverrides():
        return None
    if tuple(entry.descriptor for entry in entries) != manifest.entries:
        return None
    wished = _MEDIA_TYPES.get(_requested_type(draft), manifest.media_type)
    return manifest if manifest.media_type == wished else None


def _authored(draft: Draft, entries: Sequence[Entry]) -> Manifest:
    descriptors = [entry.descriptor for entry in entries]
    members = draft.index_members
    media_type = _media_type(draft, descriptors, members)
    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [descriptor.to_json() for descriptor in descriptors],
    }
    data = authored_list(document | dict(members))
    if len(data) > SIZE_LIMIT:
        reason = f"the list would be {len(data)} bytes long, registries take {SIZE_LIMIT}"
        raise ListError(str(draft.name), reason)
    return Manifest(media_type, data)


def _requested_type(draft: Draft) -> ListType:
    """A layout asks for OCI, where nothing else was said: its readers find nothing else by name."""
    in_layout = isinstance(draft.name.home, Layout)
    return ListType.OCI if in_layout and draft.list_type is ListType.AUTO else draft.list_type


def _media_type(
    draft: Draft, descriptors: Sequence[Descriptor], members: Mapping[str, Json]
) -> str:
    """As wished, else an OCI index as soon as anything asks for one, else docker's list."""
    wished = _requested_type(draft)
    carried = _requires_index(descriptors, members)
    if wished is ListType.DOCKER and carried:
        reason = f"a Docker manifest list cannot carry {carried}; an OCI index can"
        raise ListError(str(draft.name), reason)
    if wished is ListType.AUTO:
        has_oci = any(each.media_type in media_types.OCI_FAMILY for each in descriptors)
        wished = ListType.OCI if carried or has_oci else ListType.DOCKER
    return _MEDIA_TYPES[wished]


def _requires_index(descriptors: Sequence[Descriptor], members: Mapping[str, Json]) -> str:
    """The name of a member that Docker's lists do not have, if there is one."""
    found = {name for each in descriptors for name in _INDEX_DESCRIPTOR_MEMBERS & set(each.others)}
    return next(iter(sorted(found | (_INDEX_MEMBERS & set(members)))), "")


def _check_platform(draft: Draft, entry: Entry) -> None:
    if entry.list_digest is not None:
        return  # a list, or from one: it was published as it is
    platform = entry.descriptor.platform
    if platform is None or not (platform.os and platform.architecture):
        reason = (
            f"manifest {entry.source} must have an OS and Architecture to be pushed to a registry"
        )
        raise ListError(str(draft.name), reason)
