"""Differences between two images: layers, configs, other manifest members."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from attr import field

from manyfest.domain import media_types
from manyfest.domain.comparison.json_differences import Difference, differences
from manyfest.domain.comparison.status import DifferenceKind, Status
from manyfest.domain.comparison.steps import StepPair, side_by_side, steps_of
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.manifests import Manifest
from manyfest.domain.values import frozen

# Members that identify content; the content itself is compared instead.
_NAMING = ("digest", "size")
# Members of a config that tell of the build, and change nothing for who runs the image.
_OF_THE_BUILD = {
    *("author", "comment", "container", "container_config", "created", "docker_version"),
    *("history", "id", "moby.buildkit.buildinfo.v1", "moby.buildkit.cache.v0", "parent"),
}


@frozen
class LayerChange:
    """The layers that both images have, or only one; each once, in order.

    Layers are compared by digest. ``reordered``: the shared layers have another order, or occur
    another number of times.
    """

    shared: tuple[Descriptor, ...] = ()
    removed: tuple[Descriptor, ...] = ()
    added: tuple[Descriptor, ...] = ()
    reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.reordered)


@frozen
class ImageChange:
    """The differences between two images; none if only the bytes differ.

    ``manifest`` has the differences of all members except the layers and the config's content.
    ``steps`` are all steps of both builds, if one of them differs.
    """

    manifest: tuple[Difference, ...] = ()
    config: tuple[Difference, ...] = ()
    layers: LayerChange = field(factory=LayerChange)
    steps: tuple[StepPair, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.manifest or self.config or self.layers)

    @property
    def kinds(self) -> Iterator[DifferenceKind]:
        """The kinds of the differences; a layer changes the config's list of layers, too."""
        if self.manifest:
            yield DifferenceKind.MANIFEST
        if self.layers:
            yield DifferenceKind.LAYERS
        yield from {_kind_of(found.path[0]) for found in self.config}


def have_comparable_configs(before: Manifest, after: Manifest) -> bool:
    """Return True if both have image configs, and their digests differ."""
    mine, theirs = before.config, after.config
    return (
        mine is not None
        and theirs is not None
        and mine.digest != theirs.digest
        and {mine.media_type, theirs.media_type} <= media_types.IMAGE_CONFIGS
    )


def image_change(
    before: Manifest, after: Manifest, configs: tuple[bytes | None, bytes | None] = (None, None)
) -> ImageChange:
    """Compare two images; ``configs`` are the bytes of both, if read.

    Without both, only the digests of the configs are compared. Raises DocumentError.
    """
    return ImageChange(
        manifest=differences(_members(before, after), _members(after, before)),
        config=_config_differences(before, after, *configs),
        layers=layer_change(before.layers, after.layers),
        steps=_step_change(before, after, *configs),
    )


def _kind_of(member: str) -> DifferenceKind:
    if member == "rootfs":
        return DifferenceKind.LAYERS
    return DifferenceKind.BUILD if member in _OF_THE_BUILD else DifferenceKind.CONFIG


def _step_change(
    before: Manifest, after: Manifest, mine: bytes | None, theirs: bytes | None
) -> tuple[StepPair, ...]:
    pairs = side_by_side(steps_of(before, mine), steps_of(after, theirs))
    return pairs if any(pair.status is not Status.SAME for pair in pairs) else ()


def layer_change(before: Sequence[Descriptor], after: Sequence[Descriptor]) -> LayerChange:
    """Compare the layers by digest."""
    mine, theirs = _by_digest(before), _by_digest(after)
    shared = mine.keys() & theirs.keys()
    return LayerChange(
        shared=tuple(layer for digest, layer in mine.items() if digest in shared),
        removed=tuple(layer for digest, layer in mine.items() if digest not in shared),
        added=tuple(layer for digest, layer in theirs.items() if digest not in shared),
        reordered=_sequence(before, shared) != _sequence(after, shared),
    )


def _sequence(layers: Sequence[Descriptor], among: AbstractSet[str]) -> list[str]:
    return [digest for layer in layers if (digest := str(layer.digest)) in among]


def descriptor_fields(descriptor: Descriptor) -> dict[str, Json]:
    """Return a descriptor's members without digest and size."""
    return {key: value for key, value in descriptor.to_json().items() if key not in _NAMING}


def _members(manifest: Manifest, other: Manifest) -> JsonObject:
    """Return the members; of layers, only those of ``other``, by digest."""
    ours, theirs = _by_digest(manifest.layers), _by_digest(other.layers)
    return {
        **manifest.document,
        "mediaType": manifest.media_type,  # an OCI document may leave it out
        "config": descriptor_fields(manifest.config) if manifest.config else None,
        "layers": {text: descriptor_fields(ours[text]) for text in ours if text in theirs},
    }


def _config_differences(
    before: Manifest, after: Manifest, mine: bytes | None, theirs: bytes | None
) -> tuple[Difference, ...]:
    if mine is None or theirs is None:
        return differences(_config_name(before), _config_name(after))
    return differences(_config_members(mine), _config_members(theirs))


def _config_name(manifest: Manifest) -> JsonObject:
    return {"digest": str(manifest.config.digest)} if manifest.config else {}


def _config_members(data: bytes) -> JsonObject:
    """Parse the config, with its environment as an object."""
    document = parse_object(data, "config")
    config = document.get("config")
    if not isinstance(config, dict):
        return document
    return {**document, "config": {**config, "Env": _environment(config.get("Env"))}}


def _environment(env: Json) -> Json:
    """Convert to an object by variable, unless that would lose something."""
    if not isinstance(env, list) or not all(isinstance(item, str) for item in env):
        return env
    variables = {name: value for name, _, value in (item.partition("=") for item in env)}
    return variables if len(variables) == len(env) else env


def _by_digest(layers: Sequence[Descriptor]) -> dict[str, Descriptor]:
    return {str(layer.digest): layer for layer in layers}
