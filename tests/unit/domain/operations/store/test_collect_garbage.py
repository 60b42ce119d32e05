"""Collecting garbage, of a collector that does as it is told; stores have the contract suite."""

from contextlib import nullcontext
from datetime import timedelta

from manyfest.contracts.images import oci_image
from manyfest.domain.operations.store.collect_garbage import Retention, collect_garbage
from manyfest.domain.ports.garbage import Garbage, StoredContent
from tests.unit.domain.operations.conftest import NOW, World

GONE, STAYS = (StoredContent(oci_image(text=text).digest, 1) for text in ("gone", "stays"))


class Collector:
    """Finds two layers, of which one is named by somebody before it can be removed."""

    def __init__(self) -> None:
        self.removed = ()

    def transaction(self):
        return nullcontext()

    def find(self, *_) -> Garbage:
        return Garbage(layers=(GONE, STAYS))

    def remove(self, *_) -> None:
        pass

    def remove_files(self, *what):
        self.removed = what
        return (GONE,)


def test_only_what_went_is_told_and_files_go_by_their_own_age(world: World) -> None:
    collector, keep = Collector(), Retention(timedelta(days=30), NOW)
    assert collect_garbage(collector, world.store.drafts, keep).layers == (GONE,)
    layers, before, files_before = collector.removed
    assert layers == (GONE, STAYS)
    assert before == NOW - timedelta(days=30) < files_before <= NOW
