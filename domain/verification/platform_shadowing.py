"""Shadowed entries: those that a first-match client can never select.

An earlier entry matches every platform that they match (image-spec, image-index.md).
"""

import re

from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.lists.platform_selection import is_same_version
from manyfest.domain.platforms import Platform

# The variant of these architectures if an entry has none.
_LOWEST_VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}

_LEVEL = r"v(\d+)(?:\.(\d+))?"


def shadows(earlier: Platform, later: Platform) -> bool:
    """Return True if every host that matches ``later`` matches ``earlier`` too.

    Equal platforms do not shadow each other. A processor runs images for older variants of it;
    os.version (on Windows, the build) and os.features restrict hosts. Emulation by a system (386 on
    amd64) is ignored.
    """
    return shadows_usual(normalised(earlier), normalised(later))


def shadows_usual(first: Platform, second: Platform) -> bool:
    """Answer as ``shadows``, of platforms that are normalised already."""
    return (
        first != second
        and (first.os, first.architecture) == (second.os, second.architecture)
        and _runs_variant(second.architecture, second.variant, first.variant)
        and (not first.os_version or _is_same_version(first, second))
        and set(first.os_features) <= set(second.os_features)
    )


def _is_same_version(first: Platform, second: Platform) -> bool:
    return is_same_version(first.os, first.os_version, second.os_version)


def _runs_variant(architecture: str, variant: str, older: str) -> bool:
    lowest = _LOWEST_VARIANTS.get(architecture)
    if lowest is None:
        return older in ("", variant)
    have, wanted = _level(variant or lowest), _level(older or lowest)
    if have is None or wanted is None:
        return variant == older
    return wanted <= have


def _level(variant: str) -> tuple[int, int] | None:
    match = re.fullmatch(_LEVEL, variant)
    return (int(match[1]), int(match[2] or 0)) if match else None
