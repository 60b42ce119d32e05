"""The names of a layout: ``index.json``, read strictly, and changed one name at a time.

The file is an OCI index whose entries are named by the annotation
``org.opencontainers.image.ref.name`` (image-spec, image-layout.md, "index.json file"). A change
keeps everything that others wrote: their entries, the order, unknown members.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress

from attr import field

from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.errors import DocumentError, LayoutError
from manyfest.domain.lists.referrers import is_digest_tag, is_referrers_tag
from manyfest.domain.manifests import Manifest
from manyfest.domain.values import frozen

REF_NAME = "org.opencontainers.image.ref.name"
IMAGE_NAME = "io.containerd.image.name"  # containerd, images.AnnotationImageName

# Returns the bytes of a document in the layout, checked; None if the layout lacks it.
Read = Callable[[Descriptor], bytes | None]

_SHOWN = 3  # entries in an error

EMPTY = json.dumps(
    {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []},
    separators=(",", ":"),
).encode()


@frozen
class IndexJson:
    """A parsed ``index.json`` of the layout in ``directory``.

    ``known_referrers`` is where a reader keeps what the entries refer to, once it has read them.
    """

    directory: str
    manifest: Manifest
    entries: tuple[Descriptor, ...]
    known_referrers: dict[Digest, list[Descriptor]] = field(
        factory=dict, init=False, repr=False, eq=False
    )

    @classmethod
    def parse(cls, data: bytes, directory: str) -> "IndexJson":
        """Parse the index in ``data``.

        Raises LayoutError: larger than 4 MiB, not strict JSON, not an OCI index, or an entry that
        is not a descriptor, which includes every digest that would be an unsafe path.
        """
        try:
            manifest = Manifest.received(data, media_types.OCI_INDEX, "index.json")
            entries = manifest.entries
        except DocumentError as error:
            raise LayoutError(directory, f"{error}{_remedy(data)}") from error
        return cls(directory, manifest, entries)

    @property
    def document(self) -> JsonObject:
        """The parsed document."""
        return self.manifest.document

    def matching(self, name: str | None) -> tuple[Descriptor, ...]:
        """The entries of this name, or for None all; each in order, as often as it is listed.

        A list of referrers and a digest tag are not images: they are found by their name only.
        Containerd, docker and buildx write full names into an annotation of their own, which counts
        if no other does.
        """
        found = tuple(entry for entry in self.entries if _matches(name, _name(entry)))
        if found or name is None:
            return found
        return tuple(entry for entry in self.entries if entry.annotations.get(IMAGE_NAME) == name)

    def find(self, name: str | None, read: Read) -> Descriptor | Manifest | None:
        """The image of this name, or for None the only one; None if there is no such entry.

        A list is returned where ``index.json`` lists the images of its platforms itself; ``read``
        reads documents for that.
        Raises LayoutError: several images match, or a document is malformed.
        """
        return self._image_of(self.matching(name), read)

    def list_of_digest(self, digest: Digest, read: Read) -> Manifest | None:
        """The list with this digest that ``find`` makes of the entries of one name, or of none."""
        groups: dict[str | None, list[Descriptor]] = {}
        for entry in self.matching(None):
            groups.setdefault(_name(entry), []).append(entry)
        for entries in groups.values():
            with suppress(LayoutError):
                found = self._image_of(entries, read)
                if isinstance(found, Manifest) and found.digest == digest:
                    return found
        return None

    def _image_of(self, entries: Sequence[Descriptor], read: Read) -> Descriptor | Manifest | None:
        if len({entry.digest for entry in entries}) <= 1:
            return entries[0] if entries else None
        from manyfest.domain.bundles.index_image import image_of  # few layouts need it

        try:
            found = image_of(self.manifest, entries, read)
        except DocumentError as error:
            raise LayoutError(self.directory, str(error)) from error
        if found is None:
            raise LayoutError(self.directory, _several_images(entries))
        return found

    def names(self) -> tuple[str, ...]:
        """The names of images, each once, in order; without those of lists of referrers."""
        names = map(_any_name, self.entries)
        return tuple(dict.fromkeys(n for n in names if n is not None and not is_referrers_tag(n)))

    def by_digest(self, digest: Digest) -> Descriptor | None:
        """The first entry with this digest, whatever its name."""
        return next((entry for entry in self.entries if entry.digest == digest), None)

    def with_name(self, name: str | None, child: Descriptor) -> bytes:
        """Return the file with ``name`` pointing to ``child``; None is the entry without a name.

        An entry that already does so stays as it is; another entry of the name is replaced.
        Raises LayoutError: several entries have no name, or the file would exceed 4 MiB.
        """
        places = [place for place, entry in enumerate(self.entries) if _name(entry) == name]
        if name is None and len(places) > 1:
            raise LayoutError(self.directory, "holds several images without a name")
        kept = [value for place, value in enumerate(_listed(self.document)) if place not in places]
        same = [place for place in places if _same(self.entries[place], child)]
        entry = _listed(self.document)[same[0]] if same else _entry(name, child)
        kept.insert(places[0] if places else len(kept), entry)
        return self._encoded(dict(self.document) | {"manifests": kept})

    def without_name(self, name: str | None) -> bytes:
        """Return the file without the entries of this name."""
        gone = self.matching(name)
        listed = zip(self.entries, _listed(self.document), strict=True)
        kept = [value for entry, value in listed if entry not in gone]
        return self._encoded(dict(self.document) | {"manifests": kept})

    def _encoded(self, document: JsonObject) -> bytes:
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        if len(data) > manifests.SIZE_LIMIT:
            raise LayoutError(self.directory, "index.json would be larger than 4 MiB")
        return data


def _listed(document: JsonObject) -> list[Json]:
    listed = document.get("manifests") or []
    if not isinstance(listed, list):
        raise DocumentError("index.json: manifests", "not a list")
    return listed


def _several_images(entries: Sequence[Descriptor]) -> str:
    shown = [f"{_any_name(entry) or '(no name)'} {entry.digest}" for entry in entries[:_SHOWN]]
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return f"holds several images, choose one: {', '.join(shown)}{more}"


def _remedy(data: bytes) -> str:
    """Return what to do about an index of another type, which other programs read unawares."""
    with suppress(DocumentError):
        stated = parse_object(data, "index.json").get("mediaType")
        if stated == media_types.DOCKER_LIST:
            return f"; a layout has an OCI index: write {media_types.OCI_INDEX} as its mediaType"
    return ""


def _name(entry: Descriptor) -> str | None:
    return entry.annotations.get(REF_NAME)


def _any_name(entry: Descriptor) -> str | None:
    return entry.annotations.get(REF_NAME, entry.annotations.get(IMAGE_NAME))


def _matches(wanted: str | None, name: str | None) -> bool:
    is_attached = is_referrers_tag(name) or is_digest_tag(name)
    return wanted == name or (wanted is None and not is_attached)


def _same(entry: Descriptor, child: Descriptor) -> bool:
    return (entry.media_type, entry.digest, entry.size) == (
        child.media_type,
        child.digest,
        child.size,
    )


def _entry(name: str | None, child: Descriptor) -> JsonObject:
    return child.to_json() | ({} if name is None else {"annotations": {REF_NAME: name}})
