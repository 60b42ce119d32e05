"""Move a tag only from the digest that is expected, and check that it moved."""

from collections.abc import Callable

from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.steps.put_manifest import put_manifest
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import ManifestReader
from manyfest.domain.references import Reference

# Seconds to wait before each further look: some registries take a moment to show a write.
_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)


def conditional_put(
    reference: Reference,
    manifest: Manifest,
    expected: Expectation,
    *,
    ports: Ports,
) -> None:
    """Put ``manifest`` under the tag if that points where ``expected`` says, and read it back.

    The tag is read right before; a registry that can compare does so again in the same step. Uses
    the ports registry and pause. Raises TagMovedError: before anything is written, or when another
    writer moved the tag at the same time; what ``put_manifest`` raises.
    """
    expected.check(reference, current_digest(reference, ports.registry))
    put_and_read_back(reference, manifest, expected, ports=ports)


def put_and_read_back(
    reference: Reference, manifest: Manifest, expected: Expectation, *, ports: Ports
) -> None:
    """As ``conditional_put``, of a tag that was read and compared right before."""
    put_manifest(ports.registry, reference, manifest, expected)
    actual = await_digest(reference, lambda digest: digest == manifest.digest, ports=ports)
    Expectation(manifest.digest).check(reference, actual)


class TagDigests:
    """The digests of tags, each asked for once. Thread-safe."""

    def __init__(self, registry: ManifestReader) -> None:
        self._registry = registry
        self._probable: dict[Reference, Digest | None] = {}
        self._confirmed: dict[Reference, Digest | None] = {}

    def at(self, reference: Reference) -> Digest | None:
        """Return ``probable_digest``, as of the first call for ``reference``."""
        if reference not in self._probable:
            self._probable[reference] = probable_digest(reference, self._registry)
        return self._probable[reference]

    def confirmed_at(self, reference: Reference) -> Digest | None:
        """Return ``current_digest``, as of the first call for ``reference``."""
        if reference not in self._confirmed:
            self._confirmed[reference] = current_digest(reference, self._registry)
        return self._confirmed[reference]


def await_digest(
    reference: Reference, is_shown: Callable[[Digest | None], bool], *, ports: Ports
) -> Digest | None:
    """Read the tag until its digest is as ``is_shown`` asks, for some seconds; return the last one.

    Uses the ports registry and pause. Raises as ``current_digest``.
    """
    digest = current_digest(reference, ports.registry)
    for seconds in _PAUSES:
        if is_shown(digest):
            break
        ports.pause(seconds)
        digest = current_digest(reference, ports.registry)
    return digest


def current_digest(reference: Reference, registry: ManifestReader) -> Digest | None:
    """Return the digest of the tag, None if there is no such tag. Raises as ``head_manifest``."""
    try:
        return registry.head_manifest(reference).digest
    except ManifestUnknownError:
        return None


def probable_digest(reference: Reference, registry: ManifestReader) -> Digest | None:
    """Return the digest of a tag to be overwritten in any case, None if it is absent or unknown.

    Only ``current_digest`` is good enough for a condition. Raises as ``probe_manifest``.
    """
    found = registry.probe_manifest(reference)
    return found.digest if found else None
