"""Garbage collection in SQLite: layers, vacuum, other processes, unreadable documents."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from manyfest.contracts.draft_book import draft
from manyfest.contracts.garbage_collector import (
    APP,
    DAY,
    LIST,
    MONTH,
    NOW,
    A,
    B,
    GarbageContract,
    hold,
    see,
)
from manyfest.contracts.images import oci_image
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import OCI_MANIFEST
from manyfest.domain.operations.store.check_store import check_store, set_damage_aside
from manyfest.domain.operations.store.collect_garbage import (
    Retention,
    collect_garbage,
    find_garbage,
)
from manyfest.domain.ports.garbage import StoredContent
from manyfest.domain.references import Reference
from tests.support.layouts.between import each_place
from tests.support.stores.children import run, start
from tests.support.stores.housekeeping import hold_layers, opened

BROKEN = Manifest(OCI_MANIFEST, b"not JSON")


@pytest.fixture
def path(folder):
    return folder / "store.db"


@pytest.fixture
def kept(path):
    with opened(path) as kept:
        yield kept


class TestSqliteGarbage(GarbageContract):
    @pytest.fixture
    def kept(self, path):
        with opened(path) as kept:
            yield kept


def test_a_store_that_is_not_there_is_not_made(kept, folder):
    collect_garbage(kept.garbage, kept.drafts, MONTH)
    find_garbage(kept.garbage, kept.drafts, MONTH)
    assert kept.garbage.vacuum() == 0
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("look", [find_garbage, collect_garbage])
def test_a_store_that_is_made_while_garbage_is_looked_for_stays_as_it_is(folder, look):
    def make(place):
        with opened(place / "store.db") as kept, kept.drafts.transaction():
            kept.drafts.save(draft("app"))

    def collect(place):
        with opened(place / "store.db") as kept:
            look(kept.garbage, kept.drafts, MONTH)

    for place in each_place(folder, lambda _: None, collect, make):
        with opened(place / "store.db") as kept:
            assert kept.drafts.drafts() == (draft("app"),)


def _age_layers(folder, days):
    for file in (folder / "store.db.layers").rglob("*"):
        then = (NOW - days * DAY).timestamp()
        os.utime(file, (then, then))


def test_layers_that_nobody_names_go_and_those_of_the_living_stay(kept, folder):
    see(kept.contents, f"{APP}:x", A)
    hold(kept.contents, B)
    hold_layers(kept.layers, A, B)
    _age_layers(folder, 2)
    gone = collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert gone.layers == (StoredContent(Digest.of(B.blobs[1]), len(B.blobs[1])),)
    assert list(kept.layers.digests()) == [Digest.of(A.blobs[1])]


@pytest.mark.parametrize(("keep", "left"), [(timedelta(days=30), 1), (timedelta(hours=1), 0)])
def test_young_layers_stay_since_their_manifest_may_be_on_its_way(kept, folder, keep, left):
    hold(kept.contents, A)
    hold_layers(kept.layers, B)
    _age_layers(folder, 0.5)
    collect_garbage(kept.garbage, kept.drafts, Retention(keep, NOW))
    assert len(list(kept.layers.digests())) == left


def test_a_layer_that_was_named_after_the_rows_went_stays(kept, folder):
    hold_layers(kept.layers, A)
    _age_layers(folder, 2)
    hold(kept.contents, B)
    with kept.garbage.transaction():
        garbage = kept.garbage.find([], NOW, NOW)
        kept.garbage.remove(garbage, NOW)
    assert len(garbage.layers) == 1
    hold(kept.contents, A)
    assert kept.garbage.remove_files(garbage.layers, NOW, NOW) == ()
    assert list(kept.layers.digests()) == [Digest.of(A.blobs[1])]


def test_what_a_killed_program_left_among_the_layers_goes(kept, folder):
    hold(kept.contents, A)
    hold_layers(kept.layers, A)
    left = folder / "store.db.layers" / "sha256" / ".tmpx"
    left.write_bytes(b"half")
    gone = collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert (gone.leftover.number, left.exists()) == (0, True)
    _age_layers(folder, 2)
    gone = collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert (gone.leftover.number, gone.leftover.size, left.exists()) == (1, 4, False)


def test_a_folder_in_a_layers_place_is_set_aside_and_goes(kept, folder):
    hold_layers(kept.layers, A)
    place = folder / "store.db.layers" / "sha256" / Digest.of(A.blobs[1]).hex
    place.unlink()
    place.joinpath("inner").mkdir(parents=True)
    set_damage_aside(kept.integrity, check_store(kept.integrity), NOW)
    assert not place.exists()
    later = Retention(timedelta(), datetime.now(UTC) + timedelta(days=1))
    for _ in range(2):
        collect_garbage(kept.garbage, kept.drafts, later)
    assert not [*folder.rglob("inner")]


def test_a_layer_dated_in_the_future_is_not_young_for_ever(kept, folder):
    hold(kept.contents, B)
    hold_layers(kept.layers, A)
    _age_layers(folder, -90_000)
    gone = collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert [piece.digest for piece in gone.layers] == [Digest.of(A.blobs[1])]


def test_a_layer_folder_that_is_a_link_is_not_followed(kept, folder):
    hold_layers(kept.layers, A)
    elsewhere = folder / "elsewhere"
    (folder / "store.db.layers").rename(elsewhere)
    (folder / "store.db.layers").symlink_to(elsewhere)
    _age_layers(folder, 2)
    with pytest.raises(StoreError, match="layers is a symbolic link"):
        collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert len([*elsewhere.rglob("*")]) == 2


def test_what_cannot_be_read_stays_and_is_counted(kept):
    with kept.contents.transaction():
        kept.contents.keep_manifests([BROKEN])
    gone = collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert (gone.unreadable, gone.manifests) == (1, ())
    assert kept.contents.manifest(BROKEN.digest) == BROKEN


def test_with_a_draft_that_cannot_be_read_nothing_goes(kept, path):
    hold(kept.contents, A)
    with kept.drafts.transaction():
        kept.drafts.save(draft("app", "a"))
    _write(path, "UPDATE entries SET found = '{'")
    with pytest.raises(DamagedStoreError, match="draft docker.io/library/app:latest"):
        collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert kept.contents.manifest(A.digest)


def test_a_time_that_cannot_be_read_is_not_long_ago(kept, path):
    see(kept.contents, f"{APP}:x", A)
    _write(path, "UPDATE observations SET last_seen = '0000'")
    assert collect_garbage(kept.garbage, kept.drafts, MONTH).observations == ()


def test_an_odd_spelling_of_a_child_is_found(kept):
    spelled = LIST.manifest.data.replace(b"/", b"\\/").replace(b"sha256", b"sh\\u0061256")
    odd = Manifest(LIST.manifest.media_type, spelled)
    hold(kept.contents, A, B)
    with kept.contents.transaction():
        kept.contents.keep_manifests([odd])
    with kept.garbage.snapshot():
        assert kept.garbage.find([odd.digest], NOW, NOW).manifests == ()


def test_the_file_gets_smaller(kept, path):
    many = [oci_image(text=str(number)) for number in range(200)]
    hold(kept.contents, *many)
    see(kept.contents, f"{APP}:x", A)
    before = path.stat().st_size
    collect_garbage(kept.garbage, kept.drafts, MONTH)
    given = kept.garbage.vacuum()
    assert given > before / 2
    assert path.stat().st_size == before - given
    assert kept.contents.manifest(A.digest) == A.manifest
    assert kept.garbage.vacuum() == 0


def test_while_another_process_writes_the_file_stays_as_it_is(kept, path):
    hold(kept.contents, *(oci_image(text=str(number)) for number in range(50)))
    collect_garbage(kept.garbage, kept.drafts, MONTH)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with opened(path, lock_timeout=0.1) as impatient, pytest.raises(StoreError, match="locked"):
            impatient.garbage.vacuum()
    assert kept.garbage.vacuum() > 0


_NO_ROOM = """
import resource, signal, sys
from manyfest.store.maintenance.housekeeping import housekeeping_of
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    housekeeping_of(store).garbage.vacuum()
except ManyfestError as error:
    print(error)
