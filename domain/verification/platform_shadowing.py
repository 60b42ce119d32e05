"""Which entries nobody gets who takes the first that fits (image-spec, image-index.md)."""

import re

from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.platforms import Platform

# The variant that each of these architectures has when it says none.
_LOWEST_VARIANTS = {"amd64": "v1", "arm": "v7", "arm64": "v8"}

_LEVEL = re.compile(r"v(\d+)(?:\.(\d+))?")


def shadows(earlier: Platform, later: Platform) -> bool:
    """Whether all that ``later`` runs on run ``earlier``, too, and the two are not the same.

    A processor runs what was built for older variants of it; os.version and os.features narrow
    where an image may run. What some systems run beside their own kind (386 on amd64) is left out.
    """
    first, second = normalised(earlier), normalised(later)
    return (
        first != second
        and (first.os, first.architecture) == (second.os, second.architecture)
        and _runs_variant(second.architecture, second.variant, first.variant)
        and first.os_version in ("", second.os_version)
        and set(first.os_features) <= set(second.os_features)
    )


def _runs_variant(architecture: str, variant: str, older: str) -> bool:
    lowest = _LOWEST_VARIANTS.get(architecture)
    if lowest is None:
        return older in ("", variant)
    have, wanted = _level(variant or lowest), _level(older or lowest)
    if have is None or wanted is None:
        return variant == older
    return wanted <= have


def _level(variant: str) -> tuple[int, int] | None:
    match = _LEVEL.fullmatch(variant)
    return (int(match[1]), int(match[2] or 0)) if match else None
