"""A second example: what a registry answered, recorded to a file and played again without it.

``tape://FILE.tape/HOST/PATH:TAG``: with ``TAPE=record`` in the environment, what is read of
``HOST/PATH`` is read from there and kept in the file; else it is played from the file, and nobody
is asked.
"""

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from attrs import evolve

from manyfest.adapters.deadline import Deadline
from manyfest.adapters.http_registry.registry import HttpRegistry
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import verified_chunks
from manyfest.domain.errors import BlobUnknownError, ManifestUnknownError, UnreachableError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.ports.registry import BlobSource, Registry
from manyfest.domain.references import External, Home, Reference


class TapeRegistry(Registry):
    """Plays what is on the tapes; with ``origin``, asks that and records."""

    def __init__(self, origin: Registry | None) -> None:
        self._origin = origin
        self._lock = Lock()

    def get_manifest(self, reference: Reference) -> Manifest:
        def ask(origin: Registry, there: Reference) -> list[str]:
            manifest = origin.get_manifest(there)
            return [manifest.media_type, _text(manifest.data)]

        media_type, data = self._played("manifest", reference, ask, ManifestUnknownError)
        algorithm = reference.digest.algorithm if reference.digest else "sha256"
        return Manifest.received(_bytes(data), media_type, str(reference), algorithm)

    def head_manifest(self, reference: Reference) -> Descriptor:
        return self.get_manifest(reference).descriptor()

    def tags(self, home: Home) -> tuple[str, ...]:
        reference = Reference(home)
        listed = self._played("tags", reference, lambda o, r: list(o.tags(r.home)), None)
        return tuple(listed)

    def referrers(self, reference: Reference) -> tuple[Descriptor, ...]:
        def ask(origin: Registry, there: Reference) -> list[Any]:
            return [each.to_json() for each in origin.referrers(there)]

        listed = self._played("referrers", reference, ask, None)
        return tuple(Descriptor.from_json(each, str(reference)) for each in listed)

    def head_blob(self, reference: Reference) -> int:
        size: int = self._played("size", reference, lambda o, r: o.head_blob(r), BlobUnknownError)
        return size

    @contextmanager
    def open_blob(self, reference: Reference, size: int) -> Iterator[Iterator[bytes]]:
        def ask(origin: Registry, there: Reference) -> str:
            with origin.open_blob(there, size) as chunks:
                return _text(b"".join(chunks))

        data = _bytes(self._played("blob", reference, ask, BlobUnknownError))
        assert reference.digest is not None
        yield verified_chunks([data], reference.digest, size, str(reference))

    def put_manifest(
        self, reference: Reference, manifest: Manifest, expected: Expectation | None = None
    ) -> None:
        raise UnreachableError(str(reference.home), f"{reference}: tapes are for reading")

    def mount_blob(self, reference: Reference, origin: Home) -> bool:
        return False

    def write_blob(self, reference: Reference, size: int, source: BlobSource) -> None:
        raise UnreachableError(str(reference.home), f"{reference}: tapes are for reading")

    def close(self) -> None:
        """Close the tape; the session calls this method of an adapter that has it."""
        if isinstance(self._origin, HttpRegistry):
            self._origin.close()

    def _played(
        self,
        kind: str,
        reference: Reference,
        ask: Callable[[Registry, Reference], Any],
        unknown: type[Exception] | None,
    ) -> Any:
        tape, there = _tape_and_there(reference)
        key = f"{kind} {there}"
        if self._origin is not None:
            answer = ask(self._origin, there)
            with self._lock:
                tape.write_text(json.dumps({**_recorded(tape), key: answer}, indent=1))
        recorded = _recorded(tape)
        if key not in recorded and unknown is not None:
            raise unknown(str(reference))
        return recorded.get(key, [])


def registry(_scheme: str, settings: Any) -> TapeRegistry:
    """The factory that the entry point names; it may look at the settings of the command."""
    recording = os.environ.get("TAPE") == "record"
    return TapeRegistry(HttpRegistry(Deadline(settings.seconds)) if recording else None)


def _tape_and_there(reference: Reference) -> tuple[Path, Reference]:
    assert isinstance(reference.home, External)
    tape, mark, name = reference.home.place.partition(".tape/")
    assert mark
    home = Reference.parse(name).home
    return Path(f"{tape}.tape"), evolve(reference, home=home)


def _recorded(tape: Path) -> dict[str, Any]:
    return json.loads(tape.read_text()) if tape.exists() else {}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
