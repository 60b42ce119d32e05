"""The HTTP client keeps the contract of the registry port at the real distribution registry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.contracts.images import push_image
from manyfest.contracts.registry import AMD64, NO_ONE_DOCUMENT, Plant, RegistryContract
from manyfest.domain.digests import Digest
from manyfest.domain.errors import RefusedError
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference, Repository
from tests.support.programs.docker_registry import RunningRegistry, running_registry


@pytest.fixture(scope="module")
def docker_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """One of its own: blobs are damaged here that other tests have, too."""
    with running_registry(tmp_path_factory.mktemp("damaged-registry")) as registry:
        yield registry


class TestHttpRegistryAtDistribution(RegistryContract):
    @pytest.fixture
    def registry(self) -> Iterator[HttpRegistry]:
        with HttpRegistry(Deadline(30)) as client:
            yield client

    @pytest.fixture
    def home(self, docker_registry, repository) -> Repository:
        return Repository(docker_registry.host, repository)

    @pytest.fixture
    def other_home(self, docker_registry, repository) -> Repository:
        return Repository(docker_registry.host, f"{repository}-copy")

    @pytest.fixture
    def plant(self, docker_registry) -> Plant:
        """Writes where distribution's filesystem driver keeps blobs, and the links to them."""
        root = docker_registry.folder / "data" / "docker" / "registry" / "v2"

        def plant(reference: Reference, data: bytes) -> None:
            held = reference.digest.hex
            kept = root / "blobs" / "sha256" / held[:2] / held / "data"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(data)
            for links in ("_layers", "_manifests/revisions"):
                folder = root / "repositories" / reference.home.path / links
                link(folder / "sha256" / held, reference.digest)

        return plant

    def test_a_manifest_of_an_unknown_type_is_handed_out_as_it_is(self, registry, home, plant):
        """Not here: 2.8.2 fails for what it does not know, and we do not take that for one."""
        push_image(registry, Reference(home, "v1"), AMD64)
        data = b'{"mediaType": "application/vnd.example+json"}'
        reference = Reference(home, None, Digest.of(data))
        plant(reference, data)
        assert not registry.is_manifest(reference)

    def test_sha512_digests_are_carried(self, registry, home):
        """Not here: 2.8.2 knows sha256 only, and says so."""
        push_image(registry, Reference(home, "v1"), AMD64)
        manifest = Manifest(AMD64.manifest.media_type, AMD64.manifest.data, "sha512")
        with pytest.raises(RefusedError, match="DIGEST_INVALID"):
            registry.put_manifest(Reference(home, None, manifest.digest), manifest)

    @pytest.mark.parametrize("document", [NO_ONE_DOCUMENT["an image that is a list too"]])
    def test_what_is_not_one_kind_of_document_is_not_handed_out(
        self, registry, home, plant, document
    ):
        """The others of these documents it does not serve itself."""
        super().test_what_is_not_one_kind_of_document_is_not_handed_out(
            registry, home, plant, document
        )


def link(folder: Path, digest: Digest) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "link").write_text(str(digest))
