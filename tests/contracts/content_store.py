"""The contract of a content store: subclass ``ContentStoreContract`` and give its two hooks."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from attrs import evolve

from manyfest.contracts.images import oci_image, oci_index
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.history.observation import Observation, removal
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import DOCKER_LIST, OCI_LAYER, OCI_MANIFEST
from manyfest.domain.ports.content_store import ContentStore, Role, SharedLayers
from manyfest.domain.references import Reference

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
APP = Reference.parse("registry.example/team/app:1")

# The store does not interpret bytes, so any bytes will do.
DATA = {
    "json": b'{ "schemaVersion":2,\r\n "x": 1e2 }\n',
    "not UTF-8": b"\xff\x00\xfe",
    "empty": b"",
    "4 MiB": bytes(range(256)) * 16384,
}
ONE, TWO, THREE = (Manifest(OCI_MANIFEST, b'{"n": %d}' % number) for number in (1, 2, 3))
AMD, ARM = oci_image("linux/amd64", text="amd64"), oci_image("linux/arm64", text="arm64")
LIST = oci_index(AMD, ARM)
SIGNATURE = oci_image(text="signature", subject=AMD.manifest.descriptor().to_json())
ABSENT = Digest.of(b"never kept")


class ContentStoreContract:
    """A subclass overrides ``contents`` and ``flip_a_bit``."""

    @pytest.fixture
    def contents(self) -> ContentStore:
        """Return an empty store."""
        raise NotImplementedError

    def flip_a_bit(self, contents: ContentStore, digest: Digest) -> None:
        """Damage the content under ``digest``, bypassing the store's methods."""
        raise NotImplementedError

    @pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
    @pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
    def test_a_manifest_comes_back_verbatim_with_its_media_type(self, contents, data, algorithm):
        kept = Manifest(DOCKER_LIST, data, algorithm)
        with contents.transaction():
            contents.keep_manifests([kept])
        found = contents.manifest(kept.digest)
        assert found == kept
        assert found.digest == kept.digest

    @pytest.mark.parametrize("data", DATA.values(), ids=DATA.keys())
    def test_a_blob_comes_back_verbatim(self, contents, data):
        with contents.transaction():
            contents.keep_blobs([data])
        assert contents.blob(Digest.of(data)) == data

    def test_a_store_that_holds_nothing_says_so(self, contents):
        assert contents.manifest(ABSENT) is None
        assert contents.blob(ABSENT) is None
        assert contents.last_observation(APP) is None

    def test_manifests_and_blobs_are_kept_apart(self, contents):
        with contents.transaction():
            contents.keep_manifests([ONE])
            contents.keep_blobs([TWO.data])
        assert contents.blob(ONE.digest) is None
        assert contents.manifest(TWO.digest) is None

    def test_a_manifest_is_found_by_the_digest_it_goes_by_only(self, contents):
        with contents.transaction():
            contents.keep_manifests([Manifest(OCI_MANIFEST, ONE.data, "sha512")])
        assert contents.manifest(ONE.digest) is None

    def test_what_is_held_already_is_left_as_it_is(self, contents):
        with contents.transaction():
            contents.keep_manifests([ONE])
            contents.keep_blobs([b"{}", b"{}"])
        with contents.transaction():
            contents.keep_manifests([Manifest(DOCKER_LIST, ONE.data)])
            contents.keep_blobs([b"{}"])
        assert contents.manifest(ONE.digest) == ONE
        assert contents.blob(Digest.of(b"{}")) == b"{}"

    def test_a_flipped_bit_is_an_error_that_names_the_digest(self, contents):
        with contents.transaction():
            contents.keep_manifests([ONE])
            contents.keep_blobs([TWO.data])
        for read, digest in ((contents.manifest, ONE.digest), (contents.blob, TWO.digest)):
            self.flip_a_bit(contents, digest)
            with pytest.raises(DamagedStoreError, match=str(digest)):
                read(digest)

    def test_keeping_what_was_damaged_heals_it(self, contents):
        def keep() -> None:
            with contents.transaction():
                contents.keep_manifests([ONE])
                contents.keep_blobs([b"{}"])

        keep()
        for digest in (ONE.digest, Digest.of(b"{}")):
            self.flip_a_bit(contents, digest)
        keep()
        assert contents.manifest(ONE.digest) == ONE
        assert contents.blob(Digest.of(b"{}")) == b"{}"

    def test_an_error_in_a_transaction_takes_all_of_it_back(self, contents):
        with pytest.raises(KeyboardInterrupt), contents.transaction():  # noqa: PT012
            contents.keep_manifests([ONE])
            contents.keep_blobs([b"{}"])
            contents.observe([Observation(APP, ONE.digest, NOON)])
            assert contents.manifest(ONE.digest) == ONE
            raise KeyboardInterrupt
        assert contents.manifest(ONE.digest) is None
        assert contents.blob(Digest.of(b"{}")) is None
        assert contents.last_observation(APP) is None

    def test_transactions_do_not_nest(self, contents):
        with pytest.raises(RuntimeError), contents.transaction(), contents.transaction():
            pytest.fail("a transaction within a transaction")

    def test_writing_outside_a_transaction_is_a_mistake(self, contents):
        for write, what in (
            (contents.keep_manifests, ONE),
            (contents.keep_blobs, b"{}"),
            (contents.observe, Observation(APP, ONE.digest, NOON)),
            (partial(contents.record_digest_reads, now=NOON), ONE.digest),
        ):
            with pytest.raises(RuntimeError):
                write([what])

    def test_the_newest_observation_answers_whatever_the_order_they_came_in(self, contents):
        seen = [
            Observation(APP, ONE.digest, NOON),
            Observation(APP, TWO.digest, NOON + 2 * MINUTE),
            Observation(APP, ONE.digest, NOON + MINUTE),
        ]
        _observe(contents, *seen)
        assert contents.last_observation(APP) == seen[1]

    def test_of_two_observations_of_one_moment_the_later_added_answers(self, contents):
        _observe(contents, *(Observation(APP, each.digest, NOON) for each in (ONE, TWO)))
        assert contents.last_observation(APP).digest == TWO.digest
        history = contents.history(APP)
        _observe(contents, Observation(APP, ONE.digest, NOON))
        assert contents.history(APP) == history  # it is in the history already

    def test_seeing_the_same_again_renews_the_time_and_never_sets_it_back(self, contents):
        later = NOON + MINUTE
        for seen_at in (NOON, later, NOON):
            _observe(contents, Observation(APP, ONE.digest, seen_at))
        assert contents.last_observation(APP) == Observation(APP, ONE.digest, later, NOON)

    @pytest.mark.parametrize(
        "other",
        [
            "registry.example/team/app:2",
            "registry.example/team/app:1x",
            "registry.example/team_app:1",
            "registry.example:443/team/app:1",
            "oci:registry.example/team/app:1",
            "oci:registry.example/team/app",
        ],
    )
    def test_another_home_or_tag_is_not_answered(self, contents, other):
        _observe(contents, Observation(APP, ONE.digest, NOON))
        other = Reference.parse(other)
        assert contents.last_observation(other) is None
        _observe(contents, Observation(other, TWO.digest, NOON + MINUTE))
        assert contents.last_observation(APP).digest == ONE.digest
        assert contents.last_observation(other).digest == TWO.digest

    def test_a_digest_in_the_reference_is_ignored(self, contents):
        pinned = Reference(APP.home, APP.tag, TWO.digest)
        _observe(contents, Observation(pinned, ONE.digest, NOON))
        expected = Observation(APP, ONE.digest, NOON)
        assert contents.last_observation(APP) == expected
        assert contents.last_observation(pinned) == expected

    def test_an_observation_needs_its_manifest(self, contents):
        with pytest.raises(StoreError), contents.transaction():
            contents.observe([Observation(APP, ABSENT, NOON)])

    def test_what_was_never_observed_has_no_history(self, contents):
        _observe(contents, Observation(APP, ONE.digest, NOON))
        assert contents.history(Reference.parse("registry.example/team/app:2")) == ()
        assert contents.history(APP.at(ONE.digest)) == ()

    def test_the_history_has_each_change_newest_first(self, contents):
        for minutes, seen in enumerate((ONE, ONE, TWO, ONE, ONE)):
            _observe(contents, Observation(APP, seen.digest, NOON + minutes * MINUTE))
        assert contents.history(Reference(APP.home, APP.tag, ABSENT)) == (
            _seen(ONE, 4, since=3),
            _seen(TWO, 2),
            _seen(ONE, 1, since=0),
        )

    @pytest.mark.parametrize(
        ("late", "spans"),
        [
            ([(THREE, 5, 5)], [(TWO, 8, 9), (THREE, 5, 5), (ONE, 1, 4)]),
            ([(THREE, 0, 0)], [(TWO, 8, 9), (ONE, 1, 4), (THREE, 0, 0)]),
            ([(THREE, 2, 3)], [(TWO, 8, 9), (ONE, 4, 4), (THREE, 2, 3), (ONE, 1, 1)]),
            ([(ONE, 5, 6)], [(TWO, 8, 9), (ONE, 1, 6)]),
            ([(TWO, 5, 6)], [(TWO, 5, 9), (ONE, 1, 4)]),
            ([(ONE, 0, 2)], [(TWO, 8, 9), (ONE, 0, 4)]),
            (
                [(ONE, 10, 11), (THREE, 6, 6)],
                [(ONE, 10, 11), (TWO, 8, 9), (THREE, 6, 6), (ONE, 1, 4)],
            ),
            ([(THREE, 9, 9)], [(THREE, 9, 9), (TWO, 8, 9), (ONE, 1, 4)]),
            ([(TWO, 7, 20)], [(TWO, 7, 20), (ONE, 1, 4)]),
        ],
    )
    def test_what_comes_late_takes_its_place_and_never_twice(self, contents, late, spans):
        _observe(contents, _seen(ONE, 4, since=1), _seen(TWO, 9, since=8))
        expected = tuple(_seen(which, until, since=since) for which, since, until in spans)
        for _ in range(2):
            _observe(contents, *(_seen(which, until, since=since) for which, since, until in late))
            assert contents.history(APP) == expected
        assert contents.last_observation(APP) == expected[0]

    def test_a_whole_history_added_again_or_elsewhere_is_the_same(self, contents):
        for minutes, seen in enumerate((ONE, TWO, ONE, ONE, THREE)):
            _observe(contents, Observation(APP, seen.digest, NOON + minutes * MINUTE))
        history = contents.history(APP)
        _observe(contents, *history)
        assert contents.history(APP) == history
        other = Reference.parse("registry.example/copy:1")
        _observe(contents, *(evolve(seen, reference=other) for seen in history))
        assert [seen.digest for seen in contents.history(other)] == [s.digest for s in history]
        assert contents.history(APP) == history

    def test_the_latest_of_all_tags_come_in_order(self, contents):
        assert tuple(contents.latest()) == ()
        names = ("oci:/a:x", "oci:/a", "r.example/a-b:1", "r.example/a:2", "r.example/a:1")
        for minutes, name in enumerate(names):
            place = Reference.parse(name)
            moment = NOON + minutes * MINUTE
            _observe(contents, Observation(place, ONE.digest, moment))
            _observe(contents, Observation(place, TWO.digest, moment + MINUTE))
        latest = tuple(contents.latest())
        assert [str(seen.reference) for seen in latest] == [
            *("oci:/a", "oci:/a:x", "r.example/a:1", "r.example/a:2", "r.example/a-b:1")
        ]
        last = [contents.last_observation(seen.tag_reference) for seen in latest]
        assert list(latest) == last

    def test_the_tags_of_a_home_are_its_own_and_each_once(self, contents):
        names = ("oci:/a:x", "oci:/a", "r.example/a-b:1", "r.example/a:2", "r.example/a:B")
        for name in names:
            _observe(contents, Observation(Reference.parse(name), ONE.digest, NOON))
            _observe(contents, Observation(Reference.parse(name), TWO.digest, NOON + MINUTE))
        homes = [Reference.parse(name).home for name in ("r.example/a", "oci:/a", "r.example/c")]
        assert [contents.tags_of(home) for home in homes] == [("2", "B"), ("x",), ()]

    def test_manifests_that_name_a_digest_are_found_by_role(self, contents):
        with contents.transaction():
            contents.keep_manifests(each.manifest for each in (AMD, ARM, LIST, SIGNATURE))
        layer, config = (Digest.of(blob) for blob in reversed(AMD.blobs))
        assert _named(contents, AMD.digest) == [
            (LIST.digest, Role.ENTRY, 0),
            (SIGNATURE.digest, Role.SUBJECT, 0),
        ]
        assert _named(contents, AMD.digest, Role.SUBJECT) == [(SIGNATURE.digest, Role.SUBJECT, 0)]
        assert _named(contents, ARM.digest) == [(LIST.digest, Role.ENTRY, 1)]
        assert _named(contents, config) == [(AMD.digest, Role.CONFIG, 0)]
        assert _named(contents, layer, Role.LAYER) == [(AMD.digest, Role.LAYER, 0)]
        assert _named(contents, layer, Role.ENTRY) == _named(contents, ABSENT) == []

    def test_many_manifests_that_name_a_digest_come_each_once_in_order(self, contents):
        subject = AMD.manifest.descriptor().to_json()
        made = [oci_image(text="x", subject=subject, n=number).manifest for number in range(2100)]
        with contents.transaction():
            contents.keep_manifests(made)
        found = [one.manifest for one in contents.predecessors(AMD.digest)]
        assert found == sorted(manifest.digest for manifest in made)

    def test_digests_are_found_by_their_beginning(self, contents):
        with contents.transaction():
            contents.keep_manifests([LIST.manifest])
        for digest in (LIST.digest, AMD.digest):
            for length in (20, len(str(digest))):
                assert contents.digests(str(digest)[:length], 2) == (digest,)
        assert contents.digests("sha256:", 2) == tuple(
            sorted([LIST.digest, AMD.digest, ARM.digest])[:2]
        )
        assert contents.digests(str(ABSENT), 2) == ()

    def test_what_cannot_be_read_names_nothing(self, contents):
        malformed = b'{"layers":[3,{"digest":4},{}],"config":[],"subject":null,"manifests":{"a":1}}'
        with contents.transaction():
            contents.keep_manifests(Manifest(OCI_MANIFEST, data) for data in DATA.values())
            contents.keep_manifests([Manifest(OCI_MANIFEST, malformed)])
        assert _named(contents, ABSENT) == []

    def test_images_with_layers_in_common_are_counted_and_measured(self, contents):
        layers = [_layer(number) for number in range(4)]
        base, own, other = (
            _with_layers(*layers[:2]),
            _with_layers(*layers[:3], layers[1]),
            _with_layers(layers[1], layers[3]),
        )
        with contents.transaction():
            contents.keep_manifests([base, own, other])
        found = {one.manifest: one for one in contents.sharing(own.layers)}
        assert found == {
            base.digest: SharedLayers(base.digest, 2, 1 + 2, 2, 2),
            own.digest: SharedLayers(own.digest, 3, 1 + 2 + 3, 4, 4),
            other.digest: SharedLayers(other.digest, 1, 2, 0, 2),
        }
        assert list(contents.sharing([])) == []

    def test_the_tags_that_pointed_to_a_digest_are_found(self, contents):
        places = [Reference.parse(f"registry.example/app:{number}") for number in range(1100)]
        seen = [Observation(place, ONE.digest, NOON) for place in places]
        _observe(contents, *seen, *(_seen(TWO, minutes) for minutes in (1, 2)), _seen(ONE, 9))
        found = list(contents.observations_of(ONE.digest))
        assert len(found) == len(set(found)) == 1101
        assert found == sorted(
            [*seen, _seen(ONE, 9)],
            key=lambda one: (str(one.reference.home), one.reference.tag or "", one.first_seen),
        )
        assert list(contents.observations_of(ABSENT)) == []

    def test_the_homes_that_a_digest_was_read_from_are_known(self, contents):
        homes = [Reference.parse(name).home for name in ("b.example/app", "a.example/app")]
        with contents.transaction():
            for home in (*homes, homes[0], None):
                contents.record_digest_reads([ONE.digest], NOON, home)
            contents.record_digest_reads([TWO.digest], NOON)
        assert contents.homes_of(ONE.digest) == (homes[1], homes[0])
        assert contents.homes_of(TWO.digest) == contents.homes_of(ABSENT) == ()

    def test_homes_have_what_was_read_and_the_entries_of_their_lists(self, contents):
        image, index = AMD, LIST.manifest
        one, two = (Reference.parse(name).home for name in ("a.example/app", "b.example/app"))
        with contents.transaction():
            contents.keep_manifests([index, ONE])
            contents.observe([Observation(Reference(one, "1"), index.digest, NOON)])
            contents.record_digest_reads([index.digest, ONE.digest], NOON, two)
            contents.record_digest_reads([TWO.digest], NOON)
        wanted = (image.digest, index.digest, ONE.digest, TWO.digest, ABSENT)
        assert contents.homes_with(wanted) == {
            image.digest: {one, two},
            index.digest: {one, two},
            ONE.digest: {two},
            TWO.digest: frozenset(),
            ABSENT: frozenset(),
        }
        assert contents.homes_with(()) == {}

    def test_many_manifests_come_in_the_order_asked_for_and_each_once(self, contents):
        made = [Manifest(OCI_MANIFEST, b'{"n": %d}' % n, "sha512") for n in range(1100)]
        large = [Manifest(DOCKER_LIST, bytes([n]) * 1_500_000) for n in range(3)]
        with contents.transaction():
            contents.keep_manifests([*made, *large])
        wanted = [*reversed(made), *large]
        digests = [ABSENT, *(each.digest for each in wanted), ABSENT]
        groups = list(contents.manifest_groups(iter(digests)))
        assert [each for group in groups for each in group] == wanted
        assert max(sum(each.size for each in group) for group in groups) <= 2 * 1024 * 1024
        assert list(contents.manifest_groups([ONE.digest])) == []
        assert [each for [each] in contents.manifest_groups([ABSENT, wanted[0].digest] * 2)] == [
            wanted[0]
        ]

    def test_damage_is_an_error_among_many(self, contents):
        with contents.transaction():
            contents.keep_manifests([ONE, TWO])
        self.flip_a_bit(contents, TWO.digest)
        with pytest.raises(DamagedStoreError, match=str(TWO.digest)):
            list(contents.manifest_groups([ONE.digest, TWO.digest]))

    def test_the_sizes_of_small_blobs_are_told(self, contents):
        blobs = [b"", *(b"%d" % n for n in range(1100))]
        with contents.transaction():
            contents.keep_blobs(blobs)
            contents.keep_manifests([ONE])
        sizes = {Digest.of(blob): len(blob) for blob in blobs}
        assert contents.blob_sizes([*sizes, ABSENT, ONE.digest]) == sizes
        assert contents.blob_sizes([ABSENT]) == contents.blob_sizes([]) == {}

    def test_digests_that_are_named_in_a_role_are_told_from_others(self, contents):
        with contents.transaction():
            contents.keep_manifests(each.manifest for each in (AMD, ARM, LIST, SIGNATURE))
        asked = [AMD.digest, ARM.digest, LIST.digest, ABSENT]
        assert contents.named(asked, Role.SUBJECT) == {AMD.digest}
        assert contents.named(asked, Role.ENTRY) == {AMD.digest, ARM.digest}
        assert contents.named(asked, Role.LAYER) == contents.named([], Role.ENTRY) == frozenset()

    def test_several_threads_may_read_at_once(self, contents):
        kept = [Manifest(OCI_MANIFEST, b"%d" % number) for number in range(50)]
        with contents.transaction():
            contents.keep_manifests(kept)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(contents.manifest, [each.digest for each in kept] * 4))
        assert found == kept * 4


