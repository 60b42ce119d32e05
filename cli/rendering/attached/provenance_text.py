"""Provenance as ``provenance`` shows it: lines for people, or JSON."""

import json
from collections.abc import Iterator

from manyfest.cli.output import Screen
from manyfest.cli.rendering.fitting import shorten
from manyfest.cli.rendering.humanize import counted
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.references import Reference
from manyfest.domain.statements.provenance import Material, Provenance

_WIDTH = 12  # of the names of facts
_SHOWN = 40  # parameters, and materials, before the others are counted


def provenance_lines(image: Reference, found: Provenance, screen: Screen) -> Iterator[str]:
    """Yield a line for each fact that is known, then the parameters and the materials."""
    facts = (
        ("image", str(image)),
        ("format", f"SLSA provenance {found.version}"),
        ("builder", found.builder),
        ("build type", found.build_type),
        ("source", found.source),
        ("commit", found.commit),
        ("file", found.entry_point),
        ("started", found.started),
        ("finished", found.finished),
        ("invocation", found.invocation),
    )
    for name, value in facts:
        if value:
            yield _line(name, value, screen)
    yield from _listing(
        "parameters", [f"{name}={value}" for name, value in found.parameters], screen
    )
    yield from _listing("materials", [_material(each) for each in found.materials], screen)
    if found.dockerfile is not None:
        lines = counted(len(found.dockerfile.splitlines()), "line")
        yield _line("Dockerfile", f"included, {lines}; --dockerfile prints it", screen)


def provenance_json(image: Reference, found: Provenance) -> str:
    """Return an object; a fact that is not known is null. ADR 0053 lists the members."""
    document: dict[str, Json] = {
        "image": str(image),
        "slsa": found.version or None,
        "builder": found.builder or None,
        "buildType": found.build_type or None,
        "source": found.source or None,
        "commit": found.commit or None,
        "entryPoint": found.entry_point or None,
        "started": found.started or None,
        "finished": found.finished or None,
        "invocation": found.invocation or None,
        "parameters": dict(found.parameters),
        "materials": [{"uri": each.uri, "digests": list(each.digests)} for each in found.materials],
        "dockerfile": found.dockerfile,
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _listing(name: str, values: list[str], screen: Screen) -> Iterator[str]:
    for place, value in enumerate(values[:_SHOWN]):
        yield _line("" if place else name, value, screen)
    if len(values) > _SHOWN:
        yield _line("", f"and {len(values) - _SHOWN} more; --json has all", screen)


def _material(material: Material) -> str:
    return " ".join((material.uri or "(no URI)", *material.digests))


def _line(name: str, value: str, screen: Screen) -> str:
    value = " ".join(value.split())  # a value of several lines is one
    if screen.width is not None:
        value = shorten(value, max(screen.width - _WIDTH, 10))
    return screen.paint(f"{name:<{_WIDTH}}", "strong" if name else "") + value
