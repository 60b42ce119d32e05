import json
import re
from base64 import b64encode, encodebytes
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.rendering.findings import findings_json, findings_text, rules_json, rules_text
from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    push_image,
    windows_image,
    with_config,
)
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import (
    DigestMismatchError,
    DocumentError,
    ManifestUnknownError,
    NotCachedError,
    UnreachableError,
)
from manyfest.domain.lists.platform_selection import parse_filters
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.views.verify import Verification, verify
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.verification.findings import RULES, Severity
from manyfest.domain.verification.list_rules import list_errors, list_findings
from manyfest.domain.verification.platform_shadowing import shadows
from tests.support.content.attested import attested_index
from tests.support.ports import PlainPorts
from tests.unit.domain.operations.conftest import ref

AMD, ARM64 = oci_image("linux/amd64"), oci_image("linux/arm64")
NOWHERE = Digest.of(b"nowhere")
ROOT = ref("r.example/x:1")
SUBJECT = AMD.manifest.descriptor().to_json()

Change = Callable[[list[dict[str, Json]]], None]


def verified(image: Image, registry: MemoryRegistry | None = None) -> Verification:
    """The findings for ``image`` in a complete registry, unless another is given."""
    registry = registry or MemoryRegistry()
    if image.blobs or image.children:
        for part in (image, *image.children):
            plant(registry, part)
    registry.plant_manifest(ROOT, image.manifest)
    return verify(ROOT, ports=PlainPorts(registry=registry))


def plant(registry: MemoryRegistry, image: Image) -> None:
    """Put it there without a look at what it names."""
    registry.plant_manifest(ROOT.at(image.digest), image.manifest)
    for blob in image.blobs:
        registry.plant_blob(ROOT.at(Digest.of(blob)), blob)
    for child in image.children:
        plant(registry, child)


def breaches(verification: Verification) -> list[tuple[str, str]]:
    return [(found.rule.name, found.path) for found in verification.findings]


def changed(image: Image, change: Change | None = None, **members: Json) -> Image:
    """The list with its entries changed, and with these members."""
    document = json.loads(image.manifest.data)
    if change:
        change(document["manifests"])
    data = json.dumps(document | members).encode()
    return evolve(image, manifest=Manifest(image.manifest.media_type, data))


def setting(position: int, member: str, value: Json) -> Change:
    def change(entries: list[dict[str, Json]]) -> None:
        entries[position][member] = value

    return change


def attested(subject: str) -> Image:
    annotations = {"vnd.docker.reference.type": "attestation-manifest"}
    if subject:
        annotations["vnd.docker.reference.digest"] = subject
    index = oci_index(AMD, oci_image("unknown/unknown", text="sbom"))
    return changed(index, setting(1, "annotations", annotations))


def platform(text: str) -> Json:
    return Platform.parse(text).to_json()


def listing(*platforms: str) -> Image:
    return oci_index(*(oci_image(text, text=f"{text} {n}") for n, text in enumerate(platforms)))


def zstd_twin(position: int = 1) -> Image:
    marks = {"io.github.containers.compression.zstd": "true"}
    return changed(listing("linux/amd64", "linux/amd64"), setting(position, "annotations", marks))


def embedding(data: str) -> Image:
    return changed(oci_index(AMD), setting(0, "data", data))


def configured(config: str) -> Image:
    """A list of an image for linux/amd64 with these members in its config."""
    data = f'{{"os":"linux","architecture":"amd64",{config}}}'.encode()
    return oci_index(evolve(with_config(data), platform=Platform.parse("linux/amd64")))


