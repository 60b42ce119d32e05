"""The fields of ``imagetools inspect`` that are read for several platforms at a time."""

import threading

import pytest

from manyfest.cli.flows.imagetools.fields import fields_of
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.operations.resolve import resolve
from manyfest.domain.references import Reference
from tests.support.content.attested import attested
from tests.support.content.statements import SLSA_1, SPDX, attestation, slsa_1, spdx, statement
from tests.support.ports import PlainPorts
from tests.support.stores.memory_store import MemoryContents

NAME = Reference.parse("r.example/team:app")
AMD, ARM = oci_image("linux/amd64"), oci_image("linux/arm64", text="arm")


def in_threads(function, items):
    """Call ``function`` for one item after the other, each in a thread of its own."""
    results = []
    for item in items:
        thread = threading.Thread(target=lambda item=item: results.append(function(item)))
        thread.start()
        thread.join()
    return tuple(results)


@pytest.mark.parametrize("field", ["SBOM", "Provenance"])
def test_the_store_is_written_by_the_thread_that_made_it(monkeypatch, field):
    stated = {
        place: attestation(
            (SPDX, statement(SPDX, spdx(("curl", "8")), image.digest)),
            (SLSA_1, statement(SLSA_1, slsa_1(), image.digest)),
        )
        for place, image in enumerate((AMD, ARM))
    }
    ports = PlainPorts(fan_out=in_threads)
    push_image(ports.registry, NAME, attested([AMD, ARM], stated))
    writers, transaction = [], MemoryContents.transaction

    def noted(self):
        writers.append(threading.current_thread())
        return transaction(self)

    monkeypatch.setattr(MemoryContents, "transaction", noted)
    shown = fields_of("app", resolve(NAME, ports.registry), ports)[field]()
    assert list(shown) == ["linux/amd64", "linux/arm64"]
    assert writers == [threading.current_thread()]
