"""How two images differ: their layers, their configs, and what else their manifests say."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from attrs import field, frozen

from manyfest.domain import media_types
from manyfest.domain.comparison.json_differences import Difference, differences
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json, JsonObject, parse_object
from manyfest.domain.manifests import Manifest

# What names content; the content itself is compared instead.
_NAMING = ("digest", "size")


@frozen
class LayerChange:
    """Which layers both images have, by digest, and which only one; each once, in its order.

    ``reordered``: those that both have stand in another order, or another number of times.
    """

    shared: tuple[Descriptor, ...] = ()
    removed: tuple[Descriptor, ...] = ()
    added: tuple[Descriptor, ...] = ()
    reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.reordered)


@frozen
class ImageChange:
    """What differs between two images of different digests; nothing where only the bytes differ.

    ``manifest`` has the differences of all members but for the layers and what the config says.
    """

    manifest: tuple[Difference, ...] = ()
    config: tuple[Difference, ...] = ()
    layers: LayerChange = field(factory=LayerChange)

    def __bool__(self) -> bool:
        return bool(self.manifest or self.config or self.layers)


def have_comparable_configs(before: Manifest, after: Manifest) -> bool:
    """Whether both have image configs, and these are not the same bytes."""
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
    """How ``after`` differs from ``before``; ``configs`` are their bytes, where they were read.

    Without both, it is said whether they are the same bytes. Raises DocumentError.
    """
    return ImageChange(
        manifest=differences(_members(before, after), _members(after, before)),
        config=_config_differences(before, after, *configs),
        layers=layer_change(before.layers, after.layers),
    )


def layer_change(before: Sequence[Descriptor], after: Sequence[Descriptor]) -> LayerChange:
    """How the layers differ."""
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
    """What a descriptor says beside the digest and the size."""
    return {key: value for key, value in descriptor.to_json().items() if key not in _NAMING}


def _members(manifest: Manifest, other: Manifest) -> JsonObject:
    """The manifest's members, layers by digest and only those that ``other`` has, too."""
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
    """The config with its environment as an object."""
    document = parse_object(data, "config")
    config = document.get("config")
    if not isinstance(config, dict):
        return document
    return {**document, "config": {**config, "Env": _environment(config.get("Env"))}}


def _environment(env: Json) -> Json:
    """By variable; as it is where that would lose something."""
    if not isinstance(env, list) or not all(isinstance(item, str) for item in env):
        return env
    variables = {name: value for name, _, value in (item.partition("=") for item in env)}
    return variables if len(variables) == len(env) else env


def _by_digest(layers: Sequence[Descriptor]) -> dict[str, Descriptor]:
    return {str(layer.digest): layer for layer in layers}
