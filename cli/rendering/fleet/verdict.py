"""An image that a person or a file names, and the verdict on it."""

from manyfest.domain.errors import ManyfestError
from manyfest.domain.operations.views.verify import Verification
from manyfest.domain.values import frozen
from manyfest.domain.verification.findings import Finding, Severity


@frozen
class FleetImage:
    """The image ``name`` at ``place`` (``Dockerfile:3``, or empty), and what was found.

    ``found`` is the error if it could not be checked.
    """

    name: str
    place: str
    found: Verification | ManyfestError

    @property
    def status(self) -> str:
        """``passed``, ``failed``, or ``unknown`` if it could not be checked."""
        if isinstance(self.found, ManyfestError):
            return "unknown"
        return "failed" if self.found.count(Severity.ERROR) else "passed"

    @property
    def error(self) -> ManyfestError | None:
        """The reason why it could not be checked."""
        return self.found if isinstance(self.found, ManyfestError) else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings; none if it could not be checked."""
        return () if isinstance(self.found, ManyfestError) else self.found.findings

    @property
    def file_and_line(self) -> tuple[str, int]:
        """The file that names it, and the line; an empty name for an argument."""
        file, _, line = self.place.rpartition(":")
        return file, int(line or 0)
