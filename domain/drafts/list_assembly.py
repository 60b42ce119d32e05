"""Assembly of a draft's list: its type, its order, and checks before push."""

from collections.abc import Callable, Mapping, Sequence

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.docker_file_names import docker_file_name
from manyfest.domain.drafts.draft import Draft, Entry, ListForm, ListType
from manyfest.domain.drafts.overrides import NO_OVERRIDES, IndexOverrides
from manyfest.domain.encoding.canonical_json import INDEX_INDENT, authored_list
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import ListError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest, malformed_member
from manyfest.domain.references import Archive, Layout, Reference

# Returns the manifest of this digest, or None if its bytes are not cached.
ManifestLookup = Callable[[Digest], Manifest | None]

# Members of the list, and of its descriptors, that Docker's lists cannot have.
_INDEX_MEMBERS = frozenset({"annotations", "artifactType", "subject"})
_INDEX_DESCRIPTOR_MEMBERS = frozenset({"annotations", "artifactType", "data"})

# The members of Go's type of an index, in its order.
_INDEX_ORDER = (
    *("schemaVersion", "mediaType", "artifactType"),
    *("manifests", "subject", "annotations"),
)

_MEDIA_TYPES = {ListType.DOCKER: media_types.DOCKER_LIST, ListType.OCI: media_types.OCI_INDEX}


def assemble(
    draft: Draft,
    lookup: ManifestLookup = lambda _digest: None,
    form: ListForm = ListForm.DOCKER,
) -> Manifest:
    """Assemble the list of ``draft``, ready to be shown.

    If all entries come from one list and nothing was changed, the result is that list to the byte,
    if ``lookup`` has it. Raises ListError: over 4 MiB, or Docker's type is requested and a member
    requires an OCI index.
    """
    entries = ordered_entries(draft)
    requested = _requested_type(draft, form)
    return _unchanged(draft, entries, requested, lookup) or _authored(
        draft, entries, requested, form
    )


def assemble_for_push(
    draft: Draft,
    lookup: ManifestLookup = lambda _digest: None,
    form: ListForm = ListForm.DOCKER,
) -> Manifest:
    """Assemble the list of ``draft``, and check that it may be published.

    Raises ListError as ``assemble`` does, and where docker refuses too: no entries, or a single
    image that has no operating system and architecture in its config or overrides. An artifact
    needs none. Also ListError: Go readers cannot parse the list.
    """
    if not draft.entries:
        raise ListError(str(draft.name), f"{draft.name} has no entries", "empty")
    if form is ListForm.BUILDX_OR_IMAGE and (image := _image_alone(draft, lookup)):
        return image
    for entry in ordered_entries(draft):
        _check_platform(draft, entry)
    return require_parsable(assemble(draft, lookup, form), draft.name)


def require_parsable(manifest: Manifest, name: Reference) -> Manifest:
    """Return the list ``manifest`` for ``name``.

    Raises ListError: an own member is one that Go readers cannot parse, so none can use the list.
    """
    fault = malformed_member(manifest.document)
    if fault is None:
        return manifest
    path, reason = fault
    reason = f"{path} of the list is {reason}, so Go clients refuse the list"
    raise ListError(str(name), reason, "malformed-member", path)


def ordered_entries(draft: Draft) -> tuple[Entry, ...]:
    """Return the entries in the order of the list.

    The order is docker's where docker could make the list: by docker's file name of each source
    (``cli/manifest/store``, ``makeFilesafeName``). Entries of one source stay together, in its
    order. A draft that keeps its order uses the order of addition, and so does a draft with a
    layout or archive, because a path on one machine must not decide the digest.
    """
    if draft.keeps_order or _involves_files(draft):
        return draft.entries
    return tuple(sorted(draft.entries, key=lambda entry: docker_file_name(entry.source)))


def _involves_files(draft: Draft) -> bool:
    homes = [draft.name.home, *(entry.source.home for entry in draft.entries)]
    return any(isinstance(home, Layout | Archive) for home in homes)


def _image_alone(draft: Draft, lookup: ManifestLookup) -> Manifest | None:
    """Return the image that is the only entry, if nothing is changed of it."""
    entry, *others = draft.entries
    if others or entry.list_digest or entry.overrides != NO_OVERRIDES:
        return None
    return lookup(entry.found.digest) if draft.index == IndexOverrides() else None


