"""The precondition of moving a tag, like ``If-Match`` (RFC 9110 §13.1.1)."""

from manyfest.domain.digests import Digest
from manyfest.domain.errors import TagMovedError
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

ABSENT = "absent"


@frozen
class Expectation:
    """The tag must point to ``digest``; None: the tag must not exist."""

    digest: Digest | None

    @classmethod
    def parse(cls, text: str) -> "Expectation":
        """Parse ``absent`` or a digest. Raises InvalidDigestError."""
        return cls(None if text == ABSENT else Digest.parse(text))

    def check(self, reference: Reference, actual: Digest | None) -> None:
        """Raise TagMovedError if ``reference`` points to another digest."""
        if actual != self.digest:
            texts = ("" if digest is None else str(digest) for digest in (self.digest, actual))
            raise TagMovedError(str(reference), *texts)
