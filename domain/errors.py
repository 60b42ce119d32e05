"""Every error the library raises, one tree.

::

    ManyfestError
    ├── InputError                  the caller's input cannot be read or used
    │   ├── InvalidReferenceError
    │   ├── InvalidDigestError
    │   ├── InvalidPlatformError
    │   ├── InvalidMediaTypeError
    │   ├── UnsupportedPlatformError
    │   ├── UnknownMemberError
    │   ├── UnknownSchemeError
    │   ├── UnknownPurposeError
    │   ├── AmbiguousEntryError
    │   ├── SeveralImagesError
    │   ├── QueryError
    │   ├── ReadOnlyError
    │   └── SpecError
    ├── NotFoundError               the named thing does not exist
    │   ├── ManifestUnknownError
    │   ├── BlobUnknownError
    │   ├── FileUnknownError
    │   ├── DraftUnknownError
    │   ├── EntryUnknownError
    │   ├── NoSuchPlatformError
    │   ├── NeverSeenError
    │   ├── NoSuchStateError
    │   ├── OnlyClaimedError
    │   ├── NoRecordError
    │   ├── PartMissingError
    │   ├── StatementUnknownError
    │   ├── NotAttachedError
    │   ├── NotProvedError
    │   ├── NotCachedError
    │   └── IncompleteError
    ├── AccessError                 authentication or authorisation failed
    │   ├── UnauthorizedError
    │   ├── DeniedError
    │   └── BlockedError
    ├── UnavailableError            the server is unreachable, busy or failing, after retries
    │   ├── UnreachableError
    │   ├── RateLimitedError
    │   ├── ServerError
    │   └── DeadlineError
    ├── ConflictError               existing state contradicts the request
    │   ├── DraftExistsError
    │   ├── LockError
    │   ├── MergeOvertakenError
    │   ├── MergeUnsettledError
    │   ├── PlatformConflictError
    │   └── TagMovedError
    │       ├── OvertakenError
    │       └── RetaggedError
    ├── IntegrityError              bytes differ from their digest, size or checksum
    │   ├── DigestMismatchError
    │   ├── SizeMismatchError
    │   ├── StatementMismatchError
    │   └── DamagedStoreError
    ├── DocumentError               intact bytes that are not a usable manifest or config
    │   └── UnverifiableError
    ├── TooManyBytesError           usable documents that are too large together
    ├── UnexpectedPlatformsError    the platforms are not those that are expected
    ├── ListError                   the draft cannot become a list
    ├── ConversionError             the other family has no type for an image or its parts
    ├── LayoutError                 an OCI layout cannot be read or written
    │   └── NoLayoutError
    ├── BundleError                 a bundle cannot be read or written
    │   └── SparseBundleError
    ├── StoreError                  the store cannot be opened or written
    │   ├── StoreUnreachableError
    │   ├── StoreDeniedError
    │   └── IncompleteStoreError
    ├── CredentialsError            configured credentials cannot be read, or may not be sent
    │   └── CredentialSourceError
    ├── ConfigError                 a configuration file or certificate cannot be used
    ├── ProtocolError               the answer violates the protocol
    │   └── PlaceholderError
    └── RefusedError                the registry refused the request
        └── SparseRefusedError

Facts are fields, as text, so that this module imports nothing. ``str()`` is one sentence without
advice and without a full stop; it contains docker's sentence for the case, if docker has one, and
no option of the command line: ``cli/advice/remedies.py`` has those, by ``case``. Names end in
``Error``. Exit codes are not decided here: ``cli/exit_codes.py`` has that table.
"""

# How other programs (buildx, regctl) write references to OCI layouts.
_LAYOUT_SCHEMES = frozenset({"oci-layout", "ocidir"})


class ManyfestError(Exception):
    """The root of all errors that this library raises on purpose.

    ``case`` tells apart what errors of one class mean, where a driver words a way out for it.
    """

    case = ""


class InputError(ManyfestError):
    """The caller's input cannot be read or used."""

    def __init__(self, message: str, case: str = "") -> None:
        super().__init__(message)
        self.case = case


