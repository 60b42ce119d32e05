"""What every content store promises: subclass ``ContentStoreContract`` and give the two hooks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import DamagedStoreError, StoreError
from manyfest.domain.manifests import Manifest
from manyfest.domain.media_types import DOCKER_LIST, OCI_MANIFEST
from manyfest.domain.observations import Observation
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
APP = Reference.parse("registry.example/team/app:1")

# The store keeps bytes and never reads them.
DATA = {
    "json": b'{ "schemaVersion":2,\r\n "x": 1e2 }\n',
    "not UTF-8": b"\xff\x00\xfe",
    "empty": b"",
    "4 MiB": bytes(range(256)) * 16384,
}
ONE, TWO = Manifest(OCI_MANIFEST, b'{"n": 1}'), Manifest(OCI_MANIFEST, b'{"n": 2}')
ABSENT = Digest.of(b"never kept")


class ContentStoreContract:
    """A subclass overrides ``contents`` and ``flip_a_bit``."""

    @pytest.fixture
    def contents(self) -> ContentStore:
        """A store that holds nothing."""
        raise NotImplementedError

    def flip_a_bit(self, contents: ContentStore, digest: Digest) -> None:
        """Damage what is kept under ``digest``, past the store's own methods."""
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

    def test_several_threads_may_read_at_once(self, contents):
        kept = [Manifest(OCI_MANIFEST, b"%d" % number) for number in range(50)]
        with contents.transaction():
            contents.keep_manifests(kept)
        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(contents.manifest, [each.digest for each in kept] * 4))
        assert found == kept * 4


def _observe(contents: ContentStore, *observations: Observation) -> None:
    with contents.transaction():
        contents.keep_manifests([ONE, TWO])
        contents.observe(observations)
