"""Benchmark: commands that read a list of nearly 4 MiB, the most that a list may have."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place, Site
from tests.benchmarks.measuring.measurements import Row, Target

_ENTRIES = 25_000
_EMPTY = b"{}"
_CONFIG = Digest.of(_EMPTY)
_SECONDS, _PEAK = 2, 150  # MiB


def prepare(site: Site) -> Iterable[Row]:
    """Write a layout of the list with its images, and of the same one spelled otherwise."""
    layout = site.folder / "layout"
    (layout / "blobs" / "sha256").mkdir(parents=True)
    (layout / "blobs" / "sha256" / _CONFIG.hex).write_bytes(_EMPTY)
    entries = [listed(layout, number) for number in range(_ENTRIES)]
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    named = [blob(layout, "1", index(entries)), blob(layout, "2", b" " + index(entries))]
    (layout / "index.json").write_bytes(index(named))
    return ()


def listed(layout: Path, number: int) -> dict[str, object]:
    """Write an image without layers; return its entry in the list."""
    config = {"mediaType": media_types.OCI_CONFIG, "digest": str(_CONFIG), "size": len(_EMPTY)}
    document = {"schemaVersion": 2, "mediaType": media_types.OCI_MANIFEST, "config": config}
    data = json.dumps(document | {"layers": [], "annotations": {"number": str(number)}}).encode()
    digest = Digest.of(data)
    (layout / "blobs" / "sha256" / digest.hex).write_bytes(data)
    return {"mediaType": media_types.OCI_MANIFEST, "digest": str(digest), "size": len(data)}


def index(entries: list[dict[str, object]]) -> bytes:
    document = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": entries}
    return json.dumps(document, separators=(",", ":")).encode()


def blob(layout: Path, tag: str, data: bytes) -> dict[str, object]:
    """Write the index ``data`` as a blob; return its entry in the layout's own."""
    digest = Digest.of(data)
    (layout / "blobs" / "sha256" / digest.hex).write_bytes(data)
    return {
        "mediaType": media_types.OCI_INDEX,
        "digest": str(digest),
        "size": len(data),
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }


def list_name(place: Place, tag: str = "1") -> str:
    return f"oci:{place.site.folder / 'layout'}:{tag}"


def copy(place: Place) -> str:
    return f"oci:{place.home / 'copy'}:1"


def ours(name: str, command: Callable[[Place], Command]) -> Contender:
    def commands(place: Place) -> Iterable[Command]:
        return ((MANYFEST, *command(place)),)

    return Contender(
        f"manyfest {name}",
        (MANYFEST, "--version"),
        commands,
        aim=Target(plus=_SECONDS),
        peak_aim=Target(plus=_PEAK),
    )


CASES = (
    Case(
        "large-list",
        f"a list of {_ENTRIES} entries, nearly as large as lists may be",
        (
            ours("inspect", lambda place: ("inspect", list_name(place))),
            ours("inspect -v", lambda place: ("inspect", "-v", list_name(place))),
            ours("show", lambda place: ("show", list_name(place))),
            ours("verify", lambda place: ("verify", list_name(place))),
            ours(
                "copy --dry-run", lambda place: ("copy", "--dry-run", list_name(place), copy(place))
            ),
            ours("create", lambda place: ("create", "example.com/app:1", list_name(place))),
            ours("diff", lambda place: ("diff", list_name(place), list_name(place, "2"))),
        ),
        runs=3,
        prepare=prepare,
        baseline="",
    ),
)
