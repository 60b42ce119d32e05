"""From a draft to its list: which type, in which order, and what must hold before it is pushed."""

from collections.abc import Sequence

from manyfest.domain import media_types
from manyfest.domain.canonical_json import authored_list
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.docker_file_names import docker_file_name
from manyfest.domain.drafts import Draft, Entry
from manyfest.domain.errors import ListError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.references import Layout, Reference

# Descriptor members that Docker's lists do not have: they make an index of the list.
_INDEX_ONLY_MEMBERS = frozenset({"annotations", "artifactType", "data"})


def assemble(draft: Draft) -> Manifest:
    """The list that ``draft`` stands for now, ready to be shown. Raises ListError: over 4 MiB."""
    descriptors = [entry.descriptor for entry in ordered_entries(draft)]
    media_type = _list_type(draft.name, descriptors)
    document = {
        "schemaVersion": 2,
        "mediaType": media_type,
        "manifests": [descriptor.to_json() for descriptor in descriptors],
    }
    data = authored_list(document)
    if len(data) > SIZE_LIMIT:
        reason = f"the list would be {len(data)} bytes long, registries take {SIZE_LIMIT}"
        raise ListError(str(draft.name), reason)
    return Manifest(media_type, data)


def assemble_for_push(draft: Draft) -> Manifest:
    """The list that ``draft`` stands for, checked to be one that may be published.

    Raises ListError, where docker refuses too: no entries, or a single image that neither its
    config nor an annotation gives an operating system and an architecture.
    """
    if not draft.entries:
        raise ListError(str(draft.name), f"{draft.name} has no entries")
    for entry in ordered_entries(draft):
        _check_platform(draft, entry)
    return assemble(draft)


def ordered_entries(draft: Draft) -> tuple[Entry, ...]:
    """The entries as they are listed.

    Docker's order where docker could make the list: by the file name that it would keep each
    source under (``cli/manifest/store``, ``makeFilesafeName``). Entries of one source stay
    together, in its order. The order is the one given where the draft keeps it, and as soon as a
    layout takes part: a folder's path on one machine must not decide the digest.
    """
    homes = [draft.name.home, *(entry.source.home for entry in draft.entries)]
    if draft.keeps_order or any(isinstance(home, Layout) for home in homes):
        return draft.entries
    return tuple(sorted(draft.entries, key=_docker_place))


def _docker_place(entry: Entry) -> bytes:
    return docker_file_name(entry.source).encode()


def _list_type(name: Reference, descriptors: Sequence[Descriptor]) -> str:
    """An OCI index as soon as anything asks for one, else docker's list.

    Layouts always do: readers of a layout find OCI media types only by name.
    """
    in_layout = isinstance(name.home, Layout)
    if in_layout or any(map(_needs_index, descriptors)):
        return media_types.OCI_INDEX
    return media_types.DOCKER_LIST


def _needs_index(descriptor: Descriptor) -> bool:
    return descriptor.media_type in media_types.OCI_FAMILY or bool(
        _INDEX_ONLY_MEMBERS & set(descriptor.others)
    )


def _check_platform(draft: Draft, entry: Entry) -> None:
    if entry.list_digest is not None:
        return  # the list it came from was published as it is
    platform = entry.descriptor.platform
    if platform is None or not (platform.os and platform.architecture):
        reason = (
            f"manifest {entry.source} must have an OS and Architecture to be pushed to a registry"
        )
        raise ListError(str(draft.name), reason)
