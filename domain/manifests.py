"""Manifests: verbatim bytes with a media type, and views of their content.

The bytes are the manifest. Digest and size are those of the bytes; the document is a view, parsed
on first use and never written back (ADR 0003).
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from typing import TypeVar

from attr import evolve, field

from manyfest.domain import media_types
from manyfest.domain.annotations import malformed_annotation
from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import JsonObject, check_letter_case, parse_object
from manyfest.domain.errors import DocumentError, SizeMismatchError
from manyfest.domain.values import frozen

# In bytes. Registries accept at least this much (distribution-spec, "Pushing Manifests"); we accept
# no more.
SIZE_LIMIT = 4 * 1024 * 1024

SCHEMA_VERSION = 2

# Members that only one kind of document may have (CVE-2021-41190).
_IMAGE_MEMBERS = ("config", "layers")
_LIST_MEMBERS = ("manifests",)
_SCHEMA_1_MEMBERS = ("fsLayers", "history", "signatures")
_COMMON_MEMBERS = ("schemaVersion", "mediaType", "artifactType", "subject", "annotations")
_KNOWN = frozenset(_COMMON_MEMBERS + _IMAGE_MEMBERS + _LIST_MEMBERS + _SCHEMA_1_MEMBERS)

# Content types of plain file servers, which do not identify the document.
_GENERIC_TYPES = frozenset(
    {"", "application/json", "application/octet-stream", "binary/octet-stream", "text/plain"}
)

# Members of other manifests whose descriptors name blobs; the artifact manifest has ``blobs``.
_BLOB_MEMBERS = ("layers", "blobs")

SCHEMA_1_REASON = "a schema 1 image, which no current registry or runtime takes"


@frozen
class Manifest:
    """An image manifest, a list or another manifest: verbatim bytes and their media type.

    Of a manifest of an unknown type, ``config`` and ``layers`` are what can be read as such.
    ``algorithm`` is that of its digest. ``name`` is its name in errors about its members; empty
    means its digest. The constructor is for trusted bytes; untrusted ones go through ``received``.
    """

    media_type: str
    data: bytes = field(repr=False)
    algorithm: str = "sha256"
    name: str = field(default="", eq=False, repr=False)

    def __repr__(self) -> str:
        return f"<Manifest {self.digest} {self.media_type}>"

    @classmethod
    def received(
        cls, data: bytes, content_type: str, subject: str, algorithm: str = "sha256"
    ) -> "Manifest":
        """Check that untrusted bytes are exactly one kind of manifest, or of an unknown type.

        ``content_type`` is the sender's, empty if unknown; ``subject`` names the bytes in errors.
        Raises DocumentError: over 4 MiB, not strict JSON, schema 1, image and list at once, a
        ``mediaType`` that disagrees with the content type (distribution-spec, "Pulling manifests"),
        a type of blobs or none, or a known member in another letter case. Nothing else is checked
        of a manifest of an unknown type.
        """
        if len(data) > SIZE_LIMIT:
            raise DocumentError(subject, f"larger than {SIZE_LIMIT} bytes")
        sent = media_types.without_parameters(content_type)
        if sent not in _GENERIC_TYPES:
            _check_type(
                sent, subject
            )  # first, so that a login page is not reported as a broken manifest
        document = parse_object(data, subject)
        check_letter_case(document, ("mediaType",), subject)
        manifest = cls(_media_type(document, sent, subject), data, algorithm, subject)
        if manifest.is_list or manifest.is_image:
            check_letter_case(document, _KNOWN, subject)
            _check_members(document, subject, is_list=manifest.is_list)
        return manifest

    @classmethod
    def stored(cls, media_type: str, data: bytes, digest: Digest) -> "Manifest":
        """Return trusted bytes that were hashed already: ``digest`` is theirs."""
        manifest = cls(media_type, data, digest.algorithm)
        object.__setattr__(manifest, "digest", digest)
        return manifest

    @cached_property
    def digest(self) -> Digest:
        """The digest of the bytes."""
        return Digest.of(self.data, self.algorithm)

    @property
    def size(self) -> int:
        """The number of bytes."""
        return len(self.data)

    @property
    def is_list(self) -> bool:
        """True for a Docker manifest list or an OCI index."""
        return self.media_type in media_types.LISTS

    @property
    def is_image(self) -> bool:
        """True for an image manifest of Docker or OCI, which may also describe an artifact."""
        return self.media_type in media_types.IMAGES

    @property
    def identifies_itself(self) -> bool:
        """True if the document looks like a manifest, whatever its type. Raises DocumentError."""
        return not self.document.keys().isdisjoint({"schemaVersion", "mediaType"})

    @cached_property
    def document(self) -> JsonObject:
        """The parsed document. Raises DocumentError."""
        return parse_object(self.data, self._label)

    @cached_property
    def entries(self) -> tuple[Descriptor, ...]:
        """A list's entries, in order; empty for all else. Raises DocumentError."""
        return self._descriptors("manifests") if self.is_list else ()

    @cached_property
    def config(self) -> Descriptor | None:
        """An image's config; None for a list. Raises DocumentError."""
        if not self.is_image:
            return next(iter(self._readable("config")), None)
        return Descriptor.from_json(self.document.get("config"), f"{self._label}: config")

    @cached_property
    def layers(self) -> tuple[Descriptor, ...]:
        """An image's layers, in order; empty for a list. Raises DocumentError."""
        if not self.is_image:
            return tuple(each for member in _BLOB_MEMBERS for each in self._readable(member))
        return self._descriptors("layers")

    @property
    def has_image_config(self) -> bool:
        """Whether the config is an image's, with its platform. Raises DocumentError."""
        if self.config is None or not self.is_image:
            return False
        is_legacy = self.media_type == media_types.DOCKER_MANIFEST
        config_type = self.config.media_type
        return config_type in media_types.IMAGE_CONFIGS or (
            is_legacy and config_type == media_types.LEGACY_CONFIG
        )

    @cached_property
    def artifact_type(self) -> str:
        """The type of the artifact; empty for images, and for others that state none.

        It is the ``artifactType``, or the media type of a config that is no image config
        (image-spec, descriptor.md). Raises DocumentError.
        """
        stated = self.document.get("artifactType")
        if isinstance(stated, str) and stated:
            return stated
        return self.config.media_type if self.config and not self.has_image_config else ""

    @cached_property
    def subject(self) -> Descriptor | None:
        """The subject, if the manifest has one. Raises DocumentError."""
        if not (self.is_image or self.is_list):
            return next(iter(self._readable("subject")), None)
        named = self.document.get("subject")
        return None if named is None else Descriptor.from_json(named, f"{self._label}: subject")

    def descriptor(self) -> Descriptor:
        """Return the descriptor of these bytes, without platform."""
        return Descriptor(self.media_type, self.digest, self.size)

    def without_views(self) -> "Manifest":
        """Return the same bytes, parsed again if need be: views take ten times as much memory."""
        bare = evolve(self)
        object.__setattr__(bare, "digest", self.digest)
        return bare

    @property
    def _label(self) -> str:
        return self.name or str(self.digest)

    def _readable(self, member: str) -> Iterator[Descriptor]:
        """Yield what can be read as descriptors in a member of an unknown manifest."""
        value = None if self.is_list else self.document.get(member)
        for each in value if isinstance(value, list) else [value]:
            with suppress(DocumentError):
                yield Descriptor.from_json(each, self._label)

    def _descriptors(self, member: str) -> tuple[Descriptor, ...]:
        values = self.document.get(member) or []
        if not isinstance(values, list):
            raise DocumentError(f"{self._label}: {member}", "not a list")
        return tuple(
            Descriptor.from_json(value, f"{self._label}: {member}[{position}]")
            for position, value in enumerate(values)
        )


