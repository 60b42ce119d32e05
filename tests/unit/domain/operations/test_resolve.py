"""Resolving a reference: the manifest, and the config of an image if it can be read."""

import pytest

from manyfest.contracts.images import docker_image, docker_list, with_config
from manyfest.domain.errors import DigestMismatchError, DocumentError, SizeMismatchError
from manyfest.domain.image_configs import SIZE_LIMIT
from manyfest.domain.operations.resolve import resolve, resolve_with_config
from tests.unit.domain.operations.conftest import World, ref

NAME = "r.example/a:1"


def config_of(size: int) -> bytes:
    """A config of this many bytes."""
    config = b'{"architecture": "amd64", "os": "linux"}'
    return config + b" " * (size - len(config))


def test_a_config_of_4_mib_is_read_and_one_byte_more_is_not(world: World) -> None:
    world.plant(NAME, with_config(config_of(SIZE_LIMIT)))
    found = resolve_with_config(ref(NAME), world.registry)
    assert (len(found.config or b""), str(found.platform)) == (4_194_304, "linux/amd64")
    world.plant(NAME, with_config(config_of(SIZE_LIMIT + 1)))
    with pytest.raises(DocumentError) as caught:
        resolve_with_config(ref(NAME), world.registry)
    assert str(caught.value) == f"{NAME}: config: larger than 4194304 bytes"


def test_a_list_has_no_config_and_nobody_asks_for_one(world: World) -> None:
    world.plant(NAME, docker_list(docker_image()))
    assert resolve_with_config(ref(NAME), world.registry) == resolve(ref(NAME), world.registry)


def test_what_was_read_without_its_config_says_no_platform(world: World) -> None:
    world.plant(NAME, docker_image("linux/arm64"))
    assert str(resolve(ref(NAME), world.registry).platform) == "/"


LYING = {
    "digest": (b'{"os": "linus"}', DigestMismatchError),
    "size": (b'{"os": "linux" }', SizeMismatchError),
}


@pytest.mark.parametrize(("served", "error"), LYING.values(), ids=LYING)
def test_a_config_of_other_bytes_is_refused(world: World, monkeypatch, served, error) -> None:
    world.plant(NAME, with_config(b'{"os": "linux"}'))
    monkeypatch.setattr(world.registry, "open_blob", lambda *_: _Opened(served))
    with pytest.raises(error, match=f"{NAME}: config"):
        resolve_with_config(ref(NAME), world.registry)


class _Opened:
    def __init__(self, data: bytes) -> None:
        self.data = data

    def __enter__(self):
        return iter([self.data[:5], self.data[5:]])

    def __exit__(self, *_: object) -> None:
        pass
