"""Files of promotions, as kpromo (sigs.k8s.io/promo-tools) reads them: a digest, and its tags.

    - name: kube-proxy
      dmap:
        "sha256:…": ["v1.31.0", "latest"]

A file with ``images`` is a whole manifest of kpromo, which may have ``registries``, too: the source
(``src: true``) and all targets. These are told, and not followed.
"""

from collections.abc import Iterator
from typing import Never

from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidDigestError, SpecError, shortened
from manyfest.domain.image_uses.shapes import Leaf, Tree
from manyfest.domain.references import is_tag
from manyfest.domain.values import frozen

# Visited in one file, with each alias that leads there; a small file of aliases has millions.
_LIMITS = {"digests": 10_000, "tags": 100_000}
_MOST_PROBLEMS = 100


@frozen
class PromotedImage:
    """The image of this ``digest`` in the repository ``name``, and the ``tags`` it gets."""

    name: str
    digest: Digest
    tags: tuple[str, ...]

    def between(self, source: str, target: str) -> tuple[str, str]:
        """Return its name below ``source``, by digest, and its repository below ``target``."""
        name = self.name.strip("/")
        return f"{source.rstrip('/')}/{name}@{self.digest}", f"{target.rstrip('/')}/{name}"


@frozen
class PromotionFile:
    """The ``images`` to promote, and the names of ``registries`` between which kpromo does so."""

    images: tuple[PromotedImage, ...]
    registries: tuple[str, ...] = ()

    def unused(self, *used: str) -> tuple[str, ...]:
        """Return the registries that are none of those ``used``, each once."""
        known = {name.rstrip("/") for name in used}
        return tuple(name for name in dict.fromkeys(self.registries) if name not in known)


def registries_in(document: Tree) -> Iterator[str]:
    """Yield the names of the registries that a manifest of kpromo has; none if malformed."""
    listed = document.get("registries") if isinstance(document, dict) else None
    for registry in listed if isinstance(listed, list) else ():
        name = registry.get("name") if isinstance(registry, dict) else None
        if isinstance(name, Leaf) and name.text:
            yield name.text.rstrip("/")


def promotions_in(document: Tree, file: str) -> tuple[PromotedImage, ...]:
    """Return the promotions that ``document`` declares. Raises SpecError: its first 100 faults."""
    reader = _Reader(file)
    images = tuple(reader.read(document))
    if not images and not reader.problems:
        reader.refuse(None, "declares no image")
    reader.refuse_twice(images)
    if reader.problems:
        raise SpecError(tuple(reader.problems))
    return images


class _Reader:
    """Reads a document, and continues after a fault, only to report the others."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[str] = []
        self._left = dict(_LIMITS)

    def read(self, document: Tree) -> Iterator[PromotedImage]:
        listed = document.get("images") if isinstance(document, dict) else document
        if not isinstance(listed, list):
            self.refuse(listed, "is no list of images, each with name and dmap")
            return
        for image in listed:
            yield from self._image(image)

    def refuse(self, tree: Tree | None, reason: str) -> None:
        place = f":{tree.line}" if isinstance(tree, Leaf) else ""
        self.problems.append(f"{self._file}{place}: {reason}")
        if len(self.problems) >= _MOST_PROBLEMS:
            self._end("has more faults than these")

    def _end(self, reason: str) -> Never:
        raise SpecError((*self.problems, f"{self._file}: {reason}"))

    def _count(self, kind: str, number: int) -> None:
        """Count what is visited. Raises SpecError: it is too much."""
        self._left[kind] -= number
        if self._left[kind] < 0:
            self._end(f"has more than {_LIMITS[kind]:,} {kind}")

    def refuse_twice(self, images: tuple[PromotedImage, ...]) -> None:
        """Refuse a tag that two digests of one image get: the last one would win."""
        taken: dict[tuple[str, str], Digest] = {}
        for image in images:
            for tag in image.tags:
                first = taken.setdefault((image.name, tag), image.digest)
                if first != image.digest:
                    self.refuse(None, f"{image.name}:{tag} is given to {first} and {image.digest}")

    def _image(self, image: Tree) -> Iterator[PromotedImage]:
        name = image.get("name") if isinstance(image, dict) else None
        digests = image.get("dmap") if isinstance(image, dict) else None
        if not isinstance(name, Leaf) or not name.text:
            self.refuse(image, "an image has no name")
        elif not isinstance(digests, dict):
            self.refuse(name, f"{shortened(name.text)} has no dmap of digests and their tags")
        else:
            for digest, tags in digests.items():
                yield from self._promoted(name, digest, tags)

    def _promoted(self, name: Leaf, text: str, listed: Tree) -> Iterator[PromotedImage]:
        items = listed if isinstance(listed, list) else [listed]
        self._count("digests", 1)
        self._count("tags", len(items))
        try:
            digest = Digest.parse(text)
        except InvalidDigestError as error:
            self.refuse(name, f"{shortened(name.text)}: {error}")
            return
        tags = tuple(item.text for item in items if isinstance(item, Leaf) and item.text)
        for tag in tags:
            if not is_tag(tag):
                self.refuse(name, f"{shortened(name.text)}: {shortened(tag)!r} is no tag")
        yield PromotedImage(name.text, digest, tags)
