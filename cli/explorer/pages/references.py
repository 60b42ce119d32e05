"""References in addresses: read as a person types them, but for paths, which stay as they are."""

from collections.abc import Iterable

from attr import evolve

from manyfest.cli.explorer.library import Library, literal
from manyfest.domain.history.revision import index_of, parse_past
from manyfest.domain.references import Reference


def reference_in(text: str, library: Library) -> Reference:
    """Parse a reference; a past state of a tag (``REF@{1}``) becomes ``REF@DIGEST``.

    Raises InvalidReferenceError; NeverSeenError, NoSuchStateError: the store does not know it.
    """
    past = parse_past(text, library.now) if "@{" in text else None
    if past is None:
        return Reference.parse(text)
    tag = Reference.parse(past.name)
    history = library.contents.history(tag)
    return evolve(tag, digest=history[index_of(past.selector, tag, history)].digest)


def places_of(digests: Iterable[str], library: Library) -> dict[str, str]:
    """Return where a tag leads to each manifest, itself or by its list, if one does."""
    names = ", ".join(map(literal, sorted(digests)))
    if not names:
        return {}
    wanted = f"({names})"
    rows = library.rows(
        f"SELECT digest, reference FROM tags WHERE digest IN {wanted}"  # noqa: S608 - literals
        " UNION SELECT d.digest, t.reference FROM descriptors AS d JOIN tags AS t"
        f" ON t.digest = d.manifest WHERE d.role = 'entry' AND d.digest IN {wanted}"
        " ORDER BY 1, 2 DESC"
    )
    return {str(digest): str(reference) for digest, reference in rows or ()}
