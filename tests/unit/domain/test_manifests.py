"""Manifests: what bytes from outside are, and what is refused because it could be two things."""

import json
import time

import pytest
from attrs import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, SizeMismatchError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest, require_match
from manyfest.domain.media_types import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
)

SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+json"
SIGNED_SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"


def descriptor(media_type: str, content: bytes, **members: object) -> dict[str, object]:
    digest = str(Digest.of(content))
    return {"mediaType": media_type, "size": len(content), "digest": digest, **members}


CONFIG = descriptor(OCI_CONFIG, b"{}")
LAYERS = [descriptor(OCI_LAYER, b"1"), descriptor(OCI_LAYER, b"2")]
CHILDREN = [
    descriptor(OCI_MANIFEST, b"a", platform={"architecture": "amd64", "os": "linux"}),
    descriptor(OCI_MANIFEST, b"b", annotations={"a": "b"}),
]
IMAGE = {"schemaVersion": 2, "config": CONFIG, "layers": LAYERS}
LIST = {"schemaVersion": 2, "manifests": CHILDREN}


def image(media_type: str, **members: object) -> dict[str, object]:
    return IMAGE | {"mediaType": media_type} | members


def listing(media_type: str, **members: object) -> dict[str, object]:
    return LIST | {"mediaType": media_type} | members


def received(document: object, content_type: str = "") -> Manifest:
    return Manifest.received(json.dumps(document).encode(), content_type, "x")


# Name, document, Content-Type, the media type it is taken for.
TAKEN = {
    "Docker image": (image(DOCKER_MANIFEST), DOCKER_MANIFEST, DOCKER_MANIFEST),
    "Docker list": (listing(DOCKER_LIST), DOCKER_LIST, DOCKER_LIST),
    "OCI image": (image(OCI_MANIFEST), OCI_MANIFEST, OCI_MANIFEST),
    "OCI index": (listing(OCI_INDEX), OCI_INDEX, OCI_INDEX),
    "type said only by the sender, image": (IMAGE, DOCKER_MANIFEST, DOCKER_MANIFEST),
    "type said only by the sender, list": (LIST, DOCKER_LIST, DOCKER_LIST),
    "type said only by the document": (listing(DOCKER_LIST), "", DOCKER_LIST),
    "parameter": (listing(OCI_INDEX), f"{OCI_INDEX}; charset=utf-8", OCI_INDEX),
    "Content-Type in capitals": (listing(OCI_INDEX), OCI_INDEX.upper(), OCI_INDEX),
    "served as JSON": (listing(DOCKER_LIST), "application/json", DOCKER_LIST),
    "served as bytes": (listing(DOCKER_LIST), "application/octet-stream", DOCKER_LIST),
    "served as S3's bytes": (listing(DOCKER_LIST), "binary/octet-stream", DOCKER_LIST),
    "served as text": (image(OCI_MANIFEST), "text/plain; charset=utf-8", OCI_MANIFEST),
    "image by its shape": (IMAGE, "", OCI_MANIFEST),
    "index by its shape": (LIST, "application/json", OCI_INDEX),
    "null as the type": (LIST | {"mediaType": None}, "", OCI_INDEX),
    "empty type": (LIST | {"mediaType": ""}, OCI_INDEX, OCI_INDEX),
    "empty list": (listing(OCI_INDEX, manifests=[]), OCI_INDEX, OCI_INDEX),
    "members nobody knows": (listing(OCI_INDEX, x=1, Y=2), OCI_INDEX, OCI_INDEX),
    "artifact": (
        image(OCI_MANIFEST, artifactType="application/x", subject=CHILDREN[0], annotations={}),
        OCI_MANIFEST,
        OCI_MANIFEST,
    ),
}


@pytest.mark.parametrize(("document", "content_type", "taken_for"), TAKEN.values(), ids=TAKEN)
def test_a_document_is_taken_for_what_it_is(document, content_type, taken_for) -> None:
    assert received(document, content_type).media_type == taken_for


