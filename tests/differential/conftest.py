"""Images in the real registry, and both command lines with drafts of their own."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from attrs import frozen

from manyfest.adapters.http_registry.budget import Budget
from manyfest.adapters.http_registry.client import HttpRegistry
from manyfest.domain import media_types
from manyfest.domain.references import Reference
from tests.fakes.docker_client import CommandLine, Result
from tests.fakes.docker_registry import RunningRegistry
from tests.fakes.images import Image, push_image


@frozen
class Both:
    """Runs the same arguments through docker and through us; ``HOST/REPO`` stands for the place."""

    docker: CommandLine
    ours: CommandLine
    place: str

    def __call__(self, *arguments: str) -> tuple[Result, Result]:
        """Docker's result and ours."""
        docker, ours = (self._placed(arguments, flag) for flag in (("--insecure",), ()))
        return self.docker(*docker), self.ours(*ours)

    def _placed(self, arguments: tuple[str, ...], flag: tuple[str, ...]) -> list[str]:
        verb, *rest = (argument.replace("PLACE", self.place) for argument in arguments)
        # Docker wants --insecure to read from loopback; we do not.
        return [verb, *(flag if verb in ("inspect", "create", "push") else ()), *rest]


@pytest.fixture
def both(
    docker_manifest: CommandLine,
    manyfest: CommandLine,
    docker_registry: RunningRegistry,
    repository: str,
) -> Both:
    return Both(docker_manifest, manyfest, f"{docker_registry.host}/{repository}")


@pytest.fixture
def client() -> Iterator[HttpRegistry]:
    with closing(HttpRegistry(Budget(60))) as registry:
        yield registry


@pytest.fixture
def plant(client: HttpRegistry, both: Both) -> Callable[[str, Image], Reference]:
    """Puts an image at ``PLACE``/name and tells its reference."""

    def plant(name: str, image: Image) -> Reference:
        reference = Reference.parse(f"{both.place}/{name}")
        push_image(client, reference, image)
        return reference

    return plant


@pytest.fixture
def served(docker_registry: RunningRegistry, both: Both) -> Callable[[str], bytes]:
    """The bytes that the registry serves for ``PLACE``/name, asked for by no client of ours."""

    def served(name: str) -> bytes:
        repository, _, tag = f"{both.place}/{name}".partition("/")[2].rpartition(":")
        with closing(http.client.HTTPConnection(docker_registry.host, timeout=10)) as connection:
            headers = {"Accept": ", ".join(media_types.ACCEPTED)}
            connection.request("GET", f"/v2/{repository}/manifests/{tag}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()

    return served
