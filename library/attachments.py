"""The client's methods that read what is attached to images: signatures, SBOMs, provenance."""

from typing import TYPE_CHECKING

from manyfest.domain.references import Reference
from manyfest.library import inputs
from manyfest.library.calls import Calls
from manyfest.library.images import Image
from manyfest.library.inputs import Name, PlatformName

if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.operations.views.documents import Document
    from manyfest.domain.operations.views.search_statements import Carried, Wanted
    from manyfest.domain.statements.provenance import Provenance
    from manyfest.domain.statements.sboms import Sbom


class Attachments:
    """Methods that read what is attached. Signatures are shown, and not verified."""

    _calls: Calls

    def attached(self, name: Name) -> "tuple[Document, ...]":
        """Find what is attached to ``name`` and to its images. Raises as ``Image.attached``."""
        from manyfest.domain.operations.views.inspect import inspect

        with self._calls.reading() as session:
            found = inspect(inputs.source(name, session), ports=session)
        return Image(found, self._calls.reading).attached()

    def read_attached(self, name: Name, digest: str) -> bytes:
        """Read an attached document, or manifest, by its digest or the beginning of that.

        Raises NotFoundError: nothing attached has it; as ``inspect``.
        """
        from manyfest.domain.operations.resolve import resolve
        from manyfest.domain.operations.views.documents import documents_attached, read_document

        with self._calls.reading() as session:
            found = resolve(inputs.source(name, session), session.registry)
            documents = documents_attached(found, ports=session)
            return read_document(documents, str(digest), str(name), ports=session)

    def sbom(self, name: Name, platform: PlatformName | None = None) -> "Sbom":
        """Read the SBOM of the image for ``platform``, or of the only one.

        Raises StatementUnknownError: it has none; StatementMismatchError: it is about another
        image; as ``inspect``. Signatures are not verified.
        """
        from manyfest.domain.operations.views.search_statements import SBOM
        from manyfest.domain.statements.sboms import read_sbom

        with self._calls.reading() as session:
            carried = _statement(inputs.source(name, session), platform, SBOM, session)
        return read_sbom(carried.statement, str(carried.manifest.at(carried.blob.digest)))

    def provenance(self, name: Name, platform: PlatformName | None = None) -> "Provenance":
        """Read how the image for ``platform``, or the only one, was built. Raises as ``sbom``."""
        from manyfest.domain.operations.views.search_statements import PROVENANCE
        from manyfest.domain.statements.provenance import read_provenance

        with self._calls.reading() as session:
            carried = _statement(inputs.source(name, session), platform, PROVENANCE, session)
        return read_provenance(carried.statement)


def _statement(
    place: Reference, wanted: PlatformName | None, kind: "Wanted", session: "Session"
) -> "Carried":
    from manyfest.domain.operations.resolve import resolve
    from manyfest.domain.operations.views.statements import find_statements

    found = resolve(place, session.registry)
    return find_statements(found, inputs.platform(wanted), kind, ports=session).chosen
