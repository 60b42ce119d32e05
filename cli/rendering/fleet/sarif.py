"""The verdicts on many images as SARIF 2.1.0 (OASIS), which code scanning reads.

A finding is a result at the line of the file that names the image. An image that could not be
checked is no result but a notification of the run, which then was not successful (section 3.20).
"""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from manyfest.cli.advice.remedies import told
from manyfest.cli.rendering.fleet.verdict import FleetImage
from manyfest.cli.rendering.json_text import json_text
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.verification.findings import RULES, Finding
from manyfest.domain.version import VERSION

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://github.com/manyfest/manyfest"
_STDIN = "standard input"  # which has no URI
_NUMBERS = {name: number for number, name in enumerate(RULES)}


def fleet_sarif(images: Sequence[FleetImage]) -> str:
    """Return a log file with one run."""
    run: dict[str, Json] = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(images)],
        "results": [_result(image, found) for image in images for found in image.findings],
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(document)


def _driver() -> dict[str, Json]:
    rules = [
        {
            "id": rule.name,
            "shortDescription": {"text": rule.breach},
            "defaultConfiguration": {"level": str(rule.severity)},
        }
        for rule in RULES.values()
    ]
    return {
        "name": "manyfest",
        "version": VERSION,
        "semanticVersion": VERSION,
        "informationUri": _HOME,
        "rules": rules,
    }


def _invocation(images: Sequence[FleetImage]) -> dict[str, Json]:
    failures = [
        {
            "level": "error",
            "message": {"text": f"{image.name}: {told(image.error)}"},
            "locations": list(_locations(image, "")),
        }
        for image in images
        if image.error is not None
    ]
    return {"executionSuccessful": not failures, "toolExecutionNotifications": failures}


def _result(image: FleetImage, found: Finding) -> dict[str, Json]:
    return {
        "ruleId": found.rule.name,
        "ruleIndex": _NUMBERS[found.rule.name],
        "level": str(found.rule.severity),
        "message": {"text": f"{image.name}: {found.path}: {found.message}"},
        "locations": list(_locations(image, found.path)),
    }


def _locations(image: FleetImage, path: str) -> Iterator[dict[str, Json]]:
    file, line = image.file_and_line
    full_name = f"{image.name}#{path}" if path else image.name
    place: dict[str, Json] = {"logicalLocations": [{"fullyQualifiedName": full_name}]}
    if file and file != _STDIN:
        artifact = {"uri": quote(file)}
        place["physicalLocation"] = {
            "artifactLocation": artifact,
            "region": {"startLine": line},
        }
    yield place