# Name, document, Content-Type, reason.
REFUSED = {
    "image served as an index": (image(OCI_MANIFEST), OCI_INDEX, "served as .* but calls itself"),
    "index served as an image": (listing(OCI_INDEX), OCI_MANIFEST, "served as .* but calls itself"),
    "OCI index served as Docker's": (listing(OCI_INDEX), DOCKER_LIST, "served as .* but calls"),
    "type in another letter case": (image(OCI_MANIFEST.upper()), OCI_MANIFEST, "but calls itself"),
    "image's shape served as an index": (IMAGE, OCI_INDEX, "a list that also has 'config'"),
    "index's shape served as an image": (LIST, OCI_MANIFEST, "an image that also has 'manifests'"),
    "image that calls itself an index": (image(OCI_INDEX), "", "a list that also has 'config'"),
    "index with layers": (listing(OCI_INDEX, layers=[]), "", "a list that also has 'layers'"),
    "index with a null config": (listing(OCI_INDEX, config=None), "", "also has 'config'"),
    "image with manifests": (image(OCI_MANIFEST, manifests=[]), "", "also has 'manifests'"),
    "image with fsLayers": (image(DOCKER_MANIFEST, fsLayers=[]), "", "also has 'fsLayers'"),
    "image with a history": (image(DOCKER_MANIFEST, history=[]), "", "also has 'history'"),
    "both shapes and no type": (IMAGE | LIST, "", "unsupported manifest media type"),
    "no shape and no type": ({"schemaVersion": 2}, "", "unsupported manifest media type"),
    "no shape, served as JSON": (
        {"schemaVersion": 2},
        "application/json",
        "unsupported manifest media type and no default available: application/json",
    ),
    "config without layers": ({"schemaVersion": 2, "config": CONFIG}, "", "unsupported manifest"),
    "layers without a config": ({"schemaVersion": 2, "layers": []}, "", "unsupported manifest"),
    "type of no manifest": (image(OCI_CONFIG), "", "unsupported manifest media type"),
    "type of a blob": (
        {"schemaVersion": 2, "mediaType": "application/vnd.example.tar"},
        "",
        "unsupported manifest media type",
    ),
    "served as HTML": (listing(OCI_INDEX), "text/html", "unsupported .* available: text/html"),
    "HTML with a parameter that ends like JSON": (
        {"schemaVersion": 2, "mediaType": "text/html; a=+json"},
        "application/json",
        "unsupported .* available: text/html; a=",
    ),
    "type with a line end": (
        {"schemaVersion": 2, "mediaType": "application/x\r\nX-Evil: 1+json"},
        "",
        "unsupported manifest media type",
    ),
    "type that is not ASCII": (
        {"schemaVersion": 2, "mediaType": "application/x\u4e2d+json"},
        "",
        "unsupported manifest media type",
    ),
    "type without a slash": ({"mediaType": "x+json"}, "x+json", "unsupported manifest media type"),
    "type as a number": (LIST | {"mediaType": 2}, "", "mediaType is not a string"),
    "schema 1 by its type": ({"schemaVersion": 1, "fsLayers": []}, SCHEMA_1, "a schema 1 image"),
    "signed schema 1": ({"schemaVersion": 1, "signatures": []}, SIGNED_SCHEMA_1, "schema 1 image"),
    "schema 1 by its version": ({"schemaVersion": 1, "fsLayers": []}, "", "a schema 1 image"),
    "schema 1 by its own word": (IMAGE | {"mediaType": SCHEMA_1}, "", "a schema 1 image"),
    "version 1 of a list": (listing(OCI_INDEX, schemaVersion=1), "", "a schema 1 image"),
    "version as a text": (listing(OCI_INDEX, schemaVersion="2"), "", "schemaVersion is not 2"),
    "version as a float": (listing(OCI_INDEX, schemaVersion=2.0), "", "schemaVersion is not 2"),
    "version 3": (listing(OCI_INDEX, schemaVersion=3), "", "schemaVersion is not 2"),
    "null version": (listing(OCI_INDEX, schemaVersion=None), "", "schemaVersion is not 2"),
    "no version": ({"mediaType": OCI_INDEX, "manifests": []}, "", "schemaVersion is not 2"),
    "Manifests": (listing(OCI_INDEX, Manifests=[]), "", "'Manifests' is 'manifests' in another"),
    "MediaType": (LIST | {"MediaType": OCI_INDEX}, OCI_INDEX, "'MediaType' is 'mediaType'"),
    "Layers in an index": (listing(OCI_INDEX, LAYERS=[]), "", "'LAYERS' is 'layers' in another"),
    "fslayers": (image(DOCKER_MANIFEST, fslayers=[]), "", "'fslayers' is 'fsLayers' in another"),
    "list": ([], OCI_INDEX, "not a JSON object"),
}


