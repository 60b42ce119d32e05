"""The verdicts on many images as lines for people, and as JSON."""

from collections import Counter
from collections.abc import Iterator, Sequence

from manyfest.cli.advice.remedies import told
from manyfest.cli.output import printable
from manyfest.cli.rendering.findings import finding_json, finding_line
from manyfest.cli.rendering.fleet.verdict import FleetImage
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.rendering.json_text import json_text
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.views.verify import Verification
from manyfest.domain.verification.findings import Severity


def fleet_text(images: Sequence[FleetImage]) -> str:
    """Return the findings of each image, a line each, and then its verdict."""
    return "\n".join(line for image in images for line in _lines(image))


def fleet_json(images: Sequence[FleetImage]) -> str:
    """Return an array of objects: ``image``, ``place``, ``status``, ``error``, ``findings`` …"""
    return json_text([_object(image) for image in images])


def fleet_sum(images: Sequence[FleetImage]) -> str:
    """Return how many failed, and how many could not be checked."""
    count = Counter(image.status for image in images)
    unknown = f", {count['unknown']} could not be checked" if count["unknown"] else ""
    return f"{count['failed']} of {counted(len(images), 'image')} failed{unknown}"


def counts(found: Verification) -> str:
    """Return the numbers of errors and warnings, as words."""
    errors, warnings = map(found.count, (Severity.ERROR, Severity.WARNING))
    return f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"


def _lines(image: FleetImage) -> Iterator[str]:
    for found in image.findings:
        yield f"{printable(image.name)}: {finding_line(found)}"
    why = told(image.error) if image.error else counts(_verification(image))
    place = f" ({image.place})" if image.place else ""
    yield printable(f"{image.name}{place}: {image.status}: {why}")


def _verification(image: FleetImage) -> Verification:
    assert isinstance(image.found, Verification)  # noqa: S101 - else it has an error
    return image.found


def _object(image: FleetImage) -> dict[str, Json]:
    found = image.found if isinstance(image.found, Verification) else None
    return {
        "image": image.name,
        "place": image.place,
        "status": image.status,
        "error": told(image.error) if image.error else None,
        "reference": str(found.root.reference) if found else None,
        "digest": str(found.root.manifest.digest) if found else None,
        "manifests": found.manifests if found else 0,
        "blobs": found.blobs if found else 0,
        "errors": found.count(Severity.ERROR) if found else 0,
        "warnings": found.count(Severity.WARNING) if found else 0,
        "findings": [finding_json(each) for each in image.findings],
    }
