"""Makes the golden files: the bytes of lists we author, for drafts that cover every rule.

``python -m tests.golden.generate`` writes them anew; a change there changes digests that people
have published, so it needs a decision in ``ADR/``.
"""

from datetime import UTC, datetime
from pathlib import Path

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.drafts.list_assembly import assemble
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference

FOLDER = Path(__file__).parent
NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIST_DIGEST = Digest.of(b"a list")


def entry(
    source: str,
    platform: str | None,
    media_type: str = media_types.DOCKER_MANIFEST,
    list_digest: Digest | None = None,
    overrides: Overrides | None = None,
    **others: object,
) -> Entry:
    """An entry of made-up content: its digest and size come from ``source`` and ``platform``."""
    data = f"{source} {platform}".encode()
    parsed = None if platform is None else Platform.parse(platform)
    found = Descriptor(media_type, Digest.of(data), len(data), parsed, others)
    return Entry(Reference.parse(source), found, list_digest, overrides or Overrides())


def draft(name: str, *entries: Entry) -> Draft:
    return Draft(Reference.parse(name), NOW, NOW, entries)


_OCI = media_types.OCI_MANIFEST

DRAFTS = {
    "empty": draft("r.example/l:1"),
    "docker_order": draft(
        "r.example/l:1",
        entry("r.example/l:armv7", "linux/arm/v7"),
        entry("r.example/l/x:a", "linux/s390x"),
        entry("r.example/l:amd64", "linux/amd64"),
        entry("r.example/l@sha256:" + "0" * 64, "linux/ppc64le"),
    ),
    "every_platform_member": draft(
        "r.example/l:1",
        entry("r.example/l:win", "windows(10.0.17763.1+win32k+b)/arm/v7"),
        entry(
            "r.example/l:over",
            "linux/arm",
            overrides=Overrides(variant="<v&7>\u2028", os_version="ü", os_features=("f",)),
        ),
    ),
    "oci_children": draft("r.example/l:1", entry("r.example/l:a", "linux/amd64", _OCI)),
    "one_oci_child_of_two": draft(
        "r.example/l:1",
        entry("r.example/l:a", "linux/amd64"),
        entry("r.example/l:b", "linux/arm64", _OCI),
    ),
    "annotations_make_an_index": draft(
        "r.example/l:1", entry("r.example/l:a", "linux/amd64", annotations={"k": "v"})
    ),
    "entries_of_a_list_stay_together": draft(
        "r.example/l:1",
        entry("r.example/z:list", "linux/s390x", _OCI, LIST_DIGEST),
        entry("r.example/m:b", "linux/arm64", _OCI),
        entry("r.example/z:list", None, _OCI, LIST_DIGEST, artifactType="a/b", x=[1, {"y": None}]),
    ),
    "layouts_keep_the_order_given": draft(
        "oci:/l:1",
        entry("oci:/l:z", "linux/arm64", _OCI),
        entry("oci:/l:a", "linux/amd64", _OCI),
    ),
    "a_docker_child_in_a_layout": draft("oci:/l:1", entry("oci:/l:a", "linux/amd64")),
}


def golden_file(name: str) -> Path:
    return FOLDER / f"{name}.json"


def main() -> None:
    for name, made in DRAFTS.items():
        golden_file(name).write_bytes(assemble(made).data)


if __name__ == "__main__":
    main()
