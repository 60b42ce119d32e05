"""The flow of ``sbom`` and ``provenance``: finds a statement, and says what it is worth."""

from manyfest.cli.output import note, warn
from manyfest.cli.rendering.attached.trust import VERIFY, statement_command, statement_trust
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.wiring import Session
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.views.search_statements import Wanted
from manyfest.domain.operations.views.statements import Statements, find_statements
from manyfest.domain.references import Reference

_NOUNS = {"provenance": "provenance statement"}  # of kinds that cannot be counted
_SHOWN = 3  # digests of other statements


def statements_for(
    name: Reference, platform: str | None, wanted: Wanted, session: Session
) -> Statements:
    """Return the statements about the image for ``platform`` at ``name``.

    Raises as ``find_statements``.
    """
    wanted_platform = None if platform is None else parse_filter(platform)
    session.connect_early([name])
    found = resolve(name, session.registry)
    return find_statements(found, wanted_platform, wanted, ports=session)


def note_trust(found: Statements, wanted: Wanted, name: Reference) -> None:
    """Say whether the chosen statement is signed, what verifies it, and that there are others."""
    note(statement_trust(found.chosen))
    if command := statement_command(found.chosen):
        note(f"{VERIFY}: {command}")
    if found.others:
        digests = ", ".join(str(each.blob.digest) for each in found.others[:_SHOWN])
        digests += ", ..." if len(found.others) > _SHOWN else ""
        others = counted(len(found.others), f"other {_NOUNS.get(wanted.name, wanted.name)}")
        note(f"{others}: manyfest attached --get DIGEST {name} prints {digests}")
    for error in found.failures:
        from manyfest.cli.advice.remedies import told

        warn(f"a signed {wanted.name} may be attached: {told(error)}")
