"""The packages of stored SBOMs as rows, so that a query need not parse documents of megabytes.

The rows of a statement are written with its bytes, in the same transaction, and removed with them
(ON DELETE CASCADE): garbage collection and quarantine need not know of them.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from manyfest.domain.errors import DocumentError
from manyfest.domain.statements.envelopes import Statement, read_statement
from manyfest.domain.statements.sboms import read_sbom
from manyfest.store.sqlite.database import Row

if TYPE_CHECKING:
    from manyfest.store.sql_database import SqlDatabase

_SUBJECTS = 10  # images that one statement may be about; BuildKit's names one under several names
_SELECT_KNOWN = "SELECT 1 FROM packages WHERE statement = ? LIMIT 1"
_INSERT = """
    INSERT INTO packages (statement, image, name, version, type, licence, purl)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""


def keep_packages(database: "SqlDatabase", statements: Iterable[tuple[str, bytes]]) -> None:
    """Write the packages of what is an SBOM among ``statements``: the digest and bytes of each.

    Those that are known stay. Call within a transaction, after the bytes were kept.
    """
    for digest, data in statements:
        if not database.rows(_SELECT_KNOWN, (digest,)):
            database.write(_INSERT, _rows(digest, data))


def _rows(digest: str, data: bytes) -> Iterator[Row]:
    """Yield a row for each package and image; none if ``data`` cannot be read as an SBOM."""
    try:
        statement = read_statement(data, digest)
        packages = read_sbom(statement, digest).packages if statement.is_sbom else ()
    except DocumentError:
        return
    for image in _images(statement):
        for one in packages:
            yield digest, image, one.name, one.version, one.type, one.licence, one.purl


def _images(statement: Statement) -> tuple[str, ...]:
    """Return the digests of the images that it names; one empty text if it names none."""
    return tuple(dict.fromkeys(statement.subjects))[:_SUBJECTS] or ("",)
