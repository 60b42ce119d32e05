"""List the tags of a repository, and look at them with as few requests as possible.

Registries count a GET of a manifest as a pull, and not a HEAD. So a tag costs one HEAD, and its
platforms, size and age are shown if the store has what the digest names. Layouts and archives are
files: they are read.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from fnmatch import fnmatchcase

from attr import evolve

from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DamagedStoreError,
    DocumentError,
    IntegrityError,
    LayoutError,
    NotFoundError,
    ProtocolError,
    RefusedError,
)
from manyfest.domain.images.configuration import (
    CREATED,
    Configuration,
    annotations_of,
    moment,
    read_configuration,
)
from manyfest.domain.images.kinds import IMAGE, kind_of
from manyfest.domain.lists.attestations import without_attestations
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.resolve import Resolved, read_config, resolve
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.views.image import is_cached
from manyfest.domain.operations.views.overview import content_size
from manyfest.domain.ports import Ports
from manyfest.domain.references import Archive, Home, Layout, Reference
from manyfest.domain.values import frozen

_NUMBER = re.compile(r"(\d{1,18})")

# Failures that concern one tag, and are shown at it.
_FAULTS = (
    *(DocumentError, IntegrityError, LayoutError),
    *(NotFoundError, ProtocolError, RefusedError),
)


@frozen
class TagDetails:
    """A tag, and what is known of the manifest that it points to; ``fault``: it was not read.

    ``size`` is that of an image's config and layers, in bytes. ``created`` is in UTC.
    """

    tag: str
    digest: Digest | None = None
    kind: str = ""
    platforms: tuple[str, ...] = ()
    created: datetime | None = None
    size: int | None = None
    fault: str = ""


def matching(tags: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Return the tags that match one of ``patterns``, or all of them if there are none."""
    if not patterns:
        return list(tags)
    return [tag for tag in tags if any(fnmatchcase(tag, pattern) for pattern in patterns)]


def by_version(tag: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts ``v1.10`` after ``v1.9``, and numbers before other text."""
    parts = enumerate(_NUMBER.split(tag))
    return [(0, int(part), part) if place % 2 else (1, 0, part) for place, part in parts if part]


def details_of_tags(home: Home, tags: Sequence[str], *, ports: Ports) -> tuple[TagDetails, ...]:
    """Look at ``tags`` in parallel, in their order; what is read is recorded.

    Uses the ports registry, contents and fan_out. Raises AccessError, UnavailableError.
    """
    references = [Reference(home, tag) for tag in tags]
    is_file = isinstance(home, Layout | Archive)
    read = {each: is_file or is_cached(each, ports) for each in references}
    answers = ports.fan_out(lambda each: _details(each, ports, is_read=read[each]), references)
    record_reads([found for _, found in answers if found is not None], ports=ports)
    return tuple(details for details, _ in answers)


def _details(
    reference: Reference, ports: Ports, *, is_read: bool
) -> tuple[TagDetails, Resolved | None]:
    tag = reference.tag or ""
    try:
        found = resolve(reference, ports.registry) if is_read else None
        listed = found.manifest if found else ports.registry.head_manifest(reference)
    except _FAULTS as error:
        return TagDetails(tag, fault=str(error)), None
    digest = listed.digest
    manifest = found.manifest if found else _stored(digest, ports)
    details = TagDetails(tag, digest)
    if manifest is None:
        return details, None
    with suppress(DocumentError):
        details = _with_content(details, reference, manifest, ports)
    return details, found


def _stored(digest: Digest, ports: Ports) -> Manifest | None:
    with suppress(DamagedStoreError):
        return ports.contents.manifest(digest)
    return None


def _with_content(
    details: TagDetails, reference: Reference, manifest: Manifest, ports: Ports
) -> TagDetails:
    kind = kind_of(manifest)
    config = _configuration(reference, manifest, ports) if kind == IMAGE else Configuration()
    platforms = [entry.platform for entry in without_attestations(manifest.entries)]
    if not manifest.is_list:
        platforms = [config.platform]
    named = dict.fromkeys(str(each) for each in platforms if each and each.os)
    created = config.created or moment(annotations_of(manifest).get(CREATED))
    size = content_size([manifest])
    return evolve(details, kind=kind, platforms=tuple(named), created=created, size=size)


def _configuration(reference: Reference, manifest: Manifest, ports: Ports) -> Configuration:
    """Read the config of an image from a file or from the store; empty if neither has it."""
    with suppress(*_FAULTS):
        if isinstance(reference.home, Layout | Archive):
            return read_configuration(read_config(Resolved(reference, manifest), ports.registry))
        data = ports.contents.blob(manifest.config.digest) if manifest.config else None
        return Configuration() if data is None else read_configuration(data)
    return Configuration()