# Rule -> a document that breaks it and where, and one beside it that does not.
LISTS: dict[str, tuple[Image, str, Image]] = {
    "unverifiable-digest": (
        changed(oci_index(AMD, ARM64), setting(1, "digest", f"blake3:{'0' * 64}")),
        "manifests[1].digest",
        oci_index(AMD, ARM64),
    ),
    "empty-list": (oci_index(), "manifests", oci_index(AMD)),
    "missing-platform": (
        changed(oci_index(AMD), setting(0, "platform", None)),
        "manifests[0].platform",
        attested(str(AMD.digest)),
    ),
    "unsupported-platform": (
        listing("linux/sparc"),
        "manifests[0].platform",
        listing("linux/x86_64"),
    ),
    "platform-alias": (
        listing("linux/aarch64"),
        "manifests[0].platform",
        listing("linux/arm64/v8", "linux/amd64/v1", "linux/arm/v7", "linux/riscv64/rva22"),
    ),
    "unknown-variant": (
        listing("linux/arm64/armv8"),
        "manifests[0].platform.variant",
        listing("linux/arm64/v8.2", "linux/amd64/v3", "linux/arm/v5", "linux/386/softfloat"),
    ),
    "zstd-first": (zstd_twin(0), "manifests[0]", zstd_twin(1)),
    "invalid-descriptor": (
        changed(oci_index(AMD, ARM64), setting(1, "annotations", {"k": 1})),
        "manifests[1].annotations",
        changed(oci_index(AMD), setting(0, "annotations", {"k": "1"})),
    ),
    "invalid-annotations": (
        changed(oci_index(AMD), annotations={"k": 1}),
        "annotations.k",
        changed(oci_index(AMD), annotations={"k": None}),
    ),
    "invalid-media-type": (
        changed(oci_index(AMD), subject=SUBJECT | {"mediaType": "a/b; c=d"}),
        "subject.mediaType",
        changed(oci_index(AMD), subject=SUBJECT),
    ),
    "invalid-artifact-type": (
        changed(oci_index(AMD), setting(0, "artifactType", "application/")),
        "manifests[0].artifactType",
        changed(oci_index(AMD), setting(0, "artifactType", "application/vnd.x+y.z-1")),
    ),
    "wrong-data": (
        embedding(b64encode(AMD.manifest.data[:-1] + b" ").decode()),
        "manifests[0].data",
        embedding(encodebytes(AMD.manifest.data).decode()),
    ),
    "invalid-config-member": (
        configured('"config":{"User":1234}'),
        "manifests[0].config",
        configured('"config":{"User":"1234"}'),
    ),
    "missing-variant": (
        listing("linux/arm"),
        "manifests[0].platform.variant",
        listing("linux/arm/v7", "linux/arm64"),
    ),
    "duplicate-platform": (
        listing("linux/arm64", "linux/amd64", "linux/arm64/v8"),
        "manifests[2].platform",
        zstd_twin(),
    ),
    "shadowed-entry": (
        listing("linux/arm/v6", "linux/arm/v7"),
        "manifests[1].platform",
        listing("linux/arm/v7", "linux/arm/v6"),
    ),
    "dangling-attestation": (
        attested(str(NOWHERE)),
        "manifests[1].annotations",
        attested(str(AMD.digest)),
    ),
    "nested-list": (oci_index(oci_index(AMD)), "manifests[0]", oci_index(AMD)),
    "docker-child-in-oci-index": (
        oci_index(docker_image()),
        "manifests[0].mediaType",
        oci_index(AMD),
    ),
    "oci-child-in-docker-list": (
        docker_list(AMD),
        "manifests[0].mediaType",
        docker_list(docker_image()),
    ),
    "annotations-on-docker-list": (
        changed(docker_list(docker_image()), setting(0, "annotations", {"a": "b"})),
        "manifests[0].annotations",
        changed(oci_index(AMD), setting(0, "annotations", {"a": "b"})),
    ),
    "wrong-media-type": (
        changed(oci_index(docker_image()), setting(0, "mediaType", media_types.OCI_MANIFEST)),
        "manifests[0].mediaType",
        oci_index(docker_image()),
    ),
    "wrong-size": (
        changed(oci_index(AMD), setting(0, "size", 1)),
        "manifests[0].size",
        oci_index(AMD),
    ),
    "wrong-platform": (
        changed(oci_index(AMD), setting(0, "platform", platform("linux/arm64"))),
        "manifests[0].platform",
        changed(
            oci_index(oci_image("linux/arm")), setting(0, "platform", platform("linux/arm/v7"))
        ),
    ),
    "missing-manifest": (
        changed(oci_index(AMD), setting(0, "digest", str(NOWHERE))),
        "manifests[0]",
        oci_index(AMD),
    ),
    "unreadable-config": (
        oci_index(evolve(with_config(b"{"), platform=Platform.parse("linux/amd64"))),
        "manifests[0].config",
        oci_index(
            evolve(with_config(b"{}"), platform=Platform.parse("linux/amd64"))
        ),
    ),
    "unreadable-manifest": (
        oci_index(
            evolve(
                AMD,
                manifest=Manifest(
                    media_types.OCI_MANIFEST,
                    AMD.manifest.data.replace(b'"layers": [{"mediaType"', b'"layers": [{"mType"'),
                ),
            )
        ),
        "manifests[0]",
        oci_index(AMD),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "case"), LISTS.items(), ids=LISTS)
