"""Deliberate differences from docker (ADR 0011): refused documents, content that a push brings."""

import http.client
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import Image, docker_image, oci_image, oci_index
from manyfest.domain import media_types
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.references import Reference
from tests.differential.conftest import Both
from tests.support.programs.docker_registry import RunningRegistry

Plant = Callable[[str, Image], None]
Send = Callable[[str, bytes], None]

AMD, OCI_AMD = docker_image("linux/amd64"), oci_image("linux/amd64")


@pytest.fixture
def send(docker_registry: RunningRegistry, place: str) -> Send:
    """Puts bytes as a Docker manifest at ``PLACE``/name; our client would not take any."""

    def send(name: str, data: bytes) -> None:
        repository, _, tag = f"{place}/{name}".partition("/")[2].rpartition(":")
        with closing(http.client.HTTPConnection(docker_registry.host, timeout=300)) as connection:
            headers = {"Content-Type": media_types.DOCKER_MANIFEST}
            connection.request("PUT", f"/v2/{repository}/manifests/{tag}", data, headers)
            assert connection.getresponse().status == 201

    return send


def with_member(text: bytes) -> bytes:
    """An image's manifest that begins with these members, too."""
    return AMD.manifest.data.replace(b"{", b"{" + text + b",", 1)


def with_config_of(**members: Json) -> bytes:
    """An image's manifest that says this of its config; what is None is not said."""
    document = dict(AMD.manifest.document)
    said = {k: v for k, v in (document["config"] | members).items() if v is not None}
    return json.dumps(document | {"config": said}).encode()


# Code 7 is for a size that is wrong; the others are intact and cannot be used (ADR 0007).
REFUSED = {
    "a key twice": (with_member(b'"x": 1, "x": 2'), 1),
    "another letter case": (AMD.manifest.data.replace(b'"layers"', b'"Layers"'), 1),
    "no UTF-8": (with_member(b'"x": "\xff"'), 1),
    "an unpaired surrogate": (with_member(b'"x": "\\ud800"'), 1),
    "an image and a list": (with_member(b'"manifests": []'), 1),
    "an image and a schema 1 image": (with_member(b'"fsLayers": []'), 1),
    "deeper than 100": (with_member(b'"x": ' + b"[" * 101 + b"]" * 101), 1),
    "a number beyond all readers": (with_member(b'"x": 1e999'), 1),
    "a config without a size": (with_config_of(size=None), 1),
    "a config without a type": (with_config_of(mediaType=None), 1),
    "a config of another size": (with_config_of(size=AMD.manifest.config.size - 1), 7),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_readers_may_read_in_two_ways_is_refused(
    both: Both, plant: Plant, send: Send, data: bytes, code: int
) -> None:
    plant("odd:plain", AMD)
    send("odd:1", data)
    docker, ours = both("create", "PLACE/list:odd", "PLACE/odd:1")
    assert docker.code == 0
    assert (ours.code, ours.stdout) == (code, b"")
    assert len(ours.stderr.splitlines()) == 1


BAD_DESCRIPTORS = {
    "no size": {"size": None},
    "no type": {"mediaType": None},
    "another size": {"size": 1},
}


@pytest.mark.parametrize("said", BAD_DESCRIPTORS.values(), ids=BAD_DESCRIPTORS.keys())
def test_a_list_with_a_bad_descriptor_is_shown_and_not_gone_by(
    both: Both, plant: Plant, tmp_path: Path, said: dict[str, Json]
) -> None:
    """Docker says what it found in the place of what the list says."""
    entry = OCI_AMD.manifest.descriptor().to_json() | said
    index = oci_index(OCI_AMD, manifests=[{k: v for k, v in entry.items() if v is not None}])
    plant("listed:1", index)
    file = tmp_path / "names"
    file.write_text(f"{both.place}/listed:1\n")
    for name in ("PLACE/listed:1", f"PLACE/listed@{index.digest}"):
        docker, ours = both("inspect", name)
        assert docker.code == 0
        assert (ours.code, json.loads(ours.stdout)) == (0, index.manifest.document)
        docker, ours = both("inspect", "-v", name)
        assert docker.code == 0
        assert ours.code in {1, 7}
    assert both.ours("inspect", "-f", str(file)).code == 0


def test_layers_with_urls_are_left_where_they_are(both: Both, plant: Plant, send: Send) -> None:
    document = dict(AMD.manifest.document)
    elsewhere = document["layers"][0] | {"digest": f"sha256:{'1' * 64}", "urls": ["https://h/x"]}
    plant("foreign:plain", AMD)
    send("foreign:1", json.dumps(document | {"layers": [elsewhere]}).encode())
    both.alike("create", "PLACE/moved:1", "PLACE/foreign:1")
    docker, ours = both("push", "PLACE/moved:1")
    assert "error mounting" in docker.stderr
    assert ours.code == 0


def test_a_referrer_that_is_pushed_can_be_found(
    both: Both, plant: Plant, client: HttpRegistry
) -> None:
    """The registry knows no referrers, so a tag of the subject's digest has them."""
    subject = oci_image("linux/amd64")
    named = subject.manifest.descriptor().to_json()
    plant("signed:1", oci_image("linux/amd64", text="signed", subject=named))
    both.alike("create", "PLACE/found:1", "PLACE/signed:1")
    home = Reference.parse(f"{both.place}/found").home
    assert both.docker("push", "PLACE/found:1").code == 0
    assert client.tags(home) == ("1",)
    both.ours("rm", "PLACE/found:1")
    both.ours("create", "PLACE/found:2", "PLACE/signed:1")
    both.ours("push", "PLACE/found:2")
    tag = str(subject.digest).replace(":", "-")
    assert sorted(client.tags(home)) == ["1", "2", tag]
