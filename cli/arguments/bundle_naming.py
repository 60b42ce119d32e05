"""``--as``: names for the images of a bundle that have none of a registry."""

from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.operations.content.bundle_images import NO_NAMES, Naming
from manyfest.domain.references import Reference, Repository


def parse_naming(text: str | None) -> Naming:
    """Parse a repository, perhaps with a tag. Raises InvalidReferenceError: it is neither."""
    if text is None:
        return NO_NAMES
    try:
        parsed, is_tagged = Reference.parse(f"{text}:tag"), False
    except InvalidReferenceError:
        parsed, is_tagged = Reference.parse(text), True
    if not isinstance(parsed.home, Repository) or parsed.digest is not None:
        raise InvalidReferenceError(text, "this is not a repository of a registry")
    return Naming(parsed.home, parsed if is_tagged else None)