def _unchanged(
    draft: Draft, entries: Sequence[Entry], requested: ListType, lookup: ManifestLookup
) -> Manifest | None:
    digests = {entry.list_digest for entry in entries}
    digest = digests.pop() if len(digests) == 1 else None
    manifest = None if digest is None else lookup(digest)
    if manifest is None or draft.index != IndexOverrides():
        return None
    if tuple(entry.descriptor for entry in entries) != manifest.entries:
        return None
    media_type = _MEDIA_TYPES.get(requested, manifest.media_type)
    return manifest if manifest.media_type == media_type else None


def _authored(
    draft: Draft, entries: Sequence[Entry], requested: ListType, form: ListForm
) -> Manifest:
    descriptors = [entry.descriptor for entry in entries]
    members = draft.index_members
    media_type = _media_type(draft, requested, descriptors, members)
    encode = _as_docker if form is ListForm.DOCKER else _as_buildx
    data = encode({"schemaVersion": 2, "mediaType": media_type}, descriptors, members)
    if len(data) > SIZE_LIMIT:
        reason = f"the list would be {len(data)} bytes long, registries take {SIZE_LIMIT}"
        raise ListError(str(draft.name), reason)
    return Manifest(media_type, data)


def _as_docker(
    head: JsonObject, descriptors: Sequence[Descriptor], members: Mapping[str, Json]
) -> bytes:
    entries = {"manifests": [descriptor.to_json() for descriptor in descriptors]}
    return authored_list(dict(head) | entries | dict(members))


def _as_buildx(
    head: JsonObject, descriptors: Sequence[Descriptor], members: Mapping[str, Json]
) -> bytes:
    """Encode as Go does it: members in the order of its type, annotations sorted by key."""
    entries = [_with_sorted_annotations(descriptor.to_oci_json()) for descriptor in descriptors]
    document = _with_sorted_annotations({**head, "manifests": entries, **members})
    first = {key: document[key] for key in _INDEX_ORDER if key in document}
    return authored_list(first | document, INDEX_INDENT)


def _with_sorted_annotations(members: JsonObject) -> dict[str, Json]:
    annotations = members.get("annotations")
    if not isinstance(annotations, dict):
        return dict(members)
    return {**members, "annotations": dict(sorted(annotations.items()))}


def _requested_type(draft: Draft, form: ListForm) -> ListType:
    """Return the requested type; in a layout, OCI is the default, but not in buildx's form.

    Readers of layouts find nothing but OCI indexes by name.
    """
    in_layout = isinstance(draft.name.home, Layout) and form is ListForm.DOCKER
    return ListType.OCI if in_layout and draft.list_type is ListType.AUTO else draft.list_type


def _media_type(
    draft: Draft,
    requested: ListType,
    descriptors: Sequence[Descriptor],
    members: Mapping[str, Json],
) -> str:
    """Return the requested type, else OCI if required, else Docker."""
    index_member = _requires_index(descriptors, members)
    if requested is ListType.DOCKER and index_member:
        reason = f"a Docker manifest list cannot carry {index_member}; an OCI index can"
        raise ListError(str(draft.name), reason, "only-oci-index")
    if requested is ListType.AUTO:
        has_oci = any(each.media_type not in media_types.DOCKER_FAMILY for each in descriptors)
        requested = ListType.OCI if index_member or has_oci else ListType.DOCKER
    return _MEDIA_TYPES[requested]


def _requires_index(descriptors: Sequence[Descriptor], members: Mapping[str, Json]) -> str:
    """Return a member or a media type that Docker's lists cannot have, or empty."""
    known = media_types.IMAGES | media_types.LISTS
    unknown = next((each.media_type for each in descriptors if each.media_type not in known), "")
    if unknown:
        return unknown
    found = {name for each in descriptors for name in _INDEX_DESCRIPTOR_MEMBERS & set(each.others)}
    return next(iter(sorted(found | (_INDEX_MEMBERS & set(members)))), "")


def _check_platform(draft: Draft, entry: Entry) -> None:
    if entry.list_digest is not None:
        return  # a list, or from a list: already published in this form
    platform, media_type = entry.descriptor.platform, entry.descriptor.media_type
    is_image = media_type in media_types.IMAGES and "artifactType" not in entry.descriptor.others
    if platform is None and not is_image:
        return  # image-spec, image-index.md: the platform is optional
    if platform is None or not (platform.os and platform.architecture):
        reason = (
            f"manifest {entry.source} must have an OS and Architecture to be pushed to a registry"
        )
        raise ListError(str(draft.name), reason)
