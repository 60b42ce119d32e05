"""References as a person types them, read as the domain's values.

The path of a layout is made absolute here, where the working directory is known.
"""

from os.path import abspath
from typing import TYPE_CHECKING

from attrs import evolve

from manyfest.domain.errors import InvalidReferenceError, shortened
from manyfest.domain.references import LAYOUT_SCHEME, Layout, Reference

if TYPE_CHECKING:
    from manyfest.cli.wiring import Session


def reference(text: str) -> Reference:
    """The reference that a person typed; a layout's path is made absolute here, where a folder is.

    Past states are for what is read (``resolve_source``). Raises InvalidReferenceError.
    """
    _, braces, behind = text.rpartition("@{")
    if braces and "/" not in behind:  # with a slash it is the name of a folder
        reason = "invalid reference format: @{...} names what was there, which can only be read"
        raise InvalidReferenceError(text, reason)
    parsed = Reference.parse(text)
    if isinstance(parsed.home, Layout):
        directory = abspath(parsed.home.directory)  # noqa: PTH100 -- links stay as typed
        if ":" in directory:
            reason = "invalid reference format: a colon ends the path of a layout, and this has one"
            raise InvalidReferenceError(directory, reason)
        return evolve(parsed, home=Layout(directory))
    return parsed


def resolve_source(text: str, session: "Session") -> Reference:
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


def list_name(text: str, command: str = "") -> Reference:
    """The name of a list; a malformed one is refused in docker's words for ``command``."""
    try:
        return reference(text)
    except InvalidReferenceError as error:
        reason = f"{command}error parsing name for manifest list {shortened(text)}: {error.reason}"
        raise InvalidReferenceError(text, reason) from error


def entry_name(text: str) -> str:
    """What a person calls an entry of a draft; a layout's path in it is made absolute here."""
    return str(reference(text)) if text.startswith(LAYOUT_SCHEME) else text


def tag_or_reference(text: str, name: Reference) -> Reference:
    """A further name for the list ``name``: a tag beside it, or a reference of its own."""
    if any(mark in text for mark in "/:@"):
        return reference(text)
    Reference.parse(f"name:{text}")  # refuses what is no tag
    return name.tagged(text)