class InvalidReferenceError(InputError):
    """``text`` is not a reference; ``reason`` is docker's sentence for it."""

    def __init__(self, text: str, reason: str = "invalid reference format", case: str = "") -> None:
        super().__init__(f"{shortened(reason, 300)}: {shortened(text)!r}", case)
        self.text = text
        self.reason = reason


class InvalidDigestError(InputError):
    """``text`` is not a digest."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"invalid digest {shortened(text)!r}: {reason}")
        self.text = text
        self.reason = reason


class InvalidPlatformError(InputError):
    """``text`` is not a platform specifier."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"invalid platform {shortened(text)!r}: {reason}")
        self.text = text
        self.reason = reason


class InvalidMediaTypeError(InputError):
    """``text`` is not a media type."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"invalid media type {shortened(text)!r}: "
            "expected type/subtype (RFC 6838), such as application/vnd.example.sbom"
        )
        self.text = text


class UnsupportedPlatformError(InputError):
    """No Go port exists for this operating system and architecture."""

    def __init__(self, os: str, architecture: str) -> None:
        super().__init__(
            f"manifest entry for image has unsupported os/arch combination: {os}/{architecture}"
        )
        self.os = os
        self.architecture = architecture


class UnknownMemberError(InputError):
    """``name`` cannot be unset; ``known`` are the names that can."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{shortened(name)!r} cannot be unset, only {', '.join(known)}")
        self.name = name
        self.known = known


class UnknownSchemeError(InputError):
    """No installed adapter serves ``scheme://``; ``known`` are those served."""

    def __init__(self, scheme: str, known: tuple[str, ...]) -> None:
        others = f", only {', '.join(known)}" if known else ""
        layout = "; a layout is written oci:DIR[:TAG]" if scheme in _LAYOUT_SCHEMES else ""
        super().__init__(f"no adapter for {shortened(scheme)}:// is installed{others}{layout}")
        self.scheme = scheme
        self.known = known


class UnknownPurposeError(InputError):
    """``purpose`` cannot be required to be attached; ``known`` are the purposes that can."""

    def __init__(self, purpose: str, known: tuple[str, ...]) -> None:
        super().__init__(f"require: expected one of {', '.join(known)}, not {purpose!r}")
        self.purpose = purpose
        self.known = known


class AmbiguousEntryError(InputError):
    """``entry`` matches several entries (``found``) of the draft or list ``name``."""

    def __init__(self, entry: str, name: str, found: tuple[str, ...]) -> None:
        super().__init__(f"{entry} names {len(found)} entries of {name}: {'; '.join(found)}")
        self.entry = entry
        self.name = name
        self.found = found


class ReadOnlyError(InputError):
    """``reference`` is in an archive, which is only read."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} cannot be written: archives are only read")
        self.reference = reference


class SeveralImagesError(InputError):
    """``subject`` lists ``count`` images, of these ``platforms``, and none is chosen."""

    def __init__(self, subject: str, count: int, platforms: tuple[str, ...]) -> None:
        among = f": {', '.join(platforms)}" if platforms else ""
        super().__init__(f"{subject} lists {count} images{among}")
        self.subject = subject
        self.count = count
        self.platforms = platforms


class QueryError(InputError):
    """The SQL is not a query, or reads something other than the views."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"SQL: {shortened(reason, 300)}")
        self.reason = reason


