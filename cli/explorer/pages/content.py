"""Content by its digest alone: the text of a manifest or config, and what names the digest."""

from collections.abc import Iterator, Mapping

from manyfest.cli.explorer.library import Library, literal
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.cli.explorer.pages.references import places_of
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import NeverSeenError
from manyfest.domain.references import Reference

_TAGS = 20
_NAMED = 20  # manifests in each role
# The members of a page, and the roles in which their manifests name the digest.
_ROLES = {"lists": "entry", "images": "layer", "configured": "config", "referrers": "subject"}


def content(subject: str, _query: Arguments, library: Library) -> Page:
    """Show the document that is kept under the digest ``subject``, and what needs it.

    Of a layer there is no text, only that. Raises InvalidReferenceError: it is no digest;
    NeverSeenError: nothing is kept under it, and nothing names it.
    """
    digest = Digest.parse(subject)
    manifest = library.contents.manifest(digest)
    data = manifest.data if manifest else library.contents.blob(digest)
    named = _naming(digest, library)
    size = library.layers.size(digest) if data is None else len(data)
    if data is None and size is None and not any(named.values()):
        raise NeverSeenError(str(digest))
    shown: dict[str, Json] = {
        "digest": str(digest),
        "mediaType": manifest.media_type if manifest else None,
        "size": size,
        "text": None if data is None else data.decode(errors="replace"),
        "tags": _tags(digest, library),
        **named,
    }
    commands = (command_line("who", str(digest)), *_printing(digest, shown, library))
    return Page("content.html", str(digest), shown, commands)


def _printing(digest: Digest, shown: Mapping[str, Json], library: Library) -> Iterator[str]:
    """Yield the command that prints the bytes, if they are kept and a tag leads to them."""
    ways = (
        ([str(digest)] if shown["mediaType"] else (), ("inspect", "--raw")),
        (shown["configured"], ("inspect", "--config")),
        (shown["images"], ("attached", "--get", str(digest))),
    )
    if shown["text"] is None:
        return
    for manifests, words in ways:
        for one, place in places_of(list(map(str, manifests or ())), library).items():
            name = place if words[0] == "attached" else Reference.parse(place).at(Digest.parse(one))
            yield command_line(*words, "--offline", str(name))
            return


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


def _naming(digest: Digest, library: Library) -> dict[str, Json]:
    """Return the manifests that name it, by the member of the page; None if that takes too long.

    One query for all roles: each costs a connection, and twenty milliseconds.
    """
    named = literal(str(digest))
    of_roles = (
        f"SELECT {role} AS role, manifest FROM (SELECT DISTINCT manifest FROM descriptors"  # noqa: S608 - literals
        f" WHERE digest = {named} AND role = {role} LIMIT {_NAMED}) AS found"
        for role in map(literal, _ROLES.values())
    )
    rows = library.rows(" UNION ALL ".join(of_roles))
    if rows is None:
        return dict.fromkeys(_ROLES)
    return {
        kind: [manifest for found, manifest in rows if found == role]
        for kind, role in _ROLES.items()
    }
