"""Evaluation: findings about a manifest, from evidence about its children."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.distributable_blobs import is_distributable
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import IMAGE_CONFIGS
from manyfest.domain.platforms import Platform
from manyfest.domain.verification.child_rules import (
    blob_error_finding,
    child_findings,
    manifest_error_finding,
    platform_findings,
    size_findings,
)
from manyfest.domain.verification.findings import Finding
from manyfest.domain.verification.list_rules import list_findings


@frozen
class Located:
    """A manifest, with the path and entry that list it first, except the root."""

    manifest: Manifest
    path: str = ""
    entry: Descriptor | None = None

    @property
    def children(self) -> Iterator[tuple[str, Descriptor]]:
        """The entries of a list, with their paths."""
        for position, entry in enumerate(self.manifest.entries):
            yield self._at(f"manifests[{position}]"), entry

    @property
    def blobs(self) -> Iterator[tuple[str, Descriptor]]:
        """The config and the distributable layers of an image, with their paths."""
        if self.manifest.config:
            yield self._at("config"), self.manifest.config
        for position, layer in enumerate(self.manifest.layers):
            if is_distributable(layer):
                yield self._at(f"layers[{position}]"), layer

    @property
    def image_config(self) -> Descriptor | None:
        """The config with the image's platform; None for attestations."""
        config = self.manifest.config
        if config is None or config.media_type not in IMAGE_CONFIGS:
            return None
        return None if self.entry and attested_digest(self.entry) is not None else config

    def _at(self, path: str) -> str:
        return f"{self.path}.{path}" if self.path else path


@frozen
class Evidence:
    """The content of each digest, or the error of reading it.

    ``sizes`` are those of blobs, in bytes, if they were requested; ``platforms`` are those of
    configs.
    """

    manifests: Mapping[Digest, Manifest | ManyfestError]
    sizes: Mapping[Digest, int | ManyfestError] = field(factory=dict)
    platforms: Mapping[Digest, Platform | ManyfestError] = field(factory=dict)


def findings_at(located: Located, evidence: Evidence) -> Iterator[Finding]:
    """Yield the findings about the manifest and its direct children."""
    if located.manifest.is_list:
        for found in list_findings(located.manifest):
            yield found.below(located.path)
    yield from _evaluate_children(located, evidence)
    yield from _evaluate_blobs(located, evidence)
    yield from _evaluate_configs(located, evidence)


def _evaluate_children(located: Located, evidence: Evidence) -> Iterator[Finding]:
    for path, entry in located.children:
        child = evidence.manifests[entry.digest]
        if isinstance(child, Manifest):
            yield from child_findings(path, entry, child)
            yield from _evaluate_platform(path, entry, child, evidence)
        else:
            yield manifest_error_finding(path, child)


def _evaluate_platform(
    path: str, entry: Descriptor, child: Manifest, evidence: Evidence
) -> Iterator[Finding]:
    own = evidence.platforms.get(child.config.digest) if child.config else None
    if isinstance(own, Platform) and entry.platform and attested_digest(entry) is None:
        yield from platform_findings(path, entry.platform, own)


def _evaluate_blobs(located: Located, evidence: Evidence) -> Iterator[Finding]:
    for path, blob in located.blobs:
        size = evidence.sizes.get(blob.digest)
        if isinstance(size, int):
            yield from size_findings(path, blob, size)
        elif size is not None:
            yield blob_error_finding(path, size)


def _evaluate_configs(located: Located, evidence: Evidence) -> Iterator[Finding]:
    for path, blob in located.blobs:
        error = evidence.platforms.get(blob.digest)
        if isinstance(error, ManyfestError):
            yield blob_error_finding(path, error)
