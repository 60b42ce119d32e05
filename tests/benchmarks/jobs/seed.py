"""Fill the registry before the timed runs, in parallel and without the delay."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import count, repeat
from random import Random

from attrs import evolve

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
)
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.benchmarks.measuring.cases import Site
from tests.benchmarks.measuring.measurements import Row

_SECONDS = 300.0
_PARALLEL = 8
_RANDOM_PIECE = 64 * 1024 * 1024


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


def image_list(number: int) -> Callable[[Site], Iterable[Row]]:
    """Prepare a list of ``number`` images, tagged 0."""

    def prepare(site: Site) -> Iterable[Row]:
        listed = (docker_image(f"linux/arm/v{n}", text=str(n)) for n in range(number))
        push_all(site, [docker_list(*listed)])
        return ()

    return prepare


def large_list(images: int, layers: int, size: int) -> Callable[[Site], Iterable[Row]]:
    """Prepare a list of OCI images with layers of ``size`` bytes that do not compress, tagged 0."""

    def prepare(site: Site) -> Iterable[Row]:
        push_all(site, [oci_index(*(large_image(n, layers, size) for n in range(images)))])
        return ()

    return prepare


def large_image(number: int, layers: int, size: int) -> Image:
    """Return an image whose layers are pseudo-random, and others than those of another number."""
    image = oci_image(f"linux/arm/v{number}", text=str(number))
    random = Random(number)
    blobs = tuple(random_bytes(random, size) for _ in range(layers))
    described = [
        {"mediaType": media_types.OCI_LAYER, "digest": str(Digest.of(blob)), "size": len(blob)}
        for blob in blobs
    ]
    document = dict(image.manifest.document) | {"layers": described}
    manifest = evolve(image.manifest, data=json.dumps(document).encode())
    return evolve(image, manifest=manifest, blobs=(image.blobs[0], *blobs))


def random_bytes(random: Random, size: int) -> bytes:
    """Return ``size`` bytes; ``Random.randbytes`` makes less than 256 MiB at a time."""
    whole, rest = divmod(size, _RANDOM_PIECE)
    return b"".join(map(random.randbytes, (*repeat(_RANDOM_PIECE, whole), rest)))


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