"""


@pytest.mark.usefixtures("unmeasured")
def test_where_there_is_no_room_the_file_stays_as_it_is(kept, path):
    see(kept.contents, f"{APP}:x", A)
    hold(kept.contents, *(oci_image(text=str(number)) for number in range(50)))
    collect_garbage(kept.garbage, kept.drafts, MONTH)
    kept.store.close()
    before = path.read_bytes()
    said = run(_NO_ROOM, path)
    assert said.startswith(f"the store {path} cannot be")
    assert len(said.splitlines()) == 1
    assert kept.contents.manifest(A.digest) == A.manifest
    kept.store.close()
    assert path.read_bytes() == before


_ADD_DRAFTS = """
from datetime import datetime, UTC
manifest = Manifest("application/vnd.oci.image.manifest.v1+json", b'{"n": %d}' % os.getpid())
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    name, now = Reference.parse(f"app{os.getpid()}:{number}"), datetime.now(UTC)
    made = Manifest(manifest.media_type, b'{"n": %d, "m": %d}' % (os.getpid(), number))
    with store.transaction():
        store.contents.keep_manifests([made])
        entry = Entry(Reference.parse("x"), made.descriptor())
        store.drafts.save(Draft(name, now, now, (entry,)))
"""


def test_what_others_keep_and_draft_meanwhile_stays(kept, path):
    hold(kept.contents, A)
    others = [start(_ADD_DRAFTS, path) for _ in range(2)]
    for other in others:
        assert other.stdout.readline() == "ready\n"
    for other in others:
        other.stdin.write("go\n")
        other.stdin.flush()
    retention = Retention(timedelta(), datetime.now(UTC) + DAY)
    while any(other.poll() is None for other in others):
        collect_garbage(kept.garbage, kept.drafts, retention)
    assert [other.communicate(timeout=300)[0] for other in others] == ["", ""]
    found = kept.drafts.drafts()
    assert len(found) == 40
    assert all(kept.contents.manifest(each.entries[0].found.digest) for each in found)


_KILLED = """
from manyfest.store.maintenance.housekeeping import housekeeping_of
from manyfest.domain.operations.store.collect_garbage import Retention, collect_garbage
from datetime import timedelta
house = housekeeping_of(store)
removed = house.garbage.remove
def remove(*arguments):
    removed(*arguments)
    os.kill(os.getpid(), 9)
