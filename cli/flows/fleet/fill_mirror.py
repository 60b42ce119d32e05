"""The flow of ``cache fetch --through``: a mirror is asked until it has all, and then verified."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from manyfest.adapters.decorators.through import FillingRegistry
from manyfest.cli.rendering.findings import finding_line
from manyfest.cli.wiring import Session
from manyfest.domain.operations.views.verify import Verification, verify_many
from manyfest.domain.verification.findings import Severity

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
    """Verify ``references``, and yield a line for each error; what cannot be read was told."""
    for start in range(0, len(references), _SLICE):
        for found in verify_many(references[start : start + _SLICE], ports=session):
            if isinstance(found, Verification):
                yield from _errors(found)
        session.restart_deadline()


def _errors(found: Verification) -> Iterator[str]:
    for each in found.findings:
        if each.rule.severity is Severity.ERROR:
            yield f"{found.root.reference}: {finding_line(each)}"
