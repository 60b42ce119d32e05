"""The rules about the platforms that a person expects of an image or a list."""

from collections.abc import Iterator, Mapping, Sequence

from manyfest.domain.digests import Digest
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.platform_selection import is_expected
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.verification.findings import Finding, finding


def expected_findings(
    manifest: Manifest, platforms: Mapping[Digest, object], expected: Sequence[Platform]
) -> Iterator[Finding]:
    """Compare the platforms of a list, or of an image by itself, with those that are expected.

    ``platforms`` has those of images, by the digests of their configs. A platform too many is only
    a warning: most lists have more platforms than one deploys.
    """
    if not expected:
        return
    have = list(_platforms(manifest, platforms))
    for wanted in expected:
        if not any(is_expected(each, wanted) for _, each in have):
            place = "manifests" if manifest.is_list else "config"
            yield finding("absent-platform", place, f"there is no image for {wanted}")
    for path, each in have:
        if not any(is_expected(each, wanted) for wanted in expected):
            yield finding("unexpected-platform", path, f"{each} is not expected")


def _platforms(
    manifest: Manifest, platforms: Mapping[Digest, object]
) -> Iterator[tuple[str, Platform]]:
    own = platforms.get(manifest.config.digest) if manifest.config else None
    if isinstance(own, Platform):
        yield "config", own
    for number, entry in enumerate(manifest.entries):
        if entry.platform is not None and entry.platform.os and attested_digest(entry) is None:
            yield f"manifests[{number}].platform", entry.platform
