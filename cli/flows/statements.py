"""The flow of ``sbom`` and ``provenance``: finds a statement, and says what it is worth."""

from collections.abc import Sequence

from manyfest.cli.output import note
from manyfest.cli.rendering.attached.trust import UNSIGNED, VERIFY, verify_statement
from manyfest.cli.wiring import Session
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.views.search_statements import Carried, Wanted
from manyfest.domain.operations.views.statements import find_statements
from manyfest.domain.references import Reference, Repository
from manyfest.domain.statements.signers import signer_in_der


def statements_for(
    name: Reference, platform: str | None, wanted: Wanted, session: Session
) -> Sequence[Carried]:
    """Return the statements about the image for ``platform`` at ``name``, at least one.

    Raises as ``find_statements``.
    """
    wanted_platform = None if platform is None else parse_filter(platform)
    session.connect_early([name])
    found = resolve(name, session.registry)
    return find_statements(found, wanted_platform, wanted, ports=session)


def note_trust(carried: Carried) -> None:
    """Say that a statement is not signed, or who claims to have, and what verifies that."""
    statement = carried.statement
    if not statement.signatures:
        note(UNSIGNED)
        return
    signer = signer_in_der(statement.certificate)
    who = f" by {signer.identity} (claimed)" if signer else ""
    note(f"signed{who}, and not verified here")
    if isinstance(carried.image.home, Repository):  # else there is no program that does
        note(f"{VERIFY}: {verify_statement(carried.image, statement.predicate_type)}")
