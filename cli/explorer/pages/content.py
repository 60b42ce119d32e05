"""Content by its digest alone: the verbatim text of a manifest or config."""

from manyfest.cli.explorer.library import Library, literal
from manyfest.cli.explorer.page import Arguments, Page
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import NeverSeenError

_TAGS = 20


def content(subject: str, _query: Arguments, library: Library) -> Page:
    """Show the document that is kept under the digest ``subject``, and the tags that point to it.

    Raises InvalidReferenceError: it is no digest; NeverSeenError: nothing is kept under it.
    """
    digest = Digest.parse(subject)
    manifest = library.contents.manifest(digest)
    data = manifest.data if manifest else document_of(digest, library)
    shown: dict[str, Json] = {
        "digest": str(digest),
        "mediaType": manifest.media_type if manifest else None,
        "size": len(data),
        "text": data.decode(errors="replace"),
        "tags": _tags(digest, library),
        "lists": _lists(digest, library),
    }
    return Page("content.html", str(digest), shown)


def document_of(digest: Digest, library: Library) -> bytes:
    """Return the bytes that are kept under a digest. Raises NeverSeenError: none are."""
    manifest = library.contents.manifest(digest)
    data = library.contents.blob(digest) if manifest is None else manifest.data
    if data is None:
        raise NeverSeenError(str(digest))
    return data


def _tags(digest: Digest, library: Library) -> Json:
    rows = library.rows(
        "SELECT DISTINCT reference FROM history"  # noqa: S608 - a literal
        f" WHERE digest = {literal(str(digest))}"
        f" LIMIT {_TAGS}"
    )
    return [reference for (reference,) in rows or ()]


def _lists(digest: Digest, library: Library) -> Json:
    """Return the lists that list it; None if that takes too long."""
    rows = library.rows(
        "SELECT DISTINCT manifest FROM descriptors"  # noqa: S608 - a literal
        f" WHERE digest = {literal(str(digest))} AND role = 'entry' LIMIT {_TAGS}"
    )
    return None if rows is None else [listed for (listed,) in rows]
