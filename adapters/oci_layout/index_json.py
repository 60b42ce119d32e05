"""The names of a layout: what ``index.json`` lists, and how a name comes to stand for a manifest.

The file is an OCI index whose entries are named by the annotation
``org.opencontainers.image.ref.name`` (image-spec, image-layout.md, "index.json file"). It is read
strictly, and what we did not write in it stays: other entries, their order, unknown members.
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
        """The index in ``data``.

        Raises LayoutError: larger than 4 MiB, no strict JSON, no OCI index, or an entry that is no
        descriptor, which includes every digest that could be a path.
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
        """The entry of this name; for None, the only one there is. None: there is none.

        Lists of referrers are no images: they are found by their names only.
        Raises LayoutError: several entries with different digests answer.
        """
        answers = [entry for entry in self.entries if _matches(name, _name(entry))]
        if len({entry.digest for entry in answers}) > 1:
            found = ", ".join(f"{_name(entry) or '(no name)'} {entry.digest}" for entry in answers)
            raise LayoutError(self.directory, f"holds several images, choose one: {found}")
        return answers[0] if answers else None

    def names(self) -> tuple[str, ...]:
        """The names there are, each once, in their order; lists of referrers are no images."""
        names = (_name(entry) for entry in self.entries)
        return tuple(dict.fromkeys(n for n in names if n is not None and not is_referrers_tag(n)))

    def by_digest(self, digest: Digest) -> Descriptor | None:
        """The first entry with this digest, whatever its name."""
        return next((entry for entry in self.entries if entry.digest == digest), None)

    def with_name(self, name: str | None, child: Descriptor) -> bytes:
        """The file in which ``name`` stands for ``child``; None is the entry that has no name.

        An entry that says so already stays as it is; one of the same name gives up its place.
        Raises LayoutError: several have no name, or the file would be larger than 4 MiB.
        """
        places = [place for place, entry in enumerate(self.entries) if _name(entry) == name]
        if name is None and len(places) > 1:
            raise LayoutError(self.directory, "holds several images without a name")
        kept = [value for place, value in enumerate(_listed(self.document)) if place not in places]
        same = [place for place in places if _same(self.entries[place], child)]
        entry = _listed(self.document)[same[0]] if same else _entry(name, child)
        kept.insert(places[0] if places else len(kept), entry)
        return self._spelled(dict(self.document) | {"manifests": kept})

    def _spelled(self, document: JsonObject) -> bytes:
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