def test_a_breach_is_found_where_it_is_and_only_there(rule, case) -> None:
    broken, path, sound = case
    assert (rule, path) in breaches(verified(broken))
    assert rule not in dict(breaches(verified(sound)))


@pytest.mark.parametrize("case", LISTS.values(), ids=LISTS)
def test_the_errors_of_a_list_are_found_without_its_warnings(case) -> None:
    manifest = case[0].manifest
    found = list_findings(manifest)
    errors = [each for each in found if each.rule.severity is Severity.ERROR]
    assert list(list_errors(manifest)) == errors


# Rule -> what is said of the breach above.
WORDS = {
    "empty-list": "the list has no entries",
    "missing-platform": f"{AMD.digest} has no operating system and architecture",
    "unsupported-platform": "linux/sparc is not a platform of Go",
    "missing-variant": "linux/arm has no variant; clients assume v7",
    "duplicate-platform": (
        "linux/arm64/v8 is also the platform of manifests[0]; clients take the first"
    ),
    "shadowed-entry": "linux/arm/v7 also matches manifests[0] (linux/arm/v6), which comes first",
    "dangling-attestation": f"attests {NOWHERE}, which is not in the list",
    "nested-list": f"{oci_index(AMD).digest} is itself a list",
    "oci-child-in-docker-list": f"an {media_types.DOCKER_LIST} that lists an "
    f"{media_types.OCI_MANIFEST}",
    "wrong-media-type": f"listed as {media_types.OCI_MANIFEST}, but it is a "
    f"{media_types.DOCKER_MANIFEST}",
    "wrong-size": f"{AMD.digest} has {AMD.manifest.size} bytes, but the descriptor says 1",
    "wrong-platform": "listed as linux/arm64, but the image's config says linux/amd64",
    "annotations-on-docker-list": "annotations on a Docker list, which has no place for them",
    "missing-manifest": f"no such manifest: r.example/x@{NOWHERE}",
    "platform-alias": "some clients do not find linux/aarch64; write linux/arm64",
    "unknown-variant": "linux/arm64/armv8 has a variant that no processor has; known are v8 or v9",
    "zstd-first": "linux/amd64 is marked as zstd and comes before its twin at manifests[1]",
    "invalid-descriptor": "not an object of strings",
    "invalid-annotations": "not a string",
    "invalid-media-type": "'a/b; c=d' is not a media type (RFC 6838)",
    "invalid-artifact-type": "'application/' is not a media type (RFC 6838)",
    "wrong-data": f"the embedded content is not {AMD.digest}",
    "invalid-config-member": "config.User is not a string",
}


@pytest.mark.parametrize(("rule", "words"), WORDS.items(), ids=WORDS)
def test_a_breach_is_told_with_the_facts(rule: str, words: str) -> None:
    found = verified(LISTS[rule][0]).findings
    assert words in [each.message for each in found if each.rule.name == rule]


@pytest.mark.parametrize(
    ("listed", "own"),
    [
        ("linux/arm/v6", "linux/arm"),
        ("linux/arm", "linux/arm/v6"),
        ("windows(10.0.1)/amd64", "windows/amd64"),
        ("windows(10.0.1.2)/amd64", "windows(10.0.1.3)/amd64"),
        ("windows(10.0.1+win32k)/amd64", "windows(10.0.1)/amd64"),
        ("linux/aarch64/v8", "linux/arm64"),
    ],
)
def test_what_one_side_does_not_say_of_a_platform_is_not_compared(listed: str, own: str) -> None:
    index = changed(oci_index(oci_image(own)), setting(0, "platform", platform(listed)))
    assert "wrong-platform" not in dict(breaches(verified(index)))


