"""The names of a layout: ``index.json``, read strictly, and changed one name at a time.

The file is an OCI index whose entries are named by the annotation
``org.opencontainers.image.ref.name`` (image-spec, image-layout.md, "index.json file"). A change
keeps everything that others wrote: their entries, the order, unknown members.
"""

import json

from attrs import frozen

from manyfest.domain import manifests, media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, JsonObject
from manyfest.domain.errors import DocumentError, LayoutError
from manyfest.domain.lists.referrers import is_referrers_tag
from manyfest.domain.manifests import Manifest

REF_NAME = "org.opencontainers.image.ref.name"

EMPTY = json.dumps(
    {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []},
    separators=(",", ":"),
).encode()


@frozen
class IndexJson:
    """A parsed ``index.json`` of the layout in ``directory``."""

    directory: str
    document: JsonObject
    entries: tuple[Descriptor, ...]

    @classmethod
    def parse(cls, data: bytes, directory: str) -> "IndexJson":
        """Parse the index in ``data``.

        Raises LayoutError: larger than 4 MiB, not strict JSON, not an OCI index, or an entry that
        is not a descriptor, which includes every digest that would be an unsafe path.
        """
        try:
            document = Manifest.received(data, media_types.OCI_INDEX, "index.json").document
            entries = tuple(
                Descriptor.from_json(value, f"index.json: manifests[{position}]")
                for position, value in enumerate(_listed(document))
            )
        except DocumentError as error:
            raise LayoutError(directory, str(error)) from error
        return cls(directory, document, entries)

    def find(self, name: str | None) -> Descriptor | None:
        """The entry of this name, or for None the only entry; None if there is no such entry.

        A list of referrers is not an image: it is found by its name only.
        Raises LayoutError: several entries with different digests match.
        """
        matching = [entry for entry in self.entries if _matches(name, _name(entry))]
        if len({entry.digest for entry in matching}) > 1:
            found = ", ".join(f"{_name(entry) or '(no name)'} {entry.digest}" for entry in matching)
            raise LayoutError(self.directory, f"holds several images, choose one: {found}")
        return matching[0] if matching else None

    def names(self) -> tuple[str, ...]:
        """The names of images, each once, in order; without those of lists of referrers."""
        names = (_name(entry) for entry in self.entries)
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


def _name(entry: Descriptor) -> str | None:
    return entry.annotations.get(REF_NAME)


def _matches(wanted: str | None, name: str | None) -> bool:
    return wanted == name or (wanted is None and not is_referrers_tag(name))


def _same(entry: Descriptor, child: Descriptor) -> bool:
    return (entry.media_type, entry.digest, entry.size) == (
        child.media_type,
        child.digest,
        child.size,
    )


def _entry(name: str | None, child: Descriptor) -> JsonObject:
    return child.to_json() | ({} if name is None else {"annotations": {REF_NAME: name}})
