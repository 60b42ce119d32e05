"""Evaluation: findings about a manifest, from evidence about its children."""

from collections.abc import Iterator, Mapping

from attr import field

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManyfestError
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.lists.distributable_blobs import is_distributable
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import IMAGE_CONFIGS
from manyfest.domain.platforms import Platform
from manyfest.domain.values import frozen
from manyfest.domain.verification.child_rules import (
    blob_error_finding,
    child_findings,
    manifest_error_finding,
    platform_findings,
    size_findings,
    unverifiable_finding,
)
from manyfest.domain.verification.config_members import config_findings
from manyfest.domain.verification.document_rules import (
    Place,
    document_findings,
    readable_descriptors,
)
from manyfest.domain.verification.findings import Finding, Severity
from manyfest.domain.verification.list_rules import list_errors, list_findings


@frozen
class Examined:
    """All that evaluation needs of a manifest, so that its document may be let go.

    ``findings`` are about the document alone; ``children`` are the entries of a list that can be
    parsed; ``blobs`` are config and distributable layers of an image, and ``blobs`` of an artifact
    manifest. All have their paths in the document. ``foreign`` are the other layers.
    """

    known: Descriptor
    findings: tuple[Finding, ...]
    children: tuple[Place, ...] = ()
    blobs: tuple[Place, ...] = ()
    config: Descriptor | None = None
    foreign: tuple[Descriptor, ...] = ()

    @property
    def places(self) -> int:
        """The number of descriptors in it."""
        return len(self.children) + len(self.blobs) + len(self.foreign)


def examine(manifest: Manifest) -> Examined:
    """Return what the document of a manifest shows. Raises DocumentError: it is not JSON."""
    known, findings = manifest.descriptor(), tuple(document_findings(manifest))
    if manifest.is_list:
        children = readable_descriptors(manifest, "manifests")
        return Examined(known, (*findings, *list_findings(manifest)), children)
    blobs = readable_descriptors(manifest, "config", "layers", "blobs")
    configs = readable_descriptors(manifest, "config") if manifest.is_image else ()
    return Examined(
        known,
        findings,
        blobs=tuple(place for place in blobs if is_distributable(place[1])),
        config=configs[0][1] if configs else None,
        foreign=tuple(blob for _, blob in blobs if not is_distributable(blob)),
    )


@frozen
class Located:
    """A manifest that was examined, with the path and entry that list it first, except the root."""

    examined: Examined
    path: str = ""
    entry: Descriptor | None = None

    @property
    def children(self) -> Iterator[Place]:
        """The entries of a list that can be parsed, with their paths."""
        return self._below(self.examined.children)

    @property
    def blobs(self) -> Iterator[Place]:
        """The blobs that are asked for, with their paths."""
        return self._below(self.examined.blobs)

    @property
    def image_config(self) -> Descriptor | None:
        """The config with the image's platform; None for attestations."""
        config = self.examined.config
        if config is None or config.media_type not in IMAGE_CONFIGS:
            return None
        return None if self.entry and attested_digest(self.entry) is not None else config

    def _below(self, places: tuple[Place, ...]) -> Iterator[Place]:
        start = f"{self.path}." if self.path else ""
        return ((start + path, descriptor) for path, descriptor in places)


@frozen
class Evidence:
    """The content of each digest, or the error of reading it.

    A listed digest is None among the ``manifests`` if it is a blob's. ``sizes`` are those of blobs,
    in bytes, if they were requested; ``platforms`` are those of configs, and ``configs`` the bytes
    of those that could be read.
    """

    manifests: Mapping[Digest, Examined | ManyfestError | None]
    sizes: Mapping[Digest, int | ManyfestError] = field(factory=dict)
    platforms: Mapping[Digest, Platform | ManyfestError] = field(factory=dict)
    configs: Mapping[Digest, bytes] = field(factory=dict)


def findings_at(located: Located, evidence: Evidence) -> Iterator[Finding]:
    """Yield the findings about the manifest and its direct children."""
    for found in located.examined.findings:
        yield found.below(located.path)
    yield from _evaluate_children(located, evidence)
    yield from _evaluate_blobs(located, evidence)
    yield from _evaluate_configs(located, evidence)


def visible_errors(manifest: Manifest, config: bytes | None = None) -> tuple[Finding, ...]:
    """Return the errors that ``manifest`` shows without a look at a registry.

    ``config`` is that of an image, if it was read. Raises DocumentError: it is not strict JSON.
    """
    found = [*document_findings(manifest), *(list_errors(manifest) if manifest.is_list else ())]
    if config is not None and manifest.has_image_config:
        found += config_findings("config", config)
    return tuple(each for each in found if each.rule.severity is Severity.ERROR)


def _evaluate_children(located: Located, evidence: Evidence) -> Iterator[Finding]:
    for path, entry in located.children:
        child = evidence.manifests.get(entry.digest)
        if child is None:
            yield from _evaluate_blob(path, entry, evidence)
        elif isinstance(child, Examined):
            yield from child_findings(path, entry, child.known)
            yield from _evaluate_platform(path, entry, child, evidence)
        else:
            yield manifest_error_finding(path, child)


def _evaluate_platform(
    path: str, entry: Descriptor, child: Examined, evidence: Evidence
) -> Iterator[Finding]:
    own = evidence.platforms.get(child.config.digest) if child.config else None
    if isinstance(own, Platform) and entry.platform and attested_digest(entry) is None:
        yield from platform_findings(path, entry.platform, own)


def _evaluate_blobs(located: Located, evidence: Evidence) -> Iterator[Finding]:
    for path, blob in located.blobs:
        yield from _evaluate_blob(path, blob, evidence)


def _evaluate_blob(path: str, blob: Descriptor, evidence: Evidence) -> Iterator[Finding]:
    size = evidence.sizes.get(blob.digest)
    if not blob.digest.is_verifiable:
        yield unverifiable_finding(path, blob)
    elif isinstance(size, int):
        yield from size_findings(path, blob, size)
    elif size is not None:
        yield blob_error_finding(path, size)


def _evaluate_configs(located: Located, evidence: Evidence) -> Iterator[Finding]:
    for path, blob in located.blobs:
        error = evidence.platforms.get(blob.digest)
        if isinstance(error, ManyfestError):
            yield blob_error_finding(path, error)
        elif blob.digest in evidence.configs:
            yield from config_findings(path, evidence.configs[blob.digest])
