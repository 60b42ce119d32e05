"""Read the manifest at a reference and, unless it is a list, its config."""

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import verified
from manyfest.domain.errors import DocumentError
from manyfest.domain.image_configs import SIZE_LIMIT, platform_of_artifact, platform_of_config
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.ports.registry import BlobReader, ManifestReader, Registry
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen


@frozen
class Resolved:
    """A verified manifest at ``reference``; ``config`` has an image's config, if it was read."""

    reference: Reference
    manifest: Manifest
    config: bytes | None = None

    @property
    def platform(self) -> Platform:
        """The platform in the config; empty if an artifact has none. Raises DocumentError."""
        config = b"{}" if self.config is None else self.config
        if not self.manifest.has_image_config:
            return platform_of_artifact(config)
        return platform_of_config(config, f"{self.reference}: config")


def resolve(reference: Reference, registry: ManifestReader) -> Resolved:
    """Read the manifest at ``reference``. Raises what ``get_manifest`` raises."""
    return Resolved(reference, registry.get_manifest(reference))


def with_config(found: Resolved, blobs: BlobReader) -> Resolved:
    """Read the config too, if it is an image's, or may have the platform of an artifact.

    Raises what the registry raises; DocumentError: an image's config is over 4 MiB or malformed.
    """
    if not (found.manifest.has_image_config or _may_have_platform(found.manifest.config)):
        return found
    image = evolve(found, config=read_config(found, blobs))
    image.platform  # noqa: B018 -- raises here for a malformed config, at its reference
    return image


def resolve_with_config(reference: Reference, registry: Registry) -> Resolved:
    """Read the manifest at ``reference``, and its config. Raises as ``with_config``."""
    return with_config(resolve(reference, registry), registry)


def _may_have_platform(config: Descriptor | None) -> bool:
    return (
        config is not None
        and config.media_type.endswith("json")
        and config.media_type != media_types.OCI_EMPTY
        and config.size <= SIZE_LIMIT
        and config.digest.is_verifiable
    )


def read_config(found: Resolved, blobs: BlobReader) -> bytes:
    """Read the config of an image or artifact, whatever its type.

    Raises what the registry raises; DocumentError: there is no config, or it is over 4 MiB.
    """
    if found.manifest.config is None:
        raise DocumentError(str(found.reference), "has no config")
    return read_config_at(found.reference, found.manifest.config, blobs)


def read_config_at(image: Reference, config: Descriptor, blobs: BlobReader) -> bytes:
    """Read the ``config`` of the image at ``image``. Raises as ``read_config``."""
    subject = f"{image}: config"
    if config.size > SIZE_LIMIT:
        raise DocumentError(subject, f"larger than {SIZE_LIMIT} bytes")
    with blobs.open_blob(image.at(config.digest), config.size) as chunks:
        data = b"".join(chunks)
    return verified(data, config.digest, config.size, subject)
