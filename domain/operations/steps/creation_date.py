"""Tell when an image or a list was made, by what it says of itself: registries tell no dates.

An image's config has the time, or else its annotations. A list is as new as the newest of its
images. Its own annotation says that at no cost, and those of its entries do, as Docker's official
images have them. Of the other entries the manifest and the config are read, one after the other, up
to the first that is new enough. A time before 1981 is made up by a builder of reproducible images,
and counts as none.
"""

from collections.abc import Iterator
from datetime import datetime

from attr import evolve

from manyfest.domain import media_types
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DocumentError, NotFoundError
from manyfest.domain.images.configuration import (
    CREATED,
    FIRST_TIME,
    annotations_of,
    moment,
    read_configuration,
)
from manyfest.domain.lists.attestations import attested_digest
from manyfest.domain.operations.resolve import Resolved, read_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.tree import Node, below
from manyfest.domain.ports.registry import BlobReader, Registry
from manyfest.domain.values import frozen

_KEPT = 64 * 1024  # bytes of a config that is recorded; real ones have 1 to 20 KiB


@frozen
class CreationDate:
    """When something was ``created``, in UTC, None if nothing tells; ``read`` is to be recorded."""

    created: datetime | None
    read: tuple[Resolved, ...] = ()


def creation_date(found: Resolved, since: datetime, registry: Registry) -> CreationDate:
    """Return when ``found`` was created; of a list, the first date from ``since`` on will do.

    What is missing, malformed or no image tells nothing. Raises what reading raises else, and
    TooManyBytesError.
    """
    if not found.manifest.is_list:
        created, image = _of_image(found, registry)
        return CreationDate(created, (image,))
    if stated := _time(annotations_of(found.manifest).get(CREATED)):
        return CreationDate(stated, (found,))
    reader = MeteredReader(registry, str(found.reference))
    newest: datetime | None = None
    reads = [found]
    for created, read in _of_images(found, reader):
        reads += read
        newest = max(filter(None, (newest, created)), default=None)
        if newest is not None and newest >= since:
            break
    return CreationDate(newest, tuple(reads))


def _of_images(
    found: Resolved, reader: MeteredReader
) -> Iterator[tuple[datetime | None, tuple[Resolved, ...]]]:
    """Yield the dates of a list's images: first those that cost nothing."""
    unknown: list[Node] = []
    for node in below(found.reference, found.manifest, reader):
        listed = node.listed
        if listed is None or listed.media_type not in media_types.IMAGES:
            continue
        if attested_digest(listed) is not None or not node.is_verifiable:
            continue
        if stated := _time(listed.annotations.get(CREATED)):
            yield stated, ()
        else:
            unknown.append(node)
    for node in unknown:
        try:
            created, read = _of_image(Resolved(node.source, node.read(reader)), reader)
        except (NotFoundError, DocumentError):
            continue
        yield created, (read,)


def _of_image(image: Resolved, blobs: BlobReader) -> tuple[datetime | None, Resolved]:
    """Return the date of an image, by its config, else by its annotations, and what was read."""
    stated = _time(annotations_of(image.manifest).get(CREATED))
    try:
        if not image.manifest.has_image_config:
            return stated, image
        data = read_config(image, blobs)
    except (NotFoundError, DocumentError):
        return stated, image
    created = read_configuration(data).created
    read = evolve(image, config=data) if len(data) <= _KEPT else image
    return _real(created) or stated, read


def _time(value: Json) -> datetime | None:
    return _real(moment(value))


def _real(time: datetime | None) -> datetime | None:
    return time if time and time >= FIRST_TIME else None
