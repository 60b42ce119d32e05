"""The precondition of moving a tag, like ``If-Match`` (RFC 9110 §13.1.1)."""

from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidDigestError, TagMovedError
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
        if text == ABSENT:
            return cls(None)
        try:
            return cls(Digest.parse(text))
        except InvalidDigestError as error:
            reason = f"expected sha256:... or {ABSENT}; {error.reason}"
            raise InvalidDigestError(text, reason) from error

    def check(self, reference: Reference, actual: Digest | None) -> None:
        """Raise TagMovedError if ``reference`` points to another digest."""
        if actual != self.digest:
            texts = ("" if digest is None else str(digest) for digest in (self.digest, actual))
            raise TagMovedError(str(reference), *texts)
