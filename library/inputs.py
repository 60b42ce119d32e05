"""Arguments of the library's methods, as the domain's values."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from manyfest.assembly.references import reference, resolve_source
from manyfest.assembly.references import target as target_reference
from manyfest.domain.drafts.draft import ListType
from manyfest.domain.errors import InputError
from manyfest.domain.expectations import Expectation
from manyfest.domain.images.attachments import Purpose, required_purposes
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.media_types import Family
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

if TYPE_CHECKING:
    from manyfest.assembly.session import Session
    from manyfest.domain.digests import Digest

# A reference as docker writes it, or one that was parsed.
Name = str | Reference

# OS[/ARCH[/VARIANT]], or a platform that was parsed.
PlatformName = str | Platform


def named(name: Name) -> Reference:
    """Return the reference of a draft or a target. Raises InvalidReferenceError."""
    return name if isinstance(name, Reference) else reference(name)


def target(name: Name) -> Reference:
    """Return the reference of a name to publish as. Raises InvalidReferenceError: a digest."""
    return target_reference(str(name))


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


def source(name: Name, session: "Session") -> Reference:
    """Return the reference of a source, a past state included. Raises as ``resolve_source``."""
    return name if isinstance(name, Reference) else resolve_source(name, session)


def platform(wanted: PlatformName | None) -> Platform | None:
    """Return the platform, if there is one. Raises InvalidPlatformError."""
    return parse_filter(wanted) if isinstance(wanted, str) else wanted


def platforms(wanted: Iterable[PlatformName]) -> tuple[Platform, ...]:
    """Return the platforms; a single text is one of them. Raises InvalidPlatformError."""
    each = (wanted,) if isinstance(wanted, str) else wanted
    return tuple(parse_filter(one) if isinstance(one, str) else one for one in each)


def names(given: Name | Iterable[Name]) -> tuple[Name, ...]:
    """Return the names; a single one is one of them."""
    return (given,) if isinstance(given, str | Reference) else tuple(given)


def texts(given: str | Iterable[str]) -> tuple[str, ...]:
    """Return the texts; a single text is one of them, and not its characters."""
    return (given,) if isinstance(given, str) else tuple(given)


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
