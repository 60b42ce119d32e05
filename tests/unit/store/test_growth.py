"""Work over a store of many tags: statements and calls that grow with it, and no faster."""

import sys
from datetime import UTC, datetime

import pytest
from attrs import evolve

from manyfest.contracts.images import docker_image, oci_image, oci_index
from manyfest.domain.digests import Digest
from manyfest.domain.drafts.deduplication import deduplicated
from manyfest.domain.drafts.draft import Draft, Entry
from manyfest.domain.history.observation import Observation
from manyfest.domain.operations.content.export_bundle import export_bundle
from manyfest.domain.ports.integrity import ContentKind
from manyfest.domain.references import Reference
from manyfest.store.sqlite.database import Database
from tests.support.ports import PlainPorts
from tests.support.stores.housekeeping import opened

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
FEW, MANY = 600, 1200
PLATFORMS = ("linux/amd64", "linux/arm64")


def filled(path, count):
    """Keep ``count`` images, each with a tag, and a list of the last one."""
    one = docker_image()
    images = [evolve(one.manifest, data=one.manifest.data + b" " * n) for n in range(count)]
    made = [*images, oci_index(one).manifest]
    with opened(path) as kept, kept.transaction():
        kept.contents.keep_manifests(made)
        kept.contents.observe(
            Observation(Reference.parse(f"r.example/app:{number}"), manifest.digest, NOW)
            for number, manifest in enumerate(made)
        )
    return path


@pytest.fixture
def counted(monkeypatch):
    """Count the statements that a piece of work runs, and the functions that it calls."""
    statements = []
    rows = Database.rows

    def counting(self, statement, *parameters):
        statements.append(statement)
        return rows(self, statement, *parameters)

    def count(work):
        calls = 0

        def called(frame, event, argument):
            nonlocal calls
            calls += event == "call"

        statements.clear()
        sys.setprofile(called)
        try:
            work()
        finally:
            sys.setprofile(None)
        return len(statements), calls

    monkeypatch.setattr(Database, "rows", counting)
    return count


def listing(kept):
    return lambda: list(kept.catalogue.tags())


def drafting(path, count):
    """Return the work to save and find a draft of ``count`` images of one list."""
    source, listed = Reference.parse("r.example/app:1"), Digest.of(b"a list")
    entries = tuple(
        Entry(source, evolve(docker_image().manifest.descriptor(), size=n), listed)
        for n in range(count)
    )
    made = Draft(source, created_at=NOW, changed_at=NOW, entries=deduplicated(entries))

    def work():
        with opened(path) as kept:
            with kept.drafts.transaction():
                kept.drafts.save(made)
            assert kept.drafts.find(source) == made

    return work


def test_twice_the_entries_of_a_draft_are_twice_the_work(tmp_path, counted):
    few, many = (counted(drafting(tmp_path / f"{number}.db", number))[1] for number in (FEW, MANY))
    assert many - few < 55 * (MANY - FEW)
    assert many < 2.2 * few


def listing_another_repository(kept):
    return lambda: kept.contents.tags_of(Reference.parse("r.example/other").home)


def test_the_tags_of_one_repository_cost_the_same_whatever_others_have(tmp_path, counted):
    counts = []
    for number in (FEW, MANY):
        with opened(filled(tmp_path / f"{number}.db", number)) as kept:
            work = listing_another_repository(kept)
            assert work() == ()
            counts.append(counted(work))
    (statements, calls), more = counts
    assert (statements, calls) == more
    assert statements == 1
    assert calls < 60


def checking(kept):
    return lambda: [list(kept.integrity.check(kind)) for kind in ContentKind]


def exporting(kept):
    def work():
        exported = export_bundle(None, ports=PlainPorts(store=kept.store, layers=kept.store.layers))
        for blob in exported.packing.manifests:
            with blob.source() as chunks:
                assert sum(map(len, chunks)) == blob.size
        return exported.packing

    return work


@pytest.mark.parametrize(("work", "statements"), [(listing, 40), (checking, 130), (exporting, 100)])
def test_twice_the_tags_are_twice_the_work(tmp_path, counted, work, statements):
    counts = []
    for number in (FEW, MANY):
        with opened(filled(tmp_path / f"{number}.db", number)) as kept:
            counts.append(counted(work(kept)))
    (few, few_calls), (many, many_calls) = counts
    assert many <= statements
    assert max(many / few, many_calls / few_calls) < 2.2


def test_an_export_asks_for_the_images_of_many_lists_together(tmp_path, counted):
    with opened(tmp_path / "s.db") as kept:
        for number in range(200):
            images = [oci_image(platform, text=str(number)) for platform in PLATFORMS]
            made = oci_index(*images)
            with kept.transaction():
                kept.contents.keep_manifests([*(each.manifest for each in images), made.manifest])
                kept.contents.keep_blobs([each.blobs[0] for each in images])
                tag = Reference.parse(f"r.example/app:{number}")
                kept.contents.observe([Observation(tag, made.digest, NOW)])
        export = exporting(kept)
        assert counted(export)[0] < 60
        packing = export()
    assert (len(packing.manifests), len(packing.configs)) == (600, 400)


def test_one_tag_costs_few_calls(tmp_path, counted):
    with opened(filled(tmp_path / "s.db", MANY)) as kept:
        assert counted(listing(kept))[1] / MANY < 60
        assert counted(checking(kept))[1] / MANY < 70
        assert counted(exporting(kept))[1] / MANY < 165
