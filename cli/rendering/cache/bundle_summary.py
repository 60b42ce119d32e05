"""The content of a bundle that was exported or imported, as text and JSON."""

import json
from collections.abc import Iterable

from manyfest.cli.rendering.humanize import counted
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.content.import_bundle import Imported
from manyfest.domain.ports.bundles import BundleContent
from manyfest.domain.references import Reference


def packed_text(packing: BundleContent, target: str) -> str:
    """Return one line with the numbers of what was exported, as ``imported_text`` counts."""
    tags = [name for name in packing.entries if "@" not in name]
    counts = (
        (len(packing.manifests), "manifest"),
        (len(tags), "tag"),
        (len(packing.layers), "layer"),
        (len(packing.drafts), "draft"),
    )
    return f"Exported {_all_counted(counts)} to {target}"


def packed_json(packing: BundleContent, left_out: Iterable[Reference]) -> str:
    """Return one object, with the digests of the blobs that were written."""
    return _json_text(
        {
            "images": [json.loads(entry) for entry in packing.entries.values()],
            "manifests": _texts(blob.digest for blob in packing.manifests),
            "configs": _texts(blob.digest for blob in packing.configs),
            "layers": _texts(blob.digest for blob in packing.layers),
            "drafts": _texts(draft.name for draft in packing.drafts),
            "leftOut": _texts(left_out),
        }
    )


def imported_text(imported: Imported) -> str:
    """Return one line with the numbers of what was imported."""
    counts = (
        (len(imported.manifests), "manifest"),
        (len(imported.tags), "tag"),
        (len(imported.layers), "layer"),
        (len(imported.drafts), "draft"),
    )
    return f"Imported {_all_counted(counts)}"


def imported_json(imported: Imported) -> str:
    """Return one object; ``unnamed`` are images that have a digest and no name."""
    return _json_text(
        {
            "manifests": _texts(imported.manifests),
            "tags": _texts(imported.tags),
            "layers": _texts(imported.layers),
            "drafts": _texts(imported.drafts),
            "unnamed": _texts(imported.unnamed),
        }
    )


def _all_counted(counts: Iterable[tuple[int, str]]) -> str:
    return ", ".join(counted(count, what) for count, what in counts)


def _texts(values: Iterable[object]) -> list[str]:
    return [str(value) for value in values]


def _json_text(document: dict[str, Json]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)
