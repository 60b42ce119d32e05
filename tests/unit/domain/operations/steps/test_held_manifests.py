"""The images of a list are held until they are recorded as bytes, and not as parsed documents."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from manyfest.adapters.oci_layout.registry import LayoutRegistry
from manyfest.contracts.images import Image, oci_image, oci_index, push_image
from manyfest.domain.errors import TooManyBytesError
from manyfest.domain.manifests import Manifest
from manyfest.domain.operations.content.fetch import fetch
from manyfest.domain.operations.steps import metered_reader
from manyfest.domain.operations.views.verify import verify
from manyfest.domain.references import Layout, Reference
from tests.support.ports import PlainPorts

COUNT = 20
ANNOTATIONS = {f"key {number}": str(number) for number in range(500)}


def images() -> list[Image]:
    return [oci_image(f"linux/riscv64/v{n}", annotations=ANNOTATIONS) for n in range(COUNT)]


@pytest.fixture
def place(tmp_path: Path) -> Reference:
    made = Reference(Layout(str(tmp_path / "app")), "list")
    push_image(LayoutRegistry(), made, oci_index(*images()))
    return made


def verified(place: Reference) -> object:
    return verify(place, ports=PlainPorts(registry=LayoutRegistry(), records_reads=False))


def fetched(place: Reference) -> object:
    return fetch([place], ports=PlainPorts(registry=LayoutRegistry()))


@pytest.mark.parametrize("operate", [verified, fetched])
def test_they_take_little_more_than_their_bytes(
    place: Reference, operate: Callable[[Reference], object]
) -> None:
    operate(place)
    tracemalloc.start()
    found = operate(place)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found is not None
    assert held < 2 * sum(image.manifest.size for image in images())


def test_no_image_of_a_list_that_is_too_large_is_fetched(
    place: Reference, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = images()[0].manifest.size
    monkeypatch.setattr(metered_reader.MeteredReader.__init__, "__defaults__", (5 * size,))
    read: list[Reference] = []

    class Counting(LayoutRegistry):
        def get_manifest(self, reference: Reference) -> Manifest:
            read.append(reference)
            return super().get_manifest(reference)

    found = fetch([place], ports=PlainPorts(registry=Counting()))
    assert isinstance(found.failures[place], TooManyBytesError)
    assert read == [place]
