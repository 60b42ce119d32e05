"""Benchmark: create and push lists, for the first time and again."""

from collections.abc import Callable

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import docker_image, push_image
from manyfest.domain.references import Reference
from tests.benchmarks.jobs import publishers
from tests.benchmarks.jobs.empty_program import EMPTY
from tests.benchmarks.jobs.seed import images
from tests.benchmarks.measuring.cases import MANYFEST, Case, Contender, Place
from tests.benchmarks.measuring.measurements import Target

_FAR, _NEARER = 50, 20  # milliseconds
_OVER_EMPTY = {False: 0.27, True: 0.37}  # seconds, by whether TLS is spoken
_AGAIN = 64  # images of the list that is published a second time


def published(place: Place) -> None:
    """Publish the list once, so that the store and the registry have it."""
    for command in publishers.create_and_push(_AGAIN)(place):
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
    return Contender(tool, (MANYFEST, "--version"), publishers.create_and_push(_AGAIN), before)


def again() -> Case:
    """Publish again; docker starts over, because its ``--amend`` does not notice a moved tag."""
    docker = Contender("docker", ("docker", "--version"), publishers.docker(_AGAIN))
    contenders = (
        docker,
        ours_again("nothing changed", published),
        ours_again("a tag moved", published_and_one_moved),
    )
    title = f"a list of {_AGAIN} images that was published before"
    return Case("again-64", title, contenders, _FAR, runs=3, prepare=images(_AGAIN))


def publish(count: int, rtt: int, runs: int, *, tls: bool) -> Case:
    """Return the case of a list of ``count`` images, ``rtt`` ms away."""
    title = f"a list of {count} images of its repository, created and pushed"
    name = f"publish-{count}-{rtt}ms{'-tls' if tls else ''}"
    aim = Target(EMPTY.tool, 1, _OVER_EMPTY[tls]) if (count, rtt) == (2, _FAR) else None
    contenders = publishers.publishers(count, aim)
    return Case(name, title, contenders, rtt, runs, images(count), tls=tls)


CASES = (
    *(
        publish(count, rtt, runs, tls=tls)
        for count, runs in ((2, 5), (8, 3), (64, 3))
        for rtt in (_NEARER, _FAR)
        for tls in (False, True)
    ),
    again(),
)
