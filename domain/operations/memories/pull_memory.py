"""Pull a memory: its content by digest, then the states of its tags.

Content is checked as that of bundles is: against its digest, and within the limits of expansion.
Content that no tag names does no harm, so each bundle is stored by itself; the observations of
tags come last, all of them or none.
"""

from collections.abc import Iterator

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

# Bytes of a bundle, compressed. It has manifests and configs only: 100,000 take some 50 MB.
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
    taken = _Content(reference, ports, packer)
    for part, index in memory.indexes.items():
        taken.take(part.content, index)
    observations, lacking = _held(memory, ports, is_trusted=is_trusted)
    with ports.contents.transaction():
        ports.contents.observe(observations)
    tags = tuple(dict.fromkeys(each.reference for each in observations))
    new = len(taken.manifests), len(taken.configs)
    return Pulled(tags, len(observations), *new, taken.downloaded, lacking)


def _held(memory: Memory, ports: Ports, *, is_trusted: bool) -> tuple[tuple[Observation, ...], int]:
    """Return the observations whose manifests the store has, and the number of the others."""
    all_of_them = received_by(memory.index, ports.now, is_trusted=is_trusted)
    digests = {each.digest for each in all_of_them}
    absent = {digest for digest in digests if ports.contents.manifest(digest) is None}
    held = tuple(each for each in all_of_them if each.digest not in absent)
    return held, len(all_of_them) - len(held)


class _Content:
    """Takes content into the store, and counts it."""

    def __init__(self, reference: Reference, ports: Ports, packer: BundlePacker) -> None:
        self._reference = reference
        self._ports = ports
        self._packer = packer
        self.manifests: set[Digest] = set()
        self.configs: set[Digest] = set()
        self.downloaded = 0

    def take(self, bundles: tuple[Descriptor, ...], index: MemoryIndex) -> None:
        """Take what the store lacks of the content of ``index``, which these bundles have."""
        contents = self._ports.contents
        manifests = {
            digest: kind
            for digest, kind in index.manifests.items()
            if digest not in self.manifests and contents.manifest(digest) is None
        }
        configs = {
            digest
            for digest in index.configs
            if digest not in self.configs and contents.blob(digest) is None
        }
        for listed in reversed(bundles):  # the newest first: most often it has all that is new
            if not (manifests or configs):
                return
            self._take_bundle(listed, manifests, configs)

    def _take_bundle(
        self, listed: Descriptor, manifests: dict[Digest, str], configs: set[Digest]
    ) -> None:
        """Store what ``listed`` has of ``manifests`` and ``configs``, and take it out of these."""
        place = self._reference.at(listed.digest)
        if listed.size > _CONTENT_LIMIT:
            raise DocumentError(str(place), f"larger than {_CONTENT_LIMIT} bytes")
        with (
            self._ports.registry.open_blob(place, listed.size) as chunks,
            self._packer.unpacked(str(place), chunks) as bundle,
        ):
            found = {digest for digest in manifests if bundle.size(digest) is not None}
            small = {digest for digest in configs if bundle.size(digest) is not None}
            _store(
                bundle,
                {digest: manifests.pop(digest) for digest in sorted(found)},
                small,
                self._ports.contents,
            )
        configs -= small
        self.manifests |= found
        self.configs |= small
        self.downloaded += listed.size


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
