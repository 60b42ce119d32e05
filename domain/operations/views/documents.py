"""List the documents of all that is attached to an image or a list, and read one of them.

An attachment is a manifest, and its blobs are the documents: BuildKit's has an SBOM and provenance,
cosign's has one for each signature. The signer is read from the certificate beside a signature: in
the annotations of cosign's, and in a Sigstore bundle, which is read for that if it is small. It is
what the certificate claims.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from attr import evolve

from manyfest.domain.descriptors import Descriptor
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DocumentError,
    IntegrityError,
    ManyfestError,
    NotFoundError,
    StatementUnknownError,
    UnavailableError,
)
from manyfest.domain.images.attachments import Attachment
from manyfest.domain.images.kinds import PREDICATE_TYPE, predicate_of, predicate_type
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.record import record_reads
from manyfest.domain.operations.views.attached import attached_to
from manyfest.domain.ports import Ports
from manyfest.domain.ports.registry import BlobReader
from manyfest.domain.statements.envelopes import SIZE_LIMIT, certificate_of, read_statement
from manyfest.domain.statements.signers import Signer, signer_in_der, signer_in_pem
from manyfest.domain.values import frozen

_CERTIFICATE = "dev.sigstore.cosign/certificate"  # cosign, ``specs/SIGNATURE_SPEC.md``
_BUNDLE = "application/vnd.dev.sigstore.bundle"
# Beginnings of the types of signed statements, and the kinds of those that were not read.
_SIGNED = ("application/vnd.dsse.envelope", _BUNDLE, "cosign attestation", "Sigstore bundle")
_BUNDLE_LIMIT = 256 * 1024  # bytes of a bundle that is read for its signer
_BUNDLES = 100


@frozen
class Document:
    """A document of an ``attachment``: its ``blob``, None if the manifest has none.

    ``kind`` is what it says, in a person's words. ``signer`` is who the certificate beside it says
    signed it; None if there is no certificate that tells. ``read_type`` is the type of predicate
    that a bundle itself states; empty if it was not read.
    """

    attachment: Attachment
    kind: str
    blob: Descriptor | None = None
    signer: Signer | None = None
    read_type: str = ""

    @property
    def digest(self) -> Digest | None:
        """The digest of the document, or of the manifest that is one itself."""
        return self.blob.digest if self.blob else self.attachment.digest

    @property
    def size(self) -> int | None:
        """The bytes of the document, as its manifest states them."""
        return self.blob.size if self.blob else self.attachment.size

    @property
    def predicate_type(self) -> str:
        """The type of predicate that annotations, or a bundle, state; empty if none does."""
        stated = predicate_type(self.blob.annotations) if self.blob else ""
        listed = self.attachment.listed
        return stated or (predicate_type(listed.annotations) if listed else "") or self.read_type

    @property
    def is_signature(self) -> bool:
        """Whether it is a signature of its subject, and states nothing else."""
        return "signature" in self.kind.lower()

    @property
    def is_signed(self) -> bool:
        """Whether it is a signature, or a statement in an envelope that has one."""
        kind = self.blob.media_type if self.blob else self.attachment.kind
        return self.is_signature or self.signer is not None or kind.startswith(_SIGNED)

    @property
    def platform(self) -> str:
        """The platform that it is about; empty for a list, and where no list tells."""
        platform = self.attachment.platform
        return str(platform) if platform and platform.os else ""


@frozen
class Documents:
    """The documents found; with ``failures``, more may be attached."""

    found: tuple[Document, ...]
    failures: tuple[ManyfestError, ...] = ()


def documents_attached(found: Resolved, *, ports: Ports) -> Documents:
    """Return the documents of all that is attached to ``found``, and to all below it.

    Records what it reads. Uses the ports registry, contents and fan_out. Raises as ``attached_to``.
    """
    attached = attached_to(found, ports=ports)
    documents = [each for one in attached.attachments for each in _documents(one)]
    read = ((one.place, one.manifest) for one in attached.attachments)
    resolved = [Resolved(place, manifest) for place, manifest in read if manifest]
    unsigned = [place for place, each in enumerate(documents) if _may_tell_signer(each)][:_BUNDLES]
    signed = ports.fan_out(lambda place: _with_signer(documents[place], ports.registry), unsigned)
    for place, (document, bundle) in zip(unsigned, signed, strict=True):
        documents[place] = document
        one = document.attachment
        if bundle is not None and one.manifest is not None:  # else it would lose its kind offline
            resolved.append(Resolved(one.place, one.manifest, bundle))
    record_reads([found, *resolved], ports=ports)
    return Documents(tuple(documents), attached.failures)


def read_document(found: Documents, name: str, subject: str, *, ports: Ports) -> bytes:
    """Return the bytes of the document, or manifest, whose digest begins with ``name``.

    Raises what reading raises; StatementUnknownError: nothing, or more than one thing, that is
    attached to ``subject`` has such a digest; DocumentError: it is over 64 MiB.
    """
    digests = {str(each.digest): each for each in found.found}
    manifests = {str(each.attachment.digest): each.attachment for each in found.found}
    full = name if ":" in name else f"sha256:{name}"
    named = sorted(each for each in {*digests, *manifests} if each.startswith(full))
    if len(named) != 1 and full not in named:
        reason = f", but {len(named)} that begin with it" if named else ""
        raise StatementUnknownError(subject, f"document of the digest {name[:80]}{reason}")
    chosen = full if full in named else named[0]
    document = digests.get(chosen)
    if document is None or document.blob is None:
        manifest = manifests[chosen].manifest
        return manifest.data if manifest else b""
    return _read(document.attachment, document.blob, ports.registry, SIZE_LIMIT)


def _documents(one: Attachment) -> Iterator[Document]:
    try:
        blobs = one.manifest.layers if one.manifest else ()
    except DocumentError:
        blobs = ()
    for blob in blobs:
        signer = signer_in_pem(_text(blob.annotations, _CERTIFICATE))
        yield Document(one, predicate_of(blob.annotations) or one.about or one.kind, blob, signer)
    if not blobs:
        yield Document(one, one.about or one.kind)


def _may_tell_signer(document: Document) -> bool:
    blob = document.blob
    return (
        document.signer is None
        and blob is not None
        and blob.media_type.startswith(_BUNDLE)
        and blob.size <= _BUNDLE_LIMIT
        and blob.digest.is_verifiable
    )


def _with_signer(document: Document, registry: BlobReader) -> tuple[Document, bytes | None]:
    """Read a bundle for its signer and its kind; called by threads.

    One that cannot be read has no signer, and one of a signature alone keeps its kind. The bytes
    are those that the store takes as a small blob, by sha256.
    """
    data = None
    if document.blob is None:
        return document, None
    with suppress(DocumentError, IntegrityError, NotFoundError, UnavailableError):
        read = _read(document.attachment, document.blob, registry, _BUNDLE_LIMIT)
        data = read if document.blob.digest.algorithm == "sha256" else None
        subject = str(document.digest)
        document = evolve(document, signer=signer_in_der(certificate_of(read, subject)))
        stated = {PREDICATE_TYPE: read_statement(read, subject).predicate_type}
        kind = predicate_of(stated) or document.kind
        document = evolve(document, kind=kind, read_type=predicate_type(stated))
    return document, data


def _read(one: Attachment, blob: Descriptor, registry: BlobReader, limit: int) -> bytes:
    if blob.size > limit:
        raise DocumentError(str(one.subject.at(blob.digest)), f"larger than {limit} bytes")
    with registry.open_blob(one.subject.at(blob.digest), blob.size) as chunks:
        return b"".join(chunks)


def _text(annotations: Mapping[str, str], name: str) -> str:
    value = annotations.get(name)
    return value if isinstance(value, str) else ""