@pytest.mark.parametrize(
    ("listed", "own"),
    [
        ("windows/amd64", "linux/amd64"),
        ("linux/arm/v7", "linux/arm/v6"),
        ("windows(10.0.1)/amd64", "windows(10.0.2)/amd64"),
    ],
)
def test_what_both_sides_say_of_a_platform_is_compared(listed: str, own: str) -> None:
    index = changed(oci_index(oci_image(own)), setting(0, "platform", platform(listed)))
    assert "wrong-platform" in dict(breaches(verified(index)))


def test_the_config_of_an_artifact_says_nothing_of_a_platform() -> None:
    document = json.loads(AMD.manifest.data)
    document["config"] |= {"mediaType": "application/x-chart"}
    artifact = Manifest(media_types.OCI_MANIFEST, json.dumps(document).encode())
    chart = evolve(AMD, manifest=artifact, platform=Platform("linux", "s390x"))
    assert breaches(verified(oci_index(chart))) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("!", "not base64"),
        ("é", "not base64"),
        ("YQ", "not base64"),
        ("YQ==", f"1 bytes are embedded, and the size is {AMD.manifest.size}"),
    ],
)
def test_embedded_data_is_compared_with_what_it_stands_for(data: str, words: str) -> None:
    (found,) = verified(embedding(data)).findings
    assert (found.rule.name, found.message) == ("wrong-data", words)


@pytest.mark.parametrize(
    "text",
    ["linux/AMD64", "Linux/amd64", "macos/arm64", "linux/arm/7", "linux/armhf", "linux/i386"],
)
def test_each_spelling_that_only_some_readers_know_is_found(text: str) -> None:
    assert ("platform-alias", "manifests[0].platform") in breaches(verified(listing(text)))


@pytest.mark.parametrize("text", ["linux/amd64/v8", "linux/arm/armv7", "linux/arm64/v7"])
def test_each_variant_that_no_processor_has_is_found(text: str) -> None:
    assert ("unknown-variant", "manifests[0].platform.variant") in breaches(verified(listing(text)))


MALFORMED: dict[str, tuple[str, Json, str]] = {
    "annotations": ("annotations", [1], "annotations"),
    "urls": ("urls", "https://example.invalid", "urls"),
    "data": ("data", 1, "data"),
    "artifact type": ("artifactType", 1, "artifactType"),
    "size": ("size", "10", "size"),
    "digest": ("digest", "sha256:1", "digest"),
    "platform": ("platform", {"os": 1}, "platform"),
}


@pytest.mark.parametrize(("member", "value", "place"), MALFORMED.values(), ids=MALFORMED)
def test_of_an_entry_that_cannot_be_parsed_the_others_are_verified(member, value, place) -> None:
    broken = changed(oci_index(AMD, ARM64), setting(0, member, value))
    result = verified(changed(broken, setting(1, "size", 1)))
    assert breaches(result) == [
        ("invalid-descriptor", f"manifests[0].{place}"),
        ("wrong-size", "manifests[1].size"),
    ]
    assert result.manifests == 2


@pytest.mark.parametrize(("features", "is_wrong"), [("x", True), ([1], True), (["x"], False)])
def test_features_of_docker_s_platforms_are_texts(features: Json, is_wrong: object) -> None:
    platform = {"os": "linux", "architecture": "amd64", "features": features}
    found = breaches(verified(changed(oci_index(AMD), setting(0, "platform", platform))))
    assert (("invalid-descriptor", "manifests[0].platform.features") in found) == is_wrong


@pytest.mark.parametrize(
    ("members", "breach"),
    [
        ({"annotations": ["k"]}, ("invalid-annotations", "annotations")),
        ({"artifactType": 1}, ("invalid-artifact-type", "artifactType")),
        ({"artifactType": "x" * 200}, ("invalid-artifact-type", "artifactType")),
        ({"subject": {"mediaType": "a/b"}}, ("invalid-descriptor", "subject.digest")),
        ({"layers": [1]}, ("invalid-descriptor", "layers[0]")),
    ],
)
def test_the_members_of_an_image_are_verified_too(members, breach) -> None:
    assert breach in breaches(verified(changed(AMD, **members)))


