"""A registry that records what another answers to a file, and plays it again without it."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Never

from manyfest.adapters.files.atomic_file import atomic_write
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import verified_chunks
from manyfest.domain.errors import (
    BlobUnknownError,
    DigestMismatchError,
    ManifestUnknownError,
    NotFoundError,
    UnreachableError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import Home, Reference

_UNKNOWN = {error.__name__: error for error in (BlobUnknownError, ManifestUnknownError)}
_Make = Callable[[], Registry]


class Recording:
    """A file of answers, for ``Client(registry=Recording(FILE))``.

    With ``record`` it asks the registries over HTTP, and writes their answers; without, it plays
    them, and asks no registry. By default it records if there is no file yet; to record again
    replaces the answers to what is asked. Layers are recorded whole;
    credentials are not. Every digest is checked as ever. Only its owner may read the file: what it
    has may be private.
    """

    def __init__(self, file: str | Path, *, record: bool | None = None) -> None:
        self.file = Path(file)
        self.records = not self.file.exists() if record is None else record
        self._lock = Lock()
        self._answers = _answers_in(self.file) if self.file.exists() or not self.records else {}

    def __call__(self, origin: _Make) -> Registry:
        """Return the registry in place of ``origin``, which it makes only to record."""
        return RecordedRegistry(self, origin() if self.records else None)

    def answer(self, key: str, ask: Callable[[], Any], home: Home) -> Any:
        """Return the answer to ``key``: that of ``ask``, or the recorded one.

        Raises UnreachableError: it is not recorded; NotFoundError: that was the answer.
        """
        if self.records:
            self._record(key, ask)
        if key not in self._answers:
            raise UnreachableError(str(home), f"{key} is not in the recording {self.file}")
        answer = self._answers[key]
        if isinstance(answer, dict) and (unknown := _UNKNOWN.get(answer.get("error", ""))):
            raise unknown(answer["subject"])
        return answer

    def _record(self, key: str, ask: Callable[[], Any]) -> None:
        try:
            answer = ask()
        except NotFoundError as error:
            if type(error).__name__ not in _UNKNOWN:
                raise
            answer = {"error": type(error).__name__, "subject": str(error.args[0])}
        with self._lock:
            self._answers[key] = answer
            with atomic_write(self.file, mode=0o600) as written:
                written.write(json.dumps(self._answers, indent=1, sort_keys=True).encode())


class RecordedRegistry(Registry):
    """The answers of a ``recording``, or of ``origin`` while it records. Thread-safe, read only."""

    def __init__(self, recording: Recording, origin: Registry | None) -> None:
        self._recording = recording
        self._origin = origin

    def get_manifest(self, reference: Reference) -> Manifest:
        def ask(origin: Registry) -> list[str]:
            manifest = origin.get_manifest(reference)
            return [manifest.media_type, _text(manifest.data)]

        media_type, data = self._answer("manifest", reference, ask)
        algorithm = reference.digest.algorithm if reference.digest else "sha256"
        manifest = Manifest.received(_bytes(data), media_type, str(reference), algorithm)
        if reference.digest not in (None, manifest.digest):
            raise DigestMismatchError(str(reference), str(reference.digest), str(manifest.digest))
        return manifest

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def tags(self, home: Home) -> tuple[str, ...]:
        return tuple(self._answer("tags", Reference(home), lambda origin: list(origin.tags(home))))

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        def ask(origin: Registry) -> list[Any]:
            return [each.to_json() for each in origin.referrers(reference)]

        listed = self._answer("referrers", reference, ask)
        return tuple(Descriptor.from_json(each, str(reference)) for each in listed)

    def head_blob(self, reference: Reference) -> int:
        size: int = self._answer("size", reference, lambda origin: origin.head_blob(reference))
        return size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        def ask(origin: Registry) -> str:
            with origin.open_blob(reference, size) as chunks:
                return _text(b"".join(chunks))

        data = _bytes(self._answer("blob", reference, ask))
        if reference.digest is None:
            raise BlobUnknownError(str(reference))
        yield verified_chunks([data], reference.digest, size, str(reference))

    def put_manifest(
        self,
        reference: Reference,
        manifest: Manifest,  # noqa: ARG002
        expected: Expectation | None = None,  # noqa: ARG002
    ) -> None:
        self._refuse(reference)

    def mount_blob(self, reference: Reference, origin: Home) -> bool:  # noqa: ARG002
        return False

    def write_blob(
        self,
        reference: Reference,
        size: int,  # noqa: ARG002
        source: BlobSource,  # noqa: ARG002
    ) -> None:
        self._refuse(reference)

    def _refuse(self, reference: Reference) -> Never:
        raise UnreachableError(str(reference.home), f"{reference}: a recording is for reading")

    def _answer(self, kind: str, reference: Reference, ask: Callable[[Registry], Any]) -> Any:
        def asked() -> Any:
            if self._origin is None:
                return self._refuse(reference)
            return ask(self._origin)

        return self._recording.answer(f"{kind} {reference}", asked, reference.home)


def _answers_in(file: Path) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(file.read_bytes())
    return answers


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