_Known = TypeVar("_Known", Manifest, Descriptor)


def require_match(manifest: _Known, descriptor: Descriptor, subject: str) -> _Known:
    """Return ``manifest``, or what is known of it, after comparing it with its ``descriptor``.

    That is its entry in a list. Registries accept lists with wrong sizes and types (distribution
    2.8 checks neither). Raises SizeMismatchError, DocumentError (another media type).
    """
    if manifest.size != descriptor.size:
        raise SizeMismatchError(subject, descriptor.size, manifest.size)
    if manifest.media_type != descriptor.media_type:
        reason = f"listed as {descriptor.media_type}, but it is {manifest.media_type}"
        raise DocumentError(subject, reason)
    return manifest


def malformed_member(document: JsonObject) -> tuple[str, str] | None:
    """Return path and fault of an own member that Go readers cannot parse; None if there is none.

    The own members of a list or image are its annotations, artifact type and subject.
    """
    if path := malformed_annotation(document.get("annotations")):
        return path, "not an object of strings" if path == "annotations" else "not a string"
    if not isinstance(document.get("artifactType"), str | None):
        return "artifactType", "not a string"
    if (subject := document.get("subject")) is not None:
        try:
            Descriptor.from_json(subject, "subject")
        except DocumentError as error:
            return error.subject, error.reason
    return None


def _media_type(document: JsonObject, sent: str, subject: str) -> str:
    stated = document.get("mediaType")
    if stated is not None and not isinstance(stated, str):
        raise DocumentError(subject, "mediaType is not a string")
    generic = sent in _GENERIC_TYPES
    if stated and not generic and stated != sent:
        raise DocumentError(subject, f"served as {sent} but calls itself {stated}")
    media_type = stated or (_type_by_shape(document) if generic else sent)
    is_known = not media_type or media_types.is_manifest(media_type)
    if is_known and document.get("schemaVersion") == 1:
        raise DocumentError(subject, SCHEMA_1_REASON)
    _check_type(media_type or sent, subject)
    return media_type


def _check_type(media_type: str, subject: str) -> None:
    if media_type in media_types.SCHEMA_1:
        raise DocumentError(subject, SCHEMA_1_REASON)
    if media_types.is_blob(media_type) or not media_types.is_media_type(media_type):
        reason = f"unsupported manifest media type and no default available: {media_type}"
        raise DocumentError(subject, reason)


def _type_by_shape(document: JsonObject) -> str:
    """Infer the type: OCI documents may omit ``mediaType``, Docker's may not."""
    is_list, is_image = "manifests" in document, "config" in document and "layers" in document
    if is_list == is_image:
        return ""
    return media_types.OCI_INDEX if is_list else media_types.OCI_MANIFEST


def _check_members(document: JsonObject, subject: str, *, is_list: bool) -> None:
    foreign = (_IMAGE_MEMBERS if is_list else _LIST_MEMBERS) + _SCHEMA_1_MEMBERS
    both = [member for member in foreign if member in document]
    if both:
        kind = "a list" if is_list else "an image"
        raise DocumentError(subject, f"ambiguous: {kind} that also has {both[0]!r}")
    if is_list and not isinstance(document.get("manifests"), list | None):
        raise DocumentError(subject, "manifests is not a list")
    version = document.get("schemaVersion")
    if type(version) is not int or version != SCHEMA_VERSION:
        raise DocumentError(subject, f"schemaVersion is not {SCHEMA_VERSION}")
