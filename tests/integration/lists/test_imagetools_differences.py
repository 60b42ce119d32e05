"""Differences from ``docker buildx imagetools create``: the rows of ADR 0052, each with a test."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from manyfest.contracts.images import Image, docker_image, oci_image, oci_index, referrer
from manyfest.domain.media_types import OCI_INDEX
from tests.support.http.faults import with_status
from tests.support.http.http_messages import Answer, Reply
from tests.support.http.three_registries import (
    AMD,
    ARM,
    ARM64,
    BOTH,
    MORE,
    OCI_AMD,
    OCI_ARM64,
    Registries,
    row,
    rows,
    three_registries,
)


@pytest.fixture
def registries(tmp_path: Path, short_pauses: None) -> Iterator[Registries]:
    with three_registries(tmp_path) as registries:
        yield registries


def test_no_tag_moves_before_all_content_is_there(registries: Registries) -> None:
    registries.servers["B"].always("PUT", "/v2/team/app-b/manifests/*", with_status(400))
    refused = registries.create("-t", "A:new", "-t", "B:new", "-t", "C:new", "A:amd64", "A:arm64")
    assert refused.code == 1
    assert not any(map(registries.is_there, ("A:new", "B:new", "C:new")))


def test_what_another_job_appends_is_not_lost(registries: Registries) -> None:
    def overtaken(answer: Answer) -> Reply:
        registries.seed("A:list", oci_index(AMD, ARM64, ARM))
        return answer

    registries.servers["A"].on("GET", "/v2/team/app-a/manifests/list", overtaken)
    refused = registries.create("--append", "-t", "A:list", "A:oci-riscv")
    assert (refused.code, "the tag moved" in refused.stderr) == (6, True)
    assert len(registries.manifest("A:list").entries) == 3
    assert registries.create("--append", "-t", "A:list", "A:oci-riscv").code == 0
    assert len(registries.manifest("A:list").entries) == 4


def test_annotations_of_the_only_list_are_kept(registries: Registries) -> None:
    registries.seed("A:noted", oci_index(OCI_AMD, OCI_ARM64, annotations={"z": "1"}))
    words = ["--annotation", "a=2", "--annotation", "manifest-descriptor[linux/amd64]:k=v"]
    assert registries.create("-t", "A:new", *words, "A:noted").code == 0
    listed = registries.manifest("A:new")
    assert list(listed.document["annotations"].items()) == [("a", "2"), ("z", "1")]
    assert rows(listed) == [
        row(OCI_AMD, "linux/amd64", k="v"),
        row(OCI_ARM64, "linux/arm64"),
    ]
    assert registries.create("-t", "A:new", "A:noted", "B:arm").code == 0
    assert registries.manifest("A:new").document["annotations"] == {"z": "1"}
    assert registries.create("-t", "A:new", "A:noted", "B:attested").code == 0
    assert "annotations" not in registries.manifest("A:new").document


def test_annotations_make_an_index_of_a_docker_list(registries: Registries) -> None:
    assert registries.create("-t", "A:new", "--annotation", "index:k=v", "A:list").code == 0
    listed = registries.manifest("A:new")
    assert (listed.media_type, listed.document["annotations"]) == (OCI_INDEX, {"k": "v"})
    assert rows(listed) == rows(BOTH.manifest)


def test_annotations_of_entries_are_those_of_images(registries: Registries) -> None:
    words = ["--annotation", "manifest-descriptor:k=v"]
    words += ["--annotation", "manifest-descriptor[linux/arm64]:x=y"]
    assert registries.create("-t", "A:new", *words, "A:list", "B:attested").code == 0
    annotations = {str(e.digest): e.annotations for e in registries.manifest("A:new").entries}
    assert annotations[str(AMD.digest)] == {"k": "v"}
    assert annotations[str(ARM64.digest)] == {"k": "v", "x": "y"}
    attestations = MORE.manifest.entries[2:]
    assert all(annotations[str(each.digest)] == each.annotations for each in attestations)


def test_annotations_that_no_image_gets_are_told(registries: Registries) -> None:
    words = ["--annotation", "manifest-descriptor[linux/s390x]:k=v", "A:list"]
    for created in (
        registries.create("-t", "A:new", *words),
        registries.create("--dry-run", *words),
    ):
        assert created.code == 0
        assert "no image is for linux/s390x" in created.stderr


def test_families_are_converted_on_request(registries: Registries) -> None:
    created = registries.create("--convert", "oci", "-t", "A:new", "A:amd64", "A:oci-arm64")
    assert created.code == 0, created.stderr
    listed = registries.manifest("A:new")
    assert {entry.media_type for entry in listed.entries} == {OCI_AMD.manifest.media_type}
    shown = registries.create("--convert", "oci", "--dry-run", "A:amd64", "A:oci-arm64")
    assert shown.stdout == listed.data + b"\n"
    refused = registries.create("--convert=oci", "--prefer-index=false", "-t", "A:x", "A:amd64")
    assert refused.code == 2


def test_windows_versions_are_kept(registries: Registries) -> None:
    registries.seed("A:windows", docker_image("windows(10.0.17763.1)/amd64", text="windows"))
    assert registries.create("-t", "A:new", "A:windows", "A:amd64").code == 0
    platforms = [str(each.platform) for each in registries.manifest("A:new").entries]
    assert platforms == ["windows(10.0.17763.1)/amd64", "linux/amd64"]


def test_members_that_are_not_known_are_kept(registries: Registries) -> None:
    document = json.loads(BOTH.manifest.data)
    document["manifests"][0]["x-member"] = [1]
    registries.seed("A:odd", with_document(BOTH, document))
    assert registries.create("-t", "A:new", "A:odd", "B:arm").code == 0
    first = registries.manifest("A:new").document["manifests"][0]
    assert list(first) == ["mediaType", "digest", "size", "platform", "x-member"]


def with_document(image: Image, document: object) -> Image:
    return evolve(image, manifest=evolve(image.manifest, data=json.dumps(document).encode()))


def test_digests_are_those_of_the_first_tags_repository(registries: Registries) -> None:
    words = ["-t", "B:new", "-t", "C:new"]
    assert registries.create(*words, str(ARM.digest), "A:amd64").code == 0
    assert [e.digest for e in registries.manifest("C:new").entries] == [ARM.digest, AMD.digest]
    refused = registries.create(*words, str(OCI_AMD.digest), "A:amd64")
    assert (refused.code, f"{OCI_AMD.digest}" in refused.stderr) == (3, True)
    shown = registries.create("--dry-run", "B:arm", str(ARM.digest))
    assert shown.code == 0, shown.stderr


def test_referrers_are_not_listed(registries: Registries) -> None:
    kind = "application/vnd.docker.attestation.manifest.v1+json"
    registries.seed("A:referrer", referrer(OCI_AMD, kind=kind))
    assert registries.create("-t", "A:new", "A:oci-amd64").code == 0
    assert rows(registries.manifest("A:new")) == [row(OCI_AMD, "linux/amd64")]


def test_signatures_come_along_unless_they_are_left(registries: Registries) -> None:
    signature = referrer(OCI_AMD, text="signature", kind="application/vnd.dev.cosign.artifact.sig")
    registries.seed("A:signature", signature)
    assert registries.create("--no-attached", "-t", "B:new", "A:oci-amd64").code == 0
    assert not registries.is_there(f"B@{signature.digest}")
    created = registries.create("-t", "B:signed", "A:oci-amd64")
    assert created.code == 0, created.stderr
    assert registries.is_there(f"B@{signature.digest}")


def test_the_same_image_given_again_is_no_conflict(registries: Registries) -> None:
    assert registries.create("-t", "A:new", "A:list", "A:amd64", f"A@{AMD.digest}").code == 0
    assert registries.manifest("A:new").digest == BOTH.digest
    assert registries.create("--append", "-t", "A:list", "A:arm64").code == 0
    assert registries.manifest("A:list").digest == BOTH.digest


def test_the_bytes_are_those_of_gos_encoder(registries: Registries) -> None:
    """Two spaces, members in the order of Go's types, annotations sorted, no line end."""
    words = ["--annotation", "index:b=<x>&\u2028", "--annotation", "index:a=ü"]
    words += ["--annotation", "manifest-descriptor:k=v"]
    assert registries.create("-t", "A:new", *words, "A:oci-amd64").code == 0
    image = oci_image("linux/amd64").manifest
    assert registries.manifest("A:new").data.decode() == (
        "{\n"
        '  "schemaVersion": 2,\n'
        f'  "mediaType": "{OCI_INDEX}",\n'
        '  "manifests": [\n'
        "    {\n"
        f'      "mediaType": "{image.media_type}",\n'
        f'      "digest": "{image.digest}",\n'
        f'      "size": {image.size},\n'
        '      "annotations": {\n'
        '        "k": "v"\n'
        "      },\n"
        '      "platform": {\n'
        '        "architecture": "amd64",\n'
        '        "os": "linux"\n'
        "      }\n"
        "    }\n"
        "  ],\n"
        '  "annotations": {\n'
        '    "a": "ü",\n'
        '    "b": "\\u003cx\\u003e\\u0026\\u2028"\n'
        "  }\n"
        "}"
    )
