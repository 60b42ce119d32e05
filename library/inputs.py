"""Arguments of the library's methods, as the domain's values."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manyfest.assembly.references import (
    mirror_home,
    reference,
    repository_home,
    resolve_source,
    tag_or_reference,
)
from manyfest.assembly.references import target as target_reference
from manyfest.assembly.settings import MOST_JOBS, parse_boolean
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.encoding import quantities
from manyfest.domain.errors import InputError
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose, required_purposes
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Home, Reference, Repository

if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.digests import Digest

# A reference as docker writes it, or one that was parsed.
Name = str | Reference

# OS[/ARCH[/VARIANT]], or a platform that was parsed.
PlatformName = str | Platform


def named(name: Name) -> Reference:
    """Return the reference of a draft or a target. Raises InvalidReferenceError, TypeError."""
    return name if isinstance(name, Reference) else reference(_text(name))


def _text(name: str) -> str:
    """Return ``name``, of which a type checker says the same. Raises TypeError: it is no text."""
    if isinstance(name, str):
        return name
    hint = f"; a layout is named oci:{name}:TAG" if isinstance(name, os.PathLike) else ""
    raise TypeError(f"a reference is a str or a Reference, not {type(name).__name__}{hint}")


def target(name: Name) -> Reference:
    """Return the reference of a name to publish as. Raises InvalidReferenceError: a digest."""
    return target_reference(str(name))


def repository(name: "Name | Home") -> Home:
    """Return a repository, a layout or another home; a slash at its end says nothing.

    Raises InvalidReferenceError; InputError: there is a tag or digest.
    """
    return repository_home(str(name).rstrip("/"))


def mirror(through: str | Repository | None, session: "Session") -> Repository | None:
    """Return the mirror to ask. Raises InputError: it is none, or the session is offline."""
    if through is not None and session.offline:
        raise InputError("through: a mirror is not asked offline")
    return through if through is None else mirror_home(str(through), "through")


def published_names(given: Name | Iterable[Name]) -> tuple[Reference, ...]:
    """Return the references to publish as; behind the first, a tag alone is one beside it.

    Raises InvalidReferenceError; InputError: there is none, or the first is a tag alone.
    """
    listed = names(given)
    if not listed:
        raise InputError("tags: there is no tag to publish as")
    first, *more = listed
    if _is_tag_alone(first):
        raise InputError(f"tags: {first} is a tag without a repository: write REPO:{first}")
    place = named(first)
    others = (tag_or_reference(str(n), place) if _is_tag_alone(n) else named(n) for n in more)
    return tuple(dict.fromkeys((place, *others)))


def _is_tag_alone(name: Name) -> bool:
    return isinstance(name, str) and not any(mark in name for mark in "/:@")


def family(convert: Family | str | None) -> Family | None:
    """Return the family to convert to: docker or oci. Raises InputError: it is neither."""
    try:
        return None if convert is None else Family(convert)
    except ValueError:
        raise InputError(f"convert: expected docker or oci, not {convert!r}") from None


def list_type(type_: ListType | str) -> ListType:
    """Return the type of a list: auto, docker or oci. Raises InputError: it is none of them."""
    try:
        return ListType(type_)
    except ValueError:
        raise InputError(f"type: expected auto, docker or oci, not {type_!r}") from None


def require_one_type(kind: ListType | None, convert: Family | None) -> None:
    """Refuse a list of one family with the type of the other. Raises InputError."""
    if kind is not None and convert is not None and kind.excludes(convert):
        raise InputError(f"convert={convert.value!r} and type={kind.value!r} exclude each other")


def source(name: Name, session: "Session") -> Reference:
    """Return the reference of a source, a past state included. Raises as ``resolve_source``."""
    return name if isinstance(name, Reference) else resolve_source(_text(name), session)


def platform(wanted: PlatformName | None) -> Platform | None:
    """Return the platform, if there is one. Raises InvalidPlatformError."""
    return parse_filter(wanted) if isinstance(wanted, str) else wanted


def platforms(wanted: Iterable[PlatformName]) -> tuple[Platform, ...]:
    """Return the platforms; a single text is one of them. Raises InvalidPlatformError."""
    each = (wanted,) if isinstance(wanted, str) else wanted
    return tuple(parse_filter(one) if isinstance(one, str) else one for one in each)


def names(given: Name | Iterable[Name]) -> tuple[Name, ...]:
    """Return the names; a single one is one of them."""
    return (given,) if isinstance(given, str | Reference | os.PathLike) else tuple(given)


def texts(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return the texts; a single text is one of them, and not its characters."""
    return (given,) if isinstance(given, str) else tuple(given)


