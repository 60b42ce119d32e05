"""Families: Docker's and OCI's media types, mixed in one list or not.

Some registries refuse a list of one family that names a manifest of the other (Quay, Nexus, zot
without ``docker2s2``). Their answer seldom says so.
"""

from collections.abc import Sequence

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.manifests import Manifest

_SHOWN = 3  # platforms of each family; the rest is counted

_NAMES = (("Docker", media_types.DOCKER_FAMILY), ("OCI", media_types.OCI_FAMILY))


def mixed_families(manifest: Manifest) -> str:
    """Describe a list that names manifests of another family than its own; empty for others."""
    entries = without_attestations(manifest.entries) if manifest.is_list else ()
    found = {
        name: [entry for entry in entries if entry.media_type in types] for name, types in _NAMES
    }
    own = "Docker" if manifest.media_type in media_types.DOCKER_FAMILY else "OCI"
    if not any(listed for name, listed in found.items() if name != own):
        return ""
    kind = "a Docker manifest list" if own == "Docker" else "an OCI index"
    parts = [f"{name} images ({_shown(listed)})" for name, listed in found.items() if listed]
    return f"{kind} of {' and '.join(parts)}"


def _shown(entries: Sequence[Descriptor]) -> str:
    names = [str(entry.platform or entry.digest) for entry in entries]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