class SpecError(InputError):
    """A spec cannot be read; ``problems`` has a sentence for each fault."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class NotFoundError(ManyfestError):
    """The named thing does not exist."""


class ManifestUnknownError(NotFoundError):
    """The registry or layout has no manifest with this reference.

    ``reason`` is the registry's own, if it has one.
    """

    def __init__(self, reference: str, reason: str = "") -> None:
        super().__init__(f"no such manifest: {reference}{f' ({reason})' if reason else ''}")
        self.reference = reference
        self.reason = reason


class NotAttachedError(NotFoundError):
    """A promotion requires what is not attached to its source; nothing was written.

    ``lacking`` has the purposes that lack (``signature``, ``SBOM``, ``provenance``) by source.
    """

    def __init__(self, reasons: tuple[str, ...], lacking: dict[str, tuple[str, ...]]) -> None:
        super().__init__(f"{'; '.join(reasons)}; no tag was moved")
        self.lacking = lacking


class NotProvedError(NotFoundError):
    """A promotion was copied, and its target lacks a part that the source has; no tag was moved.

    ``lacking`` has the parts that lack, as text, by the target's repository.
    """

    def __init__(self, lacking: dict[str, tuple[str, ...]]) -> None:
        texts = (f"{home} lacks {', '.join(parts)}" for home, parts in lacking.items())
        super().__init__(f"not proved: {'; '.join(texts)}; no tag was moved")
        self.lacking = lacking


class BlobUnknownError(NotFoundError):
    """The registry or layout has no blob with this reference.

    ``reason`` is the registry's own, if it has one.
    """

    def __init__(self, reference: str, reason: str = "") -> None:
        super().__init__(f"no such blob: {reference}{f' ({reason})' if reason else ''}")
        self.reference = reference
        self.reason = reason


class FileUnknownError(NotFoundError):
    """There is no file at ``path``, which an archive's reference names."""

    def __init__(self, path: str) -> None:
        super().__init__(f"no such file: {path}")
        self.path = path


class DraftUnknownError(NotFoundError):
    """No draft has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No such manifest: {name}")
        self.name = name


class EntryUnknownError(NotFoundError):
    """The draft ``name`` has no entry that ``entry`` matches."""

    def __init__(self, entry: str, name: str) -> None:
        super().__init__(f"manifest for image {entry} does not exist in {name}")
        self.entry = entry
        self.name = name


class NoSuchPlatformError(NotFoundError):
    """``subject`` has no entry for ``platform``, only those in ``there``."""

    def __init__(self, platform: str, subject: str, there: str) -> None:
        super().__init__(f"{subject} has nothing for {platform}, only for {there or 'no platform'}")
        self.platform = platform
        self.subject = subject
        self.there = there


class NeverSeenError(NotFoundError):
    """Offline, and nothing is cached for ``reference``."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no such manifest in the store: {reference} is not cached")
        self.reference = reference


class NoSuchStateError(NotFoundError):
    """A tag's history has ``count`` states since ``since``, but not ``state``."""

    def __init__(self, state: str, count: int, since: str) -> None:
        cached = f"only {count} {'is' if count == 1 else 'are'} known, since {since}"
        super().__init__(f"no such past state: {state}: {cached}")
        self.state = state
        self.count = count
        self.since = since


class RemovedStateError(NotFoundError):
    """The tag was taken away in the past ``state``, and pointed to nothing."""

    def __init__(self, state: str) -> None:
        super().__init__(f"no such state: {state}: the tag was taken away then, see its history")
        self.state = state


class OnlyClaimedError(NotFoundError):
    """A bundle claims an earlier state of ``reference``, but none was seen from here."""

    def __init__(self, reference: str, number: int) -> None:
        claimed = f"only a bundle claims one: to use that, name it: {reference}@{{{number}}}"
        super().__init__(f"no such state: no earlier one of {reference} was seen; {claimed}")
        self.reference = reference
        self.number = number


