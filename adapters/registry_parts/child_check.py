"""Children before parents: what must be there before a manifest may be put."""

from collections.abc import Callable

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.errors import RefusedError
from manyfest.domain.manifests import Manifest

_BAD_REQUEST = 400  # distribution-spec: MANIFEST_BLOB_UNKNOWN


def require_children(manifest: Manifest, host: str, holds: Callable[[Descriptor], bool]) -> None:
    """Check that ``host`` holds all that ``manifest`` names, as distribution does.

    Layers that have ``urls`` may stand elsewhere. Raises RefusedError, which names the first child
    that is missing, and DocumentError.
    """
    for child in _required(manifest):
        if not holds(child):
            message = f"{host} lacks {child.digest}, which {manifest.digest} names"
            raise RefusedError(host, message, _BAD_REQUEST)


def _required(manifest: Manifest) -> tuple[Descriptor, ...]:
    if manifest.config is None:
        return manifest.entries
    return (manifest.config, *(layer for layer in manifest.layers if not layer.urls))
