"""The view of ``show`` as JSON; ADR 0046 lists its members, whose names are stable."""

from collections.abc import Mapping

from manyfest.cli.rendering.json_text import json_text
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.encoding.timestamps import utc_or_none
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.images.build_history import sizes_of
from manyfest.domain.images.configuration import Configuration, annotations_of
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.views.overview import (
    Item,
    Overview,
    content_size,
    layers_of,
)
from manyfest.domain.platforms import Platform


def show_json(view: Overview) -> str:
    """Return one object. A member that is not known, or does not apply, is null."""
    manifest = view.manifest
    document: dict[str, Json] = {
        "reference": str(view.reference),
        "kind": view.kind,
        "draft": view.draft is not None,
        "digest": str(manifest.digest),
        "mediaType": manifest.media_type,
        "artifactType": _text(manifest.document.get("artifactType")),
        "manifestSize": manifest.size,
        **_content(manifest),
        "created": utc_or_none(view.created),
        "annotations": dict(annotations_of(manifest)),
        "subject": _subject(manifest),
        "attached": [_attachment(one) for one in view.attached],
        "entries": [_item(item) for item in view.entries] if manifest.is_list else None,
        "config": view.configuration and _config(view.configuration, manifest),
        "facts": dict(view.facts),
    }
    return json_text(document)


def _item(item: Item) -> Json:
    descriptor = item.descriptor
    manifest = item.manifest and item.manifest.without_views()  # a list may have 40,000 entries
    content = _content(manifest) if manifest else {"size": None, "layers": None}
    return {
        "platform": _platform(descriptor.platform),
        "kind": item.kind,
        "digest": str(descriptor.digest),
        "mediaType": descriptor.media_type,
        "artifactType": _text(descriptor.others.get("artifactType")),
        "manifestSize": descriptor.size,
        **content,
        "created": utc_or_none(item.created),
        "annotations": dict(descriptor.annotations),
        "source": str(item.source) if item.source else None,
        "fault": item.fault or None,
        "attached": [_attachment(one) for one in item.attached],
        "entries": None if item.entries is None else [_item(each) for each in item.entries],
    }


def _content(manifest: Manifest) -> dict[str, Json]:
    layers = None if manifest.is_list else [_layer(layer) for layer in layers_of(manifest)]
    return {"size": content_size([manifest]), "layers": layers}


def _layer(layer: Descriptor) -> Json:
    return {
        "digest": str(layer.digest),
        "mediaType": layer.media_type,
        "size": layer.size,
        "annotations": dict(layer.annotations),
    }


def _attachment(one: Attachment) -> Json:
    return {
        "kind": one.kind,
        "about": one.about or None,
        "digest": str(one.digest) if one.digest else None,
        "manifestSize": one.size,
        "tag": one.tag or None,
    }


def _config(config: Configuration, manifest: Manifest) -> Json:
    sizes = sizes_of(config.history, [layer.size for layer in layers_of(manifest)])
    return {
        "fault": config.fault or None,
        "platform": _platform(config.platform),
        "created": utc_or_none(config.created),
        "author": config.author or None,
        "user": config.user or None,
        "workingDir": config.working_dir or None,
        "entrypoint": config.entrypoint,
        "cmd": config.command,
        "shell": config.shell,
        "healthcheck": config.health_test,
        "env": config.env,
        "ports": config.ports,
        "volumes": config.volumes,
        "stopSignal": config.stop_signal or None,
        "onBuild": config.on_build,
        "labels": dict(config.labels),
        "history": [
            {
                "created": utc_or_none(step.created),
                "instruction": step.instruction or None,
                "comment": step.comment or None,
                "makesLayer": step.makes_layer,
                "size": size,
            }
            for step, size in zip(config.history, sizes, strict=True)
        ],
    }


def _subject(manifest: Manifest) -> Json:
    value = manifest.document.get("subject")
    return _text(value.get("digest")) if isinstance(value, Mapping) else None


def _platform(platform: Platform | None) -> str | None:
    return str(platform) if platform and platform != Platform() else None


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value else None