class NoRecordError(NotFoundError):
    """No server that could be asked records the past of the tag ``reference``."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"no recorded history of {reference}: {reason}")
        self.reference = reference
        self.reason = reason


class NotCachedError(NotFoundError):
    """Offline, and these ``blobs`` (configs or layers) are not cached."""

    def __init__(self, blobs: tuple[str, ...]) -> None:
        shown, more = ", ".join(blobs[:2]), len(blobs) - 2
        super().__init__(f"not in the store: {shown}{f' and {more} more' if more > 0 else ''}")
        self.blobs = blobs


class IncompleteError(NotFoundError):
    """The store lacks ``count`` children or blobs (``what``) of ``reference``.

    ``digest`` is the first of them.
    """

    def __init__(self, reference: str, digest: str, count: int, what: str) -> None:
        more = f" and {count - 1} more" if count > 1 else ""
        super().__init__(f"the store has not all {what} of {reference}: {digest}{more} missing")
        self.reference = reference
        self.digest = digest
        self.count = count


class PartMissingError(NotFoundError):
    """``reference`` names ``part``, which is missing, and ``more`` others.

    ``platform`` is that of ``part`` in the list, empty if it has none.
    """

    def __init__(self, reference: str, part: str, platform: str = "", more: int = 0) -> None:
        named = f"which it names for {platform}" if platform else "which it names"
        others = f", and so {'are' if more > 1 else 'is'} {more} more" if more else ""
        super().__init__(f"{reference} is incomplete: {part}, {named}, is missing{others}")
        self.reference = reference
        self.part = part
        self.platform = platform
        self.more = more


class StatementUnknownError(NotFoundError):
    """Nothing that is attached to ``subject`` is a ``kind`` (an SBOM); ``hint`` says what is."""

    def __init__(self, subject: str, kind: str, hint: str = "") -> None:
        super().__init__(f"{subject} has no {kind}{hint}")
        self.subject = subject
        self.kind = kind


class _FromHostError(ManyfestError):
    """An error of ``host``; the adapter that spoke to it words the message."""

    def __init__(self, host: str, message: str) -> None:
        super().__init__(message)
        self.host = host


class AccessError(_FromHostError):
    """Authentication or authorisation failed.

    ``is_anonymous`` if no credentials are configured for the repository.
    """

    def __init__(self, host: str, message: str, *, is_anonymous: bool = False) -> None:
        super().__init__(host, message)
        self.is_anonymous = is_anonymous


class UnauthorizedError(AccessError):
    """The registry requires credentials, or rejects those it received (401)."""


class DeniedError(AccessError):
    """The registry denies access to an identified client (403)."""


class BlockedError(AccessError):
    """This machine's configuration blocks the registry; it was not asked."""


class UnavailableError(_FromHostError):
    """The server is unreachable, busy or failing, and retries are used up."""


class UnreachableError(UnavailableError):
    """No usable connection: refused, reset, unknown name, TLS, broken off."""

    def __init__(self, host: str, message: str, case: str = "") -> None:
        super().__init__(host, message)
        self.case = case


class RateLimitedError(UnavailableError):
    """The registry limits the rate of requests (429)."""


class ServerError(UnavailableError):
    """The registry failed (5xx)."""

    def __init__(self, host: str, message: str, status: int) -> None:
        super().__init__(host, message)
        self.status = status


class DeadlineError(UnavailableError):
    """The command's deadline has passed."""


class ConflictError(ManyfestError):
    """Existing state contradicts the request."""


class DraftExistsError(ConflictError):
    """A draft of this name exists and is not pushed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"refusing to amend an existing manifest list with no --amend flag: {name}"
        )
        self.name = name


class LockError(ConflictError):
    """``name``, a source or list, differs from the lock file, or is not in it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"not as locked: {name} {reason}")
        self.name = name
        self.reason = reason


class PlatformConflictError(ConflictError):
    """Two entries of the draft ``name`` have one ``platform``."""

    def __init__(self, name: str, platform: str, first: str, second: str) -> None:
        super().__init__(f"two entries of {name} are for {platform}: {first} and {second}")
        self.name = name
        self.platform = platform
        self.first = first
        self.second = second


class UnexpectedPlatformsError(ManyfestError):
    """The draft ``name`` lacks expected platforms, has others, or one of them twice."""

    def __init__(
        self, name: str, missing: tuple[str, ...], extra: tuple[str, ...], twice: tuple[str, ...]
    ) -> None:
        found = {"missing": missing, "not expected": extra, "listed twice": twice}
        faults = (f"{label}: {', '.join(names)}" for label, names in found.items() if names)
        super().__init__(f"{name} does not have the expected platforms; {'; '.join(faults)}")
        self.name = name
        self.missing = missing
        self.extra = extra
        self.twice = twice


class FaultyError(ManyfestError):
    """``reference`` has ``count`` errors, as verifying it found; ``first`` is one of them."""

    def __init__(self, reference: str, count: int, first: str) -> None:
        super().__init__(f"{reference}: {count} error{'' if count == 1 else 's'}: {first}")
        self.reference = reference
        self.count = count
        self.first = first


