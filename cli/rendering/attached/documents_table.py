"""Documents attached to an image, as ``attached`` shows them: a table, a tree, or JSON."""

from collections.abc import Iterable, Iterator, Sequence

from manyfest.cli.output import Screen
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import digest_on, format_size
from manyfest.cli.rendering.show.tree import Cell, TreeLine, digest_cell, tree_lines
from manyfest.cli.rendering.table import Column, json_array
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.images.attachments import Form
from manyfest.domain.operations.views.documents import Document
from manyfest.domain.references import Reference

# Kind, digest, size, form, signer: the highest rank is left out first.
_RANKS = (0, 1, 4, 3, 2)
_FORMS = {
    Form.REFERRER: "referrer",
    Form.DIGEST_TAG: "digest tag",
    Form.ENTRY: "entry of the list",
}


def document_columns(screen: Screen) -> tuple[Column[Document], ...]:
    """Return the columns; a cell is empty where a fact is not known."""
    return (
        Column("KIND", lambda each: each.kind, cut="middle"),
        Column("DIGEST", lambda each: _digest(each.digest, screen), rank=1),
        Column("PLATFORM", lambda each: each.platform, rank=2),
        Column("SIZE", _size, rank=5, key=lambda each: each.size or 0),
        Column("FORM", lambda each: _FORMS[each.attachment.form], rank=4),
        Column("SIGNER", _signer, rank=3, cut="middle"),
    )


def documents_json(documents: Iterable[Document]) -> Iterator[str]:
    """Yield a JSON array of objects; ADR 0053 lists the members."""
    return json_array(map(_object, documents))


def documents_tree(
    name: Reference, subject: Reference, documents: Sequence[Document], screen: Screen
) -> Iterator[str]:
    """Yield the name, then a tree: subjects, what is attached to each, and to that in turn."""
    title = str(name) if screen.width is None else shorten(str(name), screen.width)
    yield screen.paint(title, "strong")
    by_subject: dict[Digest | None, list[Document]] = {}
    for each in documents:
        by_subject.setdefault(each.attachment.subject.digest, []).append(each)
    attached = {each.attachment.digest for each in documents}
    tops = [digest for digest in by_subject if digest not in attached]
    tops.sort(key=lambda digest: digest != subject.digest)
    nodes = [node for top in tops for node in _top(top, subject.digest, by_subject)]
    yield from tree_lines(nodes, _RANKS, screen)


def _top(
    digest: Digest | None, whole: Digest | None, by_subject: dict[Digest | None, list[Document]]
) -> list[TreeLine]:
    """The nodes of one subject: what is attached to the whole stands at the top itself."""
    below = _nodes(digest, by_subject, frozenset())
    if digest == whole or digest is None:
        return below
    platform = by_subject[digest][0].platform or "image"
    cells = (Cell(platform), digest_cell(digest), Cell(), Cell(), Cell())
    return [TreeLine(cells, tuple(below))]


def _nodes(
    digest: Digest | None,
    by_subject: dict[Digest | None, list[Document]],
    above: frozenset[Digest | None],
) -> list[TreeLine]:
    if digest in above:
        return []
    nodes = []
    told: set[Digest | None] = set()
    for each in by_subject.get(digest, ()):
        manifest = each.attachment.digest
        inner = [] if manifest in told else _nodes(manifest, by_subject, above | {digest})
        told.add(manifest)
        cells = (
            Cell(each.kind),
            digest_cell(each.digest) if each.digest else Cell(each.attachment.tag),
            Cell(_size(each)),
            Cell(_FORMS[each.attachment.form], style="faint"),
            Cell(_signer(each)),
        )
        nodes.append(TreeLine(cells, tuple(inner)))
    return nodes


def _object(each: Document) -> dict[str, Json]:
    one = each.attachment
    return {
        "kind": each.kind,
        "predicateType": each.predicate_type or None,
        "form": one.form.value,
        "digest": str(each.digest) if each.digest else None,
        "mediaType": each.blob.media_type if each.blob else None,
        "size": each.size,
        "platform": each.platform or None,
        "subject": str(one.subject.digest),
        "level": one.level,
        "manifest": str(one.digest) if one.digest else None,
        "manifestSize": one.size,
        "tag": one.tag or None,
        "signer": {"identity": each.signer.identity, "issuer": each.signer.issuer or None}
        if each.signer
        else None,
    }


def _signer(each: Document) -> str:
    return f"{each.signer.identity} (claimed)" if each.signer else ""


def _size(each: Document) -> str:
    return "" if each.size is None else format_size(each.size)


def _digest(digest: Digest | None, screen: Screen) -> str:
    return "" if digest is None else digest_on(screen, digest)
