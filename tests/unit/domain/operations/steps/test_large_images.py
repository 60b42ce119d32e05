"""Images whose manifests are too large to be held together are read one by one, and let go."""

import tracemalloc
from collections.abc import Callable

import pytest

from manyfest.adapters.memory import MemoryRegistry
from manyfest.cli.rendering.manifest_text import details_text
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.comparison.status import DifferenceKind
from manyfest.domain.errors import TooManyBytesError
from manyfest.domain.operations.content.copy import CopyRules, copy, plan_copy
from manyfest.domain.operations.content.lost_blobs import with_lost_blobs
from manyfest.domain.operations.promotion.inventory import Inventory, take_inventory
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.operations.steps import metered_reader
from manyfest.domain.operations.views.details import details
from manyfest.domain.operations.views.diff import diff
from manyfest.domain.operations.views.overview import Extent
from manyfest.domain.operations.views.show import show
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.ports.fan_out import sequential
from tests.support.ports import PlainPorts
from tests.unit.domain.operations.conftest import ref

LIST, OTHER, TARGET = ref("r.example/a:list"), ref("r.example/a:other"), ref("s.example/a:list")
SIZE = 256 * 1024
COUNT = 40
LIMIT = 1024 * 1024


def _images(text: str) -> list[Image]:
    padding = {"padding": text * (SIZE // len(text))}
    return [oci_image(f"linux/riscv64/v{n}", text=text, annotations=padding) for n in range(COUNT)]


@pytest.fixture(scope="module")
def registry() -> MemoryRegistry:
    made = MemoryRegistry()
    small = oci_image("linux/amd64", text="small")
    for name, text in ((LIST, "one"), (OTHER, "two")):
        push_image(made, name, oci_index(small, *_images(text)))
    return made


@pytest.fixture
def ports(registry: MemoryRegistry, monkeypatch: pytest.MonkeyPatch) -> PlainPorts:
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (LIMIT,))
    return PlainPorts(registry=registry)


def _shown(ports: PlainPorts) -> int:
    found = details(resolve(LIST, ports.registry), ports=ports)
    return sum(map(len, details_text(each.completed() for each in found.present)))


def _inventory(ports: PlainPorts) -> Inventory:
    root = resolve(LIST, ports.registry)
    return take_inventory(root, root.manifest, ports.registry, sequential)


OPERATIONS: dict[str, Callable[[PlainPorts], object]] = {
    "verify": lambda ports: verify(LIST, ports=ports),
    "diff": lambda ports: diff(LIST, OTHER, ports=ports),
    "inspect -v": _shown,
    "show --long": lambda ports: show(LIST, Extent(is_long=True), ports=ports),
    "promote": _inventory,
    "copy --verify-blobs": lambda ports: with_lost_blobs(
        plan_copy(LIST, LIST.tagged("same"), CopyRules(), ports=ports), ports=ports
    ),
}


@pytest.mark.parametrize("operate", OPERATIONS.values(), ids=OPERATIONS)
def test_few_of_them_are_in_memory(
    ports: PlainPorts, operate: Callable[[PlainPorts], object]
) -> None:
    tracemalloc.start()
    try:
        kept = operate(ports)
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept is not None
    assert peak < 16 * SIZE
    assert held < 4 * SIZE


def test_all_of_them_are_verified(ports: PlainPorts) -> None:
    found = verify(LIST, ports=ports)
    assert found.manifests == COUNT + 2
    assert {finding.rule.name for finding in found.findings} <= {"unknown-variant"}
    assert [each.manifest.size < SIZE for each in found.read] == [True] * len(found.read)


def test_each_pair_is_compared_and_long_values_are_cut(ports: PlainPorts) -> None:
    found = diff(LIST, OTHER, ports=ports)
    assert DifferenceKind.MANIFEST in found.kinds
    changes = [entry.image for entry in found.entries if entry.image]
    assert len(changes) == COUNT
    for change in changes:
        (padding,) = [each for each in change.manifest if each.path[-1] == "padding"]
        assert str(padding.before).startswith('"oneone')
        assert "characters, sha256:" in str(padding.before)
        assert padding.before != padding.after
        assert change.layers


def test_details_come_in_order_with_the_bytes_of_each(ports: PlainPorts) -> None:
    manifest = resolve(LIST, ports.registry).manifest
    found = details(resolve(LIST, ports.registry), ports=ports)
    read = [detail.completed().found for detail in found.present]
    assert [each and each.manifest.digest for each in read] == [e.digest for e in manifest.entries]


def test_an_inventory_has_all_of_them(ports: PlainPorts) -> None:
    found = _inventory(ports)
    entries = resolve(LIST, ports.registry).manifest.entries
    assert [node.source.digest for node in found.images] == [entry.digest for entry in entries]
    assert found.manifests.keys() >= {entry.digest for entry in entries}
    assert len(found.read) == 2


def test_blobs_that_they_lost_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    registry, images = MemoryRegistry(), _images("lost")
    push_image(registry, LIST, oci_index(*images))
    ports = PlainPorts(registry=registry)
    copy(plan_copy(LIST, TARGET, CopyRules(), ports=ports), ports=ports)
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (LIMIT,))
    layer = images[7].manifest.layers[0]
    registry.forget_blob(TARGET.at(layer.digest))
    plan = with_lost_blobs(plan_copy(LIST, TARGET, CopyRules(), ports=ports), ports=ports)
    assert {blob.target.digest for blob in plan.blobs} == {layer.digest}


def test_what_is_taken_of_them_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = MemoryRegistry()
    many = {f"key {number}": "x" * 50 for number in range(4000)}
    for name, text in ((LIST, "a"), (OTHER, "b")):
        annotations = {text + key: value for key, value in many.items()}
        images = [oci_image(f"linux/arm/v{n}", annotations=annotations) for n in (6, 7)]
        push_image(registry, name, oci_index(*images))
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (SIZE,))
    with pytest.raises(TooManyBytesError):
        diff(LIST, OTHER, ports=PlainPorts(registry=registry))
