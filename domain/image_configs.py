"""Image configs: the platform that an image, or another artifact, was built for."""

from attr import evolve

from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.errors import DocumentError
from manyfest.domain.platforms import Platform

# In bytes, as for manifests: a larger config is an attack or a mistake.
SIZE_LIMIT = 4 * 1024 * 1024


def platform_of_config(data: bytes, subject: str) -> Platform:
    """Read the platform in a config; absent members are empty.

    Docker reads the same five members (``cli/registry/client/fetcher.go``). Raises DocumentError:
    not strict JSON, or a member of another type.
    """
    return evolve(Platform.from_json(parse_object(data, subject), subject), others={})


def platform_of_artifact(data: bytes) -> Platform:
    """Read the platform in the config of an artifact; empty without os and architecture.

    Docker reads every config so, and runtimes choose WebAssembly modules by it. A config of a type
    that we do not know may be anything, so nothing in it is an error (image-spec, manifest.md).
    """
    try:
        platform = platform_of_config(data, "config")
    except DocumentError:
        return Platform()
    return platform if platform.os and platform.architecture else Platform()
