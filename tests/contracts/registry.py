"""The contract of the registry port: one suite that every implementation passes.

A test file makes a subclass whose name starts with ``Test`` and gives it three fixtures:

- ``registry``: the implementation;
- ``home``, ``other_home``: two homes it serves, new and empty for each test, on one host.

Where something can be put behind the implementation's back, it also gives ``plant``: a function
``plant(reference, data)`` after which the other side holds ``data`` under the digest of
``reference``, as manifest and as blob, true or not. ``takes_sha512`` says whether the other side
can.
"""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext

import pytest

from manyfest.contracts.images import (
    Image,
    docker_image,
    docker_list,
    oci_image,
    oci_index,
    oddly_spelled,
    pull_blob,
    push_blob,
    push_image,
    source_of,
    windows_image,
)
from manyfest.contracts.referrers import ReferrersContract
from manyfest.domain import manifests, media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    DigestMismatchError,
    DocumentError,
    IntegrityError,
    LayoutError,
    ManifestUnknownError,
    RefusedError,
    SizeMismatchError,
    TagMovedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import External, Home, Layout, Reference, Repository

Plant = Callable[[Reference, bytes], None]

MEBIBYTE = 1024 * 1024

AMD64, ARM64 = docker_image("linux/amd64"), docker_image("linux/arm64")
IMAGES = {
    "docker image": AMD64,
    "OCI image": oci_image(),
    "windows image with a foreign layer": windows_image(),
    "docker list": docker_list(AMD64, ARM64, windows_image()),
    "OCI index": oci_index(oci_image(), oci_image("linux/arm/v7"), annotations={"a": "b"}),
    "OCI index with docker children": oci_index(AMD64, ARM64),
    "OCI image without mediaType": Image(
        Manifest(
            media_types.OCI_MANIFEST,
            json.dumps(
                {k: v for k, v in oci_image().manifest.document.items() if k != "mediaType"}
            ).encode(),
        ),
        oci_image().blobs,
    ),
    "oddly spelled docker image": oddly_spelled(AMD64),
    "oddly spelled OCI index": oddly_spelled(oci_index(oci_image())),
    "oddly spelled docker list": oddly_spelled(docker_list(AMD64)),
}
BLOBS = {
    "0 bytes": b"",
    "1 byte": b"x",
    "3 MiB and a bit": bytes(range(256)) * (3 * 4096) + b"end",
}
ABSENT = Digest.of(b"nobody has this")
NO_ONE_DOCUMENT = {
    "an image that is a list too": dict(oci_index().manifest.document) | {"config": {}},
    "schema 1": {"schemaVersion": 1, "name": "x", "fsLayers": []},
    "something else": {"schemaVersion": 2, "mediaType": "application/vnd.example"},
    "over 4 MiB": dict(oci_index().manifest.document) | {"x": "x" * manifests.SIZE_LIMIT},
}


def _points_to(registry: Registry, home: Home, tag: str, image: Image) -> bool:
    return registry.head_manifest(Reference(home, tag)).digest == image.digest


def named(cases: dict[str, object]) -> list[object]:
    """The cases, with their names, for ``pytest.mark.parametrize``."""
    return [pytest.param(value, id=name) for name, value in cases.items()]


