"""Archives that were damaged or made to mislead: one sentence, at once, and nothing is taken."""

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile

import pytest
import zstandard

from manyfest.adapters.bundles.open_bundle import open_bundle
from manyfest.contracts.images import oci_image
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import BundleError, LayoutError
from tests.support.content import bundles
from tests.support.content.bundles import Link

IMAGE = oci_image()
FILES = bundles.layout([bundles.entry(IMAGE)], IMAGE)
TAR = bundles.tar(FILES)
ZEROS = 2 * 1024**3


def special(kind: bytes) -> bytes:
    archive = io.BytesIO(TAR)
    with tarfile.open(fileobj=archive, mode="a") as writer:
        member = tarfile.TarInfo("special")
        member.type = kind
        writer.addfile(member)
    return archive.getvalue()


def twice(name: str) -> bytes:
    archive = io.BytesIO(TAR)
    with tarfile.open(fileobj=archive, mode="a") as writer:
        writer.addfile(tarfile.TarInfo(name))
    return archive.getvalue()


def header(size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo("x")
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def bomb() -> bytes:
    """A member of 2 GiB of zeros, compressed to some 64 KiB."""
    packer, packed = zstandard.ZstdCompressor().compressobj(), []
    packed.append(packer.compress(header(ZEROS)))
    packed += [packer.compress(bytes(16 * 1024**2)) for _ in range(ZEROS // (16 * 1024**2))]
    return b"".join([*packed, packer.flush()])


def wanting_a_gib() -> bytes:
    return lzma.compress(TAR, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}])


def attributes(data: bytes, kind: bytes = tarfile.XHDTYPE) -> bytes:
    """An extended header of ``data``; the archive follows."""
    return header(len(data), kind) + data + bytes(-len(data) % 512)


def record(key: str, value: str = "") -> bytes:
    length = next(n for n in range(5, 99999) if n == len(f"{n} {key}={value}\n"))
    return f"{length} {key}={value}\n".encode()


GLOBAL = attributes(record("comment", "x" * 1000), tarfile.XGLTYPE)

NAMES_OF_NAMES = header(2, tarfile.GNUTYPE_LONGNAME) + b"x".ljust(512, b"\0")

HOSTILE = {
    "no archive": (b"hello", "is not a tar archive"),
    "bzip2 that is cut off": (bz2.compress(TAR)[:-9], "is cut off"),
    "bzip2 that is damaged": (bz2.compress(TAR)[:40] + bytes(200), "is damaged"),
    "xz that is cut off": (lzma.compress(TAR)[:-20], "is cut off"),
    "xz that is damaged": (lzma.compress(TAR)[:40] + bytes(200), "is damaged"),
    "nothing": (b"", "is empty"),
    "zstd that is cut at once": (zstandard.compress(TAR)[:20], "or cut off"),
    "zeros": (bytes(10240), "is not an OCI image layout"),
    "cut in a member": (TAR[: len(TAR) // 2], "is cut off"),
    "cut after a member": (TAR.rstrip(b"\0") + bytes(-len(TAR.rstrip(b"\0")) % 512), "is cut off"),
    "a header that is damaged": (TAR[:1024] + b"\xff" + TAR[1025:], "or is damaged"),
    "cut gzip": (gzip.compress(TAR)[:-12], "is cut off"),
    "damaged gzip": (gzip.compress(TAR)[:-6] + b"\xff" * 6, "is damaged"),
    "cut zstd": (zstandard.compress(TAR)[:-200], "is "),
    "damaged zstd": (zstandard.compress(TAR)[:40] + bytes(200), "is "),
    "a way up": (bundles.tar(FILES | {"../../x": b""}), "leads out of it: '../../x'"),
    "a hidden way up": (bundles.tar(FILES | {"blobs/../../x": b""}), "leads out of it"),
    "an absolute name": (bundles.tar(FILES | {"/etc/x": b""}), "leads out of it: '/etc/x'"),
    "a link out": (bundles.tar(FILES | {"blobs/x": Link("../../x")}), "leads out of it"),
    "an absolute link": (bundles.tar(FILES | {"x": Link("/etc/passwd")}), "leads out of it"),
    "a hard link out": (
        bundles.tar(FILES | {"x": Link("../../etc/passwd", tarfile.LNKTYPE)}),
        "leads out of it",
    ),
    "links in a circle": (
        bundles.tar({"oci-layout": Link("b"), "b": Link("oci-layout")}),
        "links that form a loop",
    ),
    "a pipe": (special(tarfile.FIFOTYPE), "not a file: 'special'"),
    "a device": (special(tarfile.CHRTYPE), "not a file: 'special'"),
    "a sparse file": (special(tarfile.GNUTYPE_SPARSE), "not a file: 'special'"),
    "one name twice": (twice("index.json"), "two members named 'index.json'"),
    "one name twice, spelled otherwise": (twice("./x/../index.json"), "two members"),
    "an unknown version": (
        bundles.tar(FILES | {"oci-layout": b'{"imageLayoutVersion": "2.0.0"}'}),
        "of version '2.0.0', not '1.0.0'",
    ),
    "no version": (bundles.tar(FILES | {"oci-layout": b"{}"}), "of version None"),
    "no marker": (bundles.tar({"index.json": FILES["index.json"]}), "it has no oci-layout"),
    "no index": (bundles.tar({"oci-layout": FILES["oci-layout"]}), "it has no index.json"),
    "an index that is none": (bundles.tar(FILES | {"index.json": b"[]"}), "cannot be used"),
    "a name without an end": (header(2**40, tarfile.GNUTYPE_LONGNAME), "a header of"),
    "attributes without an end": (header(2**40, tarfile.XHDTYPE), "a header of"),
    "attributes of 17 KiB": (attributes(record("k", "v" * 17_000)) + TAR, "a header of"),
    "attributes of digits alone": (attributes(b"1" * 16_000) + TAR, "header without records"),
    "attributes that claim more": (attributes(b"99 path=x\n") + TAR, "header without records"),
    "attributes without a newline": (attributes(b"8 path=x") + TAR, "header without records"),
    "attributes of nothing": (attributes(b"0 \n") + TAR, "header without records"),
    "global attributes without end": (GLOBAL * 5 + TAR, "global headers of more than 4096 bytes"),
    "a sparse file by attributes": (
        attributes(record("GNU.sparse.major", "1")) + header(0) + TAR,
        "a sparse file as a member",
    ),
    "names of names": (NAMES_OF_NAMES * 3000, "is not a tar archive, or is damaged"),
    "a file of less than nothing": (header(-512) + TAR, "damaged|not a file"),
    "a file of more than there are bytes to count": (header(2**62) + TAR, "is cut off"),
    "a file of more than a file system has": (header(2**63 - 1) + TAR, "is cut off"),
    "a file of more than a machine counts": (header(2**80) + TAR, "is cut off"),
}

# Who collects the tests does not build these.
LARGE = {
    "xz that wants a GiB of memory": (wanting_a_gib, "is damaged: Memory usage limit exceeded"),
    "a bomb": (bomb, "expands to more than 1000 times"),
}


@pytest.mark.parametrize(("data", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_it_is_refused_in_one_line(take, archived, data, sentence):
    with pytest.raises(BundleError, match=sentence) as raised:
        take(archived(data))
    assert len(str(raised.value).splitlines()) == 1
    assert take.holds_nothing()


@pytest.mark.parametrize(("built", "sentence"), LARGE.values(), ids=LARGE)
def test_what_is_larger_than_it_looks_is_refused(take, archived, built, sentence):
    test_it_is_refused_in_one_line(take, archived, built(), sentence)


@pytest.mark.parametrize("named", [True, False], ids=["named before", "named nowhere"])
def test_what_a_document_names_may_expand(take, archived, monkeypatch, named):
    monkeypatch.setattr("manyfest.adapters.bundles.tar_stream._EXPANDED_FREELY", 1024**2)
    zeros = bytes(32 * 1024**2)
    layer = Descriptor("application/vnd.oci.image.layer.v1.tar", Digest.of(zeros), len(zeros))
    document = dict(IMAGE.manifest.document) | {"layers": [layer.to_json()] if named else []}
    data = json.dumps(document).encode()
    listed = Descriptor(IMAGE.manifest.media_type, Digest.of(data), len(data)).to_json()
    files = bundles.layout([listed], **{bundles.blob_path(each): each for each in (data, zeros)})
    path = archived(zstandard.compress(bundles.tar(files)))
    if named:
        assert take(path).layers == (layer.digest,)
    else:
        with pytest.raises(BundleError, match="expands to more"):
            take(path)


def test_attributes_and_long_names_are_read(take, archived):
    """git writes a global header, GNU tar long names; an x at the place of a type means nothing."""
    commit = attributes(record("comment", "0" * 40), tarfile.XGLTYPE)
    long_name = ("a/" * 78 + "x" * 300).encode()
    named = header(len(long_name) + 1, tarfile.GNUTYPE_LONGNAME) + long_name.ljust(512, b"\0")
    own = attributes(record("path", "another/name"))
    archive = commit + named + header(0) + own + header(0) + TAR
    assert take(archived(archive)).manifests == (IMAGE.digest,)


def test_names_may_not_fill_the_memory(take, archived, monkeypatch):
    monkeypatch.setattr("manyfest.adapters.bundles.tar_members._NAMES_SIZE", 50)
    with pytest.raises(BundleError, match="has names of more than 50 characters"):
        take(archived(TAR))


def test_documents_beyond_the_limit_are_read_but_not_laid_aside(take, archived, monkeypatch):
    """Naming is no proof: a small archive could fill the folder of temporary files."""
    spooled = []
    reader = "manyfest.adapters.bundles.tar_reader.TemporaryFile"
    monkeypatch.setattr(reader, lambda: Spool(spooled))
    large = oci_image(text="".join(str(Digest.of(b"%d" % n)) for n in range(1000)))
    path = archived(zstandard.compress(bundles.tar(bundles.layout([bundles.entry(large)], large))))
    assert take(path).manifests == (large.digest,)
    whole, spooled[:] = sum(spooled), []
    monkeypatch.setattr("manyfest.adapters.bundles.tar_stream._EXPANDED_FREELY", 16 * 1024)
    monkeypatch.setattr("manyfest.adapters.bundles.tar_stream._EXPANSION", 0)
    assert take(path).manifests == (large.digest,)
    assert 0 < sum(spooled) < 16 * 1024 < whole


class Spool(io.FileIO):
    def __init__(self, spooled: list[int]) -> None:
        self._spooled = spooled
        super().__init__(os.memfd_create("spool"), "r+")

    def write(self, data: bytes) -> int:
        self._spooled.append(len(data))
        return super().write(data)


def test_any_flipped_byte_is_an_error_or_changes_nothing(take, archived):
    packed = zstandard.ZstdCompressor(write_checksum=True).compress(TAR)
    for place in range(0, len(packed), 17):
        damaged = packed[:place] + bytes([packed[place] ^ 0x41]) + packed[place + 1 :]
        with pytest.raises(BundleError):
            take(archived(damaged))
    assert take.holds_nothing()


def test_many_members_are_passed_over(take, archived):
    blank, archive = tarfile.TarInfo("x"), io.BytesIO()
    for number in range(3_000):
        blank.name = f"extra/{number}"
        archive.write(blank.tobuf(tarfile.USTAR_FORMAT))
    assert take(archived(archive.getvalue() + TAR)).manifests == (IMAGE.digest,)


def test_a_pipe_is_not_waited_for(take, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BundleError, match="is not a regular file"):
        take(tmp_path / "pipe")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_files_of_a_folder_are_read(take, unpacked, tmp_path, kind):
    folder = unpacked(FILES)
    blob = folder / bundles.blob_path(IMAGE.manifest.data)
    blob.rename(tmp_path / "elsewhere")
    if kind == "link":
        blob.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(blob) if kind == "pipe" else blob.mkdir()
    with pytest.raises(LayoutError):
        take(folder)
    assert take.holds_nothing()


def test_names_with_a_dot_in_front_are_the_same(take, archived):
    files = {f"./{path}": data for path, data in FILES.items()}
    assert take(archived(files)).manifests == (IMAGE.digest,)


def test_hard_links_within_are_followed(take, archived):
    path, copy = bundles.blob_path(IMAGE.manifest.data), "a copy"
    files = FILES | {copy: IMAGE.manifest.data, path: Link(copy, tarfile.LNKTYPE)}
    assert take(archived(files)).manifests == (IMAGE.digest,)


def test_the_time_limit_of_the_command_ends_the_reading(archived):
    """No server is asked, so nothing else would end what expands for long."""

    class OutOfTimeError(Exception):
        pass

    reads = iter(range(3))

    def check() -> None:
        if next(reads, None) is None:
            raise OutOfTimeError

    path = archived(zstandard.compress(bundles.tar(FILES)))
    with pytest.raises(OutOfTimeError), open_bundle(path, check):
        pass
