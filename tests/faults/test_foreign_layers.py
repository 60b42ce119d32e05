"""Foreign layers, which have URLs of their own: named where they stay, and brought on request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from manyfest.adapters.http_registry.transport import tls
from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import layer_bytes, push_blob, push_image, windows_image
from manyfest.domain.digests import Digest
from manyfest.domain.references import Reference
from tests.support.faults.judged import error_line, succeeded
from tests.support.http.certificates import Certificate, self_signed
from tests.support.http.fault_server import FaultServer
from tests.support.http.http_messages import Answer
from tests.support.http.registry_server import REGISTRY, RegistryApp
from tests.support.programs.our_program import run_here

BASE = layer_bytes("base")
DIGEST = Digest.of(BASE)
LAYER = f"/base/{DIGEST.hex}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("foreign"))


@pytest.fixture
def elsewhere(certificate: Certificate, monkeypatch) -> Iterator[FaultServer]:
    """The web server that has the layer."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
    tls.verifying.cache_clear()  # of other tests in this process
    with FaultServer(certificate=certificate) as server:
        server.always("GET", LAYER, Answer(200, BASE))
        yield server
    tls.verifying.cache_clear()


@pytest.fixture
def there() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def target(there: MemoryRegistry) -> Iterator[FaultServer]:
    with FaultServer(RegistryApp(there)) as server:
        yield server


def planted(memory: MemoryRegistry, server: FaultServer, *urls: str) -> str:
    image = windows_image(urls=urls)
    push_image(memory, Reference.parse(f"{REGISTRY}/win:1"), image)
    return f"{server.host}/win:1"


def has_base(registry: MemoryRegistry, repository: str) -> bool:
    return registry.probe_blob(Reference.parse(f"{REGISTRY}/{repository}").at(DIGEST)) is not None


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([("copy", "NAME", "oci:there:1")], "left behind"),
        ([("create", "--push", "TARGET/win:l", "NAME")], "left behind"),
        ([("create", "TARGET/win:l", "NAME"), ("push", "TARGET/win:l")], "left behind"),
        ([("cache", "fetch", "--layers", "NAME")], "left behind"),
        (
            [("cache", "fetch", "--layers", "NAME"), ("cache", "export", "--layers", "NAME", "b")],
            "not in the store",
        ),
        ([("verify", "NAME")], "not checked"),
    ],
)
def test_layers_that_stay_are_counted_and_named(
    server, memory, target, commands, words: str
) -> None:  # E6
    name = planted(memory, server, "https://example.invalid/a", "https://example.invalid/b")
    for command in commands:
        placed = [word.replace("NAME", name).replace("TARGET", target.host) for word in command]
        said = succeeded(*placed).stderr
    assert f"note: {words}" in said
    assert f"1 foreign layer, {DIGEST} (https://example.invalid/a)" in said


@pytest.mark.parametrize("options", [["--foreign-layers"], []])
def test_declared_lists_bring_them_or_tell(
    server, memory, target, there, elsewhere, tmp_path: Path, options: list[str]
) -> None:  # E6, E7
    name = planted(memory, server, f"https://{elsewhere.host}{LAYER}")
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        f"image: {target.host}/win:l\nmanifests:\n  - image: {name}\n"
        "    platform: {os: windows, architecture: amd64}\n"
    )
    said = succeeded("apply", *options, str(spec)).stderr
    assert (has_base(there, "win"), "left behind" not in said) == (bool(options), bool(options))


def test_a_layer_is_brought_from_its_url_without_credentials(
    server, memory, target, there, elsewhere
) -> None:  # E7
    name = planted(memory, server, f"https://{elsewhere.host}{LAYER}")
    copied = succeeded("copy", "--foreign-layers", name, f"{target.host}/win:1")
    assert "left behind" not in copied.stderr
    assert has_base(there, "win")
    (request,) = elsewhere.requests
    assert "authorization" not in {key.lower() for key, _ in request.headers}
    again = succeeded("copy", "--foreign-layers", name, f"{target.host}/win:1")
    assert "unchanged" in again.stderr


def test_the_registry_is_asked_first(server, memory, target, there, elsewhere) -> None:  # E7
    name = planted(memory, server, f"https://{elsewhere.host}{LAYER}")
    push_blob(memory, Reference.parse(f"{REGISTRY}/win").home, BASE)
    succeeded("create", "--push", "--foreign-layers", f"{target.host}/win:l", name)
    assert has_base(there, "win")
    assert elsewhere.count() == 0


def test_a_layer_that_stayed_before_is_brought_later(
    server, memory, target, there, elsewhere
) -> None:  # E7
    name = planted(memory, server, f"https://{elsewhere.host}{LAYER}")
    succeeded("copy", name, f"{target.host}/win:1")
    assert not has_base(there, "win")
    succeeded("copy", "--foreign-layers", name, f"{target.host}/win:1")
    assert has_base(there, "win")


def test_it_goes_behind_an_air_gap(server, memory, elsewhere, tmp_path: Path, monkeypatch) -> None:
    # E7
    name = planted(memory, server, f"https://{elsewhere.host}{LAYER}")
    succeeded("cache", "fetch", "--layers", "--foreign-layers", name)
    exported = succeeded("cache", "export", "--layers", name, tmp_path / "gap.tar")
    assert "foreign" not in exported.stderr
    monkeypatch.setenv("MANYFEST_STORE", str(tmp_path / "behind.db"))
    succeeded("cache", "import", tmp_path / "gap.tar")
    succeeded("copy", "--offline", "--foreign-layers", name, "oci:there:1")
    assert (Path("there/blobs/sha256") / DIGEST.hex).read_bytes() == BASE


REFUSED = {  # URLs that are not asked, and what is said
    "plain http": ("http://HOST/base", 3, "no such blob"),
    "a user name": ("https://user:secret@HOST/base", 3, "no such blob"),
    "a file": ("file:///etc/passwd", 3, "no such blob"),
    "metadata": ("https://169.254.169.254/latest", 1, "a metadata address"),
}


@pytest.mark.parametrize(("url", "code", "words"), REFUSED.values(), ids=REFUSED)
def test_a_url_that_leads_where_none_should_is_not_asked(
    server, memory, target, there, elsewhere, url: str, code: int, words: str
) -> None:  # E8
    name = planted(memory, server, url.replace("HOST", elsewhere.host))
    result = run_here("copy", "--foreign-layers", name, f"{target.host}/win:1")
    line = error_line(result, code)
    assert words in line
    assert "secret" not in line
    assert elsewhere.count() == 0
    assert there.tags(Reference.parse(f"{REGISTRY}/win").home) == ()


def test_other_bytes_than_the_manifest_names_are_refused(
    server, memory, target, there, elsewhere
) -> None:  # E8
    name = planted(memory, server, f"https://{elsewhere.host}/other")
    elsewhere.always("GET", "/other", Answer(200, b"x" * len(BASE)))
    result = run_here("copy", "--foreign-layers", name, f"{target.host}/win:1")
    assert str(DIGEST) in error_line(result, 7)
    assert there.tags(Reference.parse(f"{REGISTRY}/win").home) == ()
