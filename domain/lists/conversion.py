"""Conversion of manifests between the media types of Docker and OCI.

The types of the manifest, its config and its layers change, and so do the digests of the manifest
and of every list that names it. Configs and layers keep their bytes: an OCI config is a Docker
config without members that OCI readers ignore (image-spec, config.md), and the image ID stays.

Manifests are written as containers/image writes them (skopeo, podman): in one line, members in the
order of its Go structs. So the digest is theirs wherever they leave the config as it is.
"""

from collections.abc import Mapping

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.canonical_json import authored_image, authored_list
from manyfest.domain.encoding.strict_json import JsonObject
from manyfest.domain.errors import ConversionError
from manyfest.domain.lists.attestations import attested_digest, attesting, without_attestations
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import Family
from manyfest.domain.values import frozen

_DOCKER_DIFF = "application/vnd.docker.image.rootfs.diff.tar"
_DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar"
_OCI_DIFF = "application/vnd.oci.image.layer.v1.tar"
_OCI_FOREIGN = "application/vnd.oci.image.layer.nondistributable.v1.tar"

_TO_OCI = {
    media_types.DOCKER_MANIFEST: media_types.OCI_MANIFEST,
    media_types.DOCKER_LIST: media_types.OCI_INDEX,
    media_types.DOCKER_CONFIG: media_types.OCI_CONFIG,
    _DOCKER_DIFF: _OCI_DIFF,
    f"{_DOCKER_DIFF}.gzip": f"{_OCI_DIFF}+gzip",
    _DOCKER_FOREIGN: _OCI_FOREIGN,
    f"{_DOCKER_FOREIGN}.gzip": f"{_OCI_FOREIGN}+gzip",
}
_TABLES = {
    # BuildKit's, which no other program of Docker's family takes, so that there is no way back.
    Family.OCI: _TO_OCI | {f"{_DOCKER_DIFF}.zstd": f"{_OCI_DIFF}+zstd"},
    Family.DOCKER: {oci: docker for docker, oci in _TO_OCI.items()},
}

# Members of descriptors in the order of the Go structs; others follow as they were found.
_DESCRIPTORS = {
    Family.OCI: ("mediaType", "digest", "size", "urls", "annotations", "data"),
    Family.DOCKER: ("mediaType", "size", "digest", "urls"),
}
_IMAGES = {
    Family.OCI: (
        "schemaVersion",
        "mediaType",
        "artifactType",
        "config",
        "layers",
        "subject",
        "annotations",
    ),
    Family.DOCKER: ("schemaVersion", "mediaType", "config", "layers"),
}
_LIST = ("schemaVersion", "mediaType", "manifests")
_ENTRY = (*_DESCRIPTORS[Family.DOCKER], "platform")


