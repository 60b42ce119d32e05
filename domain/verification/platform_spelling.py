"""Platforms that readers do not look for, because of how they are written.

Podman, skopeo and crane compare names as they are; docker and containerd normalise what they know
(``platform_normalisation``). A variant that no processor has is found by none of them.
"""

import re

from manyfest.domain.lists.platform_normalisation import is_supported, normalised
from manyfest.domain.platforms import Platform

# Variants that processors have, in the usual spelling; others are not judged. The texts are for
# messages (image-spec, image-index.md, "Platform Variants"; containerd, ``cpuinfo``).
_VARIANTS = {
    "amd64": ("v[1-4]", "v1 to v4"),
    "arm": ("v[5-8]", "v5 to v8"),
    "arm64": (r"v[89](?:\.[0-9])?", "v8 or v9"),
}

# The variants that an entry may state or leave out.
_DEFAULTS = {"amd64": "v1", "arm64": "v8"}


def usual_spelling(platform: Platform) -> str:
    """Return the platform as all readers look for it; empty if it is written so.

    Empty also for pairs that Go has no port for, whose usual spelling is unknown. A default variant
    may be written or not: both are usual.
    """
    usual = normalised(platform)
    same_names = (platform.os, platform.architecture) == (usual.os, usual.architecture)
    accepted = ("", usual.variant, _DEFAULTS.get(usual.architecture, ""))
    is_usual = same_names and platform.variant in accepted
    return "" if is_usual or not is_supported(usual.os, usual.architecture) else str(usual)


def known_variants(platform: Platform) -> str:
    """Return the variants that exist, if ``platform`` has none of them; else empty."""
    usual = normalised(platform)
    pattern, known = _VARIANTS.get(usual.architecture, ("", ""))
    if not pattern or not usual.variant or re.fullmatch(pattern, usual.variant):
        return ""
    return known