@pytest.mark.parametrize(("document", "content_type", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_document_that_could_be_two_things_is_refused(document, content_type, reason) -> None:
    with pytest.raises(DocumentError, match=reason) as caught:
        received(document, content_type)
    assert caught.value.subject == "x"


KNOWN = ["schemaVersion", "mediaType", "artifactType", "subject", "annotations"]
KNOWN += ["config", "layers", "manifests", "fsLayers", "history", "signatures"]


@pytest.mark.parametrize("member", KNOWN)
def test_every_known_member_is_refused_in_another_letter_case(member: str) -> None:
    with pytest.raises(DocumentError, match=f"is {member!r} in another letter case"):
        received(listing(OCI_INDEX) | {member.upper(): None})


def test_what_a_manifest_is_called_does_not_tell_it_apart() -> None:
    data = json.dumps(LIST).encode()
    called = Manifest(OCI_INDEX, data, name="r.example/a:1")
    assert called == Manifest(OCI_INDEX, data)
    assert called != Manifest(OCI_INDEX, data, "sha512")


def test_a_login_page_is_refused_for_what_it_is_and_not_for_its_json() -> None:
    with pytest.raises(DocumentError, match="media type and no default available: text/html"):
        Manifest.received(b"<!doctype html>", "text/html; charset=utf-8", "x")


def test_a_broken_manifest_is_refused_for_its_json() -> None:
    with pytest.raises(DocumentError, match="not JSON"):
        Manifest.received(b"<!doctype html>", OCI_INDEX, "x")


def padded(size: int) -> bytes:
    data = json.dumps(listing(OCI_INDEX)).encode()
    return data + b" " * (size - len(data))


def test_4_mib_are_taken_and_one_byte_more_is_not() -> None:
    assert Manifest.received(padded(SIZE_LIMIT), OCI_INDEX, "x").size == 4_194_304
    with pytest.raises(DocumentError, match="x: larger than 4194304 bytes"):
        Manifest.received(padded(SIZE_LIMIT + 1), OCI_INDEX, "x")


def test_the_bytes_are_the_manifest() -> None:
    data = json.dumps(listing(OCI_INDEX), indent=7).encode() + b"\n\n"
    manifest = Manifest.received(data, OCI_INDEX, "x")
    assert manifest.data == data
    assert manifest.size == len(data)
    assert manifest.digest == Digest.of(data)
    assert manifest.descriptor() == Descriptor(OCI_INDEX, Digest.of(data), len(data))


def test_a_manifest_may_go_by_sha512() -> None:
    data = json.dumps(LIST).encode()
    manifest = Manifest.received(data, OCI_INDEX, "x", "sha512")
    assert manifest.digest == Digest.of(data, "sha512")


def test_a_list_has_entries_and_neither_config_nor_layers() -> None:
    manifest = received(LIST)
    assert manifest.is_list
    assert [entry.to_json() for entry in manifest.entries] == CHILDREN
    assert manifest.config is None
    assert manifest.layers == ()


def test_an_image_has_a_config_and_layers_and_no_entries() -> None:
    manifest = received(IMAGE)
    assert not manifest.is_list
    assert manifest.config is not None
    assert manifest.config.to_json() == CONFIG
    assert [layer.to_json() for layer in manifest.layers] == LAYERS
    assert manifest.entries == ()


# Name, document, the member that is read, the place that the error names.
BAD_CHILDREN = {
    "entry as a text": (listing(OCI_INDEX, manifests=["a"]), "entries", r"manifests\[0\]"),
    "second entry without a size": (
        listing(OCI_INDEX, manifests=[CHILDREN[0], {"mediaType": "a", "digest": "b"}]),
        "entries",
        r"manifests\[1\]\.digest",
    ),
    "digest as a path": (
        listing(OCI_INDEX, manifests=[CONFIG | {"digest": "../../etc/passwd"}]),
        "entries",
        r"manifests\[0\]\.digest",
    ),
    "Digest in an entry": (
        listing(OCI_INDEX, manifests=[CONFIG | {"Digest": CONFIG["digest"]}]),
        "entries",
        r"manifests\[0\]: member 'Digest' is 'digest'",
    ),
    "OS in an entry's platform": (
        listing(OCI_INDEX, manifests=[CONFIG | {"platform": {"OS": "linux"}}]),
        "entries",
        r"manifests\[0\]\.platform: member 'OS' is 'os'",
    ),
    "no config": (image(OCI_MANIFEST, config=None), "config", "config: not an object"),
    "layers as a text": (image(OCI_MANIFEST, layers="a"), "layers", "layers: not a list"),
    "layer with a path": (
        image(OCI_MANIFEST, layers=[LAYERS[0], LAYERS[1] | {"digest": "sha256:../x"}]),
        "layers",
        r"layers\[1\]\.digest",
    ),
}


@pytest.mark.parametrize(("document", "member", "place"), BAD_CHILDREN.values(), ids=BAD_CHILDREN)
def test_a_bad_child_is_an_error_when_it_is_read_and_its_place_is_named(
    document, member: str, place: str
) -> None:
    manifest = received(document)
    with pytest.raises(DocumentError, match=f"x: {place}"):
        getattr(manifest, member)


@pytest.mark.parametrize("entries", [{}, {"a": 1}, "", 0, False])
def test_entries_that_are_no_list_are_refused_at_once(entries) -> None:
    with pytest.raises(DocumentError, match="x: manifests is not a list"):
        received(listing(OCI_INDEX, manifests=entries))


@pytest.mark.parametrize(("name", "called"), [("r.example/a:1", "r.example/a:1"), ("", None)])
def test_a_bad_child_is_told_with_the_name_of_its_manifest_or_else_its_digest(name, called) -> None:
    bad = Manifest(
        OCI_MANIFEST, json.dumps(IMAGE | {"subject": {}, "layers": 1}).encode(), name=name
    )
    place = called or str(bad.digest)
    for member, subject in {"subject": "subject.mediaType", "layers": "layers"}.items():
        with pytest.raises(DocumentError) as caught:
            getattr(bad, member)
        assert caught.value.subject == f"{place}: {subject}"


def test_what_is_listed_must_be_of_the_size_and_type_that_is_told() -> None:
    manifest = received(listing(OCI_INDEX))
    told = manifest.descriptor()
    assert require_match(manifest, told, "x") is manifest
    with pytest.raises(SizeMismatchError) as wrong:
        require_match(manifest, evolve(told, size=told.size + 1), "x")
    size = manifest.size
    assert (wrong.value.subject, wrong.value.expected, wrong.value.actual) == ("x", size + 1, size)
    with pytest.raises(DocumentError) as caught:
        require_match(manifest, evolve(told, media_type=OCI_MANIFEST), "x")
    assert str(caught.value) == f"x: listed as {OCI_MANIFEST}, but it is {OCI_INDEX}"


def test_entries_may_be_null_as_go_writes_an_empty_list() -> None:
    assert received(listing(OCI_INDEX, manifests=None)).entries == ()


def test_ten_thousand_entries_are_checked_and_read_in_no_time() -> None:
    platform = {"architecture": "arm64", "os": "linux", "variant": "v8"}
    children = [
        descriptor(OCI_MANIFEST, str(number).encode(), platform=platform, annotations={"a": "b"})
        for number in range(10_000)
    ]
    data = json.dumps(listing(OCI_INDEX, manifests=children)).encode()
    before = time.process_time()
    assert len(Manifest.received(data, OCI_INDEX, "x").entries) == 10_000
    assert time.process_time() - before < 2  # 0.15, unless coverage is measured or others compute
