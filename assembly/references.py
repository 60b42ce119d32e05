"""References as a person types them, read as the domain's values.

The path of a layout or archive is made absolute here, where the working directory is known.
"""

from contextlib import suppress
from os.path import abspath
from pathlib import Path
from typing import TYPE_CHECKING

from attr import evolve

from manyfest.domain.errors import (
    InputError,
    InvalidReferenceError,
    ReadOnlyError,
    shortened,
)
from manyfest.domain.references import (
    ARCHIVE_SCHEMES,
    DEFAULT_TAG,
    LAYOUT_SCHEME,
    Archive,
    Home,
    Layout,
    Reference,
    Repository,
    is_tag,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from manyfest.assembly.session import Session

# An image may be called like this, but a file that is there more likely is what was meant.
_ARCHIVE_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz")


def reference(text: str) -> Reference:
    """Parse a draft's name or a target; the path of a layout or archive becomes absolute.

    Past states (``REF@{1}``) can only be read: see ``resolve_source``.
    Raises InvalidReferenceError.
    """
    _, braces, behind = text.rpartition("@{")
    if braces and "/" not in behind:  # with a slash it is the name of a folder
        reason = "invalid reference format: @{...} names a past state, which can only be read"
        raise InvalidReferenceError(text, reason)
    parsed = Reference.parse(text)
    match parsed.home:
        case Layout(directory):
            return evolve(parsed, home=Layout(_absolute(directory, "a layout")))
        case Archive(scheme, path):
            return evolve(parsed, home=Archive(scheme, _absolute(path, "an archive")))
    return parsed


def repository_home(text: str) -> Home:
    """Parse a repository, a layout or another home, without tag or digest.

    Raises InvalidReferenceError; InputError: there is a tag or digest.
    """
    named = reference(text)
    implied = None if isinstance(named.home, Layout | Archive) else DEFAULT_TAG
    if named.digest is None and named.tag == implied and not text.endswith(f":{implied}"):
        return named.home
    if "/" not in text and named.tag and named.tag.isdecimal():
        host = f"{shortened(text)} looks like a registry"
        raise InputError(f"{host}; name a repository, as in {shortened(text)}/team/app")
    reason = f"{shortened(text)} has a tag or digest; give the repository alone: {named.home}"
    raise InputError(reason)


def _absolute(path: str, kind: str) -> str:
    absolute = abspath(path)  # noqa: PTH100 -- links stay as typed
    if ":" in absolute:
        reason = f"invalid reference format: a colon ends the path of {kind}, and this has one"
        raise InvalidReferenceError(absolute, reason)
    return absolute


def target(text: str) -> Reference:
    """Parse a name to publish as. Raises InvalidReferenceError, for a digest, too."""
    named = reference(text)
    if named.digest is not None:
        raise InvalidReferenceError(text, "a list is published under a tag, not under a digest")
    return named


def written_tag(text: str) -> Reference:
    """Parse a tag to take away, which is written. Raises InvalidReferenceError, ReadOnlyError."""
    tag = reference(text)
    if tag.digest is not None:
        raise InvalidReferenceError(text, "untag takes a tag, and no digest", "untag-digest")
    if isinstance(tag.home, Archive):
        raise ReadOnlyError(str(tag))
    if not tag.tag or not text.endswith(f":{tag.tag}"):
        raise InvalidReferenceError(text, "untag needs the tag to be written")
    return tag


def promoted_tags(name: str, tags: "Sequence[str]") -> tuple[Reference, ...]:
    """Return the tags to move: that of ``name``, and ``tags``, which replace an implied one.

    Raises InvalidReferenceError.
    """
    named = target(name)
    is_written = bool(named.tag) and name.endswith(f":{named.tag}")
    own = (named,) if is_written or not tags else ()
    return tuple(dict.fromkeys((*own, *(_beside(tag, named) for tag in tags))))


def mirror_home(text: str, name: str) -> Repository:
    """Parse ``HOST[:PORT][/PREFIX]``. Raises InputError: it has no host, or a tag or digest."""
    host, _, path = text.partition("/")
    with suppress(InvalidReferenceError):
        home = Reference.parse(f"{text}/image").home
        if isinstance(home, Repository) and home.registry == host and "@" not in text:
            return Repository(host, path)
    raise InputError(f"{name} wants a mirror such as mirror.example.com:5000, not {text!r}")


def resolve_source(text: str, session: "Session") -> Reference:
    """Parse a source; a past state of a tag (``REF@{1}``) becomes ``REF@DIGEST``.

    Raises InvalidReferenceError; NeverSeenError, NoSuchStateError: the store does not know it.
    """
    if text.endswith(_ARCHIVE_ENDINGS) and Path(text).is_file():
        file = f"the file of this name is docker-archive:{text} or oci-archive:{text}"
        session.hooks.note(f"{text} is read as the name of an image; {file}")
    if "@{" not in text:
        return reference(text)
    from manyfest.domain.history.revision import index_of, parse_past

    past = parse_past(text, session.now)
    if past is None:
        return reference(text)
    tag = reference(past.name)
    if tag.digest is not None:
        raise InvalidReferenceError(text, "invalid reference format: a digest has no past states")
    history = session.contents.history(tag)
    state = history[index_of(past.selector, tag, history)]
    if state.is_claimed:
        claimant = state.source or "a bundle"
        session.hooks.note(f"{text}: only {claimant} claims this state; it was not observed here")
    return evolve(tag, digest=state.digest)


def entry_name(text: str) -> str:
    """Return an entry's name as typed, with the path of a layout or archive made absolute."""
    return str(reference(text)) if text.startswith((LAYOUT_SCHEME, *ARCHIVE_SCHEMES)) else text


def tag_or_reference(text: str, name: Reference) -> Reference:
    """Parse a further name of a list: a tag beside ``name``, or a reference."""
    return target(text) if any(mark in text for mark in "/:@") else _beside(text, name)


def _beside(tag: str, name: Reference) -> Reference:
    """Return ``name`` under another tag. Raises InvalidReferenceError: it is none."""
    if not is_tag(tag):
        raise InvalidReferenceError(tag, f"invalid reference format: {shortened(tag)!r} is no tag")
    return name.tagged(tag)