house.garbage.remove = remove
collect_garbage(house.garbage, house.drafts, Retention(timedelta(), datetime.now(UTC)))
"""


def test_a_kill_in_the_middle_leaves_all_of_it(kept, path):
    hold(kept.contents, A, LIST)
    child = start(_KILLED, path)
    child.communicate(timeout=300)
    assert child.returncode == -9
    assert all(kept.contents.manifest(image.digest) for image in (A, B, LIST))


def test_what_was_set_aside_goes_when_it_is_old(kept, path):
    see(kept.contents, f"{APP}:x", A)
    insert = "INSERT INTO quarantine (kind, name, reason, set_aside_at, data) VALUES "
    old, new = ((NOW - days * DAY).isoformat(timespec="microseconds") for days in (31, 29))
    for moment in (old, new):
        _write(path, f"{insert} ('config', 'x', 'y', '{moment}', x'00')")
    gone = collect_garbage(kept.garbage, kept.drafts, MONTH)
    assert (gone.quarantined.number, gone.quarantined.size) == (1, 1)
    assert kept.catalogue.statistics().quarantined.number == 1


def test_it_looks_where_the_store_cannot_be_written(path):
    with opened(path) as kept:
        hold(kept.contents, A)
        kept.store.close()
        path.chmod(0o444)
        run = "import sys; from manyfest.cli.process.main import main; sys.exit(main(sys.argv[1:]))"
        ended = subprocess.run(
            [sys.executable, "-c", run, "cache", "gc", "--dry-run"],
            env=os.environ | {"MANYFEST_STORE": str(path)},
            capture_output=True,
            check=False,
        )
    assert ended.returncode == 0
    assert b"would remove 1 manifest, 1 config" in ended.stdout


def test_a_tag_of_which_only_older_states_are_left_is_not_confused(kept):
    see(kept.contents, f"{APP}:x", A, days_ago=3)
    see(kept.contents, f"{APP}:x", B, days_ago=1)
    collect_garbage(kept.garbage, kept.drafts, Retention(2 * DAY, NOW))
    assert kept.contents.last_observation(Reference.parse(f"{APP}:x")).digest == B.digest


def _write(path, statement):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
