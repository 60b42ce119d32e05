"""The text that ``imagetools inspect`` prints without ``--format``.

Buildx aligns it with Go's ``text/tabwriter``, so that lines without a value end with spaces.
"""

from collections.abc import Iterator, Sequence

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.manifests import Manifest
from manyfest.domain.platforms import Platform
from manyfest.domain.references import LAYOUT_SCHEME, Layout, Reference

# A label and its value, which is behind the longest label of its block.
_Row = tuple[str, str]


def summary_lines(reference: Reference, manifest: Manifest) -> list[str]:
    """Return the lines for the manifest at ``reference``, with its entries if it is a list."""
    head = [
        ("Name:", _name(reference)),
        ("MediaType:", manifest.media_type),
        ("Digest:", str(manifest.digest)),
    ]
    lines = _aligned(head)
    if manifest.is_list:
        lines += _aligned([("", ""), ("Manifests:", "")])
        lines += _entry_lines(reference, manifest.entries)
    return lines


def _entry_lines(reference: Reference, entries: Sequence[Descriptor]) -> Iterator[str]:
    """Yield the lines of the entries; annotations, of their own width, end a block."""
    block: list[_Row] = []
    for number, entry in enumerate(entries):
        block += [("", "")] if number else []
        block += _rows(reference, entry)
        if entry.platform is not None and entry.annotations:
            yield from _aligned([*block, ("  Annotations:", "")])
            block = []
            yield from _aligned([(f"    {k}:", v) for k, v in sorted(entry.annotations.items())])
    yield from _aligned(block)


def _rows(reference: Reference, entry: Descriptor) -> Iterator[_Row]:
    yield "  Name:", _name(_entry_reference(reference, entry))
    yield "  MediaType:", entry.media_type
    if entry.platform is None:
        return
    yield "  Platform:", platform_text(entry.platform)
    if entry.platform.os_version:
        yield "  OSVersion:", entry.platform.os_version
    if entry.platform.os_features:
        yield "  OSFeatures:", ", ".join(entry.platform.os_features)
    if entry.urls:
        yield "  URLs:", ", ".join(entry.urls)


def _entry_reference(reference: Reference, entry: Descriptor) -> Reference:
    """Return the reference of an entry: with the tag of the list, unless it is in a layout."""
    if isinstance(reference.home, Layout):
        return reference.at(entry.digest)
    return evolve(reference, digest=entry.digest)


def _name(reference: Reference) -> str:
    text = str(reference)
    if not text.startswith(LAYOUT_SCHEME):
        return text
    return f"oci-layout://{text.removeprefix(LAYOUT_SCHEME)}"


def platform_text(platform: Platform) -> str:
    """Return os, architecture and variant (containerd, ``platforms.Format``)."""
    if not platform.os:
        return "unknown"
    return "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))


def _aligned(rows: Sequence[_Row]) -> list[str]:
    width = max((len(label) for label, _ in rows), default=0) + 1
    return [f"{label:<{width}}{value}" for label, value in rows]
