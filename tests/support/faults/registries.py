"""Registries for the tests of faults: what they hold, and how their servers are made."""

from pathlib import Path

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, push_image
from manyfest.domain.references import Reference
from tests.support.http.certificates import Certificate
from tests.support.http.fault_server import FaultServer
from tests.support.http.registry_auth import Gate, open_gate
from tests.support.http.registry_server import REGISTRY, RegistryApp

IMAGES = tuple(docker_image(text=str(number)) for number in range(16))
MANIFESTS = "/v2/app/manifests/*"
CONFIGS = "/v2/app/blobs/*"


def registry_of(
    *images: Image, gate: Gate = open_gate, certificate: Certificate | None = None
) -> FaultServer:
    """A server that holds the images as ``app:0``, ``app:1`` …, and goes wrong by script."""
    held = MemoryRegistry()
    for number, image in enumerate(images):
        push_image(held, Reference.parse(f"{REGISTRY}/app:{number}"), image)
    return FaultServer(RegistryApp(held, gate=gate), certificate=certificate)


def trusted(folder: Path, certificate: Certificate, *hosts: str) -> None:
    """Make ``folder`` a ``certs.d`` in which these hosts have this authority."""
    for host in hosts:
        (folder / host).mkdir(parents=True)
        (folder / host / "ca.crt").write_bytes(certificate.file.read_bytes())