@frozen
class Converted:
    """The manifest ``after`` that takes the place of ``before``.

    ``dropped`` are the paths of members that the other family has no place for. ``after`` is
    ``before`` itself if nothing had to change.
    """

    before: Manifest
    after: Manifest
    dropped: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether the digest is another one."""
        return self.after is not self.before

    def listed(self, entry: Descriptor) -> Descriptor:
        """Return the ``entry`` that lists it after the conversion."""
        return entry.replaced_by(self.after.descriptor()) if self.is_changed else entry


def convert_image(manifest: Manifest, family: Family, subject: str) -> Converted:
    """Convert what is no list; ``subject`` names it in errors.

    OCI has a place for everything, so that artifacts and manifests of unknown types stay as they
    are there. Raises ConversionError: Docker has no type for it, or for one of its layers;
    DocumentError: a descriptor is malformed.
    """
    if family is Family.DOCKER and manifest.media_type != media_types.DOCKER_MANIFEST:
        _require_docker_types(manifest, subject)
    if not manifest.is_image:
        return Converted(manifest, manifest)
    types = _TABLES[family]
    if family is Family.OCI and manifest.has_image_config:
        types = types | {media_types.LEGACY_CONFIG: media_types.OCI_CONFIG}
    config, layers = manifest.config, manifest.layers
    blobs = tuple(blob.media_type for blob in (config, *layers) if blob is not None)
    if manifest.media_type not in types and not types.keys() & set(blobs):
        return Converted(manifest, manifest)
    dropped: list[str] = []
    document = _image(manifest, types, family, dropped)
    media_type = str(document["mediaType"])
    after = Manifest(media_type, authored_image(document), manifest.algorithm)
    return Converted(manifest, after, tuple(dropped))


def convert_list(
    manifest: Manifest, family: Family, entries: Mapping[Digest, Converted], subject: str
) -> Converted:
    """Convert a list, of which ``entries`` has the manifests that are converted already.

    Attestations follow their images. A Docker list has none, and no annotations (``dropped``).
    Raises ConversionError: Docker's lists have no artifact type and no subject.
    """
    before = manifest.entries
    if family is Family.DOCKER:
        before = without_attestations(before)
        _require_no_relations(manifest, subject)
    digests = new_digests(entries)
    listed = [_converted_entry(entry, entries, digests) for entry in before]
    media_type = _TABLES[family].get(manifest.media_type, manifest.media_type)
    if media_type == manifest.media_type and tuple(listed) == manifest.entries:
        return Converted(manifest, manifest)
    dropped = ["attestations"] if len(before) < len(manifest.entries) else []
    members = [_written(each.to_json(), _ENTRY, family, "manifests.", dropped) for each in listed]
    document = {**manifest.document, "mediaType": media_type, "manifests": members}
    data = authored_list(_written(document, _LIST, family, "", dropped))
    return Converted(manifest, Manifest(media_type, data, manifest.algorithm), tuple(dropped))


def new_digests(converted: Mapping[Digest, Converted]) -> Mapping[str, str]:
    """Return the digest after the conversion for each one that changed, by the one before."""
    return {
        str(each.before.digest): str(each.after.digest)
        for each in converted.values()
        if each.is_changed
    }


def _converted_entry(
    entry: Descriptor, converted: Mapping[Digest, Converted], digests: Mapping[str, str]
) -> Descriptor:
    if entry.digest in converted:
        entry = converted[entry.digest].listed(entry)
    attested = digests.get(attested_digest(entry) or "")
    return attesting(entry, attested) if attested else entry


def _require_no_relations(manifest: Manifest, subject: str) -> None:
    """Refuse a list that is more than a list of images to its readers."""
    for member in ("artifactType", "subject"):
        if manifest.document.get(member):
            reason = f"a Docker manifest list cannot carry {member}"
            raise ConversionError(subject, reason, "only-oci")


def _require_docker_types(manifest: Manifest, subject: str) -> None:
    """Refuse what Docker has no type for, and what is more than an image to its readers."""
    if manifest.artifact_type or not manifest.is_image:
        kind = manifest.artifact_type or manifest.media_type
        reason = f"it is an artifact ({kind}), and Docker has none; leave it out"
        raise ConversionError(subject, reason, "rather-oci")
    if manifest.subject is not None:
        reason = "it has a subject, and images of Docker have none"
        raise ConversionError(subject, reason, "only-oci")
    types = _TABLES[Family.DOCKER]
    for layer in manifest.layers:
        if layer.media_type not in types and layer.media_type not in types.values():
            reason = f"Docker has no type for layer {layer.digest} ({layer.media_type})"
            raise ConversionError(subject, f"{reason}; build it with gzip layers", "rather-oci")


def _image(
    manifest: Manifest, types: Mapping[str, str], family: Family, dropped: list[str]
) -> JsonObject:
    """Return the converted document; append to ``dropped`` what it has no place for."""
    found = manifest.document

    def converted(descriptor: JsonObject, path: str) -> JsonObject:
        media_type = types.get(descriptor["mediaType"], descriptor["mediaType"])
        return _written(
            {**descriptor, "mediaType": media_type}, _DESCRIPTORS[family], family, path, dropped
        )

    document = {
        **found,
        "mediaType": types.get(manifest.media_type, manifest.media_type),
        "config": converted(found["config"], "config."),
        "layers": [converted(layer, "layers.") for layer in found.get("layers") or []],
    }
    return _written(document, _IMAGES[family], family, "", dropped)


def _written(
    members: JsonObject, order: tuple[str, ...], family: Family, path: str, dropped: list[str]
) -> JsonObject:
    """Return ``members`` in their order; for Docker without those that it does not know."""
    if family is Family.OCI:
        return _in_order(members, order)
    dropped += [path + key for key in members if key not in order and path + key not in dropped]
    return {key: members[key] for key in order if key in members}


def _in_order(members: JsonObject, order: tuple[str, ...]) -> JsonObject:
    first = {key: members[key] for key in order if key in members}
    return first | dict(members)
