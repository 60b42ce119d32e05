"""Results of calls that write: values of facts, the same before and after a dry run."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

if TYPE_CHECKING:
    from manyfest.domain.descriptors import Descriptor
    from manyfest.domain.images.attachments import Attachment

# A value of a column, as SQL has them.
Cell = str | int | float | bytes | None


@frozen
class Pushed:
    """A published list: its ``manifest``, the ``names`` it has, and the tags that ``moved``.

    ``blobs`` and ``manifests`` count what was written below it. ``failures`` are those of attached
    signatures, SBOMs and the like that did not come along.
    """

    reference: Reference
    manifest: Manifest
    names: tuple[Reference, ...] = ()
    moved: tuple[Reference, ...] = ()
    blobs: int = 0
    manifests: int = 0
    failures: tuple[ManyfestError, ...] = ()

    @property
    def digest(self) -> Digest:
        """The digest of the list."""
        return self.manifest.digest

    @property
    def written(self) -> int:
        """The number of blobs, manifests and tags that were written, or would be."""
        return self.blobs + self.manifests + len(self.moved)


@frozen
class Copied:
    """A copy of ``source`` at ``target``; its digest differs where platforms were chosen.

    The counts and ``failures`` are those of ``Pushed``.
    """

    source: Reference
    target: Reference
    manifest: Manifest
    blobs: int = 0
    manifests: int = 0
    failures: tuple[ManyfestError, ...] = ()

    @property
    def digest(self) -> Digest:
        """The digest of the copy."""
        return self.manifest.digest

    @property
    def written(self) -> int:
        """The number of blobs and manifests that were written, or would be; 0: all was there."""
        return self.blobs + self.manifests


@frozen
class Promoted:
    """A promotion of ``source`` to ``tags``, of which ``moved`` had another digest before.

    ``compared`` are the manifests of the image or list, and ``attached`` is what is attached to
    them: both sides were read and have the same (a dry run read the source alone). Signatures among
    it are present, and not verified. ``blobs`` and ``manifests`` count what was written before the
    tags.
    """

    source: Reference
    target: Reference
    manifest: Manifest
    tags: tuple[Reference, ...]
    moved: tuple[Reference, ...]
    compared: "tuple[Descriptor, ...]"
    attached: "tuple[Attachment, ...]"
    blobs: int = 0
    manifests: int = 0

    @property
    def digest(self) -> Digest:
        """The digest on both sides."""
        return self.manifest.digest

    @property
    def kinds(self) -> Mapping[str, int]:
        """The kinds of what is ``attached``, and how many there are of each."""
        return Counter(one.kind for one in self.attached)

    @property
    def written(self) -> int:
        """The number of blobs, manifests and tags that were written, or would be."""
        return self.blobs + self.manifests + len(self.moved)


@frozen
class CopiedRepository:
    """The copies of many tags from the repository ``source`` to ``target``.

    ``copied`` and ``failures``, which are by the tag of the source, are in the order of the tags. A
    tag that failed stopped no other: ``raise_for_failures`` makes that an error. ``extra`` are
    selected tags that only the target has, if they were asked for. With ``since``, ``older`` tags
    of the source were not copied, and ``undated`` ones were, although nothing tells their age.
    """

    source: str
    target: str
    copied: tuple[Copied, ...]
    failures: Mapping[Reference, ManyfestError]
    extra: tuple[Reference, ...] = ()
    older: tuple[Reference, ...] = ()
    undated: tuple[Reference, ...] = ()

    @property
    def written(self) -> int:
        """The number of blobs and manifests that were written, or would be; 0: all was there."""
        return sum(each.written for each in self.copied)

    def raise_for_failures(self) -> None:
        """Raise the first failure, if there is one."""
        for error in self.failures.values():
            raise error


@frozen
class Untagged:
    """A ``tag`` that was taken away, or would be; it pointed to ``digest``.

    ``is_put_back`` if the registry deleted the manifest, too, and has it back by its digest; other
    tags of it may be gone.
    """

    tag: Reference
    digest: Digest
    is_put_back: bool = False


@frozen
class Restored:
    """A ``tag`` that points to ``digest``, a past state, again; ``before`` it was this, or gone."""

    tag: Reference
    digest: Digest
    before: Digest | None
    is_moved: bool = True


@frozen
class Rows:
    """The answer to a query: names of ``columns``, and a tuple of values for each row.

    Iteration gives dictionaries.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Cell]]:
        """Yield each row as a dictionary of its columns."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)
