"""The findings of ``verify`` and its rules, as text and JSON."""

import json

from manyfest.cli.output import Screen, printable
from manyfest.cli.rendering.humanize import counted
from manyfest.cli.rendering.json_text import json_text
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.views.verify import Verification
from manyfest.domain.verification.findings import RULES, Finding, Severity


def findings_text(verification: Verification) -> str:
    """Return a line a finding, in the form of compilers' messages, and a summary."""
    return "\n".join([*map(finding_line, verification.findings), _sum(verification)])


def painted_finding(line: str, screen: Screen) -> str:
    """Return a line of ``findings_text`` with its severity in colour; a clean sum in green."""
    for severity in Severity:
        path, mark, message = line.partition(f": {severity}: ")
        if mark:
            return f"{path}: {screen.paint(severity, severity)}: {message}"
    return screen.paint(line, "added" if ": 0 errors, 0 warnings (" in line else "strong")


def findings_json(verification: Verification) -> str:
    """Return an object: ``reference``, ``digest``, ``mediaType``, counts, ``findings``."""
    root = verification.root
    document = {
        "reference": str(root.reference),
        "digest": str(root.manifest.digest),
        "mediaType": root.manifest.media_type,
        "manifests": verification.manifests,
        "blobs": verification.blobs,
        "errors": verification.count(Severity.ERROR),
        "warnings": verification.count(Severity.WARNING),
        "findings": [finding_json(found) for found in verification.findings],
    }
    return json_text(document)


def finding_json(found: Finding) -> dict[str, Json]:
    """Return an object: ``rule``, ``severity``, ``path``, ``message``."""
    return {
        "rule": found.rule.name,
        "severity": found.rule.severity,
        "path": found.path,
        "message": found.message,
    }


def rules_text() -> str:
    """Return a line a rule: name, severity, and its breach."""
    width = max(map(len, RULES))
    return "\n".join(f"{r.name:<{width}}  {r.severity:<7}  {r.breach}" for r in RULES.values())


def rules_json() -> str:
    """Return an array of objects with ``rule``, ``severity`` and ``breach``."""
    rules = [
        {"rule": rule.name, "severity": rule.severity, "breach": rule.breach}
        for rule in RULES.values()
    ]
    return json.dumps(rules, indent=2)


def finding_line(found: Finding) -> str:
    """Return one line, in the form of compilers' messages."""
    return printable(str(found))


def _sum(verification: Verification) -> str:
    errors, warnings = map(verification.count, (Severity.ERROR, Severity.WARNING))
    looked = f"{counted(verification.manifests, 'manifest')}, {counted(verification.blobs, 'blob')}"
    found = f"{counted(errors, 'error')}, {counted(warnings, 'warning')}"
    return printable(f"{verification.root.reference}: {found} ({looked} checked)")
