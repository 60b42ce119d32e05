import json
from collections import Counter

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.output import Screen
from manyfest.cli.rendering.diff.diff_json import diff_json
from manyfest.cli.rendering.diff.diff_text import diff_text
from manyfest.contracts.images import (
    Image,
    docker_image,
    layer_bytes,
    oci_image,
    oci_index,
    oddly_spelled,
)
from manyfest.domain import media_types
from manyfest.domain.comparison.images import (
    LayerChange,
    image_change,
    layer_change,
)
from manyfest.domain.comparison.json_differences import Difference, differences
from manyfest.domain.comparison.scope import EVERYTHING, Scope
from manyfest.domain.comparison.status import Status
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import ManifestUnknownError, NoSuchPlatformError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.views.diff import Comparison, diff
from manyfest.domain.platforms import Platform
from tests.unit.domain.operations.conftest import World, ref

AMD, ARM = "linux/amd64", "linux/arm64"


class CountingRegistry(MemoryRegistry):
    """Counts what is read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = Counter()

    def get_manifest(self, reference):
        self.reads["manifest"] += 1
        return super().get_manifest(reference)

    def open_blob(self, reference, size):
        self.reads["blob"] += 1
        return super().open_blob(reference, size)


def compared(
    before: Image,
    after: Image,
    registry: MemoryRegistry | None = None,
    scope: Scope = EVERYTHING,
) -> Comparison:
    world = World(registry or MemoryRegistry())
    world.plant("r.example/x:a", before)
    world.plant("r.example/x:b", after)
    return diff(ref("r.example/x:a"), ref("r.example/x:b"), ports=world.ports(), scope=scope)


def statuses(comparison: Comparison) -> dict[str, str]:
    return {str(entry.pair.platform): entry.status.value for entry in comparison.entries}


def remade(image: Image, *, says: dict | None = None, spaced: bool = False, **members) -> Image:
    """``image`` with these members, and a config that also ``says`` these."""
    blobs = image.blobs
    document = dict(image.manifest.document)
    if says is not None or spaced:
        changed = json.loads(blobs[0]) | (says or {})
        data = json.dumps(changed, indent=1 if spaced else None).encode()
        blobs = (data, *blobs[1:])
        named = {"digest": str(Digest.of(data)), "size": len(data)}
        document["config"] = document["config"] | named
    manifest = Manifest(image.manifest.media_type, json.dumps(document | members).encode())
    return evolve(image, manifest=manifest, blobs=blobs)


def relisted(index: Image, *entries: dict, **members) -> Image:
    """The list with other descriptors of the same children."""
    document = {**index.manifest.document, "manifests": list(entries)} | members
    manifest = Manifest(index.manifest.media_type, json.dumps(document).encode())
    return evolve(index, manifest=manifest)


def attestation_of(image: Image, text: str = "sbom") -> Image:
    return oci_image("unknown/unknown", text=f"{text} {image.digest}")


def attested_index(image: Image, attestation: Image, subject: Digest | None = None) -> Image:
    index = oci_index(image, attestation)
    first, second = index.manifest.document["manifests"]
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": str(subject or image.digest),
    }
    return relisted(index, first, second | {"annotations": annotations})


def test_the_same_digest_needs_no_more_reading_than_the_two_names() -> None:
    registry = CountingRegistry()
    index = oci_index(oci_image(AMD), oci_image(ARM))
    comparison = compared(index, index, registry)
    assert comparison.status is Status.SAME
    assert registry.reads == {"manifest": 2}


def test_only_what_changed_is_read() -> None:
    registry = CountingRegistry()
    before = oci_index(oci_image(AMD), oci_image(ARM), oci_image("linux/386"))
    after = oci_index(oci_image(AMD), oci_image(ARM, text="new"), oci_image("linux/s390x"))
    comparison = compared(before, after, registry)
    assert statuses(comparison) == {
        AMD: "same",
        ARM: "changed",
        "linux/386": "removed",
        "linux/s390x": "added",
    }
    assert registry.reads == {"manifest": 4, "blob": 2}
    assert comparison.status is Status.CHANGED
    kept = {r.manifest.digest for r in comparison.read}
    assert {before.digest, after.digest, after.children[1].digest} <= kept
    assert not {c.digest for c in (before.children[0], before.children[2])} & kept


def test_a_config_that_both_have_is_not_read() -> None:
    registry = CountingRegistry()
    image = oci_image(AMD)
    comparison = compared(image, remade(image, annotations={"a": "b"}), registry)
    assert registry.reads == {"manifest": 2}
    (entry,) = comparison.entries
    assert entry.image.manifest == (Difference(("annotations", "a"), None, "b"),)


OTHER_BYTES = {
    "image": lambda: (oci_image(AMD), remade(oci_image(AMD))),
    "config": lambda: (oci_image(AMD), remade(oci_image(AMD), spaced=True)),
    "empty members": lambda: (
        remade(oci_image(AMD), says={"config": {"User": "", "Labels": None}, "author": ""}),
        remade(oci_image(AMD), says={"config": {"Entrypoint": [], "Tty": False}}),
    ),
    "children": lambda: (
        oci_index(oci_image(AMD), oci_image(ARM)),
        oci_index(remade(oci_image(AMD), spaced=True), oci_image(ARM)),
    ),
    "list": lambda: (
        index := oci_index(oci_image(AMD)),
        relisted(index, *index.manifest.document["manifests"], annotations={}),
    ),
    "order of attestations": lambda: (
        index := attested_index(oci_image(AMD), attestation_of(oci_image(AMD))),
        relisted(index, *reversed(index.manifest.document["manifests"])),
    ),
}


@pytest.mark.parametrize("sides", OTHER_BYTES.values(), ids=OTHER_BYTES)
def test_the_same_content_in_other_bytes_is_recognised(sides) -> None:
    before, after = sides()
    if before.manifest.data == after.manifest.data:
        after = evolve(after, manifest=evolve(after.manifest, data=after.manifest.data + b"\n"))
    comparison = compared(before, after)
    assert comparison.status is Status.REWRITTEN
    assert "the same content in other bytes" in diff_text(comparison)


def test_an_entry_in_other_bytes_is_told_from_one_in_the_same() -> None:
    comparison = compared(*OTHER_BYTES["children"]())
    assert statuses(comparison) == {AMD: "rewritten", ARM: "same"}


ONE_SIDE = {
    "a layer less": ({"layers": []}, {}, Status.CHANGED),
    "a layer more": ({}, {"layers": []}, Status.CHANGED),
    "no media type in the document": ({"mediaType": None}, {}, Status.REWRITTEN),
}


@pytest.mark.parametrize(("before", "after", "status"), ONE_SIDE.values(), ids=ONE_SIDE)
def test_what_only_one_image_has_is_a_change_but_for_its_type(before, after, status) -> None:
    image = oci_image(AMD)
    assert compared(remade(image, **before), remade(image, **after)).status is status


def test_layers_in_another_order_are_a_change() -> None:
    image = oci_image(AMD)
    layers = [*image.manifest.document["layers"], image.manifest.document["config"]]
    comparison = compared(remade(image, layers=layers), remade(image, layers=layers[::-1]))
    assert comparison.status is Status.CHANGED
    found = comparison.entries[0].image
    assert found.layers == LayerChange(tuple(map(descriptor_of, layers)), reordered=True)
    assert (found.manifest, found.config) == ((), ())


def test_what_is_said_of_a_layer_that_both_have_is_compared() -> None:
    image = oci_image(AMD)
    (layer,) = image.manifest.document["layers"]
    comparison = compared(image, remade(image, layers=[layer | {"annotations": {"a": "b"}}]))
    path = ("layers", layer["digest"], "annotations", "a")
    assert comparison.entries[0].image.manifest == (Difference(path, None, "b"),)


def test_what_a_list_says_of_itself_is_a_change() -> None:
    index = oci_index(oci_image(AMD))
    after = relisted(index, *index.manifest.document["manifests"], annotations={"a": "b"})
    comparison = compared(index, after)
    assert comparison.members == (Difference(("annotations", "a"), None, "b"),)
    assert comparison.status is Status.CHANGED


def test_a_list_in_the_place_of_an_image_is_a_change() -> None:
    listed = oci_index(oci_image(AMD))
    bare = relisted(listed, oci_image(AMD).manifest.descriptor().to_json())
    comparison = compared(bare, oci_index(oci_index(oci_image(AMD))))
    assert statuses(comparison) == {"None": "changed"}


def test_an_entry_of_no_platform_is_not_what_an_image_is_compared_with() -> None:
    nested = oci_index(oci_index(oci_image(AMD)), oci_image(ARM))
    comparison = compared(oci_image(ARM, text="new"), nested)
    assert comparison.selection.entry.digest == nested.children[1].digest


def descriptor_of(document: dict) -> Descriptor:
    return Descriptor.from_json(document, "x")


def test_an_unknown_member_is_a_difference() -> None:
    assert compared(oci_image(AMD), oddly_spelled(oci_image(AMD))).status is Status.CHANGED


CONFIGS = {
    "env": ({"Env": ["A=1", "B=2"]}, {"Env": ["B=3", "C="]}, ["Env A", "Env B", "Env C"]),
    "env with an equals sign in a value": ({"Env": ["A=x=1"]}, {"Env": ["A=x=2"]}, ["Env A"]),
    "env that is no text": ({"Env": [1]}, {"Env": [2]}, ["Env"]),
    "env with a variable twice": ({"Env": ["A=1", "A=2"]}, {"Env": ["A=2"]}, ["Env"]),
    "entrypoint": ({"Entrypoint": ["a"]}, {"Entrypoint": ["b"]}, ["Entrypoint"]),
    "cmd": ({"Cmd": ["a"]}, {}, ["Cmd"]),
    "labels": ({"Labels": {"x.y": ""}}, {"Labels": {"z": "1"}}, ["Labels x.y", "Labels z"]),
    "user": ({"User": "root"}, {"User": ""}, ["User"]),
    "folder": ({"WorkingDir": "/a"}, {"WorkingDir": "/b"}, ["WorkingDir"]),
    "ports": ({"ExposedPorts": {"80/tcp": {}}}, {}, ["ExposedPorts 80/tcp"]),
    "volumes": ({}, {"Volumes": {"/data": {}}}, ["Volumes /data"]),
    "no config at all": (None, {"User": "x"}, ["User"]),
}


@pytest.mark.parametrize(("before", "after", "paths"), CONFIGS.values(), ids=CONFIGS)
def test_configs_are_compared_member_by_member(before, after, paths) -> None:
    sides = (remade(oci_image(AMD), says={"config": side}) for side in (before, after))
    (entry,) = compared(*sides).entries
    assert [" ".join(found.path) for found in entry.image.config] == [f"config {p}" for p in paths]


def test_layers_are_shared_removed_added_and_reordered() -> None:
    a, b, c = (Descriptor(media_types.OCI_LAYER, Digest.of(x), 10) for x in (b"a", b"b", b"c"))
    change = layer_change((a, b), (a, c))
    assert (change.shared, change.removed, change.added) == ((a,), (b,), (c,))
    assert not change.reordered
    assert layer_change((a, b), (b, a)).reordered
    assert layer_change((a, a), (a,)).reordered
    assert not layer_change((a, a), (a, a))


def test_a_docker_image_and_an_oci_image_are_compared_by_what_their_configs_say() -> None:
    (entry,) = compared(docker_image(AMD), remade(oci_image(AMD), says={"author": "me"})).entries
    assert entry.image.config == (Difference(("author",), None, "me"),)
    assert (
        Difference(("config", "mediaType"), media_types.DOCKER_CONFIG, media_types.OCI_CONFIG)
        in entry.image.manifest
    )


@pytest.mark.parametrize("configs", [(b"{}", None), (None, b"{}")])
def test_a_config_that_alone_was_read_is_compared_by_digest(configs) -> None:
    sides = (oci_image(AMD, text=text).manifest for text in ("one", "two"))
    assert [found.path for found in image_change(*sides, configs).config] == [("digest",)]


def chart(text: str) -> Image:
    """An artifact whose config is no image config."""
    image = oci_image(AMD, text=text)
    return remade(image, config=image.manifest.document["config"] | {"mediaType": "text/x-chart"})


def test_configs_that_are_no_image_configs_are_compared_by_digest() -> None:
    registry = CountingRegistry()
    (entry,) = compared(chart("one"), chart("two"), registry).entries
    assert [found.path for found in entry.image.config] == [("digest",)]
    assert registry.reads == {"manifest": 2}


def test_what_lists_say_of_an_image_is_compared() -> None:
    index = oci_index(oci_image("linux/arm64"))
    (entry,) = index.manifest.document["manifests"]
    platform = {"architecture": "arm64", "os": "linux", "variant": "v8"}
    other = relisted(
        index, entry | {"platform": platform, "annotations": {"k": "v"}}, annotations={"l": "w"}
    )
    comparison = compared(index, other)
    (change,) = comparison.entries
    assert [found.path for found in change.descriptor] == [
        ("platform", "variant"),
        ("annotations", "k"),
    ]
    assert [found.path for found in comparison.members] == [("annotations", "l")]
    assert comparison.status is Status.CHANGED


def test_the_order_of_images_is_compared() -> None:
    images = oci_image(AMD), oci_image(ARM)
    comparison = compared(oci_index(*images), oci_index(*reversed(images)))
    assert [str(p) for p in comparison.order.before] == [AMD, ARM]
    assert [str(p) for p in comparison.order.after] == [ARM, AMD]
    assert comparison.status is Status.CHANGED
    assert "~ order: linux/amd64, linux/arm64 -> linux/arm64, linux/amd64" in diff_text(comparison)


def test_of_several_entries_for_a_platform_the_equal_ones_belong_together() -> None:
    a, b, c = (oci_image(AMD, text=text) for text in "abc")
    comparison = compared(oci_index(a, b), oci_index(b, c))
    digests = [(e.pair.before.digest, e.pair.after.digest) for e in comparison.entries]
    assert digests == [(b.digest, b.digest), (a.digest, c.digest)]


def test_attestations_are_compared_under_their_image() -> None:
    image = oci_image(AMD)
    old, new = attestation_of(image, "old"), attestation_of(image, "new")
    comparison = compared(attested_index(image, old), attested_index(image, new))
    (entry,) = comparison.entries
    assert entry.status is Status.CHANGED
    assert entry.pair.attestations.removed == (old.digest,)
    assert entry.pair.attestations.added == (new.digest,)
    assert not comparison.dangling
    assert "+ attestation" in diff_text(comparison)


def test_attestations_of_nothing_are_told_apart() -> None:
    image, nothing = oci_image(AMD), Digest.of(b"nothing")
    loose = attestation_of(image)
    comparison = compared(attested_index(image, loose, nothing), oci_index(image))
    assert comparison.dangling.removed == (loose.digest,)
    assert comparison.status is Status.CHANGED


@pytest.mark.parametrize("list_first", [False, True])
def test_an_image_is_compared_with_the_entry_of_its_platform(list_first) -> None:
    image, index = oci_image(ARM, text="new"), oci_index(oci_image(AMD), oci_image(ARM))
    sides = (index, image) if list_first else (image, index)
    comparison = compared(*sides)
    assert comparison.selection.entry.digest == index.children[1].digest
    assert statuses(comparison) == {ARM: "changed"}
    assert "compared with the entry linux/arm64 of the list r.example/x" in diff_text(comparison)


def test_an_image_that_is_in_the_list_is_the_same_and_its_config_is_not_read() -> None:
    registry = CountingRegistry()
    image = oci_image(ARM)
    comparison = compared(image, oci_index(oci_image(AMD), image), registry)
    assert comparison.status is Status.SAME
    assert registry.reads == {"manifest": 2}


@pytest.mark.parametrize("list_first", [False, True])
def test_an_image_that_is_in_the_list_is_for_the_platform_that_the_list_says(list_first) -> None:
    image = oci_image(ARM)
    index = oci_index(oci_image(AMD), image)
    comparison = compared(*((index, image) if list_first else (image, index)))
    assert [entry.platform for entry in comparison.entries[0].pair.both] == [image.platform] * 2


def test_a_list_that_leaves_its_media_type_out_says_the_same() -> None:
    index = oci_index(oci_image(AMD))
    document = dict(index.manifest.document)
    del document["mediaType"]
    silent = evolve(index, manifest=evolve(index.manifest, data=json.dumps(document).encode()))
    assert compared(index, silent).status is Status.REWRITTEN


def test_what_was_read_of_two_images_is_handed_out_to_be_kept() -> None:
    before, after = oci_image(AMD), oci_image(AMD, text="new")
    read = compared(before, after).read
    assert {r.manifest.digest for r in read} == {before.digest, after.digest}
    assert {before.blobs[0], after.blobs[0]} <= {r.config for r in read}


def test_an_image_whose_platform_the_list_lacks_is_removed() -> None:
    comparison = compared(oci_image(ARM), oci_index(oci_image(AMD)))
    assert comparison.selection.entry is None
    assert statuses(comparison) == {ARM: "removed"}
    assert "no entry for its platform" in diff_text(comparison)


def test_an_image_of_another_build_of_windows_finds_its_entry() -> None:
    old, new = "windows(10.0.1)/amd64", "windows(10.0.2)/amd64"
    comparison = compared(docker_image(new), oci_index(docker_image(old, text="old")))
    assert comparison.selection.entry is not None


def test_entries_without_platform_and_nested_lists_are_compared() -> None:
    before, after = (oci_index(oci_index(oci_image(AMD, text=text))) for text in "ab")
    comparison = compared(before, after)
    (entry,) = comparison.entries
    assert entry.pair.platform is None
    assert [found.path for found in entry.image.manifest] == [("manifests",)]
    assert "~ image sha256:" in diff_text(comparison)


def test_an_entry_that_differs_and_is_missing_is_named() -> None:
    world, image = World(), oci_image(AMD)
    world.plant("r.example/x:a", oci_index(image))
    world.plant("r.example/x:b", oci_index(lost := oci_image(AMD, text="lost")))
    world.registry.forget_manifest(ref("r.example/x:b").at(lost.digest))
    with pytest.raises(ManifestUnknownError, match=str(lost.digest)):
        diff(ref("r.example/x:a"), ref("r.example/x:b"), ports=world.ports())


JSON_PAIRS = {
    "true is not one": (True, 1, False),
    "null is absent": ({"a": None}, {}, True),
    "order of members": ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
    "order of items": ([1, 2], [2, 1], False),
    "order of members of items": ([{"a": 1, "b": 2}], [{"b": 2, "a": 1}], True),
    "text for object": ({"a": {"b": 1}}, {"a": "b"}, False),
    "empty label": ({"Labels": {"a": ""}}, {"Labels": {}}, False),
    "empty annotation": ({"annotations": {"a": ""}}, {"annotations": {}}, False),
    "empty list for object": ({"a": []}, {"a": {}}, True),
}


@pytest.mark.parametrize(("before", "after", "equal"), JSON_PAIRS.values(), ids=JSON_PAIRS)
def test_documents_are_equal_as_json(before, after, equal) -> None:
    assert (differences(before, after) == ()) is equal


def test_the_text_shows_layers_and_escapes_what_moves_the_cursor() -> None:
    before = remade(oci_image(AMD), says={"config": {"User": "a\x1b[2J"}})
    after = remade(oci_image(AMD, text="new"), says={"config": {"Env": ["A=1"]}})
    text = diff_text(compared(before, after))
    assert "layers: 1 removed (" in text
    assert '- user: "a\\u001b[2J"' in text
    assert '+ env A: "1"' in text
    assert "rootfs" not in text
    assert "\x1b" not in text


SIZES = {"5 B": 5, "2.0 kB": 2_000, "3.0 MB": 3_000_000, "4.0 GB": 4_000_000_000}


@pytest.mark.parametrize(("shown", "size"), SIZES.items(), ids=SIZES)
def test_the_text_counts_in_readable_units(shown, size) -> None:
    image = oci_image(AMD)
    layer = {"mediaType": media_types.OCI_LAYER, "digest": str(Digest.of(b"")), "size": size}
    elsewhere = layer | {"urls": ["https://example.invalid/"]}  # so that it need not be there
    other = remade(image, layers=[*image.manifest.document["layers"], elsewhere])
    own = len(image.blobs[1])
    assert f"1 shared ({own} B), 1 added ({shown})" in diff_text(compared(image, other))


def test_the_json_has_the_promised_members() -> None:
    before = attested_index(oci_image(AMD), attestation_of(oci_image(AMD)))
    after = oci_index(oci_image(ARM), oci_image(AMD, text="new"))
    document = json.loads(diff_json(compared(before, after)))
    assert list(document) == [
        *("status", "kinds", "onlyList", "a", "b", "platforms", "selected", "list"),
        *("order", "entries", "danglingAttestations"),
    ]
    assert list(document["a"]) == ["reference", "digest", "mediaType"]
    changed, added = document["entries"]
    assert list(changed) == [
        *("platform", "status", "a", "b", "descriptor", "attestations", "image")
    ]
    assert list(changed["image"]) == ["manifest", "config", "layers", "steps"]
    assert list(changed["image"]["layers"]) == [
        *("shared", "sharedBytes", "removed", "added", "reordered")
    ]
    assert changed["attestations"]["removed"]
    assert (added["a"], added["status"], added["image"]) == (None, "added", None)


def test_the_json_of_an_order_and_of_a_selection() -> None:
    images = oci_image(AMD), oci_image(ARM)
    ordered = json.loads(diff_json(compared(oci_index(*images), oci_index(*reversed(images)))))
    assert ordered["order"] == {"a": [AMD, ARM], "b": [ARM, AMD]}
    selected = json.loads(diff_json(compared(images[0], oci_index(images[1]))))
    assert selected["selected"] == {"list": "r.example/x:b", "digest": None, "platform": None}


def built_layers(*texts: str, **config) -> Image:
    """An image with a layer and a step for each text."""
    layers = [layer_bytes(text) for text in texts]
    history = [{"created_by": f"RUN /bin/sh -c {text} # buildkit"} for text in texts]
    says = {"history": history, "config": config}
    image = remade(oci_image(AMD), says=says)
    described = [
        {"mediaType": media_types.OCI_LAYER, "digest": str(Digest.of(one)), "size": len(one)}
        for one in layers
    ]
    changed = remade(image, layers=described)
    return evolve(changed, blobs=(image.blobs[0], *layers))


def test_the_text_shows_the_layers_side_by_side_with_their_commands() -> None:
    long = [f"install {number}" for number in range(5)]
    lines = diff_text(compared(built_layers(*long, "a"), built_layers(*long, "b", "c")))
    rows = [line.split() for line in lines.splitlines() if line.startswith("    ")]
    words = [row for row in rows if row[0] in "=+-"]
    assert words[0][-6:] == ["(5", "layers,", "the", "same", "in", "both)"]
    assert [(row[0], row[-2:]) for row in words[1:]] == [
        ("-", ["RUN", "a"]),
        ("+", ["RUN", "b"]),
        ("+", ["RUN", "c"]),
    ]


def test_commands_of_layers_are_cut_to_the_screen() -> None:
    comparison = compared(built_layers("a"), built_layers("echo " + "long " * 50))
    rows = diff_text(comparison, Screen(50)).splitlines()[6:]
    assert max(map(len, rows)) == 50
    assert rows[-1].endswith("…")


def test_the_config_is_shown_in_the_words_of_dockerfiles() -> None:
    before = built_layers("a", Env=["A=1"], Cmd=["x"], ExposedPorts={"80/tcp": {}})
    after = built_layers("a", Labels={"k": "v"}, Cmd=["y"], Volumes={"/data": {}})
    text = diff_text(compared(before, after))
    for line in ('- env A: "1"', '~ cmd: ["x"] -> ["y"]', "- port 80/tcp", "+ volume /data"):
        assert f"    {line}\n" in f"{text}\n"
    assert '    + label k: "v"' in text


KINDS = {
    "nothing": (lambda: (oci_image(AMD), oci_image(AMD)), []),
    "bytes": (OTHER_BYTES["config"], ["bytes"]),
    "layers": (lambda: (built_layers("a"), built_layers("b")), ["build", "layers", "bytes"]),
    "config": (lambda: (built_layers("a"), built_layers("a", User="x")), ["config", "bytes"]),
    "build": (
        lambda: (oci_image(AMD), remade(oci_image(AMD), says={"author": "x"})),
        ["build", "bytes"],
    ),
    "manifest": (
        lambda: (oci_image(AMD), remade(oci_image(AMD), annotations={"a": "b"})),
        ["manifest", "bytes"],
    ),
    "entries": (
        lambda: (oci_index(oci_image(AMD)), oci_index(oci_image(AMD), oci_image(ARM))),
        ["entries", "bytes"],
    ),
    "list": (
        lambda: (oci_index(oci_image(AMD)), oci_index(oci_image(AMD), annotations={"a": "b"})),
        ["list", "bytes"],
    ),
    "attestations": (
        lambda: (
            oci_index(oci_image(AMD)),
            attested_index(oci_image(AMD), attestation_of(oci_image(AMD))),
        ),
        ["attestations", "bytes"],
    ),
}


@pytest.mark.parametrize(("sides", "kinds"), KINDS.values(), ids=KINDS)
def test_the_kinds_of_differences_are_told(sides, kinds) -> None:
    assert list(compared(*sides()).kinds) == kinds


def test_a_list_that_was_only_republished_is_called_so() -> None:
    images = oci_image(AMD), oci_image(ARM)
    grown = oci_index(*images, oci_image("linux/riscv64"))
    comparison = compared(oci_index(*images), grown)
    assert comparison.is_only_list
    assert "only the list changed: the 2 images that both list are the same" in diff_text(
        comparison
    )
    assert not compared(oci_index(images[0]), oci_index(oci_image(AMD, text="new"))).is_only_list
    assert not compared(oci_index(images[0]), oci_index(images[1])).is_only_list
    assert not compared(images[0], images[0]).is_only_list


def test_only_the_images_of_a_platform_are_read_and_compared() -> None:
    registry = CountingRegistry()
    before = oci_index(oci_image(AMD), oci_image(ARM), annotations={"a": "b"})
    after = oci_index(oci_image(AMD, text="new"), oci_image(ARM, text="new"))
    scope = Scope((Platform.parse(ARM),))
    comparison = compared(before, after, registry, scope)
    assert statuses(comparison) == {ARM: "changed"}
    assert comparison.members == ()
    assert registry.reads == {"manifest": 4, "blob": 2}
    same = compared(before, oci_index(oci_image(ARM)), scope=scope)
    assert same.status is Status.SAME


def test_a_platform_that_one_list_lacks_was_added_or_removed() -> None:
    scope = Scope((Platform.parse(ARM),))
    lists = oci_index(oci_image(AMD)), oci_index(oci_image(AMD), oci_image(ARM))
    assert statuses(compared(*lists, scope=scope)) == {ARM: "added"}
    assert statuses(compared(*reversed(lists), scope=scope)) == {ARM: "removed"}
    with pytest.raises(NoSuchPlatformError):
        compared(lists[0], lists[0], scope=scope)


def test_an_image_of_another_platform_is_refused() -> None:
    scope = Scope((Platform.parse(ARM),))
    with pytest.raises(NoSuchPlatformError):
        compared(oci_image(AMD), oci_image(AMD, text="new"), scope=scope)
    beside = compared(oci_image(ARM), oci_index(oci_image(AMD), oci_image(ARM)), scope=scope)
    assert beside.status is Status.SAME


def test_entries_alone_are_compared_without_reading_an_image() -> None:
    registry = CountingRegistry()
    before, after = oci_index(oci_image(AMD)), oci_index(oci_image(AMD, text="new"))
    comparison = compared(before, after, registry, Scope(reads_images=False))
    assert comparison.status is Status.CHANGED
    assert registry.reads == {"manifest": 2}
