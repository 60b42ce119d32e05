"""Read every image of a list with its config, or the one image that a reference names."""

from collections.abc import Mapping
from functools import partial

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.lists.platform_normalisation import normalised
from manyfest.domain.manifests import Manifest, require_match
from manyfest.domain.media_types import IMAGES
from manyfest.domain.operations.resolve import Resolved, resolve, with_config
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.platforms import Platform
from manyfest.domain.ports import Ports


def listed_images(manifest: Manifest) -> Mapping[Platform, Descriptor]:
    """Return the entries that are images by normalised platform; of two for one, the first."""
    return {
        normalised(entry.platform): entry
        for entry in reversed(without_attestations(manifest.entries))
        if entry.platform is not None and entry.media_type in IMAGES
    }


def images_of(found: Resolved, *, ports: Ports) -> Mapping[Platform, Resolved]:
    """Return the images at ``found`` by normalised platform, each with its config.

    Attestations, nested lists and what has no platform are left out. All that is read is recorded.
    Uses the ports registry, contents and fan_out. Raises what reading raises, and
    TooManyBytesError.
    """
    if not found.manifest.is_list:
        image = with_config(found, ports.registry)
        record_reads([image], ports=ports)
        return {normalised(image.platform): image}
    listed = listed_images(found.manifest)
    reader = MeteredReader(ports.registry, str(found.reference))
    reader.announce(listed.values())
    read = partial(_image, found=found, reader=reader)
    images = ports.fan_out(read, tuple(listed.values()))
    record_reads([found, *images], ports=ports)
    return dict(zip(listed, images, strict=True))


def _image(entry: Descriptor, found: Resolved, reader: MeteredReader) -> Resolved:
    image = resolve(found.reference.at(entry.digest), reader)
    require_match(image.manifest, entry, str(image.reference))
    return with_config(image, reader)
