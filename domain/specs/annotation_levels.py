"""Annotations with the level that they belong to, in buildx's words.

``index:K=V`` is for the list, ``manifest-descriptor:K=V`` for the descriptor of each image in it,
and ``manifest-descriptor[linux/arm64]:K=V`` for that of one platform. Several levels have commas
between them; without a level it is the list's. Manifests are published as they are, so what buildx
writes into them (``manifest:``) goes into the list where a generator writes it there by default, as
docker/metadata-action does.

Where entries are added to a draft, an annotation without a level is for these entries, as in
podman's ``manifest add``, and a platform can stand for the level: ``linux/arm64:K=V``.
"""

import re
from collections.abc import Iterator

from attr import evolve

from manyfest.domain.errors import InputError, InvalidPlatformError, shortened
from manyfest.domain.lists.platform_normalisation import is_supported
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen

_LEVEL = r"((?:index|manifest)(?:-descriptor)?)(?:\[([^\]]*)\])?"
_LEVELS = re.compile(rf"({_LEVEL}(?:,{_LEVEL})*):(.*)", re.DOTALL)

# A word before a colon that is no level, but looks like one: keys begin with a domain.
_UNKNOWN_LEVEL = re.compile(r"[a-z,_-]+(?:\[[^\]=]*\])?:")


@frozen
class LeveledAnnotation:
    """An annotation of the list or, if ``is_of_entries``, of the descriptors in it.

    ``platform`` narrows these to the entries of one platform.
    """

    key: str
    value: str
    is_of_entries: bool = False
    platform: Platform | None = None


def parse_annotation(text: str) -> tuple[LeveledAnnotation, ...]:
    """Parse ``[LEVEL,...:]KEY=VALUE``: one annotation for each level.

    Raises InputError: no key or no value, or a level whose document is not written here;
    InvalidPlatformError.
    """
    parsed = tuple(_parse(text))
    for _, level in parsed:
        if level in {"manifest", "index-descriptor"}:
            raise InputError(
                f"{shortened(text)!r}: {level} annotations cannot be written, since images are "
                "published as they are; use index: or manifest-descriptor:"
            )
    return tuple(annotation for annotation, _ in parsed)


def parse_entry_annotation(text: str) -> tuple[LeveledAnnotation, ...]:
    """Parse ``[LEVEL,...:|PLATFORM:]KEY=VALUE``; without either, it is for all entries.

    Raises as ``parse_annotation``.
    """
    if _LEVELS.fullmatch(text):
        return parse_annotation(text)
    prefix, colon, rest = text.partition(":")
    is_narrowed = colon and "=" in rest and "=" not in prefix and _is_platform(prefix)
    platform = parse_filter(prefix) if is_narrowed else None
    parsed = parse_annotation(rest if is_narrowed else text)
    return tuple(evolve(each, is_of_entries=True, platform=platform) for each in parsed)


def _is_platform(text: str) -> bool:
    """Whether it names a pair that Go knows; a key with a slash and a colon seldom does."""
    try:
        platform = parse_filter(text)
    except InvalidPlatformError:
        return False
    return is_supported(platform.os, platform.architecture)


def parse_generated(text: str) -> tuple[LeveledAnnotation, ...]:
    """Parse an annotation of docker/metadata-action, which writes ``manifest:`` by default.

    That level becomes the list's; ``index-descriptor``, which only a nested list has, is left out.
    Raises InputError, InvalidPlatformError.
    """
    return tuple(annotation for annotation, level in _parse(text) if level != "index-descriptor")


def _parse(text: str) -> Iterator[tuple[LeveledAnnotation, str]]:
    leveled = _LEVELS.fullmatch(text)
    if leveled is None and (unknown := _UNKNOWN_LEVEL.match(text)):
        raise InputError(
            f"{shortened(text)!r}: {unknown[0]} is not a level of annotations; use index: or "
            "manifest-descriptor:"
        )
    levels, rest = (leveled[1], leveled[leveled.lastindex or 0]) if leveled else ("index", text)
    key, equals, value = rest.partition("=")
    if not key or not equals:
        raise InputError(f"an annotation is written [LEVEL:]KEY=VALUE, not {shortened(text)!r}")
    for level, platform in re.findall(_LEVEL, levels):
        is_of_entries = level == "manifest-descriptor"
        narrowed = parse_filter(platform) if platform and is_of_entries else None
        yield LeveledAnnotation(key, value, is_of_entries, narrowed), level
