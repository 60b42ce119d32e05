"""The packages of an SBOM as ``sbom`` shows them: a table, JSON, or the document itself."""

import json
from collections.abc import Iterable, Iterator

from manyfest.cli.output import Screen
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.rendering.table import Column, json_array
from manyfest.domain.statements.envelopes import Statement
from manyfest.domain.statements.sboms import Package, Sbom

_UNREADABLE = "no packages could be read (they have another form)"


def package_columns(_screen: Screen) -> tuple[Column[Package], ...]:
    """Return the columns; a cell is empty where the SBOM does not say."""
    return (
        Column("NAME", lambda package: package.name, cut="middle"),
        Column("VERSION", lambda package: package.version),
        Column("TYPE", lambda package: package.type, rank=3),
        Column("LICENCE", lambda package: package.licence, rank=2, cut="middle"),
    )


def packages_json(packages: Iterable[Package]) -> Iterator[str]:
    """Yield a JSON array of objects; what is not known is null."""
    return json_array(
        {
            "name": package.name,
            "version": package.version or None,
            "type": package.type or None,
            "licence": package.licence or None,
            "purl": package.purl or None,
        }
        for package in packages
    )


def document_text(statement: Statement, data: bytes) -> str:
    """Return the SBOM itself: its own bytes, or what an envelope or statement has of it."""
    if statement.is_bare and not statement.signatures:
        return data.decode().rstrip("\n")
    return json.dumps(statement.document, indent=2, ensure_ascii=False)


def summary(sbom: Sbom) -> str:
    """Return what the SBOM says of itself: ``412 packages, SPDX-2.3, by syft 1.4``."""
    made_by = f", by {', '.join(sbom.tools[:3])}" if sbom.tools else ""
    return f"{package_count(sbom)}, {sbom.format}{made_by}"


def package_count(sbom: Sbom) -> str:
    """Return the number of packages, or that what is listed cannot be read."""
    return _UNREADABLE if sbom.is_unreadable else counted(len(sbom.packages), "package")