class RegistryContract(ReferrersContract):
    """Every promise of ``domain/ports/registry.py`` that can be seen through the port."""

    takes_sha512 = True

    @pytest.fixture
    def plant(self) -> Plant:
        pytest.skip("nothing can be put behind the back of this implementation")

    @pytest.fixture
    def absent(self, home: Home) -> Home:
        """A home that does not exist."""
        if isinstance(home, Layout):
            return Layout(f"{home.directory}-absent")
        if isinstance(home, External):
            return External(home.scheme, f"{home.place}-absent")
        return Repository(home.registry, f"{home.path}-absent")

    # Reading what was written

    @pytest.mark.parametrize("image", named(IMAGES))
    def test_manifests_come_back_verbatim(self, registry: Registry, home: Home, image: Image):
        tagged = Reference(home, "v1")
        push_image(registry, tagged, image)
        for reference in (tagged, tagged.at(image.digest), Reference(home, "v1", image.digest)):
            manifest = registry.get_manifest(reference)
            assert manifest.data == image.manifest.data
            assert manifest.media_type == image.manifest.media_type
            assert manifest.digest == image.digest

    @pytest.mark.parametrize("image", named(IMAGES))
    def test_head_tells_what_get_would(self, registry: Registry, home: Home, image: Image):
        tagged = Reference(home, "v1")
        push_image(registry, tagged, image)
        expected = image.manifest.descriptor()
        assert registry.head_manifest(tagged) == expected
        assert registry.head_manifest(tagged.at(image.digest)) == expected
        assert registry.probe_manifest(tagged) == expected

    def test_hints_tell_what_is_there_and_are_none_for_what_is_not(
        self, registry: Registry, home: Home, absent: Home
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        blob = push_blob(registry, home, b"hinted at")
        size = registry.probe_blob(Reference(home, None, blob.digest))
        assert size == len(b"hinted at")
        for place in (home, absent):
            assert registry.probe_manifest(Reference(place, "v2")) is None
            assert registry.probe_manifest(Reference(place, None, ABSENT)) is None
            assert registry.probe_blob(Reference(place, None, ABSENT)) is None

    def test_a_manifest_put_by_digest_has_no_tag(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, None, AMD64.digest), AMD64)
        assert registry.get_manifest(Reference(home, None, AMD64.digest)) == AMD64.manifest
        with pytest.raises(ManifestUnknownError):
            registry.get_manifest(Reference(home, "latest"))

    def test_beside_a_tag_the_digest_decides(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        push_image(registry, Reference(home, "v1"), ARM64)
        for tag in ("v1", "no-such-tag"):
            reference = Reference(home, tag, AMD64.digest)
            assert registry.get_manifest(reference) == AMD64.manifest
            assert registry.head_manifest(reference) == AMD64.manifest.descriptor()

    def test_a_beside_standing_tag_does_not_help_an_unknown_digest(
        self, registry: Registry, home: Home
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        with pytest.raises(ManifestUnknownError):
            registry.get_manifest(Reference(home, "v1", ABSENT))

    def test_sha512_digests_are_carried(self, registry: Registry, home: Home):
        if not self.takes_sha512:
            pytest.skip("the other side knows sha256 only")
        manifest = Manifest(AMD64.manifest.media_type, AMD64.manifest.data, "sha512")
        push_image(registry, Reference(home, "v1"), AMD64)
        reference = Reference(home, None, manifest.digest)
        registry.put_manifest(reference, manifest)
        assert registry.get_manifest(reference) == manifest
        assert registry.head_manifest(reference) == manifest.descriptor()

    # What is not there

    @pytest.mark.parametrize("tag", ["v2", None], ids=["tag", "digest"])
    def test_an_unknown_manifest_is_named(self, registry: Registry, home: Home, tag: str | None):
        push_image(registry, Reference(home, "v1"), AMD64)
        reference = Reference(home, tag, None if tag else ABSENT)
        for read in (registry.get_manifest, registry.head_manifest):
            with pytest.raises(ManifestUnknownError) as caught:
                read(reference)
            assert caught.value.reference == str(reference)

    @pytest.mark.parametrize("tag", ["v1", None], ids=["tag", "digest"])
    def test_an_unknown_home_has_no_manifests(
        self, registry: Registry, absent: Home, tag: str | None
    ):
        reference = Reference(absent, tag, None if tag else ABSENT)
        for read in (registry.get_manifest, registry.head_manifest):
            with pytest.raises(ManifestUnknownError):
                read(reference)

    def test_an_unknown_blob_is_named(self, registry: Registry, home: Home, absent: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        for reference in (Reference(home, None, ABSENT), Reference(absent, None, ABSENT)):
            with pytest.raises(BlobUnknownError) as caught:
                registry.head_blob(reference)
            assert caught.value.reference == str(reference)
            with (
                pytest.raises(BlobUnknownError),
                registry.open_blob(reference, 15),
            ):
                pytest.fail("it opened")

    def test_homes_are_independent(self, registry: Registry, home: Home, other_home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        push_image(registry, Reference(other_home, "v1"), ARM64)
        with pytest.raises(ManifestUnknownError):
            registry.head_manifest(Reference(other_home, None, AMD64.digest))
        with pytest.raises(BlobUnknownError):
            registry.head_blob(Reference(other_home, None, Digest.of(AMD64.blobs[0])))

    # Writing manifests

    def test_a_tag_moves(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        push_image(registry, Reference(home, "v2"), AMD64)
        push_image(registry, Reference(home, "v1"), ARM64)
        assert registry.get_manifest(Reference(home, "v1")) == ARM64.manifest
        assert registry.get_manifest(Reference(home, "v2")) == AMD64.manifest
        assert registry.get_manifest(Reference(home, None, AMD64.digest)) == AMD64.manifest

    def test_a_tag_that_is_where_it_was_expected_is_put(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, None, AMD64.digest), AMD64)
        push_image(registry, Reference(home, None, ARM64.digest), ARM64)
        tag = Reference(home, "v1")
        registry.put_manifest(tag, AMD64.manifest, Expectation(None))
        registry.put_manifest(tag, ARM64.manifest, Expectation(AMD64.digest))
        assert registry.get_manifest(tag) == ARM64.manifest

    @pytest.mark.parametrize("expected", [None, ABSENT], ids=["nowhere", "elsewhere"])
    def test_an_expectation_is_checked_or_left_unchecked(self, registry, home, expected):
        push_image(registry, Reference(home, "v1"), AMD64)
        push_image(registry, Reference(home, None, ARM64.digest), ARM64)
        try:
            registry.put_manifest(Reference(home, "v1"), ARM64.manifest, Expectation(expected))
        except TagMovedError:
            assert registry.get_manifest(Reference(home, "v1")) == AMD64.manifest
        else:
            assert registry.get_manifest(Reference(home, "v1")) == ARM64.manifest

    def test_a_tag_that_is_said_to_be_deleted_is_gone_and_its_manifest_is_not(
        self, registry: Registry, home: Home
    ):
        """A registry that deletes no tags says so, and leaves the tag."""
        image = docker_image(text="deleted")
        push_image(registry, Reference(home, "deleted"), image)
        tag = Reference(home, "deleted")
        is_gone = registry.delete_tag(tag, Expectation(image.digest))
        assert registry.get_manifest(tag.at(image.digest)).data == image.manifest.data
        assert ("deleted" in registry.tags(home)) is not is_gone

    def test_tags_that_are_claimed_to_have_moved_have_moved(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        push_image(registry, Reference(home, None, ARM64.digest), ARM64)
        for _ in range(2):  # asked, and known
            tags = ("v1", "v2", "v3")
            moved = registry.put_with_tags(
                Reference(home, None, ARM64.digest), ARM64.manifest, tags
            )
            assert moved == (frozenset(tags) if registry.takes_tags(home) else frozenset())
            assert registry.get_manifest(Reference(home, None, ARM64.digest)) == ARM64.manifest
        standing = {tag for tag in registry.tags(home) if _points_to(registry, home, tag, ARM64)}
        assert standing == moved

    def test_putting_twice_is_fine(self, registry: Registry, home: Home):
        for _ in range(2):
            push_image(registry, Reference(home, "v1"), AMD64)
            push_image(registry, Reference(home, None, AMD64.digest), AMD64)
        assert registry.get_manifest(Reference(home, "v1")) == AMD64.manifest

    def test_putting_by_tag_and_digest_moves_no_tag(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        push_image(registry, Reference(home, "v1", ARM64.digest), ARM64)
        assert registry.get_manifest(Reference(home, "v1")) == AMD64.manifest
        assert registry.get_manifest(Reference(home, None, ARM64.digest)) == ARM64.manifest

    def test_bytes_of_another_digest_are_not_put(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        reference = Reference(home, None, ABSENT)
        with pytest.raises(DigestMismatchError):
            registry.put_manifest(reference, AMD64.manifest)
        with pytest.raises(ManifestUnknownError):
            registry.head_manifest(reference)

    @pytest.mark.parametrize("make", [docker_list, oci_index], ids=["docker list", "OCI index"])
    def test_a_list_is_refused_before_its_children(
        self, registry: Registry, home: Home, make: Callable[..., Image]
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        self._is_refused(registry, home, make(AMD64, ARM64), missing=ARM64.digest)

    @pytest.mark.parametrize("position", [0, 1], ids=["config", "layer"])
    @pytest.mark.parametrize("image", [docker_image(), oci_image()], ids=["docker", "OCI"])
    def test_an_image_is_refused_before_its_blobs(
        self, registry: Registry, home: Home, image: Image, position: int
    ):
        for blob in (image.blobs[1 - position], b"something else"):
            push_blob(registry, home, blob)
        self._is_refused(registry, home, image, missing=Digest.of(image.blobs[position]))

    def _is_refused(self, registry: Registry, home: Home, image: Image, missing: Digest) -> None:
        with pytest.raises((RefusedError, LayoutError), match=str(missing)):
            registry.put_manifest(Reference(home, "refused"), image.manifest)
        for reference in (Reference(home, "refused"), Reference(home, None, image.digest)):
            with pytest.raises(ManifestUnknownError):
                registry.head_manifest(reference)

    # Blobs

    @pytest.mark.parametrize("data", named(BLOBS))
    def test_blobs_come_back_in_small_chunks(self, registry: Registry, home: Home, data: bytes):
        reference = push_blob(registry, home, data)
        assert registry.head_blob(reference) == len(data)
        with registry.open_blob(reference, len(data)) as opened:
            chunks = list(opened)
        assert b"".join(chunks) == data
        assert max(map(len, chunks), default=0) <= MEBIBYTE

    def test_a_blob_written_twice_is_fine(self, registry: Registry, home: Home):
        for _ in range(2):
            reference = push_blob(registry, home, b"again")
        assert pull_blob(registry, reference, 5) == b"again"

    def test_a_blob_may_be_left_unread(self, registry: Registry, home: Home):
        data = BLOBS["3 MiB and a bit"]
        reference = push_blob(registry, home, data)
        with registry.open_blob(reference, len(data)) as chunks:
            next(chunks)
        assert pull_blob(registry, reference, len(data)) == data

    @pytest.mark.parametrize("size", [4, 6], ids=["too few", "too many"])
    def test_a_blob_of_another_size_is_not_handed_out(
        self, registry: Registry, home: Home, size: int
    ):
        reference = push_blob(registry, home, b"five!")
        with pytest.raises(SizeMismatchError):
            pull_blob(registry, reference, size)

    @pytest.mark.parametrize("data", named(BLOBS))
    def test_a_blob_with_another_digest_is_not_stored(
        self, registry: Registry, home: Home, data: bytes
    ):
        self._is_not_stored(registry, home, len(data), source_of(data), DigestMismatchError)

    @pytest.mark.parametrize("size", [4, 6], ids=["too many bytes", "too few bytes"])
    def test_a_blob_of_another_size_is_not_stored(self, registry: Registry, home: Home, size: int):
        reference = Reference(home, None, Digest.of(b"five!"))
        with pytest.raises(SizeMismatchError):
            registry.write_blob(reference, size, source_of(b"five!"))
        with pytest.raises(BlobUnknownError):
            registry.head_blob(reference)

    def test_a_source_that_breaks_leaves_nothing(self, registry: Registry, home: Home):
        def broken() -> Iterator[bytes]:
            yield b"x" * MEBIBYTE
            raise DigestMismatchError("elsewhere", "this", "that")

        def source() -> AbstractContextManager[Iterator[bytes]]:
            return nullcontext(broken())

        self._is_not_stored(registry, home, 2 * MEBIBYTE, source, DigestMismatchError)

    def _is_not_stored(self, registry, home, size, source, error) -> None:
        reference = Reference(home, None, ABSENT)
        with pytest.raises(error):
            registry.write_blob(reference, size, source)
        with pytest.raises(BlobUnknownError):
            registry.head_blob(reference)

    def test_mounting_says_whether_the_blob_is_there(
        self, registry: Registry, home: Home, other_home: Home
    ):
        push_image(registry, Reference(other_home, "v1"), ARM64)
        reference = Reference(other_home, None, push_blob(registry, home, b"mount me").digest)
        if registry.mount_blob(reference, home):
            assert pull_blob(registry, reference, 8) == b"mount me"
        else:
            with pytest.raises(BlobUnknownError):
                registry.head_blob(reference)

    def test_what_is_not_there_is_not_mounted(
        self, registry: Registry, home: Home, other_home: Home, absent: Home
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        reference = Reference(other_home, None, ABSENT)
        elsewhere = (Repository("elsewhere.invalid", "x"), Layout("/elsewhere"))
        assert [registry.mount_blob(reference, o) for o in (home, absent, *elsewhere)] == [
            False
        ] * 4

    # Tags

    def test_all_tags_are_listed_each_once(self, registry: Registry, home: Home, absent: Home):
        assert registry.tags(absent) == ()
        tags = [f"v{number}" for number in range(7)]
        for tag in (*tags, tags[0]):
            push_image(registry, Reference(home, tag), AMD64)
        push_image(registry, Reference(home, None, ARM64.digest), ARM64)
        assert sorted(registry.tags(home)) == tags

    # What the other side holds is not believed

    def test_a_manifest_with_other_bytes_is_not_handed_out(
        self, registry: Registry, home: Home, plant: Plant
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        reference = Reference(home, None, ARM64.digest)
        plant(reference, oddly_spelled(ARM64).manifest.data)
        with pytest.raises(IntegrityError):
            registry.get_manifest(reference)

    @pytest.mark.parametrize("wrong", [b"five?", b"five", b"five!!", b""])
    def test_a_blob_with_other_bytes_is_not_handed_out(
        self, registry: Registry, home: Home, plant: Plant, wrong: bytes
    ):
        reference = push_blob(registry, home, b"five!")
        plant(reference, wrong)
        with pytest.raises(IntegrityError):
            pull_blob(registry, reference, 5)

    @pytest.mark.parametrize("document", named(NO_ONE_DOCUMENT))
    def test_what_is_not_one_kind_of_document_is_not_handed_out(
        self, registry: Registry, home: Home, plant: Plant, document: dict[str, object]
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        data = json.dumps(document).encode()
        reference = Reference(home, None, Digest.of(data))
        plant(reference, data)
        with pytest.raises(DocumentError):
            registry.get_manifest(reference)

    def test_a_manifest_of_an_unknown_type_is_handed_out_as_it_is(
        self, registry: Registry, home: Home, plant: Plant
    ):
        push_image(registry, Reference(home, "v1"), AMD64)
        data = b'{"mediaType": "application/vnd.example+json", "manifests": 1, "config": []}'
        reference = Reference(home, None, Digest.of(data))
        plant(reference, data)
        found = registry.get_manifest(reference)
        assert (found.data, found.media_type) == (data, "application/vnd.example+json")
        assert (found.entries, found.config, found.layers) == ((), None, ())
        assert registry.is_manifest(reference)

    def test_only_a_manifest_is_one(self, registry: Registry, home: Home):
        push_image(registry, Reference(home, "v1"), AMD64)
        assert registry.is_manifest(Reference(home, None, AMD64.digest))
        assert not registry.is_manifest(Reference(home, None, Digest.of(AMD64.blobs[1])))
        assert not registry.is_manifest(Reference(home, None, Digest.of(b"nowhere")))

    # Threads

    def test_sixteen_threads_write_and_read(self, registry: Registry, home: Home):
        images = [docker_image(text=f"image {number}") for number in range(16)]

        def push_and_pull(number: int) -> Manifest:
            reference = Reference(home, f"v{number}")
            push_image(registry, reference, images[number])
            return registry.get_manifest(reference)

        with ThreadPoolExecutor(16) as pool:
            pulled = list(pool.map(push_and_pull, range(16)))
        again = [registry.get_manifest(Reference(home, f"v{number}")) for number in range(16)]
        assert pulled == again == [image.manifest for image in images]
