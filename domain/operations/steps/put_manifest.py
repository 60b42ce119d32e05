"""Put a manifest, and say of a refused list that it mixes Docker's and OCI's families."""

from manyfest.domain.errors import RefusedError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.families import mixed_families
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import ManifestWriter
from manyfest.domain.references import Reference

# Bad Request and Unsupported Media Type: registries refuse a list of two families with these.
_STATUSES = (400, 415)

_MISSING = "BLOB_UNKNOWN"  # distribution-spec: a child is missing, which says nothing of its type


def put_manifest(
    registry: ManifestWriter,
    reference: Reference,
    manifest: Manifest,
    expected: Expectation | None = None,
) -> None:
    """Put ``manifest``. Raises as the port; a RefusedError names the images of each family."""
    try:
        registry.put_manifest(reference, manifest, expected)
    except RefusedError as error:
        if error.status not in _STATUSES or _MISSING in str(error):
            raise
        if not (families := mixed_families(manifest)):
            raise
        reason = f"{error}; this is {families}, which not all registries take"
        raise RefusedError(error.host, reason, error.status, "two-families") from error
