"""``manyfest attached``: show what is attached to an image or a list."""

import sys
from collections.abc import Sequence
from typing import Annotated

from attr import evolve

from manyfest.assembly.references import resolve_source
from manyfest.cli.arguments.options import (
    CONNECTION,
    FRESHNESS,
    OFFLINE,
    TABLE,
    AsJson,
    docker_command,
)
from manyfest.cli.exit_codes import ExitError, meaning_of
from manyfest.cli.output import (
    note,
    stdout_screen,
    warn,
    write_bytes,
    write_document,
    write_lines,
    write_view,
)
from manyfest.cli.process.command import Option
from manyfest.cli.process.pflag import UsageError
from manyfest.cli.rendering.attached.documents_table import (
    document_columns,
    documents_json,
    documents_tree,
)
from manyfest.cli.rendering.attached.trust import VERIFY, verify_commands
from manyfest.cli.rendering.table import view_of
from manyfest.cli.settings import CommonOptions, settings_from
from manyfest.cli.wiring import open_reading_session
from manyfest.domain.errors import UnreachableError
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.views.documents import (
    Documents,
    documents_attached,
    read_document,
)
from manyfest.domain.references import Reference


@docker_command("attached", "MANIFEST", 1, 1, options=OFFLINE | FRESHNESS | CONNECTION | TABLE)
def command(
    names: Sequence[str],
    options: CommonOptions,
    tree: Annotated[
        bool, Option("--tree", help="Show a tree: what is attached to what, on every level.")
    ] = False,
    get: Annotated[
        str | None,
        Option("--get", metavar="DIGEST", help="Print this document, or manifest, as it is."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is attached to an image or a list: signatures, SBOMs, attestations.

    A line for each document of the list and of its images: attestations of BuildKit, referrers, and
    cosign's tags. --get prints one, by its digest or the beginning of that; -q
    lists the digests. Signatures are shown,
    and not verified: a signer is what the certificate claims. If a registry fails, what was found
    is shown, and the exit code is that of the failure.

    Examples:
      manyfest attached --tree ghcr.io/team/app:1.4
      manyfest attached --filter platform=linux/arm64 ghcr.io/team/app:1.4
      manyfest attached --get sha256:0123456789ab ghcr.io/team/app:1.4
    """
    if sum((tree, get is not None, as_json)) > 1:
        raise UsageError("--tree, --get and --json exclude each other")
    with open_reading_session(settings_from(options)) as session:
        name = resolve_source(names[0], session)
        session.connect_early([name])
        found = resolve(name, session.registry)
        documents = documents_attached(found, ports=session)
        if get is not None:
            _write(read_document(documents, get, str(name), ports=session))
            return
    if not (documents.found or as_json):
        _tell_of_nothing(documents, name)
    elif tree:
        subject = name.at(found.manifest.digest)
        write_view(documents_tree(name, subject, documents.found, stdout_screen()))
    else:
        if options.quiet and not options.columns:
            options = evolve(options, columns="digest")  # a kind names no document
        view = view_of(document_columns, documents.found, options, as_json=as_json)
        if as_json:
            write_lines(documents_json(view.items))
        else:
            write_view(view.lines())
    _note_signatures(documents)
    _tell_failures(documents, offline=session.offline)


def _write(data: bytes) -> None:
    if sys.stdout is not None and sys.stdout.isatty():
        write_document(data.decode("utf-8", "replace"))
    else:
        write_bytes(data)


def _note_signatures(documents: Documents) -> None:
    """Say that signatures are not verified, and which commands do that."""
    if any(each.is_signed for each in documents.found):
        note("signatures are not verified here")
    for command in verify_commands(documents.found):
        note(f"{VERIFY}: {command}")


def _tell_of_nothing(documents: Documents, name: Reference) -> None:
    """Say that nothing is attached, as far as could be looked at."""
    partly = " that could be looked at" if documents.failures else ""
    note(f"nothing{partly} is attached to {name}")


def _tell_failures(documents: Documents, *, offline: bool) -> None:
    """Warn of what could not be looked at; raises ExitError with the code of the first."""
    if offline and all(isinstance(each, UnreachableError) for each in documents.failures):
        if documents.failures:
            note("offline: referrers that were not fetched are not known")
        return
    for error in documents.failures:
        from manyfest.cli.advice.remedies import told

        warn(f"more may be attached: {told(error)}")
    if documents.failures:
        raise ExitError(meaning_of(documents.failures[0]).code)
