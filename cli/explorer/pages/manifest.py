"""A list, an image, a draft or another artifact, as ``show`` knows it from the store."""

import json
import re

from manyfest.cli.explorer.library import Library, literal
from manyfest.cli.explorer.page import Arguments, Page, command_line
from manyfest.cli.explorer.pages.references import places_of, reference_in
from manyfest.cli.rendering.findings import findings_json
from manyfest.cli.rendering.show.show_json import show_json
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import DraftUnknownError, ManyfestError
from manyfest.domain.lists.platform_selection import parse_filter
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.select_image import locate_image
from manyfest.domain.operations.views.overview import Extent, Overview, layers_of
from manyfest.domain.operations.views.show import show, show_draft
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.ports.queries import Value
from manyfest.domain.references import Reference

# The place of a finding about an entry of the list itself.
_ENTRY = re.compile(r"manifests\[([0-9]{1,7})\]")
_BESIDE = 10  # findings beside an entry; all are listed below the entries
_SHARING = 3  # images with the same layer that are named beside it
_COUNTED = 1000  # to which they are counted
_TERMS = 60  # layers that one statement asks about; 200 rows of it are read
_TEMPLATES = {True: "list.html", False: "image.html"}


def manifest(subject: str, query: Arguments, library: Library) -> Page:
    """Show what is at the reference ``subject``.

    Of a list, ``platform`` asks which entry that platform would pull. Raises NeverSeenError: the
    store has no such manifest.
    """
    reference = reference_in(subject, library)
    platform = query.get("platform", "")
    view = show(reference, Extent(), ports=library)
    data = _shown(view)
    if view.manifest.is_list:
        findings = _findings(reference, library)
        data |= {
            "findings": findings,
            "beside": _beside(findings, view),
            "pulled": _pulled(view, platform, library),
        }
    else:
        data |= _sharing(view, library)
    commands = _commands(str(reference), platform, is_list=view.manifest.is_list)
    return Page(_TEMPLATES[view.manifest.is_list], subject, data, commands)


def draft(subject: str, _query: Arguments, library: Library) -> Page:
    """Show a draft as it would be published. Raises DraftUnknownError."""
    found = library.drafts.find(Reference.parse(subject))
    if found is None:
        raise DraftUnknownError(subject)
    view = show_draft(found, Extent(), ports=library)
    data = {**_shown(view), "findings": [], "beside": {}, "pulled": None}
    return Page("list.html", subject, data, (command_line("show", "--offline", subject),))


def _commands(name: str, platform: str, *, is_list: bool) -> tuple[str, ...]:
    """Return what shows it, and what finds the rest of its page."""
    found = [command_line("show", "--offline", name)]
    if is_list:
        found.append(command_line("verify", "--offline", name))
    else:
        found.append(command_line("who", name))
    if is_list and platform:
        found.append(command_line("digest", "--offline", "--platform", platform, name))
    return tuple(found)


def _shown(view: Overview) -> dict[str, Json]:
    document: dict[str, Json] = json.loads(show_json(view))
    home = str(view.reference.home)
    text = json.dumps(view.manifest.document, indent=2, ensure_ascii=False)
    return {**document, "repository": home, "tag": view.reference.tag, "text": text}


def _findings(reference: Reference, library: Library) -> list[dict[str, Json]]:
    """Return what ``verify`` finds; where something is not cached, only that it cannot tell."""
    try:
        findings: list[dict[str, Json]] = json.loads(
            findings_json(verify(reference, ports=library))
        )["findings"]
    except ManyfestError as error:
        return [{"rule": "", "severity": "note", "path": "not checked", "message": str(error)}]
    return findings


def _beside(findings: list[dict[str, Json]], view: Overview) -> Json:
    """Return the first findings about an entry of the list, by the digest of the entry.

    They are shown with each entry of that digest, and a list may name one digest 26,000 times.
    """
    found: dict[str, list[Json]] = {}
    for one in findings:
        if place := _ENTRY.match(str(one["path"])):
            beside = found.setdefault(str(view.manifest.entries[int(place[1])].digest), [])
            if len(beside) < _BESIDE:
                beside.append(one)
    return {**found}


def _pulled(view: Overview, platform: str, library: Library) -> Json:
    if not platform:
        return None
    try:
        wanted = parse_filter(platform)
        place = locate_image(Resolved(view.reference, view.manifest), wanted, library.registry)
    except ManyfestError as error:
        return {"platform": platform, "digest": None, "reason": str(error)}
    return {"platform": platform, "digest": str(place.digest), "reason": None}


def _sharing(view: Overview, library: Library) -> dict[str, Json]:
    """Return how many other images of the store have each layer, and the first few of them.

    Numbers stop at ``_COUNTED``: a base layer may be in all images of the store. None, and none, if
    that takes too long.
    """
    digests = sorted({str(layer.digest) for layer in layers_of(view.manifest)})
    own = literal(str(view.manifest.digest))
    found: list[tuple[Value, ...]] = []
    for first in range(0, len(digests), _TERMS):
        some = map(literal, digests[first : first + _TERMS])
        rows = library.rows(" UNION ALL ".join(_with_layer(layer, own) for layer in some))
        if rows is None:
            return {"sharing": None, "sharers": {}}
        found += rows
    places = places_of({str(manifest) for _, manifest, _ in found}, library)
    sharers: dict[str, list[Json]] = {str(digest): [] for digest, _, _ in found}
    for digest, manifest, _ in sorted(found):
        image = str(manifest)
        sharers[str(digest)].append({"digest": image, "reference": places.get(image)})
    return {"sharing": {str(digest): many for digest, _, many in found}, "sharers": {**sharers}}


def _with_layer(layer: str, own: str) -> str:
    """Return SQL for the first images with ``layer``, but for the ``own``, and their number."""
    images = (
        f"SELECT DISTINCT manifest FROM descriptors WHERE digest = {layer}"  # noqa: S608 - literals
        f" AND role = 'layer' AND manifest != {own}"
    )
    many = f"SELECT count(*) FROM ({images} LIMIT {_COUNTED}) AS counted"  # noqa: S608
    return (
        f"SELECT {layer} AS digest, manifest, ({many}) AS many"  # noqa: S608
        f" FROM ({images} ORDER BY manifest LIMIT {_SHARING}) AS first"
    )
