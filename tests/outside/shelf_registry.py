"""A worked example of an adapter from outside: images on shelves, ``shelf://FOLDER/NAME:TAG``.

It knows manyfest by its public names only. A shelf is a folder with the folders ``manifests``,
``blobs`` and ``tags``; files of the first two are named by digest, and a tag's file holds one.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import quote, unquote

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified, verified_chunks
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError, RefusedError
from manyfest.domain.expectations import Expectation
from manyfest.domain.lists.referrers import referrer_descriptor
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import External, Home, Reference

_CHUNK = 1024 * 1024
_SIZE_LIMIT = 4 * 1024 * 1024


class ShelfRegistry(Registry):
    """All shelves of this machine."""

    def get_manifest(self, reference: Reference) -> Manifest:
        digest, subject = self._digest(reference), str(reference)
        try:
            data = _shelf(reference.home, "manifests", str(digest)).read_bytes()
        except FileNotFoundError:
            raise ManifestUnknownError(subject) from None
        verified(data, digest, None, subject)
        media_type = str(json.loads(data).get("mediaType", ""))
        return Manifest.received(data, media_type, subject, digest.algorithm)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        digest, home = reference.digest or manifest.digest, reference.home
        verified(manifest.data, digest, None, str(reference))
        for child in _named_by(manifest):
            kind = "manifests" if manifest.is_list else "blobs"
            if not _shelf(home, kind, str(child.digest)).exists():
                raise RefusedError(str(home), f"{home} lacks {child.digest}", 400)
        _write(_shelf(home, "manifests", str(digest)), [manifest.data])
        if reference.digest is None:
            tag = _shelf(home, "tags", reference.tag or "")
            if expected is not None:
                standing = Digest.parse(tag.read_text()) if tag.exists() else None
                expected.check(reference, standing)
            _write(tag, [str(digest).encode()])

    def tags(self, home: Home) -> tuple[str, ...]:
        return tuple(unquote(path.name) for path in _listed(_shelf(home, "tags")))

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        digests = [
            Digest.parse(unquote(p.name)) for p in _listed(_shelf(reference.home, "manifests"))
        ]
        found = [self.get_manifest(reference.at(digest)) for digest in digests]
        return tuple(
            referrer_descriptor(manifest)
            for manifest in found
            if manifest.subject is not None and manifest.subject.digest == reference.digest
        )

    def head_blob(self, reference: Reference) -> int:
        with suppress(FileNotFoundError):
            return _shelf(reference.home, "blobs", str(reference.digest)).stat().st_size
        raise BlobUnknownError(str(reference))

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        path, digest = _shelf(reference.home, "blobs", str(reference.digest)), reference.digest
        if digest is None or not path.exists():
            raise BlobUnknownError(str(reference))
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(_CHUNK), b"")
            yield verified_chunks(chunks, digest, size, str(reference))

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return False

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        path, digest = _shelf(reference.home, "blobs", str(reference.digest)), reference.digest
        assert digest is not None
        with source() as chunks:
            _write(path, verified_chunks(chunks, digest, size, str(reference)))

    def _digest(self, reference: Reference) -> Digest:
        if reference.digest is not None:
            return reference.digest
        try:
            return Digest.parse(_shelf(reference.home, "tags", reference.tag or "").read_text())
        except FileNotFoundError:
            raise ManifestUnknownError(str(reference)) from None


def registry(_scheme: str, _settings: Any) -> ShelfRegistry:
    """The factory that the entry point names."""
    return ShelfRegistry()


def _shelf(home: Home, *names: str) -> Path:
    assert isinstance(home, External)
    return Path(home.place, *(quote(name, safe="") for name in names))


def _named_by(manifest: Manifest) -> tuple[Descriptor, ...]:
    if manifest.config is None:
        return manifest.entries
    return (manifest.config, *(layer for layer in manifest.layers if not layer.urls))


def _write(path: Path, chunks: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.writelines(chunks)
            file.flush()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink()
            raise


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.glob("[!.]*")) if folder.exists() else []
