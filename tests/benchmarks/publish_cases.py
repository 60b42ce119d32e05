"""Benchmark: create and push lists, for the first time and again."""

from collections.abc import Callable

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.benchmarks import tools
from tests.benchmarks.cases import MANYFEST, Case, Contender, Place
from tests.benchmarks.seed import images

_FAR, _NEARER = 50, 20  # milliseconds
_AGAIN = 64  # images of the list that is published a second time


def published(place: Place) -> None:
    """Publish the list once, so that the store and the registry have it."""
    for command in tools.create_and_push(_AGAIN)(place):
        place.run(command)


def published_and_one_moved(place: Place) -> None:
    """Publish the list, then move one of its tags as another client would, to a new image."""
    published(place)
    site = place.site
    moved = docker_image("linux/arm/v0", text=f"moved {place.number}")
    with HttpRegistry(Deadline(60)) as registry:
        push_image(registry, Reference.parse(f"{site.near}/{site.repository}:0"), moved)


def ours_again(situation: str, before: Callable[[Place], None]) -> Contender:
    tool = f"manyfest create --push, {situation}"
    return Contender(tool, (MANYFEST, "--version"), tools.create_and_push(_AGAIN), before)


def again() -> Case:
    """Publish again; docker starts over, because its ``--amend`` does not notice a moved tag."""
    docker = Contender("docker", ("docker", "--version"), tools.docker(_AGAIN))
    contenders = (
        docker,
        ours_again("nothing changed", published),
        ours_again("a tag moved", published_and_one_moved),
    )
    title = f"a list of {_AGAIN} images that was published before"
    return Case("again-64", title, contenders, _FAR, runs=3, prepare=images(_AGAIN))


def publish(count: int, rtt: float, runs: int) -> Case:
    title = f"a list of {count} images of its repository, created and pushed"
    return Case(
        f"publish-{count}", title, tools.publishers(count), rtt, runs, prepare=images(count)
    )


CASES = (
    publish(2, _NEARER, runs=5),
    publish(8, _FAR, runs=5),
    publish(64, _FAR, runs=3),
    again(),
)
