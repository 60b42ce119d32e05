"""Documents of the tests' own, as a registry may serve them, and the commands that read them."""

import json

from manyfest.contracts.images import Image, docker_image
from manyfest.domain import media_types
from tests.support.faults.judged import refused
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer

IMAGE, OTHER = docker_image("linux/amd64"), docker_image("linux/arm64", text="other")
DOCKER, INDEX = media_types.DOCKER_MANIFEST, media_types.OCI_INDEX
TAG = "/v2/app/manifests/1"


def served_as(body: bytes, media_type: str = DOCKER) -> Answer:
    """A well-formed answer with a body of the test's own, announcing no digest."""
    return Answer(200, body, (("Content-Type", media_type),))


def document(image: Image = IMAGE, **members: object) -> bytes:
    return json.dumps(dict(image.manifest.document) | members).encode()


def entry(image: Image = IMAGE, **members: object) -> dict[str, object]:
    return image.manifest.descriptor().to_json() | members


def listing(*entries: object, media_type: str = INDEX) -> bytes:
    members = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
    return json.dumps(members).encode()


def commands(name: str, host: str) -> list[list[str]]:
    """The ways to read what stands at ``name``."""
    return [
        ["inspect", name],
        ["inspect", "--raw", name],
        ["create", f"{host}/new:1", name],
        ["copy", name, "oci:copied:1"],
        ["verify", name],
        ["diff", name, name],
    ]


def all_refuse(server: FaultServer, name: str, code: int, *words: str) -> None:
    for command in commands(name, server.host):
        refused(*command, code=code, words=(server.host, *words))
