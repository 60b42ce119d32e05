"""Everything that parses what comes from outside, as functions of bytes: by name."""

import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.adapters.credentials.credential_helper import Helpers
from manyfest.adapters.credentials.docker_config import DockerConfig
from manyfest.adapters.http_registry.auth import bearer as tokens
from manyfest.adapters.http_registry.auth import challenge as challenges
from manyfest.adapters.http_registry.reliability.retry import retry_after
from manyfest.adapters.manifest_tool.spec_yaml import read_specs
from manyfest.adapters.oci_layout.index_json import IndexJson
from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.adapters.registries_conf.conf_files import read_rules
from manyfest.contracts.images import docker_image, docker_list, oci_image, oci_index, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.drafts.draft_json import decode_drafts, encode_drafts
from manyfest.domain.encoding.strict_json import parse_object
from manyfest.domain.history.revision import parse_past
from manyfest.domain.image_configs import platform_of_config
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.bundle_images import Naming
from manyfest.domain.operations.content.import_bundle import import_bundle
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Layout, Reference, Repository
from manyfest.domain.specs.lock import Lock
from tests.support.ports import PlainPorts
from tests.support.stores.memory_store import MemoryStore

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HUB = Repository("docker.io", "library/alpine")


def _manifest(data: bytes) -> None:
    manifest = Manifest.received(data, "", "x")
    for _ in (manifest.entries, manifest.layers, manifest.config, manifest.subject):
        pass


def _in_file(data: bytes, name: str, read: Callable[[Path], object]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(data)
        read(file)


def _registries_conf(file: Path) -> None:
    read_rules(file, ()).route(HUB)


def _docker_config(file: Path) -> None:
    DockerConfig(file.parent, Helpers()).credentials_for(HUB)


def imported(file: Path) -> MemoryStore:
    """A store with what the bundle holds."""
    store = MemoryStore()
    with open_bundle(file) as bundle:
        import_bundle(
            bundle,
            ports=PlainPorts(store=store),
            naming=Naming(HUB),
        )
    return store


def _text(parse: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: parse(data.decode("utf-8", "replace"))


PARSERS: dict[str, Callable[[bytes], object]] = {
    "bundle": lambda data: _in_file(data, "bundle.tar", imported),
    "challenge": _text(lambda text: challenges.parse([text])),
    "config": lambda data: platform_of_config(data, "x"),
    "digest": _text(Digest.parse),
    "docker-config": lambda data: _in_file(data, "config.json", _docker_config),
    "drafts": lambda data: decode_drafts(data, "x"),
    "index-json": lambda data: IndexJson.parse(data, "/x"),
    "lock": lambda data: Lock.from_json(parse_object(data, "x"), "x"),
    "manifest": _manifest,
    "past-state": _text(lambda text: parse_past(text, NOW)),
    "platform": _text(Platform.parse),
    "reference": _text(Reference.parse),
    "registries-conf": lambda data: _in_file(data, "registries.conf", _registries_conf),
    "retry-after": _text(lambda text: retry_after(text, NOW)),
    "spec": lambda data: read_specs(data, "x", Reference.parse),
    "token": lambda data: tokens.parse_token(data, "auth.example"),
}


def _bundle_bytes() -> bytes:
    with TemporaryDirectory() as folder:
        reference = Reference(Layout(f"{folder}/layout"), "r.example/app:1")
        push_image(LayoutRegistry(), reference, oci_index(oci_image()))
        archive = BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(f"{folder}/layout", arcname=".")
        return archive.getvalue()


_DIGEST = str(Digest.of(b""))
_INDEX = oci_index(oci_image(), annotations={"a": "b"}).manifest.data

# What fuzzing begins with: something whole for each parser.
SEEDS: dict[str, tuple[bytes, ...]] = {
    "bundle": (_bundle_bytes(),),
    "challenge": (
        b'Bearer realm="https://a.example/t",service="s",scope="x:y:pull", Basic realm=x',
    ),
    "config": oci_image().blobs[:1],
    "digest": (_DIGEST.encode(), b"sha512:" + b"0" * 128),
    "docker-config": (b'{"auths":{"docker.io":{"auth":"YTpi"}},"credHelpers":{"x.example":"y"}}',),
    "drafts": (encode_drafts([Draft(Reference.parse("r.example/app:1"), NOW, NOW)]),),
    "index-json": (_INDEX,),
    "lock": (b'{"version":1,"sources":{"app:1":"%s"},"lists":{}}' % _DIGEST.encode(),),
    "manifest": (_INDEX, oci_image().manifest.data, docker_list(docker_image()).manifest.data),
    "past-state": (b"app:1@{1}", b"app@{2026-05-01T12:00+02:00}", b"app@{2 days ago}"),
    "platform": (b"linux/arm/v7", b"windows(10.0.17763)/amd64"),
    "reference": (b"r.example:5000/a/b:1@" + _DIGEST.encode(), b"oci:a:b", b"s3://a/b:c"),
    "registries-conf": (
        b'[[registry]]\nlocation="docker.io"\n[[registry.mirror]]\nlocation="m.example/x"\n',
    ),
    "retry-after": (b"12.5ms", b"Fri, 01 May 2026 12:00:00 GMT"),
    "spec": (
        b"image: a:1\nmanifests:\n- image: a:2\n  platform: {os: linux, architecture: arm}\n",
    ),
    "token": (b'{"token":"a.b","expires_in":60,"issued_at":"2026-05-01T00:00:00Z"}',),
}