def test_half_a_platform_is_a_missing_one() -> None:
    for half in ({"os": "linux"}, {"architecture": "amd64"}):
        broken = changed(oci_index(AMD), setting(0, "platform", half | {"variant": "v2"}))
        assert ("missing-platform", "manifests[0].platform") in breaches(verified(broken))


def test_an_entry_is_said_to_be_hidden_once() -> None:
    found = breaches(verified(listing("linux/arm/v5", "linux/arm/v6", "linux/arm/v7")))
    assert found == [
        ("shadowed-entry", "manifests[1].platform"),
        ("shadowed-entry", "manifests[2].platform"),
    ]


CONFIG, LAYER = (ROOT.at(Digest.of(blob)) for blob in AMD.blobs)

DAMAGE = {
    "missing-blob": ("manifests[0].config", lambda registry: registry.forget_blob(CONFIG)),
    "missing-blob of a layer": (
        "manifests[0].layers[0]",
        lambda registry: registry.forget_blob(LAYER),
    ),
    "wrong-size of a layer": (
        "manifests[0].layers[0].size",
        lambda registry: registry.plant_blob(LAYER, b"short"),
    ),
    "wrong-size of a config": (
        "manifests[0].config.size",
        lambda registry: registry.plant_blob(CONFIG, b"short"),
    ),
    "wrong-digest of a config": (
        "manifests[0].config",
        lambda registry: registry.plant_blob(CONFIG, b" " * len(AMD.blobs[0])),
    ),
    "wrong-digest of a manifest": (
        "manifests[0]",
        lambda registry: registry.plant_manifest(ROOT.at(AMD.digest), ARM64.manifest),
    ),
}


@pytest.mark.parametrize(("name", "case"), DAMAGE.items(), ids=DAMAGE)
def test_damage_in_the_registry_is_found(name, case) -> None:
    path, damage = case
    registry = MemoryRegistry()
    index = oci_index(AMD)
    assert breaches(verified(index, registry)) == []
    damage(registry)
    result = verify(ROOT, ports=PlainPorts(registry=registry))
    assert breaches(result) == [(name.split()[0], path)]


# What is expected of a list for amd64 and arm64, or of an image, and what is found then.
EXPECTED = {
    "all": (oci_index(AMD, ARM64), "linux/amd64,linux/arm64", []),
    "one is absent": (
        oci_index(AMD),
        "linux/amd64,linux/arm64",
        [("absent-platform", "manifests")],
    ),
    "one too many": (
        oci_index(AMD, ARM64),
        "linux/amd64",
        [("unexpected-platform", "manifests[1].platform")],
    ),
    "attestations do not count": (attested_index(AMD), "linux/amd64", []),
    "an image": (AMD, "linux/x86_64", []),
    "another image": (
        AMD,
        "linux/arm64",
        [("absent-platform", "config"), ("unexpected-platform", "config")],
    ),
}


@pytest.mark.parametrize(("image", "wanted", "found"), EXPECTED.values(), ids=EXPECTED)
def test_expected_platforms_are_looked_for(image: Image, wanted: str, found: object) -> None:
    registry = MemoryRegistry()
    verified(image, registry)
    expected = parse_filters([wanted])
    result = verify(ROOT, ports=PlainPorts(registry=registry), expected=expected)
    assert breaches(result) == found


def test_every_rule_has_a_test() -> None:
    tested = {*LISTS, *(name.split()[0] for name in DAMAGE)}
    tested |= {rule for *_, found in EXPECTED.values() for rule, _ in found}
    assert tested == set(RULES)


def test_an_image_is_verified_by_itself() -> None:
    registry = MemoryRegistry()
    result = verified(AMD, registry)
    assert (breaches(result), result.manifests, result.blobs) == ([], 1, 2)
    registry.forget_blob(LAYER)
    result = verify(ROOT, ports=PlainPorts(registry=registry))
    assert breaches(result) == [("missing-blob", "layers[0]")]
    assert str(Digest.of(AMD.blobs[1])) in result.findings[0].message


