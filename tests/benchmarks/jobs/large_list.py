"""Benchmark: commands that read a list of nearly 4 MiB, the most that a list may have."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from tests.benchmarks.measuring.cases import MANYFEST, Case, Command, Contender, Place, Site
from tests.benchmarks.measuring.measurements import Row, Target

_ENTRIES = 25_000
_SECONDS, _PEAK = 2, 150  # MiB


def prepare(site: Site) -> Iterable[Row]:
    """Write a layout of the list, and of the same one spelled otherwise; nobody has the images."""
    entries = [listed(number) for number in range(_ENTRIES)]
    layout = site.folder / "layout"
    (layout / "blobs" / "sha256").mkdir(parents=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    named = [blob(layout, "1", index(entries)), blob(layout, "2", b" " + index(entries))]
    (layout / "index.json").write_bytes(index(named))
    return ()


def listed(number: int) -> dict[str, object]:
    digest = Digest.of(str(number).encode())
    return {"mediaType": media_types.OCI_MANIFEST, "digest": str(digest), "size": 2}


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
            ours("create", lambda place: ("create", "example.com/app:1", list_name(place))),
            ours("diff", lambda place: ("diff", list_name(place), list_name(place, "2"))),
        ),
        runs=3,
        prepare=prepare,
        baseline="",
    ),
)
