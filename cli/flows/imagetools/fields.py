"""The fields of ``imagetools inspect --format``, each read when it is asked for.

Of several images, ``Image``, ``Provenance`` and ``SBOM`` have a member for each platform.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from manyfest.cli.flows.imagetools.summary import platform_text
from manyfest.cli.wiring import Session
from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.platform_images import images_of, listed_images
from manyfest.domain.operations.views.search_statements import PROVENANCE, SBOM, Carried, Wanted
from manyfest.domain.operations.views.statements import statements_by_platform
from manyfest.domain.platforms import Platform
from manyfest.domain.statements.envelopes import SPDX

Field = Callable[[], Json]

# The fields that ``{{json .}}`` shows.
SHOWN_WHOLE = ("Name", "Manifest", "Image")


def fields_of(name: str, found: Resolved, session: Session) -> Mapping[str, Field]:
    """Return the fields of the manifest ``found``; ``name`` is its name as typed."""
    return {
        "Name": lambda: name,
        "Manifest": lambda: _manifest(found),
        "Image": cache(lambda: _images(found, session)),
        "Provenance": cache(lambda: _statements(found, PROVENANCE, _provenance, session)),
        "SBOM": cache(lambda: _statements(found, SBOM, _sbom, session)),
    }


def _manifest(found: Resolved) -> Json:
    manifest = found.manifest
    described = {"digest": str(manifest.digest), "size": manifest.size}
    if not manifest.is_list:
        return {"mediaType": manifest.media_type, **described}
    document = manifest.document
    shown = {
        "schemaVersion": document["schemaVersion"],
        "mediaType": manifest.media_type,
        **described,
        "manifests": [entry.to_oci_json() for entry in manifest.entries],
    }
    annotations = document.get("annotations")
    return {**shown, "annotations": annotations} if annotations else shown


def _images(found: Resolved, session: Session) -> Json:
    images = images_of(found, ports=session)
    configs = {
        platform: parse_object(image.config or b"{}", str(image.reference))
        for platform, image in images.items()
    }
    return _by_platform(configs, are_several=len(images) > 1)


def _statements(
    found: Resolved, wanted: Wanted, shown: Callable[[Iterable[Json]], Json], session: Session
) -> Json:
    platforms: tuple[Platform | None, ...] = tuple(listed_images(found.manifest)) or (None,)
    statements = statements_by_platform(found, platforms, wanted, ports=session)
    documents = zip(platforms, (_documents(each, wanted) for each in statements), strict=True)
    values = {platform or Platform(): shown(each) for platform, each in documents if each}
    return _by_platform(values, are_several=len(platforms) > 1)


def _documents(carried: Iterable[Carried], wanted: Wanted) -> tuple[Json, ...]:
    """Return the predicates; SBOMs in SPDX alone, as buildx knows no other."""
    statements = (each.statement for each in carried)
    return tuple(
        each.document
        for each in statements
        if wanted is not SBOM or each.predicate_type.startswith(SPDX)
    )


def _provenance(documents: Iterable[Json]) -> Json:
    first, *_ = documents
    return {"SLSA": first}


def _sbom(documents: Iterable[Json]) -> Json:
    first, *others = documents
    return {"SPDX": first, "AdditionalSPDXs": others} if others else {"SPDX": first}


def _by_platform(values: Mapping[Platform, Json], *, are_several: bool) -> Json:
    """Return the values by platform, sorted; without ``are_several``, the only value or none."""
    if not are_several:
        return next(iter(values.values()), {})
    return dict(sorted((platform_text(platform), value) for platform, value in values.items()))
