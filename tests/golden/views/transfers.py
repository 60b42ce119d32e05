"""A push before it writes, and a transfer under way, for the golden files of views."""

from collections.abc import Iterator

from manyfest.cli.output import Screen
from manyfest.cli.rendering.planned_writes import PlannedWrites, dry_run_lines
from manyfest.cli.rendering.progress import Tally, drawn_lines, log_line
from manyfest.domain.digests import Digest
from manyfest.domain.events import (
    BlobCopied,
    BlobMoved,
    BlobStarted,
    ManifestPut,
    TransferPlanned,
)
from manyfest.domain.operations.publication.plan_push import Tagging
from manyfest.domain.operations.steps.transfer import BlobCopy, ManifestCopy
from manyfest.domain.references import Reference
from tests.golden.views.reports import AMD64, ARM64, LONG

TARGET = Reference.parse(LONG)
NEAR = Reference.parse("127.0.0.1:5931/platform-engineering/base:1")
FAR = Reference.parse("registry.example.com/team/app:arm64")
LIST = Digest.of(b"list")
PAUSE = "retrying registry.example.com in 2 s (2 of 5): connection refused"


def push_lines(screen: Screen, *, is_verbose: bool) -> Iterator[str]:
    """Blobs to copy and to mount, manifests, a tag that moves and one that is new."""
    blobs = [
        BlobCopy(source.at(Digest.of(text)), TARGET.at(Digest.of(text)), size)
        for source, text, size in ((FAR, b"a", 31_000_000), (FAR, b"b", 512), (NEAR, b"c", 9_000))
    ]
    manifests = [
        ManifestCopy(source.at(image.digest), TARGET.at(image.digest), image.manifest)
        for source, image in ((NEAR, AMD64), (FAR, ARM64))
    ]
    tags = (
        Tagging(TARGET, LIST, Digest.of(b"before")),
        Tagging(TARGET.tagged("latest"), LIST, None),
    )
    writes = PlannedWrites(TARGET, LIST, tuple(blobs), tuple(manifests), tags)
    return iter(dry_run_lines(writes, is_verbose=is_verbose, screen=screen))


def progress_lines(screen: Screen) -> Iterator[str]:
    """Four blobs, one of them done and three under way, after 12 s, while a host is waited for.

    A log has a line.
    """
    tally = Tally(started_at=0.0)
    flying = [Digest.of(text) for text in (b"a", b"b", b"c")]
    events = [
        TransferPlanned(4, 100_000_000, 3),
        BlobCopied(Digest.of(b"done"), 20_000_000),
        *(BlobStarted(blob) for blob in flying),
        *(BlobMoved(blob, 7_000_000 + 1_000_000 * i) for i, blob in enumerate(flying)),
        ManifestPut(TARGET),
    ]
    for event in events:
        tally.count(event)
    if screen.width is None:
        return iter([log_line(tally, 12.0)])
    return drawn_lines(tally, [PAUSE], 12.0, screen)