class MergeOvertakenError(ConflictError):
    """``reference`` was merged, but for these ``platforms`` it has a later writer's entries."""

    def __init__(self, reference: str, platforms: tuple[str, ...]) -> None:
        others = ", ".join(platforms)
        super().__init__(f"{reference} has another writer's later entry, not ours, for {others}")
        self.reference = reference
        self.platforms = platforms


class MergeUnsettledError(ConflictError):
    """After all tries, ``reference`` does not show the merged entries."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"{reference} does not return the list that was pushed; it may lack entries"
        )
        self.reference = reference


class TagMovedError(ConflictError):
    """``reference`` points to ``actual``, not to ``expected`` (empty: absent)."""

    def __init__(self, reference: str, expected: str, actual: str) -> None:
        message = (
            f"the tag moved: {reference} points to {actual or 'nothing'}, not to {expected}"
            if expected
            else f"{reference} already exists ({actual}); a new tag was expected"
        )
        super().__init__(message)
        self.reference = reference
        self.expected = expected
        self.actual = actual


class RetaggedError(TagMovedError):
    """``reference``, which was taken away from here, points to ``actual`` since."""

    def __init__(self, reference: str, actual: str) -> None:
        super().__init__(reference, "", actual)
        self.args = (f"the tag moved: {reference} was untagged here, and points to {actual} since",)


class OvertakenError(TagMovedError):
    """Another writer moved ``reference`` from ``expected`` to ``actual`` since it was first read.

    Both are empty where the tag was absent.
    """

    def __init__(self, reference: str, expected: str, actual: str) -> None:
        super().__init__(reference, expected, actual)
        moved = f"from {expected or 'nothing'} to {actual or 'nothing'}"
        self.args = (f"another writer moved {reference} meanwhile, {moved}",)


class IntegrityError(ManyfestError):
    """Bytes differ from their digest, size or checksum."""


class DigestMismatchError(IntegrityError):
    """The bytes of ``subject`` have the digest ``actual``, not ``expected``; ``what`` they are."""

    def __init__(self, subject: str, expected: str, actual: str, what: str = "manifest") -> None:
        super().__init__(
            f"{what} verification failed for digest {expected}: {subject} has digest {actual}"
        )
        self.what = what
        self.subject = subject
        self.expected = expected
        self.actual = actual


class SizeMismatchError(IntegrityError):
    """``subject`` has ``actual`` bytes, not ``expected``."""

    def __init__(self, subject: str, expected: int, actual: int) -> None:
        super().__init__(f"{subject} is {actual} bytes long, {expected} were announced")
        self.subject = subject
        self.expected = expected
        self.actual = actual


class StatementMismatchError(IntegrityError):
    """A statement that is attached to ``subject`` says that it is about ``other`` content."""

    def __init__(self, statement: str, subject: str, other: str) -> None:
        what = f"is about {other or 'nothing'}, not about {subject}"
        super().__init__(f"{statement}: attached to an image that it is not about: it {what}")
        self.subject = subject
        self.other = other


class DamagedStoreError(IntegrityError):
    """The store file at ``path`` is damaged; it is left untouched."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the store is damaged: {path}: {reason}")
        self.path = path
        self.reason = reason


