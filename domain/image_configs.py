"""Image configs: the platform that an image was built for."""

from attrs import evolve

from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.platforms import Platform

# In bytes, as for manifests: a larger config is an attack or a mistake.
SIZE_LIMIT = 4 * 1024 * 1024


def platform_of_config(data: bytes, subject: str) -> Platform:
    """Read the platform in a config; absent members are empty.

    Docker reads the same five members (``cli/registry/client/fetcher.go``). Raises DocumentError:
    not strict JSON, or a member of another type.
    """
    return evolve(Platform.from_json(parse_object(data, subject), subject), others={})
