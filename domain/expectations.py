"""What a person expects a tag to point to before it is moved."""

from attrs import frozen

from manyfest.domain.digests import Digest
from manyfest.domain.errors import TagMovedError
from manyfest.domain.references import Reference

ABSENT = "absent"


@frozen
class Expectation:
    """The tag points to ``digest``, or with None to nothing yet."""

    digest: Digest | None

    @classmethod
    def parse(cls, text: str) -> "Expectation":
        """``absent``, or a digest. Raises InvalidDigestError."""
        return cls(None if text == ABSENT else Digest.parse(text))

    def check(self, reference: Reference, actual: Digest | None) -> None:
        """Raises TagMovedError when ``reference`` points elsewhere."""
        if actual != self.digest:
            texts = ("" if digest is None else str(digest) for digest in (self.digest, actual))
            raise TagMovedError(str(reference), *texts)