def test_layers_that_live_elsewhere_are_not_looked_for() -> None:
    assert breaches(verified(docker_list(windows_image()))) == []


def test_annotations_of_a_docker_list_itself_are_found() -> None:
    broken = changed(docker_list(docker_image()), annotations={"a": "b"})
    result = verified(broken)
    assert breaches(result) == [("annotations-on-docker-list", "annotations")]
    assert result.findings[0].message == WORDS["annotations-on-docker-list"]


def test_attestations_that_lost_their_mark_are_no_duplicates() -> None:
    result = verified(listing("unknown/unknown", "unknown/unknown"))
    assert {name for name, _ in breaches(result)} == {"unsupported-platform"}
    result = verified(listing("unknown/unknown", "linux/amd64", "linux/amd64"))
    assert ("duplicate-platform", "manifests[2].platform") in breaches(result)


def test_a_list_of_very_many_is_looked_through_for_shadows_as_far_as_200_of_a_kind() -> None:
    kinds = [f"windows(10.0.{n})/amd64" for n in range(199)]
    entries = listing(*kinds, "windows/amd64", "windows(11)/amd64", "linux/arm/v6", "linux/arm/v7")
    found = breaches(verified(entries))
    assert found == [("shadowed-entry", "manifests[202].platform")]


def test_an_attestation_of_no_digest_dangles() -> None:
    result = verified(attested(""))
    assert breaches(result) == [("dangling-attestation", "manifests[1].annotations")]
    assert result.findings[0].message == "attests no digest, which is not in the list"


def test_the_platform_of_an_attestation_is_not_compared() -> None:
    wrong = changed(attested(str(AMD.digest)), setting(1, "platform", platform("linux/s390x")))
    assert breaches(verified(wrong)) == []


def test_what_stands_in_nested_lists_is_found_with_its_path() -> None:
    inner = changed(oci_index(AMD), setting(0, "digest", str(NOWHERE)))
    result = verified(oci_index(ARM64, inner))
    assert ("missing-manifest", "manifests[1].manifests[0]") in breaches(result)
    inner = listing("linux/arm")
    result = verified(oci_index(inner))
    assert ("missing-variant", "manifests[0].manifests[0].platform.variant") in breaches(result)


def test_what_is_listed_twice_is_read_once_and_compared_twice() -> None:
    twice = changed(oci_index(AMD, AMD), setting(1, "size", 1))
    result = verified(twice)
    assert result.manifests == 2
    assert ("wrong-size", "manifests[1].size") in breaches(result)


def test_what_a_nested_list_lists_again_is_not_read_again() -> None:
    assert verified(oci_index(AMD, oci_index(AMD, ARM64))).manifests == 4


def test_lists_nested_too_deep_are_refused() -> None:
    nested = oci_index(AMD)
    for _ in range(7):
        nested = oci_index(nested)
    assert verified(nested).manifests == 9
    with pytest.raises(DocumentError, match="nested deeper than 8"):
        verified(oci_index(nested))


def test_findings_are_in_the_order_of_the_document() -> None:
    result = verified(listing(*["linux/arm"] * 12))
    positions = [int(found.path.split("[")[1].split("]")[0]) for found in result.findings]
    assert positions == sorted(positions)
    assert max(positions) == 11


def test_a_root_that_is_missing_or_damaged_is_a_failure() -> None:
    registry = MemoryRegistry()
    with pytest.raises(ManifestUnknownError):
        verify(ROOT, ports=PlainPorts(registry=registry))
    with pytest.raises(ManifestUnknownError):
        verify(ref(f"r.example/x@{NOWHERE}"), ports=PlainPorts(registry=registry))
    verified(AMD, registry)
    registry.plant_manifest(ROOT.at(AMD.digest), ARM64.manifest)
    with pytest.raises(DigestMismatchError):
        verify(ROOT, ports=PlainPorts(registry=registry))


