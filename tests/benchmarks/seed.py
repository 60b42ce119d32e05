"""Fill the registry before the timed runs, in parallel and without the delay."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import count

from attrs import evolve

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import Image, docker_image, push_image
from manyfest.domain.references import Reference
from tests.benchmarks.cases import Site
from tests.benchmarks.measurements import Row

_SECONDS = 300.0
_PARALLEL = 8


def images(number: int) -> Callable[[Site], Iterable[Row]]:
    """Prepare ``number`` Docker images, each of another platform, tagged from 0."""

    def prepare(site: Site) -> Iterable[Row]:
        push_all(site, (docker_image(f"linux/arm/v{n}", text=str(n)) for n in range(number)))
        return ()

    return prepare


def alike_images(number: int) -> Callable[[Site], Iterable[Row]]:
    """Prepare images as ``images`` does, but with one config and layer for all: faster to push."""

    def prepare(site: Site) -> Iterable[Row]:
        one = docker_image()
        push_all(site, [one])
        push_all(site, (evolve(numbered(one, n), blobs=()) for n in range(number)))
        return ()

    return prepare


def numbered(image: Image, number: int) -> Image:
    """Return the image with a number in its manifest, and so with another digest."""
    document = dict(image.manifest.document) | {"x-number": number}
    return evolve(image, manifest=evolve(image.manifest, data=json.dumps(document).encode()))


def push_all(site: Site, pushed: Iterable[Image]) -> None:
    """Push images with the tags 0, 1, 2 and so on."""
    references = (Reference.parse(f"{site.near}/{site.repository}:{number}") for number in count())
    with (
        closing(HttpRegistry(Deadline(_SECONDS), connections=_PARALLEL)) as registry,
        ThreadPoolExecutor(_PARALLEL) as pool,
    ):
        list(pool.map(partial(push_image, registry), references, pushed))  # raises the first error
