"""Attachments of an image or a list: documents, the packages in an image, how it was built."""

import json

from manyfest.cli.explorer.library import Library
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.cli.explorer.pages.references import reference_in
from manyfest.cli.rendering.attached.documents_table import documents_json
from manyfest.cli.rendering.attached.provenance_text import provenance_json
from manyfest.cli.rendering.attached.sbom_table import package_count, packages_json
from manyfest.cli.rendering.attached.trust import (
    UNSIGNED,
    statement_command,
    statement_trust,
    verify_commands,
)
from manyfest.cli.rendering.humanize import counted
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import InputError, ManyfestError
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.resolve import Resolved, resolve
from manyfest.domain.operations.views.documents import documents_attached
from manyfest.domain.operations.views.search_statements import (
    PROVENANCE,
    SBOM,
    Wanted,
)
from manyfest.domain.operations.views.statements import Statements, find_statements
from manyfest.domain.platforms import Platform
from manyfest.domain.statements.provenance import read_provenance
from manyfest.domain.statements.sboms import read_sbom

_SIGNED = "signatures are shown, and not verified here"


def attached(subject: str, query: Arguments, library: Library) -> Page:
    """Show the documents attached to the reference ``subject`` that are cached.

    For ``platform``, or the only image, show its packages and its provenance, too. Raises
    NeverSeenError: the store has no such manifest; InvalidReferenceError: no platform.
    """
    library.left_out.clear()  # an export shows many pages of one library
    reference = reference_in(subject, library)
    found = resolve(reference, library.registry)
    text = query.get("platform", "")
    platform = parse_filter(text) if text else None
    statements = {
        "sbom": _sbom(_statement(found, platform, SBOM, library)),
        "provenance": _provenance(_statement(found, platform, PROVENANCE, library)),
    }
    data: dict[str, Json] = {
        "reference": str(reference),
        "repository": str(reference.home),
        **_documents(found, library),
        "platforms": _platforms(found),
        "platform": text or None,
        "fetchable": None,
        **statements,
        "leftOut": sorted(map(str, library.left_out)),
    }
    chosen = ("--platform", text, str(reference)) if text else (str(reference),)
    shown = [name for name, statement in statements.items() if statement["reason"] is None]
    commands = (
        command_line("attached", "--offline", str(reference)),
        *(command_line(name, "--offline", *chosen) for name in shown),
    )
    return Page("attached.html", f"Attached to {subject}", data, commands)


def _documents(found: Resolved, library: Library) -> dict[str, Json]:
    """Return the documents, and what can be said of their signatures."""
    documents = documents_attached(found, ports=library).found
    listed: Json = json.loads("".join(documents_json(documents)))
    trust = _SIGNED if any(each.is_signed for each in documents) else UNSIGNED
    return {"documents": listed, "trust": trust, "verify": list(verify_commands(documents))}


def _platforms(found: Resolved) -> list[Json]:
    named = (entry.platform for entry in without_attestations(found.manifest.entries))
    return [str(platform) for platform in dict.fromkeys(named) if platform and platform.os]


def _statement(
    found: Resolved, platform: Platform | None, wanted: Wanted, library: Library
) -> Statements | ManyfestError:
    try:
        return find_statements(found, platform, wanted, ports=library)
    except ManyfestError as error:
        return _in_words_of_the_page(error, found) if platform is None else error


def _in_words_of_the_page(error: ManyfestError, found: Resolved) -> ManyfestError:
    """Return an error that names no option, where one of several images must be chosen."""
    if not isinstance(error, InputError):
        return error
    images = counted(len(without_attestations(found.manifest.entries)), "image")
    several = len(_platforms(found)) > 1
    way = "by its platform, linked above" if several else "on the page of the list"
    return InputError(f"{found.reference} lists {images}; choose one {way}")


def _trust(found: Statements) -> dict[str, Json]:
    """Return what is said of signatures, the command that verifies them, and other statements."""
    return {
        "trust": statement_trust(found.chosen),
        "verify": statement_command(found.chosen) or None,
        "others": [str(each.blob.digest) for each in found.others],
    }


def _sbom(found: Statements | ManyfestError) -> dict[str, Json]:
    if isinstance(found, ManyfestError):
        return {"reason": str(found), "packages": []}
    try:
        sbom = read_sbom(found.chosen.statement, str(found.chosen.blob.digest))
    except ManyfestError as error:
        return {"reason": str(error), "packages": []}
    packages: Json = json.loads("".join(packages_json(sbom.packages)))
    facts: dict[str, Json] = {
        "image": str(found.chosen.image),
        "format": sbom.format,
        "count": package_count(sbom),
        "packages": packages,
    }
    return {"reason": None, **facts, **_trust(found)}


def _provenance(found: Statements | ManyfestError) -> dict[str, Json]:
    if isinstance(found, ManyfestError):
        return {"reason": str(found), "facts": None}
    try:
        text = provenance_json(found.chosen.image, read_provenance(found.chosen.statement))
    except ManyfestError as error:
        return {"reason": str(error), "facts": None}
    facts: Json = json.loads(text)
    return {"reason": None, "facts": facts, **_trust(found)}
