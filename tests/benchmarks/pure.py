"""Pure computation, in processor time: ``pytest tests/benchmarks/pure.py``.

The whole-list cases run the operations that commands call, on ports in memory.
"""

import time
from datetime import UTC, datetime

import pytest
from attrs import evolve

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import Image, docker_image, docker_list, push_blob, push_image
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.list_assembly import assemble_for_push
from manyfest.domain.drafts.overrides import Overrides
from manyfest.domain.encoding.canonical_json import authored_list
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.drafts.annotate import annotate
from manyfest.domain.operations.drafts.create import create
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from tests.benchmarks.jobs.seed import numbered
from tests.support.ports import PlainPorts
from tests.support.stores.memory_store import MemoryStore

pytestmark = pytest.mark.benchmark(timer=time.process_time)

ENTRIES = 10_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SOURCE, TARGET = (Reference.parse(f"registry.example.com/app:{tag}") for tag in ("all", "new"))
MEBIBYTE = bytes(1024 * 1024)

REFERENCES = (
    "alpine",
    "ghcr.io/owner/project/app:1.2.3-rc.1",
    f"registry.example.com:5000/team/app:1.2@sha256:{64 * 'a'}",
    "oci:./site:v1",
)
PLATFORMS = ("linux/amd64", "linux/arm/v7", "windows(10.0.17763.1)/amd64")


@pytest.fixture(scope="module")
def listed() -> Image:
    """Return a list of ``ENTRIES`` images, each for another platform; a bit under 4 MiB."""
    image = docker_image()
    return docker_list(
        *(
            evolve(numbered(image, number), platform=Platform.parse(f"linux/arm/v{number}"))
            for number in range(ENTRIES)
        )
    )


@pytest.fixture(scope="module")
def large(listed) -> Manifest:
    return listed.manifest


@pytest.fixture
def registry(listed) -> MemoryRegistry:
    """Return a registry with the list, which has not been parsed yet."""
    registry, image = MemoryRegistry(), listed.children[0]
    for blob in image.blobs:
        push_blob(registry, SOURCE.home, blob)
    push_image(registry, SOURCE, evolve(listed, children=(bare(c) for c in listed.children)))
    return registry


def bare(image: Image) -> Image:
    """Return the image without the blobs, which all images share."""
    return evolve(image, blobs=())


def list_entries(large: Manifest) -> int:
    return len(Manifest.received(large.data, large.media_type, "it").entries)


def published(registry: MemoryRegistry, large: Manifest) -> Manifest:
    """Return a list made of ``large``, with one entry annotated, as it would be pushed."""
    registry.put_manifest(SOURCE, unread(large))
    store = MemoryStore()
    ports = PlainPorts(registry=registry, store=store, fan_out=map)
    create(
        *(TARGET, (SOURCE,)),
        ports=ports,
    )
    annotate(TARGET, "linux/arm/v7", Overrides(variant="v8"), ports=ports)
    return assemble_for_push(store.drafts.find(TARGET))


def unread(manifest: Manifest) -> Manifest:
    """Return the manifest without its cached parse results."""
    return Manifest(manifest.media_type, manifest.data)


def test_parse_a_list_of_ten_thousand(benchmark, large):
    assert benchmark(list_entries, large) == ENTRIES


def test_parse_edit_and_write_a_list_of_ten_thousand(benchmark, registry, large):
    assert len(benchmark(published, registry, large).entries) == ENTRIES


def test_write_a_list_of_ten_thousand(benchmark, large):
    assert len(benchmark(authored_list, large.document)) > 1024 * 1024


def test_digest_of_a_mebibyte(benchmark):
    assert benchmark(Digest.of, MEBIBYTE).algorithm == "sha256"


@pytest.mark.parametrize("text", REFERENCES)
def test_parse_a_reference(benchmark, text):
    assert benchmark(Reference.parse, text)


@pytest.mark.parametrize("text", PLATFORMS)
def test_parse_a_platform(benchmark, text):
    assert str(benchmark(Platform.parse, text)) == text