class HeldElsewhere(MemoryRegistry):
    """Gives manifests that the registry itself lacks, as one behind a cache does."""

    def __init__(self, *lacking: Digest) -> None:
        super().__init__()
        self.lacking = lacking

    def head_manifest(self, reference):
        if reference.digest in self.lacking:
            raise ManifestUnknownError(str(reference))
        return super().head_manifest(reference)


def test_what_the_store_holds_is_asked_for_in_the_registry_all_the_same() -> None:
    index = oci_index(AMD, ARM64)
    assert breaches(verified(index, HeldElsewhere(ARM64.digest))) == [
        ("missing-manifest", "manifests[1]")
    ]
    registry = HeldElsewhere(index.digest)
    assert breaches(verified(index, registry)) == []  # by its tag: reading that asks the registry
    with pytest.raises(ManifestUnknownError):
        verify(ref(f"r.example/x@{index.digest}"), ports=PlainPorts(registry=registry))


class WithoutLayers(MemoryRegistry):
    """All there is to ask is a store that holds configs alone."""

    def head_blob(self, reference):
        if reference.digest == Digest.of(AMD.blobs[1]):
            raise NotCachedError((str(reference),))
        return super().head_blob(reference)


def test_what_cannot_be_asked_for_is_no_finding_and_counted() -> None:
    result = verified(oci_index(AMD), WithoutLayers())
    assert (breaches(result), result.blobs, result.unseen) == ([], 1, 1)


class Boasting(MemoryRegistry):
    """Says that the config is as long as it should be, and gives less."""

    def head_blob(self, reference):
        size = super().head_blob(reference)
        return len(AMD.blobs[0]) if reference.digest == Digest.of(AMD.blobs[0]) else size


def test_a_config_that_comes_shorter_than_it_is_said_to_be_is_of_the_wrong_size() -> None:
    registry = Boasting()
    assert breaches(verified(oci_index(AMD), registry)) == []
    registry.plant_blob(CONFIG, b"short")
    result = verify(ROOT, ports=PlainPorts(registry=registry))
    assert breaches(result) == [("wrong-size", "manifests[0].config")]


class AwayForBlobs(MemoryRegistry):
    """A registry whose blobs nobody reaches."""

    def head_blob(self, reference):
        raise UnreachableError("r.example", "away")


def test_a_registry_that_is_away_is_a_failure() -> None:
    registry = AwayForBlobs()
    with pytest.raises(UnreachableError):
        verified(AMD, registry)


def test_what_was_read_is_handed_out_to_be_kept() -> None:
    result = verified(oci_index(AMD, ARM64))
    assert {r.manifest.digest for r in result.read} >= {AMD.digest, ARM64.digest}
    assert {r.config for r in result.read if r.config} == {AMD.blobs[0], ARM64.blobs[0]}
    assert result.read[0].reference == ROOT
    assert all(r.reference == ROOT.at(r.manifest.digest) for r in result.read[1:])


def test_the_config_of_an_attestation_is_no_image_config_and_not_read() -> None:
    index = attested_index(AMD)
    attestation = index.children[1]
    assert attestation.blobs
    assert attestation.blobs[0] not in {r.config for r in verified(index).read}


HIDES = {
    "older arm": ("linux/arm/v6", "linux/arm/v7", True),
    "newer arm": ("linux/arm/v7", "linux/arm/v6", False),
    "no arm variant is v7": ("linux/arm", "linux/arm/v8", True),
    "plain amd64": ("linux/amd64", "linux/amd64/v3", True),
    "older amd64": ("linux/amd64/v2", "linux/amd64/v3", True),
    "newer amd64": ("linux/amd64/v3", "linux/amd64", False),
    "older arm64": ("linux/arm64", "linux/arm64/v8.2", True),
    "half a step older": ("linux/arm64/v8.1", "linux/arm64/v8.2", True),
    "half a step newer": ("linux/arm64/v8.1", "linux/arm64/v8.0", False),
    "half a step newer than the lowest": ("linux/arm64/v8.1", "linux/arm64", False),
    "unknown after known variants": ("linux/arm/v7", "linux/arm/hard", False),
    "newer arm64": ("linux/arm64/v9", "linux/arm64/v8.2", False),
    "unknown variants": ("linux/arm/hard", "linux/arm/v7", False),
    "the same unknown variant": ("linux/arm/hard", "linux(1)/arm/hard", True),
    "no variant elsewhere": ("linux/riscv64", "linux/riscv64/rva22", True),
    "other variants elsewhere": ("linux/riscv64/rva20", "linux/riscv64/rva22", False),
    "any version": ("windows/amd64", "windows(10.0.1)/amd64", True),
    "another revision": ("windows(10.0.1.2)/amd64", "windows(10.0.1.9)/amd64", True),
    "another version": ("windows(10.0.2)/amd64", "windows(10.0.1)/amd64", False),
    "fewer features": ("windows(1)/amd64", "windows(1+win32k)/amd64", True),
    "more features": ("windows(1+win32k)/amd64", "windows(1)/amd64", False),
    "the same": ("linux/arm64", "linux/arm64/v8", False),
    "another architecture": ("linux/386", "linux/amd64", False),
}


