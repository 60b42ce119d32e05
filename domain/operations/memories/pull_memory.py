"""Pull a memory: its content by digest, then the states of its tags.

Content is checked as that of bundles is: against its digest, and within the limits of expansion.
Content that no tag names does no harm, so each bundle is stored by itself; the observations of
tags come last, all of them or none.
"""

from collections.abc import Iterable, Iterator

from manyfest.domain import image_configs
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import DocumentError, ManifestUnknownError
from manyfest.domain.history.observation import Observation
from manyfest.domain.manifests import Manifest
from manyfest.domain.memories.memory_index import MemoryIndex, received_by
from manyfest.domain.operations.content.bundle_documents import read_document, received_manifest
from manyfest.domain.operations.memories.read_memory import Memory, read_memory
from manyfest.domain.ports import Ports
from manyfest.domain.ports.bundles import Bundle, BundlePacker
from manyfest.domain.ports.content_store import ContentStore
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

# Bytes of all bundles of a memory, compressed: 100,000 manifests with configs take some 50 MB.
_CONTENT_LIMIT = 1024 * 1024 * 1024


@frozen
class Pulled:
    """The ``tags`` of a memory, and their number of ``states``; the content that is new here.

    ``downloaded`` counts the bytes of bundles, ``lacking`` the states whose manifest the memory
    does not bring, which were left out.
    """

    tags: tuple[Reference, ...]
    states: int
    manifests: int
    configs: int
    downloaded: int
    lacking: int = 0


def pull_memory(
    reference: Reference, *, ports: Ports, packer: BundlePacker, is_trusted: bool = False
) -> Pulled:
    """Merge the memory at ``reference`` into the store.

    Its observations are claims, unless it ``is_trusted``. Bundles are downloaded if the store lacks
    any of their part's content. Uses the ports registry, fan_out, contents and now. Raises
    ManifestUnknownError: there is no memory; DocumentError, DigestMismatchError, BundleError: it is
    malformed; StoreError; what reading raises.
    """
    memory = read_memory(reference, ports=ports)
    if not memory.indexes:
        raise ManifestUnknownError(str(reference), "cache push makes a memory")
    taken = _Content(reference, ports, packer, memory.indexes.values())
    for part, index in memory.indexes.items():
        taken.take(part.content, index)
    observations, lacking = _held(memory, ports, is_trusted=is_trusted)
    with ports.contents.transaction():
        ports.contents.observe(observations)
    tags = tuple(dict.fromkeys(each.reference for each in observations))
    new = taken.manifests, taken.configs
    return Pulled(tags, len(observations), *new, taken.downloaded, lacking)


def _held(memory: Memory, ports: Ports, *, is_trusted: bool) -> tuple[tuple[Observation, ...], int]:
    """Return the observations whose manifests the store has, and the number of the others."""
    all_of_them = received_by(memory.index, ports.now, is_trusted=is_trusted)
    digests = {each.digest for each in all_of_them}
    absent = {digest for digest in digests if ports.contents.manifest(digest) is None}
    held = tuple(each for each in all_of_them if each.digest not in absent)
    return held, len(all_of_them) - len(held)


class _Content:
    """Takes what the store lacks of the content of ``indexes``, and counts it.

    A bundle is downloaded once, however often it is listed: all that is lacking is taken from it.
    """

    def __init__(
        self,
        reference: Reference,
        ports: Ports,
        packer: BundlePacker,
        indexes: Iterable[MemoryIndex],
    ) -> None:
        self._reference = reference
        self._ports = ports
        self._packer = packer
        self._manifests, self._configs = _lacking(indexes, ports.contents)
        self._opened: set[Digest] = set()
        self.manifests = 0
        self.configs = 0
        self.downloaded = 0

    def take(self, bundles: tuple[Descriptor, ...], index: MemoryIndex) -> None:
        """Take what is lacking of the content of ``index`` from these bundles, and what is there.

        Raises DocumentError: all bundles of the memory are larger than the limit.
        """
        wanted = {*(self._manifests.keys() & index.manifests), *(self._configs & index.configs)}
        for listed in reversed(bundles):  # the newest first: most often it has all that is new
            if not wanted:
                return
            if listed.digest not in self._opened:
                self._opened.add(listed.digest)
                wanted -= self._take_bundle(listed)

    def _take_bundle(self, listed: Descriptor) -> set[Digest]:
        """Store what ``listed`` has of what is lacking, which is returned and lacks no more."""
        place = self._reference.at(listed.digest)
        self.downloaded += listed.size
        if self.downloaded > _CONTENT_LIMIT:
            raise DocumentError(str(place), f"larger than {_CONTENT_LIMIT} bytes, with the others")
        with (
            self._ports.registry.open_blob(place, listed.size) as chunks,
            self._packer.unpacked(str(place), chunks) as bundle,
        ):
            found = sorted(each for each in self._manifests if bundle.size(each) is not None)
            small = {each for each in self._configs if bundle.size(each) is not None}
            kinds = {digest: self._manifests.pop(digest) for digest in found}
            _store(bundle, kinds, small, self._ports.contents)
        self._configs -= small
        self.manifests += len(found)
        self.configs += len(small)
        return {*found, *small}


def _lacking(
    indexes: Iterable[MemoryIndex], contents: ContentStore
) -> tuple[dict[Digest, str], set[Digest]]:
    """Return the manifests of ``indexes`` that the store lacks, with media types, and configs."""
    manifests: dict[Digest, str] = {}
    configs: set[Digest] = set()
    for index in indexes:
        manifests |= {
            digest: kind
            for digest, kind in index.manifests.items()
            if digest not in manifests and contents.manifest(digest) is None
        }
        configs |= {
            digest
            for digest in index.configs
            if digest not in configs and contents.blob(digest) is None
        }
    return manifests, configs


def _store(
    bundle: Bundle, manifests: dict[Digest, str], configs: set[Digest], contents: ContentStore
) -> None:
    with contents.transaction():
        contents.keep_manifests(_manifests(bundle, manifests))
        contents.keep_blobs(_configs(bundle, configs))


def _manifests(bundle: Bundle, kinds: dict[Digest, str]) -> Iterator[Manifest]:
    for digest, kind in kinds.items():
        yield received_manifest(bundle, Descriptor(kind, digest, bundle.size(digest) or 0))


def _configs(bundle: Bundle, digests: set[Digest]) -> Iterator[bytes]:
    for digest in sorted(digests):
        size = bundle.size(digest) or 0
        if size > image_configs.SIZE_LIMIT or digest.algorithm != "sha256":
            raise DocumentError(f"{bundle.name}: {digest}", "is no config")
        yield read_document(bundle, Descriptor("", digest, size))