class DocumentError(ManyfestError):
    """The bytes of ``subject`` are not a usable manifest, list or config."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason}")
        self.subject = subject
        self.reason = reason


class UnverifiableError(DocumentError):
    """Nothing can be verified against the digest of ``subject``: its ``algorithm`` is unknown."""

    def __init__(self, subject: str, algorithm: str) -> None:
        reason = (
            f"cannot be verified, because {shortened(algorithm)} is not a known digest algorithm"
        )
        super().__init__(subject, reason)
        self.algorithm = algorithm


class TooManyBytesError(ManyfestError):
    """The manifests and configs under ``subject`` are more than ``limit`` bytes together."""

    def __init__(self, subject: str, limit: int) -> None:
        super().__init__(f"{subject}: the manifests and configs are larger than {limit} bytes")
        self.subject = subject
        self.limit = limit


class ListError(ManyfestError):
    """The draft ``name`` cannot become a list, perhaps because of its own ``member``."""

    def __init__(self, name: str, reason: str, case: str = "", member: str = "") -> None:
        super().__init__(reason)
        self.name = name
        self.case = case
        self.member = member


class ConversionError(ManyfestError):
    """The media types of the other family cannot express this manifest."""

    def __init__(self, subject: str, reason: str, case: str = "") -> None:
        super().__init__(f"{subject} cannot be converted: {reason}")
        self.subject = subject
        self.reason = reason
        self.case = case


class LayoutError(ManyfestError):
    """The OCI layout in ``directory`` cannot be read or written."""

    def __init__(self, directory: str, reason: str) -> None:
        super().__init__(f"OCI layout {directory}: {reason}")
        self.directory = directory
        self.reason = reason


class NoLayoutError(LayoutError):
    """``directory`` has files, but is not an OCI layout: ``missing`` is not in it."""

    def __init__(self, directory: str, missing: str) -> None:
        super().__init__(directory, f"no {missing} file")
        self.args = (f"{directory} is not an OCI layout ({self.reason})",)
        self.missing = missing


class BundleError(ManyfestError):
    """The bundle at ``path`` cannot be read or written; nothing was imported."""

    def __init__(self, path: str, reason: str, case: str = "") -> None:
        super().__init__(f"the bundle {path} {shortened(reason, 300)}")
        self.path = path
        self.reason = reason
        self.case = case


class SparseBundleError(BundleError):
    """The bundle refers to ``digest``, which is neither in it nor cached."""

    def __init__(self, path: str, digest: str, count: int) -> None:
        more = f" and {count - 1} more" if count > 1 else ""
        super().__init__(path, f"lists {digest}{more} without bringing it, nor is it in the store")
        self.digest = digest
        self.count = count


class StoreError(ManyfestError):
    """The store file at ``path`` cannot be opened or written; it is unchanged."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the store {path} {reason}")
        self.path = path
        self.reason = reason


class StoreUnreachableError(StoreError):
    """The store is on a server that does not answer."""


class StoreDeniedError(StoreError):
    """The server of the store refuses the credentials, or what they may do is not enough."""


class IncompleteStoreError(StoreError):
    """A store of an installed adapter lacks the part that a command needs."""

    def __init__(self, scheme: str, part: str, command: str) -> None:
        super().__init__(f"of scheme {scheme}", f"has no {part}; {command} needs one")


class CredentialsError(ManyfestError):
    """Configured credentials cannot be read, or may not be sent to this host."""


class CredentialSourceError(CredentialsError):
    """``source``, a file, a variable or a credential helper, gives no usable credentials.

    ``remedy`` is the way out, in the imperative.
    """

    def __init__(self, source: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.source = source
        self.remedy = remedy


class ConfigError(ManyfestError):
    """``source``, a file, certificate or variable, cannot be read or used."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ProtocolError(_FromHostError):
    """An answer of ``host`` violates the protocol."""


class PlaceholderError(ProtocolError):
    """``tag`` may still point to a placeholder instead of ``digest``, which it was taken from."""

    def __init__(self, host: str, message: str, tag: str, digest: str) -> None:
        super().__init__(host, message)
        self.tag = tag
        self.digest = digest
        self.case = "placeholder"


class RefusedError(_FromHostError):
    """``host`` refused the request, for a reason that a retry cannot change."""

    def __init__(self, host: str, message: str, status: int, case: str = "") -> None:
        super().__init__(host, message)
        self.status = status
        self.case = case


class SparseRefusedError(RefusedError):
    """``host`` refused a list with absent images, for ``target``; nothing else was written."""

    def __init__(self, host: str, target: str, reason: str, status: int) -> None:
        message = f"{target}: a list with absent images is not taken ({reason})"
        super().__init__(host, message, status)
        self.target = target


def shortened(text: str, limit: int = 80) -> str:
    """Cut ``text`` to ``limit`` characters, so that messages stay short."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def reason_text(error: ManyfestError) -> str:
    """Return the sentence of ``error`` without the reference at its start."""
    subject, separator, rest = str(error).partition(": ")
    return rest if separator and "/" in subject else str(error)


def bare(error: ManyfestError) -> ManyfestError:
    """Return ``error`` without its stack and causes: a list may lack thousands of images."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