def patterns(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return patterns of tags. Raises InputError: one is empty, and would match no tag."""
    found = texts(given)
    if not all(found):
        raise InputError("a pattern of tags is empty: leave tags out to select all")
    return found


def paths(given: str | Path | Iterable[str | Path]) -> tuple[str | Path, ...]:
    """Return the paths; a single one is one of them."""
    return (given,) if isinstance(given, str | os.PathLike) else tuple(given)


def attached_mode(attached: bool | None) -> AttachedMode:  # noqa: FBT001 -- as methods take it
    """Return the mode: required for True, left for False, tried for None."""
    if attached is None:
        return AttachedMode.TRY
    return AttachedMode.REQUIRE if attached else AttachedMode.LEAVE


def expectation(expect: "str | Digest | None") -> Expectation | None:
    """Return what a tag must be before it moves, if anything. Raises InvalidDigestError."""
    return None if expect is None else Expectation.parse(str(expect))


def purposes(require: str | Iterable[str]) -> tuple[Purpose, ...]:
    """Return what has to be attached. Raises UnknownPurposeError."""
    return required_purposes(texts(require))


def pairs(annotations: Mapping[str, str]) -> tuple[str, ...]:
    """Return annotations as ``KEY=VALUE``, as the rules of levels and platforms read them."""
    return tuple(f"{key}={value}" for key, value in annotations.items())


def variables(*, trust_env: bool) -> Mapping[str, str]:
    """Return the environment's variables, or those alone that say where the user's files are."""
    places = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")
    if trust_env:
        return os.environ
    return {name: os.environ[name] for name in places if name in os.environ}


def call_settings(environment: Mapping[str, str], **given: Any) -> dict[str, Any]:
    """Return the settings of calls: what is ``given`` and not None, then variables, then defaults.

    The program reads these variables by its options. Raises InputError: one is malformed.
    """
    parsers: dict[str, tuple[str, Callable[[str, str], Any]]] = {
        "max_age": ("MANYFEST_MAX_AGE", quantities.parse_age),
        "stale_if_error": ("MANYFEST_STALE_IF_ERROR", parse_boolean),
        "jobs": ("MANYFEST_JOBS", partial(quantities.parse_whole, least=1, most=MOST_JOBS)),
        "chunk_size": ("MANYFEST_CHUNK_SIZE", quantities.parse_size),
        "seconds": ("MANYFEST_TIMEOUT", quantities.parse_seconds),
    }
    found = {name: value for name, value in given.items() if value is not None}
    for name, (variable, parse) in parsers.items():
        if name not in found and (text := environment.get(variable)):
            found[name] = parse(text, variable)
    return {**found, "seconds_are_hard": "seconds" in found}


def targets(
    name: Reference, destinations: Name | Iterable[Name], tags: Sequence[str]
) -> tuple[Reference, ...]:
    """Return what a draft of this ``name`` is published as. Raises InvalidReferenceError."""
    first, *others = tuple(map(target, names(destinations))) or (name,)
    more = (tag_or_reference(text, first) for text in tags)
    return tuple(dict.fromkeys((first, *others, *more)))


def require_one_way(
    expected: Expectation | None, tags: Sequence[str], *, merge: bool, untagged: bool
) -> None:
    """Raise InputError if arguments of a push exclude each other."""
    if merge and expected is not None:
        raise InputError("merge and expect exclude each other")
    if untagged and (merge or expected is not None or tags):
        raise InputError("untagged moves no tag: it goes without tags, expect and merge")
