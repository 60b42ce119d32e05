"""The flow of ``cache fetch --through``: a mirror is asked until it has all, and then verified."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from manyfest.adapters.decorators.through import FillingRegistry
from manyfest.cli.rendering.findings import finding_line
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.views.verify import verify_many
from manyfest.domain.verification.findings import Finding, Severity

if TYPE_CHECKING:
    from manyfest.domain.references import Reference


def filling(session: Session) -> Session:
    """Return ``session`` with a registry that is asked again for what it lacks."""
    return session.with_registry(FillingRegistry(session.registry, session.pause))


def lacking(references: "Sequence[Reference]", session: Session) -> Iterator[str]:
    """Verify ``references`` through the mirror, and yield a line for each that is not whole."""
    for some in session.slices(references):
        for reference, found in zip(some, verify_many(some, ports=session), strict=True):
            if isinstance(found, ManyfestError):
                yield f"{reference}: {found}"
            elif errors := [each for each in found.findings if _is_error(each)]:
                yield f"{reference}: {counted(len(errors), 'error')}: {finding_line(errors[0])}"


def _is_error(found: Finding) -> bool:
    return found.rule.severity is Severity.ERROR
