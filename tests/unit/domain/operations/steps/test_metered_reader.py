"""The bound on documents, and the operations that keep it."""

from collections.abc import Callable
from typing import Any

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.contracts.images import docker_image, oci_image, oci_index, push_image, referrer
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import TooManyBytesError
from manyfest.domain.lists.referrers import AttachedMode
from manyfest.domain.manifests import SIZE_LIMIT
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.operations.content.copy import CopyRules, plan_copy
from manyfest.domain.operations.content.fetch import fetch
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps import metered_reader
from manyfest.domain.operations.steps.metered_reader import MeteredReader
from manyfest.domain.operations.views.details import details
from manyfest.domain.operations.views.diff import diff
from manyfest.domain.operations.views.inspect import inspect_each
from manyfest.domain.operations.views.verify import verify
from tests.support.ports import PlainPorts
from tests.unit.domain.operations.conftest import ref

LIST, OTHER = ref("r.example/a:list"), ref("r.example/a:other")
IMAGES = [oci_image(f"linux/arm/v{n}", text=f"image {n}") for n in range(5, 8)]
OTHERS = [oci_image(f"linux/arm/v{n}", text=f"other {n}") for n in range(5, 8)]


class Counting(MemoryRegistry):
    """A registry that counts the manifests that are read by digest."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[Digest] = []

    def get_manifest(self, reference: Any) -> Any:
        if reference.digest is not None:
            self.read.append(reference.digest)
        return super().get_manifest(reference)


@pytest.fixture
def registry() -> Counting:
    made = Counting()
    for name, images in ((LIST, IMAGES), (OTHER, OTHERS)):
        for image in images:
            push_image(made, name, image)
        push_image(made, name, oci_index(*images))
    return made


OPERATIONS: dict[str, Callable[[PlainPorts], object]] = {
    "verify": lambda ports: verify(LIST, ports=ports),
    "inspect -v": lambda ports: details(resolve(LIST, ports.registry), ports=ports),
    "copy": lambda ports: plan_copy(LIST, ref("s.example/a:list"), CopyRules(), ports=ports),
    "diff": lambda ports: diff(LIST, OTHER, ports=ports),
}


@pytest.mark.parametrize("operate", OPERATIONS.values(), ids=OPERATIONS)
def test_what_is_larger_together_is_refused(
    registry: Counting, operate: Callable[[PlainPorts], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    ports = PlainPorts(registry=registry)
    operate(ports)
    limit = sum(image.manifest.size for image in IMAGES) - 1
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (limit,))
    with pytest.raises(TooManyBytesError, match=f"are larger than {limit} bytes"):
        operate(ports)


@pytest.mark.parametrize("name", ["verify", "inspect -v"])
def test_what_a_list_says_is_too_large_is_not_read(
    registry: Counting, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = sum(image.manifest.size for image in IMAGES) - 1
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (limit,))
    with pytest.raises(TooManyBytesError):
        OPERATIONS[name](PlainPorts(registry=registry))
    assert registry.read == []


def test_each_of_many_fails_for_itself(registry: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = resolve(LIST, registry).manifest.size
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (limit,))
    one, two = inspect_each([LIST, OTHER], ports=PlainPorts(registry=registry))
    assert not isinstance(one, TooManyBytesError)
    assert isinstance(two, TooManyBytesError)
    fetched = fetch([LIST, OTHER], ports=PlainPorts(registry=registry))
    assert {type(error) for error in fetched.failures.values()} == {TooManyBytesError}


def test_what_is_attached_counts_too(registry: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    for image in IMAGES:
        attached = referrer(image)
        push_image(registry, LIST.at(attached.digest), attached)
        push_image(registry, LIST.tagged(f"sha256-{image.digest.hex}.sig"), oci_image(text="sig"))
    limit = sum(image.manifest.size for image in IMAGES)
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (limit,))
    ports, target = PlainPorts(registry=registry), ref("s.example/a:list")
    plan_copy(LIST, target, CopyRules(attached=AttachedMode.LEAVE), ports=ports)
    with pytest.raises(TooManyBytesError):
        plan_copy(LIST, target, CopyRules(attached=AttachedMode.REQUIRE), ports=ports)


def test_nested_lists_count_where_children_are_looked_for(
    registry: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    nested = oci_index(*IMAGES)
    push_image(registry, LIST, oci_index(nested))
    target = LIST.tagged("copy")
    plan_copy(LIST, target, CopyRules(), ports=PlainPorts(registry=registry))
    limit = nested.manifest.size - 1
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (limit,))
    with pytest.raises(TooManyBytesError):
        plan_copy(LIST, target, CopyRules(), ports=PlainPorts(registry=registry))


def test_a_digest_counts_once() -> None:
    registry, image = MemoryRegistry(), docker_image()
    push_image(registry, LIST, image)
    reader = MeteredReader(registry, "x", image.manifest.size)
    for _ in range(3):
        assert reader.get_manifest(LIST) == image.manifest


def test_a_config_is_refused_before_it_is_read() -> None:
    class Unread(MemoryRegistry):
        def open_blob(self, *_: Any) -> Any:
            raise AssertionError("read")

    reader = MeteredReader(Unread(), "x", 10)
    with pytest.raises(TooManyBytesError):
        reader.open_blob(LIST.at(Digest.of(b"config")), 11)


def test_sizes_that_no_manifest_may_have_are_not_counted() -> None:
    reader = MeteredReader(MemoryRegistry(), "x", 10)
    digest = Digest.of(b"")
    reader.announce([Descriptor(OCI_MANIFEST, digest, SIZE_LIMIT + 1)])
    reader.announce([Descriptor("application/vnd.oci.image.layer.v1.tar", digest, 1000)])
    with pytest.raises(TooManyBytesError):
        reader.announce([Descriptor(OCI_MANIFEST, digest, 11)])
