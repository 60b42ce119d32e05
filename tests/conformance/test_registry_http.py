"""The HTTP client keeps the contract of the registry port, at ordinary and at odd registries."""

from collections.abc import Iterator

import pytest

from manyfest.adapters.credentials.registry_auth import RegistryAuth
from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import push_image, referrer
from manyfest.contracts.referrers import SUBJECT, put_referrers
from manyfest.contracts.registry import AMD64, Plant, RegistryContract
from manyfest.domain.access import Credentials
from manyfest.domain.errors import ManifestUnknownError
from manyfest.domain.lists.referrers import referrers_tag
from manyfest.domain.references import Reference, Repository
from tests.support.http.registry_auth import TokenGate
from tests.support.http.registry_server import Quirks, RegistryServer


class HttpContract(RegistryContract):
    """The suite over HTTP; subclasses say what the server is like."""

    @pytest.fixture
    def server(self) -> Iterator[RegistryServer]:
        with RegistryServer(MemoryRegistry()) as running:
            yield running

    @pytest.fixture
    def registry(self, server) -> Iterator[HttpRegistry]:
        with HttpRegistry(Deadline(30)) as client:
            yield client

    @pytest.fixture
    def home(self, server) -> Repository:
        return Repository(server.host, "team/app")

    @pytest.fixture
    def other_home(self, server) -> Repository:
        return Repository(server.host, "team/copy")

    @pytest.fixture
    def plant(self, server) -> Plant:
        def plant(reference: Reference, data: bytes) -> None:
            server.app.planted[reference.home.path, str(reference.digest)] = data

        return plant


class TestHttpRegistry(HttpContract):
    """As distribution speaks."""


class TestHttpRegistryAtOddRegistries(HttpContract):
    """Without digest headers, ETags, HEAD and mounts, and with relative locations."""

    @pytest.fixture
    def server(self) -> Iterator[RegistryServer]:
        quirks = Quirks(
            digest_header=False,
            etags=False,
            head_manifests=False,
            mounts=False,
            relative_locations=True,
        )
        with RegistryServer(MemoryRegistry(), quirks=quirks) as running:
            yield running


class TestHttpRegistryWithReferrersApi(HttpContract):
    """Two referrers a page, and none under tags."""

    @pytest.fixture
    def server(self) -> Iterator[RegistryServer]:
        quirks = Quirks(referrers=True, referrers_a_page=2)
        with RegistryServer(MemoryRegistry(), quirks=quirks) as running:
            yield running

    def test_no_list_under_a_tag_is_kept(self, registry, home):
        put_referrers(registry, home, [referrer(SUBJECT)])
        with pytest.raises(ManifestUnknownError):
            registry.head_manifest(referrers_tag(Reference(home, None, SUBJECT.digest)))


class TestHttpRegistryThatTakesTags(HttpContract):
    """Several tags in one PUT, as zot takes them."""

    @pytest.fixture
    def server(self) -> Iterator[RegistryServer]:
        with RegistryServer(MemoryRegistry(), quirks=Quirks(tags_in_query=True)) as running:
            yield running

    def test_that_it_does_is_learnt(self, server, registry, home):
        push_image(registry, Reference(home, "v1"), AMD64)
        assert registry.takes_tags(home) is None
        registry.put_with_tags(Reference(home, None, AMD64.digest), AMD64.manifest, ("a", "b"))
        assert registry.takes_tags(home) is True
        assert server.requests[-1].query == {"tag": ["a", "b"]}


class TestHttpRegistryWithTokens(HttpContract):
    """Behind a token server that gives nothing to strangers."""

    @pytest.fixture
    def server(self) -> Iterator[RegistryServer]:
        gate = TokenGate("user", "secret", anonymous_pull=False)
        with RegistryServer(MemoryRegistry(), gate=gate) as running:
            yield running

    @pytest.fixture
    def registry(self, server) -> Iterator[HttpRegistry]:
        def credentials_for(repository: Repository) -> Credentials | None:
            return Credentials("user", "secret") if repository.registry == server.host else None

        with HttpRegistry(Deadline(30), account=RegistryAuth(credentials_for)) as client:
            yield client
