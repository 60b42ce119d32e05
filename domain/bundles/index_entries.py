"""The entries of a bundle's ``index.json``: names and times of images.

``org.opencontainers.image.ref.name`` (image-spec, annotations.md) and ``io.containerd.image.name``
(containerd, ``images.AnnotationImageName``) both have the full canonical reference. Skopeo and our
``oci:DIR:NAME`` find an image by the former; containerd, docker and podman name it by the latter.
The times of the observation are in ``dev.manyfest.first-seen`` and ``dev.manyfest.last-seen``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from manyfest.domain import media_types
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.encoding.timestamps import format_utc, parse_utc
from manyfest.domain.errors import BundleError, DocumentError, InvalidReferenceError
from manyfest.domain.history.observation import Observation
from manyfest.domain.lists.referrers import is_referrers_tag
from manyfest.domain.references import Reference, Repository

REF_NAME = "org.opencontainers.image.ref.name"
IMAGE_NAME = "io.containerd.image.name"
FIRST_SEEN = "dev.manyfest.first-seen"
LAST_SEEN = "dev.manyfest.last-seen"

# Largest ``index.json`` accepted from a bundle, in bytes: about a million entries.
INDEX_LIMIT = 64 * 1024 * 1024

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def encode_entry(
    manifest: Descriptor, reference: Reference, observation: Observation | None
) -> bytes:
    """Encode the entry of ``manifest``, with its name and observation times."""
    name = str(reference)
    annotations = {IMAGE_NAME: name, REF_NAME: name}
    if observation is not None:
        annotations[FIRST_SEEN] = format_utc(observation.first_seen)
        annotations[LAST_SEEN] = format_utc(observation.seen_at)
    return _compact(manifest.to_json() | {"annotations": annotations})


def encode_index(entries: Mapping[str, bytes], existing: bytes = b"{}") -> list[bytes]:
    """Return the pieces of ``index.json``: encoded ``entries`` replace those of equal names.

    The rest of the ``existing`` one is kept. There may be 100,000 entries: they are not copied.
    Raises DocumentError: that is not an index.
    """
    document = parse_object(existing, "index.json")
    kept = [_compact(each) for each in _values(document) if _name(each) not in entries]
    head = {"schemaVersion": 2, "mediaType": media_types.OCI_INDEX}
    pieces: list[bytes] = []
    for name, value in (head | dict(document) | {"manifests": None}).items():
        pieces += (b"," if pieces else b"{", _compact(name), b":")
        if name == "manifests":
            pieces += _array((*kept, *entries.values()))
        else:
            pieces.append(_compact(value))
    return [*pieces, b"}"]


def _array(values: Iterable[bytes]) -> Iterator[bytes]:
    before = b"["
    for value in values:
        yield before
        yield value
        before = b","
    yield b"]" if before == b"," else b"[]"


def _compact(value: Json) -> bytes:
    return _ENCODER.encode(value).encode()


def decode_index(data: bytes) -> tuple[Descriptor, ...]:
    """Decode entries. Raises DocumentError: not strict JSON, or no OCI index."""
    document = parse_object(data, "index.json")
    media_type = document.get("mediaType") or media_types.OCI_INDEX
    if media_type != media_types.OCI_INDEX or document.get("schemaVersion") != 2:  # noqa: PLR2004
        raise DocumentError("index.json", "is not an OCI index")
    return tuple(
        Descriptor.from_json(value, f"index.json: manifests[{position}]")
        for position, value in enumerate(_values(document))
    )


def reference_of(entry: Descriptor, bundle: str, repository: Repository | None) -> Reference | None:
    """Return the reference of ``entry``; None if it has no name.

    A name without registry belongs to ``repository``: the part after its last colon, or all of it,
    is the tag. Lists under a referrers tag have no name.
    Raises BundleError: a name without registry and no ``repository``, or an invalid name.
    """
    full, short = (entry.annotations.get(key) for key in (IMAGE_NAME, REF_NAME))
    text = full or short
    if not text or is_referrers_tag(text):
        return None
    try:
        if full or _has_registry(text):
            return _registry_reference(text, entry, bundle)
        if repository is not None:
            return Reference.parse(f"{repository}:{text.rpartition(':')[2]}")
    except InvalidReferenceError as error:
        raise BundleError(bundle, f"has an image with an invalid name: {error}") from error
    raise BundleError(bundle, f"calls an image {text!r}, of no repository", "no-repository")


def observation_of(
    entry: Descriptor, reference: Reference, bundle: str, now: datetime
) -> Observation:
    """Return the bundle's claim that ``reference`` pointed to ``entry``.

    A missing time counts as ``now``, and a later one is reduced to ``now``. Raises BundleError: an
    invalid time.
    """
    last, first = (entry.annotations.get(key) for key in (LAST_SEEN, FIRST_SEEN))
    try:
        seen_at = min(parse_utc(last), now) if last else now
        first_seen = min(parse_utc(first), seen_at) if first else seen_at
    except ValueError as error:
        raise BundleError(bundle, f"has an invalid time for {reference}: {error}") from error
    return Observation(reference, entry.digest, seen_at, first_seen, is_claimed=True)


def _registry_reference(text: str, entry: Descriptor, bundle: str) -> Reference:
    reference = Reference.parse(text)
    if not isinstance(reference.home, Repository):
        raise BundleError(bundle, f"has an image that is of no registry: {text!r}")
    if reference.digest not in {None, entry.digest}:
        raise BundleError(bundle, f"calls {entry.digest} {reference}")
    return reference


def _has_registry(text: str) -> bool:
    """Recognise a host as docker does (``splitDockerDomain``); not a layout."""
    host, slash, _ = text.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")


def _values(document: Json) -> list[Json]:
    values = document.get("manifests") or []
    if not isinstance(values, list):
        raise DocumentError("index.json: manifests", "not a list")
    return values


def _name(value: Json) -> Json:
    annotations = value.get("annotations") if isinstance(value, dict) else None
    name = annotations.get(REF_NAME) if isinstance(annotations, dict) else None
    return name if isinstance(name, str) else False