@pytest.mark.parametrize(("earlier", "later", "expected"), HIDES.values(), ids=HIDES)
def test_an_entry_hides_what_it_runs_in_the_place_of(earlier, later, expected) -> None:
    assert shadows(Platform.parse(earlier), Platform.parse(later)) is expected


def test_the_text_has_a_line_a_finding_and_a_sum() -> None:
    broken = changed(oci_index(AMD, ARM64), setting(1, "size", 1), annotations={})
    hostile = {"os": "linux", "architecture": "x\x1b[2J\n"}
    missing = changed(broken, setting(0, "platform", hostile))
    lines = findings_text(verified(missing)).splitlines()
    assert lines[0].startswith("manifests[0].platform: ")
    assert lines[-2].startswith("manifests[1].size: error: ")
    assert lines[-2].endswith(" [wrong-size]")
    assert lines[-1] == "r.example/x:1: 2 errors, 1 warning (3 manifests, 3 blobs checked)"
    assert not any("\x1b" in line for line in lines)


def test_the_json_has_the_promised_members() -> None:
    broken = changed(oci_index(AMD), setting(0, "size", 1))
    document = json.loads(findings_json(verified(broken)))
    (found,) = document.pop("findings")
    assert found.pop("message")
    assert found == {"rule": "wrong-size", "severity": "error", "path": "manifests[0].size"}
    assert document == {
        "reference": "r.example/x:1",
        "digest": str(broken.digest),
        "mediaType": media_types.OCI_INDEX,
        "manifests": 2,
        "blobs": 2,
        "errors": 1,
        "warnings": 0,
    }


def test_the_rules_are_shown_and_stand_in_the_decision() -> None:
    assert {rule["rule"] for rule in json.loads(rules_json())} == set(RULES)
    shown = [tuple(line.split()[:2]) for line in rules_text().splitlines()]
    decision = Path(__file__).parents[5] / "ADR" / "0015-diff-and-verify.md"
    written = re.findall(
        r"^\| `([a-z-]+)` \| (error|warning) \|", decision.read_text(), re.MULTILINE
    )
    assert shown == written == [(rule.name, rule.severity) for rule in RULES.values()]
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)+", name) for name in RULES)
    assert {rule.severity for rule in RULES.values()} == set(Severity)


def test_pushing_what_is_verified_needs_no_tricks() -> None:
    registry = MemoryRegistry()
    push_image(registry, ROOT, oci_index(AMD, ARM64))
    result = verify(ROOT, ports=PlainPorts(registry=registry))
    assert (breaches(result), result.manifests, result.blobs) == ([], 3, 3)


def test_an_error_of_a_missing_image_keeps_no_stack() -> None:
    """A list may lack 26,000 images, and a stack holds all that was read on the way."""
    raised: list[ManifestUnknownError] = []

    class Empty(MemoryRegistry):
        def head_manifest(self, reference: Reference) -> Descriptor:
            try:
                return super().head_manifest(reference)
            except ManifestUnknownError as error:
                raised.append(error)
                raise

    registry = Empty()
    registry.plant_manifest(ROOT, oci_index(oci_image()).manifest)
    found = verify(ROOT, ports=PlainPorts(registry=registry))
    assert found.findings
    (error,) = raised
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)
