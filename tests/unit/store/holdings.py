"""Images, lists and what tags pointed to, put into a store as commands put them."""

from datetime import UTC, datetime, timedelta

from manyfest.contracts.images import Image
from manyfest.domain.digests import Digest
from manyfest.domain.observations import Observation
from manyfest.domain.references import Reference

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def hold(contents, *images: Image) -> None:
    """Keep the images with all their children and configs, and no tag."""
    with contents.transaction():
        for image in images:
            _hold(contents, image)


def see(contents, name: str, image: Image, days_ago: float = 0) -> None:
    """Keep ``image`` with all it has, and note that ``name`` pointed to it."""
    hold(contents, image)
    with contents.transaction():
        seen = Observation(Reference.parse(name), image.digest, NOW - days_ago * DAY)
        contents.observe([seen])


def hold_layers(layers, *images: Image) -> None:
    """Keep the images' layers."""
    for image in images:
        for blob in image.blobs[1:]:
            layers.write(Digest.of(blob), len(blob), [blob])


def _hold(contents, image: Image) -> None:
    for child in image.children:
        _hold(contents, child)
    contents.keep_manifests([image.manifest])
    contents.keep_blobs(image.blobs[:1])
