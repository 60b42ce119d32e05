"""Images in the real registry, and both command lines with drafts of their own."""

import http.client
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from attrs import frozen

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import Image
from manyfest.domain import media_types
from manyfest.domain.references import Reference
from tests.differential.shelf import IMAGES
from tests.support.programs.docker_client import CommandLine, Result
from tests.support.programs.docker_registry import RunningRegistry
from tests.support.programs.our_program import run_here
from tests.support.programs.registry_files import seed_image

# Docker wants --insecure to read from loopback; we do not.
_READING = frozenset({"inspect", "create"})


@frozen
class Both:
    """Runs the same arguments through docker and through us; ``PLACE`` stands for host and path."""

    docker_manifest: CommandLine
    place: str

    def __call__(self, *arguments: str) -> tuple[Result, Result]:
        """Docker's result and ours."""
        return self.docker(*arguments), self.ours(*arguments)

    def docker(self, *arguments: str) -> Result:
        """Docker's alone."""
        verb, *rest = self.placed(*arguments)
        return self.docker_manifest(verb, *(["--insecure"] if verb in _READING else []), *rest)

    def ours(self, *arguments: str) -> Result:
        """Ours alone."""
        return run_here(*self.placed(*arguments))

    def placed(self, *arguments: str) -> list[str]:
        """The arguments as both are given them."""
        return [argument.replace("PLACE", self.place) for argument in arguments]

    def alike(self, *arguments: str, code: int = 0) -> str:
        """The output of both programs, which must be equal, as must success or failure."""
        docker, ours = self(*arguments)
        assert ours.stdout.decode() == docker.stdout.decode(), (arguments, ours.stderr)
        assert (bool(ours.code), bool(docker.code)) == (bool(code), bool(code)), (ours, docker)
        return ours.stdout.decode()


@pytest.fixture(scope="session")
def client() -> Iterator[HttpRegistry]:
    with closing(HttpRegistry(Deadline(600))) as registry:
        yield registry


@pytest.fixture(scope="session")
def place(docker_registry: RunningRegistry, client: HttpRegistry) -> str:
    """A place in the registry that has all images of the shelf."""
    place = f"{docker_registry.host}/t{uuid.uuid4().hex[:8]}"
    for name, image in IMAGES.items():
        seed_image(client, Reference.parse(f"{place}/{name}"), image)
    return place


@pytest.fixture
def both(docker_manifest: CommandLine, place: str) -> Both:
    return Both(docker_manifest, place)


@pytest.fixture
def plant(client: HttpRegistry, place: str) -> Callable[[str, Image], None]:
    """Puts an image at ``PLACE``/name."""

    def plant(name: str, image: Image) -> None:
        seed_image(client, Reference.parse(f"{place}/{name}"), image)

    return plant


@pytest.fixture
def served(docker_registry: RunningRegistry, place: str) -> Callable[[str], bytes]:
    """The bytes that the registry serves for ``PLACE``/name, asked for by no client of ours."""

    def served(name: str) -> bytes:
        repository, _, tag = f"{place}/{name}".partition("/")[2].rpartition(":")
        with closing(http.client.HTTPConnection(docker_registry.host, timeout=300)) as connection:
            headers = {"Accept": ", ".join(media_types.ACCEPTED)}
            connection.request("GET", f"/v2/{repository}/manifests/{tag}", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200
            return answer.read()

    return served


@pytest.fixture
def forget(docker_registry: RunningRegistry, place: str) -> Callable[[str, Image], None]:
    """Removes an image from the repository ``PLACE``/name by its digest: lists keep naming it."""

    def forget(repository: str, image: Image) -> None:
        path = f"{place}/{repository}".partition("/")[2]
        with closing(http.client.HTTPConnection(docker_registry.host, timeout=300)) as connection:
            connection.request("DELETE", f"/v2/{path}/manifests/{image.digest}")
            assert connection.getresponse().status == 202

    return forget
