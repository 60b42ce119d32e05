"""docker's own drafts, in ``$DOCKER_CONFIG/manifests``.

There is a folder per list and a file per image. The format is docker/cli's ``cli/manifest/types``
(``ImageManifest``); its ``store`` still accepts the members ``Digest`` and ``Platform`` of files
that are older than ``Descriptor``. These folders are only read, never written.
"""

import base64
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from manyfest.adapters.files.os_error_text import os_error_text
from manyfest.adapters.files.regular_file import NotRegularFileError, read_regular_file
from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest, verified
from manyfest.domain.encoding.canonical_json import LIST_INDENT
from manyfest.domain.encoding.strict_json import JsonObject, parse_object
from manyfest.domain.errors import DocumentError, InputError, IntegrityError, ManyfestError
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.operations.drafts.import_drafts import ForeignEntry
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

FOLDER_NAME = "manifests"

# Bytes. A file has the manifest twice: in base64, and with up to six characters for one (\u003c).
_FILE_LIMIT = 8 * SIZE_LIMIT

# By member that has the parsed manifest: the manifest's media type.
_MEMBERS = {
    "SchemaV2Manifest": media_types.DOCKER_MANIFEST,
    "OCIManifest": media_types.OCI_MANIFEST,
}


@frozen
class DraftFolder:
    """The entries of one list in docker's order, and the problems of its files."""

    name: str
    entries: tuple[ForeignEntry, ...]
    problems: tuple[ManyfestError, ...]


class DockerDrafts:
    """The drafts in docker's configuration (``$DOCKER_CONFIG``, or ``~/.docker``)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER_NAME

    def names(self) -> tuple[str, ...]:
        """Return the names of the folders, one per list, sorted. Raises DocumentError."""
        try:
            return tuple(sorted(entry.name for entry in os.scandir(self._folder) if entry.is_dir()))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unreadable(self._folder, error) from error

    def read(self, name: str) -> DraftFolder:
        """Read the folder ``name``: all files in it but hidden ones, as docker does.

        Raises DocumentError: the folder cannot be read.
        """
        entries: list[ForeignEntry] = []
        problems: list[ManyfestError] = []
        for path in _files_in(self._folder / name):
            try:
                entries.append(_entry(parse_object(_read_bytes(path), str(path)), str(path)))
            except (DocumentError, InputError, IntegrityError) as error:
                problems.append(_naming(path, error))
        return DraftFolder(name, tuple(entries), tuple(problems))


def _files_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise _unreadable(folder, error) from error


def _read_bytes(path: Path) -> bytes:
    """Return the file's bytes.

    Raises DocumentError: it is a pipe or a device, is too large, or cannot be read.
    """
    try:
        data = read_regular_file(path, _FILE_LIMIT)
    except NotRegularFileError as error:
        raise DocumentError(str(path), "not a file") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(data) > _FILE_LIMIT:
        raise DocumentError(str(path), f"larger than {_FILE_LIMIT} bytes")
    return data


def _entry(document: JsonObject, subject: str) -> ForeignEntry:
    source = Reference.parse(_text(document, "Ref", subject))
    member = next((name for name in _MEMBERS if document.get(name) is not None), "")
    candidates = tuple(_byte_candidates(document, member, subject))
    if document.get("Digest"):
        digest = Digest.parse(_text(document, "Digest", subject))
        data = _bytes_with_digest(candidates, digest, subject)
        descriptor = _old_descriptor(document, member, data, subject)
    else:
        descriptor = Descriptor.from_json(document.get("Descriptor"), f"{subject}: Descriptor")
        data = _bytes_with_digest(candidates, descriptor.digest, subject)
    verified(data, descriptor.digest, descriptor.size, subject)
    manifest = Manifest.received(
        data, descriptor.media_type, subject, algorithm=descriptor.digest.algorithm
    )
    return ForeignEntry(source, descriptor, manifest)


def _byte_candidates(document: JsonObject, member: str, subject: str) -> Iterator[bytes]:
    """Yield the possible bytes of the manifest: as given, compact, and indented.

    Some files have the bytes in ``Raw``. Every file has the parsed manifest, which has lost its
    white space: docker builds manifests with three spaces, BuildKit and most others with none.
    """
    if document.get("Raw"):
        yield _decoded(_text(document, "Raw", subject), subject)
    if member:
        value = document[member]
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        yield json.dumps(value, ensure_ascii=False, indent=LIST_INDENT).encode()


def _bytes_with_digest(candidates: Sequence[bytes], digest: Digest, subject: str) -> bytes:
    """Return the candidate that has this digest.

    Raises DigestMismatchError: none has it; DocumentError: there is no candidate.
    """
    if not candidates:
        raise DocumentError(subject, "it has no manifest")
    for data in candidates:
        if Digest.of(data, digest.algorithm) == digest:
            return data
    return verified(candidates[0], digest, None, subject)


def _old_descriptor(document: JsonObject, member: str, data: bytes, subject: str) -> Descriptor:
    described = {
        "mediaType": _MEMBERS.get(member, media_types.DOCKER_MANIFEST),
        "size": len(data),
        "digest": document["Digest"],
        "platform": document.get("Platform"),
    }
    return Descriptor.from_json(described, subject)


def _decoded(text: str, subject: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # wrong alphabet or padding, or not ASCII
        raise DocumentError(f"{subject}: Raw", "not base64") from error


def _text(document: JsonObject, member: str, subject: str) -> str:
    value = document.get(member)
    if not isinstance(value, str):
        raise DocumentError(f"{subject}: {member}", "missing or not a string")
    return value


def _naming(path: Path, error: ManyfestError) -> ManyfestError:
    """Return ``error``, or one that names the file if it does not."""
    return error if str(path) in str(error) else DocumentError(str(path), str(error))


def _unreadable(path: Path, error: OSError) -> DocumentError:
    return DocumentError(str(path), os_error_text(error))
