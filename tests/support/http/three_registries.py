"""Three registries in this process with images to merge, for ``imagetools create``.

``A``, ``B`` and ``C`` in the words of a command are repositories of the three, ``LAYOUT`` is a
folder.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from attrs import frozen

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, oci_image, push_image
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference
from tests.support.content.attested import attested_index
from tests.support.http.fault_server import FaultServer
from tests.support.http.registry_server import REGISTRY, Quirks, RegistryApp
from tests.support.programs.docker_client import Result
from tests.support.programs.our_program import run_here

AMD, ARM64 = docker_image("linux/amd64"), docker_image("linux/arm64/v8", text="arm64")
ARM = docker_image("linux/arm/v7", text="arm")
OCI_AMD, OCI_ARM64 = oci_image("linux/amd64"), oci_image("linux/arm64", text="arm64")
RISCV, PPC = oci_image("linux/riscv64", text="riscv"), oci_image("linux/ppc64le", text="ppc")
BOTH, ATTESTED = docker_list(AMD, ARM64), attested_index(OCI_AMD, OCI_ARM64)
MORE = attested_index(RISCV, PPC)

IMAGES = {
    "A:amd64": AMD,
    "A:arm64": ARM64,
    "A:list": BOTH,
    "A:attested": ATTESTED,
    "A:oci-amd64": OCI_AMD,
    "A:oci-arm64": OCI_ARM64,
    "A:oci-riscv": RISCV,
    "B:arm": ARM,
    "B:attested": MORE,
    "C:arm64": ARM64,
}


@frozen
class Registries:
    """The repositories by their letters, and the servers behind them."""

    places: Mapping[str, str]
    memories: Mapping[str, MemoryRegistry]
    servers: Mapping[str, FaultServer]

    def create(self, *words: str) -> Result:
        """Run ``imagetools create``."""
        return run_here("imagetools", "create", *map(self.placed, words))

    def placed(self, word: str) -> str:
        """Return the word with its letter replaced by the repository."""
        return re.sub(r"\b(A|B|C|LAYOUT)\b", lambda name: self.places[name[0]], word)

    def manifest(self, name: str) -> Manifest:
        """Return what is published there."""
        shown = run_here("imagetools", "inspect", "--raw", self.placed(name))
        assert shown.code == 0, shown.stderr
        return Manifest.received(shown.stdout, "", name)

    def is_there(self, name: str) -> bool:
        """Return whether anything is published there."""
        return run_here("digest", self.placed(name)).code == 0

    def seed(self, name: str, image: Image) -> None:
        """Publish an image."""
        letter, _, tag = name.partition(":")
        push_image(
            self.memories[letter], Reference.parse(f"{REGISTRY}/{_path(letter)}:{tag}"), image
        )


@contextmanager
def three_registries(folder: Path) -> Iterator[Registries]:
    """Serve the images of ``IMAGES``; layouts are in ``folder``."""
    with ExitStack() as stack:
        memories = {letter: MemoryRegistry() for letter in "ABC"}
        servers = {
            letter: stack.enter_context(
                FaultServer(RegistryApp(memory, quirks=Quirks(referrers=True)))
            )
            for letter, memory in memories.items()
        }
        places = {letter: f"{server.host}/{_path(letter)}" for letter, server in servers.items()}
        places["LAYOUT"] = f"oci-layout://{folder / 'layout'}"
        registries = Registries(places, memories, servers)
        for name, image in IMAGES.items():
            registries.seed(name, image)
        yield registries


def _path(letter: str) -> str:
    return f"team/app-{letter.lower()}"


def rows(listed: Manifest) -> list[tuple[str, str, dict[str, str]]]:
    """Return digest, platform and annotations of each entry."""
    return [(str(e.digest), str(e.platform), dict(e.annotations)) for e in listed.entries]


def row(image: Image, platform: str, **annotations: str) -> tuple[str, str, dict[str, str]]:
    """Return the row of an image."""
    return str(image.digest), platform, annotations
