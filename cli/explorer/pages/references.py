"""References in addresses: read as a person types them, but for paths, which stay as they are."""

from attr import evolve

from manyfest.cli.explorer.library import Library
from manyfest.domain.history.revision import index_of, parse_past
from manyfest.domain.references import Reference


def reference_in(text: str, library: Library) -> Reference:
    """Parse a reference; a past state of a tag (``REF@{1}``) becomes ``REF@DIGEST``.

    Raises InvalidReferenceError; NeverSeenError, NoSuchStateError: the store does not know it.
    """
    past = parse_past(text, library.now) if "@{" in text else None
    if past is None:
        return Reference.parse(text)
    tag = Reference.parse(past.name)
    history = library.contents.history(tag)
    return evolve(tag, digest=history[index_of(past.selector, tag, history)].digest)