def _named(
    contents: ContentStore, digest: Digest, role: Role | None = None
) -> list[tuple[Digest, Role, int]]:
    found = contents.predecessors(digest, role)
    return [(one.manifest, one.role, one.position) for one in found]


def _layer(number: int) -> Descriptor:
    return Descriptor(OCI_LAYER, Digest.of(b"layer %d" % number), number + 1)


def _with_layers(*layers: Descriptor) -> Manifest:
    document = AMD.manifest.document | {"layers": [layer.to_json() for layer in layers]}
    return Manifest(OCI_MANIFEST, json.dumps(document).encode())


def _seen(which: Manifest, until: int, since: int | None = None) -> Observation:
    """Return an observation of ``which`` under ``APP``; times in minutes after noon."""
    first = NOON + (until if since is None else since) * MINUTE
    return Observation(APP, which.digest, NOON + until * MINUTE, first)


def _observe(contents: ContentStore, *observations: Observation) -> None:
    with contents.transaction():
        contents.keep_manifests([ONE, TWO, THREE])
        contents.observe(observations)

    def test_a_server_may_claim_a_state_whose_manifest_is_not_kept(self, contents):
        claim = Observation(
            APP, ABSENT, NOON - MINUTE, NOON - 2 * MINUTE, is_claimed=True, source="quay.example"
        )
        look = Observation(APP, ONE.digest, NOON)
        with contents.transaction():
            contents.keep_manifests([ONE])
            contents.observe([look, claim])
        assert contents.history(APP) == (look, claim)
        assert contents.last_observation(APP) == look
        assert tuple(contents.latest()) == (look,)

    def test_a_claim_of_a_server_is_no_last_observation_however_new(self, contents):
        claim = Observation(APP, ABSENT, NOON, NOON, is_claimed=True, source="quay.example")
        with contents.transaction():
            contents.observe([claim])
        assert contents.history(APP) == (claim,)
        assert contents.last_observation(APP) is None

    def test_a_removal_parts_the_states_around_it(self, contents):
        gone = removal(APP, NOON + MINUTE)
        _observe(contents, Observation(APP, ONE.digest, NOON))
        with contents.transaction():
            contents.observe([gone])
        assert contents.history(APP) == (gone, Observation(APP, ONE.digest, NOON))
        assert contents.last_observation(APP).digest == ONE.digest
        _observe(contents, Observation(APP, ONE.digest, NOON + 2 * MINUTE))
        assert [each.is_removal for each in contents.history(APP)] == [False, True, False]

    def test_the_same_claims_again_change_nothing(self, contents):
        claim = Observation(
            APP, ABSENT, NOON, NOON - MINUTE, is_claimed=True, source="quay.example"
        )
        for _ in range(2):
            with contents.transaction():
                contents.observe([claim])
        assert contents.history(APP) == (claim,)
