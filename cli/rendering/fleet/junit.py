"""The verdicts on many images as JUnit's XML: a test suite for each file, a test for each image.

The form is that of Ant's task, as the schema of Jenkins' xUnit plugin (``junit-10.xsd``) has it:
``failure`` for an image with errors, ``error`` for one that could not be checked; warnings are its
output. The schema knows a file for a suite alone, and no lines, so that texts begin with the place.
"""

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, tostring

from manyfest.cli.advice.remedies import told
from manyfest.cli.rendering.findings import finding_line
from manyfest.cli.rendering.fleet.verdict import FleetImage
from manyfest.domain.verification.findings import Finding, Severity

# Characters that XML 1.0 cannot have (section 2.2), not even escaped.
_INVALID = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ARGUMENTS = "arguments"  # the suite of images that no file names


def fleet_junit(images: Sequence[FleetImage]) -> str:
    """Return an XML document."""
    root = Element("testsuites", {"name": "manyfest verify", **_counts(images)})
    for file, group in groupby(images, key=lambda image: image.file_and_line[0]):
        _add_suite(root, file or _ARGUMENTS, list(group))
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _counts(images: Sequence[FleetImage]) -> dict[str, str]:
    states = [image.status for image in images]
    counted = {"tests": len(states), "failures": states.count("failed")}
    return {name: str(n) for name, n in (counted | {"errors": states.count("unknown")}).items()}


def _add_suite(root: Element, file: str, images: Sequence[FleetImage]) -> None:
    place = {"file": _text(file)} if images[0].place else {}
    suite = SubElement(root, "testsuite", {"name": _text(file), **_counts(images), **place})
    for image in images:
        _add_case(suite, file, image)


def _add_case(suite: Element, file: str, image: FleetImage) -> None:
    names = {"classname": _text(file), "name": _text(image.name)}
    case = SubElement(suite, "testcase", names)
    place = f"{image.place}: " if image.place else ""
    errors = [found for found in image.findings if found.rule.severity is Severity.ERROR]
    if image.error is not None:
        text = told(image.error)
        members = {"type": type(image.error).__name__, "message": _text(text)}
        SubElement(case, "error", members).text = _text(f"{place}{text}")
    elif errors:
        members = {"type": errors[0].rule.name, "message": _text(errors[0].message)}
        SubElement(case, "failure", members).text = _lines(place, errors)
    if warnings := [found for found in image.findings if found.rule.severity is Severity.WARNING]:
        SubElement(case, "system-out").text = _lines(place, warnings)


def _lines(place: str, findings: Sequence[Finding]) -> str:
    return _text("\n".join(f"{place}{finding_line(found)}" for found in findings))


def _text(text: str) -> str:
    return _INVALID.sub("\ufffd", text)
