"""The flow of ``cache fetch --through``: a mirror is asked until it has all, and then verified."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from manyfest.adapters.decorators.through import FillingRegistry
from manyfest.cli.rendering.findings import finding_line
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.wiring import Session
from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.views.verify import verify_many
from manyfest.domain.verification.findings import Finding, Severity

if TYPE_CHECKING:
    from manyfest.domain.ports import Ports
    from manyfest.domain.references import Reference

_SLICE = 128  # references verified between two renewals of the deadline


def filling(session: Session) -> "Ports":
    """Return the ports of ``session`` with a registry that is asked again for what it lacks."""
    return _Filling(session)


class _Filling:
    """Ports of a session but for the registry."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.registry = FillingRegistry(session.registry, session.pause)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def lacking(references: "Sequence[Reference]", session: Session) -> Iterator[str]:
    """Verify ``references`` through the mirror, and yield a line for each that is not whole."""
    for start in range(0, len(references), _SLICE):
        some = references[start : start + _SLICE]
        for reference, found in zip(some, verify_many(some, ports=session), strict=True):
            if isinstance(found, ManyfestError):
                yield f"{reference}: {found}"
            elif errors := [each for each in found.findings if _is_error(each)]:
                yield f"{reference}: {counted(len(errors), 'error')}: {finding_line(errors[0])}"
        session.restart_deadline()


def _is_error(found: Finding) -> bool:
    return found.rule.severity is Severity.ERROR
