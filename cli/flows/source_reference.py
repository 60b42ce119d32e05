"""Reading what a person typed as a reference to read: past states, too, as the store knows them."""

from manyfest.cli.arguments.options import reference
from manyfest.cli.wiring import Session
from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import Reference


def resolve_source(text: str, session: Session) -> Reference:
    """The reference; a past state of a tag (``REF@{1}``) becomes ``REF@DIGEST``.

    Raises InvalidReferenceError; NeverSeenError, NoSuchStateError: the store does not know of it.
    """
    if "@{" not in text:
        return reference(text)
    from manyfest.domain.history.revision import parse_past, reference_to

    past = parse_past(text, session.now)
    if past is None:
        return reference(text)
    tag = reference(past.name)
    if tag.digest is not None:
        raise InvalidReferenceError(text, "invalid reference format: a digest has no past states")
    return reference_to(past.selector, tag, session.contents.history(tag))
