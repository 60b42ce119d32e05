"""The result of ``diff`` as JSON; the names of its members are stable."""

from collections.abc import Sequence

from manyfest.cli.rendering.json_text import json_text
from manyfest.domain.comparison.changes import EntryChange
from manyfest.domain.comparison.entries import DigestChange, OrderChange
from manyfest.domain.comparison.images import ImageChange, LayerChange
from manyfest.domain.comparison.json_differences import Difference
from manyfest.domain.comparison.steps import Step, StepPair
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.diff import Comparison, Selection
from manyfest.domain.platforms import Platform


def diff_json(comparison: Comparison) -> str:
    """Return one object; ``a`` and ``b`` are the sides, ``status`` is as in ``Status``.

    A member that does not apply is null; one without differences is empty. ADR 0015 lists them.
    """
    document = {
        "status": comparison.status,
        "kinds": list(comparison.kinds),
        "onlyList": comparison.is_only_list,
        "a": _side(comparison.before),
        "b": _side(comparison.after),
        "platforms": list(map(str, comparison.platforms)),
        "selected": _selected(comparison.selection),
        "list": _differences(comparison.members),
        "order": _order(comparison.order),
        "entries": [_entry(entry) for entry in comparison.entries],
        "danglingAttestations": _digests(comparison.dangling),
    }
    return json_text(document)


def _side(found: Resolved) -> Json:
    return {
        "reference": str(found.reference),
        "digest": str(found.manifest.digest),
        "mediaType": found.manifest.media_type,
    }


def _selected(selection: Selection | None) -> Json:
    if selection is None:
        return None
    entry = selection.entry
    return {
        "list": str(selection.reference),
        "digest": str(entry.digest) if entry else None,
        "platform": _platform(entry.platform) if entry else None,
    }


def _order(order: OrderChange | None) -> Json:
    if order is None:
        return None
    return {"a": list(map(_platform, order.before)), "b": list(map(_platform, order.after))}


def _entry(entry: EntryChange) -> Json:
    pair = entry.pair
    return {
        "platform": _platform(pair.platform),
        "status": entry.status,
        "a": str(pair.before.digest) if pair.before else None,
        "b": str(pair.after.digest) if pair.after else None,
        "descriptor": _differences(entry.descriptor),
        "attestations": _digests(pair.attestations),
        "image": _image(entry.image),
    }


def _image(image: ImageChange | None) -> Json:
    if image is None:
        return None
    return {
        "manifest": _differences(image.manifest),
        "config": _differences(image.config),
        "layers": _layers(image.layers),
        "steps": list(map(_steps, image.steps)),
    }


def _steps(pair: StepPair) -> Json:
    return {"status": pair.status, "a": _step(pair.before), "b": _step(pair.after)}


def _step(step: Step | None) -> Json:
    if step is None:
        return None
    digest = str(step.layer.digest) if step.layer else None
    return {"instruction": step.instruction, "digest": digest, "size": step.size}


def _layers(layers: LayerChange) -> Json:
    return {
        "shared": len(layers.shared),
        "sharedBytes": sum(layer.size for layer in layers.shared),
        "removed": _descriptors(layers.removed),
        "added": _descriptors(layers.added),
        "reordered": layers.reordered,
    }


def _descriptors(layers: Sequence[Descriptor]) -> Json:
    return [{"digest": str(layer.digest), "size": layer.size} for layer in layers]


def _differences(found: Sequence[Difference]) -> Json:
    return [{"path": list(d.path), "a": d.before, "b": d.after} for d in found]


def _digests(change: DigestChange) -> Json:
    return {"removed": list(map(str, change.removed)), "added": list(map(str, change.added))}


def _platform(platform: Platform | None) -> str | None:
    return str(platform) if platform else None
