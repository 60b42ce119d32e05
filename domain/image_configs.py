"""Image configs: the platform that an image says it was built for."""

from attrs import evolve

from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.platforms import Platform

# As for manifests: a config that is larger is an attack or a mistake.
SIZE_LIMIT = 4 * 1024 * 1024


def platform_of_config(data: bytes, subject: str) -> Platform:
    """The platform in the config's bytes, empty members where it says nothing.

    Docker reads the same five members (``cli/registry/client/fetcher.go``). Raises DocumentError:
    not strict JSON, or a member that is not of its type.
    """
    return evolve(Platform.from_json(parse_object(data, subject), subject), others={})
