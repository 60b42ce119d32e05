"""Every error the library raises, one tree.

::

    ManyfestError
    ├── InputError                  what the caller wrote cannot be read or used
    │   ├── InvalidReferenceError
    │   ├── InvalidDigestError
    │   ├── InvalidPlatformError
    │   ├── UnsupportedPlatformError
    │   ├── UnknownMemberError
    │   ├── UnknownSchemeError
    │   ├── AmbiguousEntryError
    │   ├── QueryError
    │   └── SpecError
    ├── NotFoundError               the thing named is not there
    │   ├── ManifestUnknownError
    │   ├── BlobUnknownError
    │   ├── DraftUnknownError
    │   ├── EntryUnknownError
    │   ├── NoSuchPlatformError
    │   ├── NeverSeenError
    │   ├── NoSuchStateError
    │   ├── PartGoneError
    │   ├── NotHeldError
    │   └── IncompleteError
    ├── AccessError                 the registry knows us too little or not at all
    │   ├── UnauthorizedError
    │   ├── DeniedError
    │   └── BlockedError
    ├── UnavailableError            the other side is away, busy or broken, after retries
    │   ├── UnreachableError
    │   ├── RateLimitedError
    │   ├── ServerError
    │   └── DeadlineError
    ├── ConflictError
    │   ├── DraftExistsError
    │   ├── LockError
    │   ├── MergeUnsettledError
    │   ├── PlatformConflictError
    │   └── TagMovedError
    ├── IntegrityError              bytes are not what they were said to be
    │   ├── DigestMismatchError
    │   ├── SizeMismatchError
    │   └── DamagedStoreError
    ├── DocumentError               bytes are intact, but no manifest or config we may use
    ├── ListError                   the draft cannot become a list
    ├── LayoutError                 an OCI layout directory that cannot be read or written
    ├── BundleError                 a bundle that cannot be read or written
    │   └── SparseBundleError
    ├── StoreError                  the store cannot be opened or written
    ├── CredentialsError            configured credentials that cannot be read, or may not be sent
    ├── ConfigError                 a configuration file or certificate that cannot be used
    ├── ProtocolError               an answer that no registry gives
    └── RefusedError                the registry refused what was asked

Facts are fields, as text, so that this module depends on nothing. ``str()`` is one sentence without
advice and without a final stop; where docker has a sentence for the case, it is contained.
Names end in ``Error``. Nothing here knows exit codes: ``cli/exit_codes.py`` has that table.
"""


class ManyfestError(Exception):
    """The root: everything this library raises on purpose."""


class InputError(ManyfestError):
    """What the caller wrote cannot be read or used."""


class InvalidReferenceError(InputError):
    """``text`` is no reference; ``reason`` is docker's sentence for it."""

    def __init__(self, text: str, reason: str = "invalid reference format") -> None:
        super().__init__(f"{shortened(reason, 300)}: {shortened(text)!r}")
        self.text = text
        self.reason = reason


class InvalidDigestError(InputError):
    """``text`` is no digest."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"invalid digest {shortened(text)!r}: {reason}")
        self.text = text
        self.reason = reason


class InvalidPlatformError(InputError):
    """``text`` is no platform specifier."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"invalid platform {shortened(text)!r}: {reason}")
        self.text = text
        self.reason = reason


class UnsupportedPlatformError(InputError):
    """No Go port exists for this operating system and architecture."""

    def __init__(self, os: str, architecture: str) -> None:
        super().__init__(
            f"manifest entry for image has unsupported os/arch combination: {os}/{architecture}"
        )
        self.os = os
        self.architecture = architecture


class UnknownMemberError(InputError):
    """``name`` is nothing that can be taken away; ``known`` are the names that can."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{shortened(name)!r} cannot be unset, only {', '.join(known)}")
        self.name = name
        self.known = known


class UnknownSchemeError(InputError):
    """Nothing that is installed serves ``scheme://``; ``known`` are the schemes that are served."""

    def __init__(self, scheme: str, known: tuple[str, ...]) -> None:
        others = f", only {', '.join(known)}" if known else ""
        super().__init__(f"no adapter for {shortened(scheme)}:// is installed{others}")
        self.scheme = scheme
        self.known = known


class AmbiguousEntryError(InputError):
    """``entry`` names several entries of the draft ``name``; ``found`` tells them apart."""

    def __init__(self, entry: str, name: str, found: tuple[str, ...]) -> None:
        super().__init__(f"{entry} names {len(found)} entries of {name}: {'; '.join(found)}")
        self.entry = entry
        self.name = name
        self.found = found


class QueryError(InputError):
    """A statement that is no query, or asks for what is not there to be asked for."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"SQL: {shortened(reason, 300)}")
        self.reason = reason


class SpecError(InputError):
    """A spec of lists cannot be read; ``problems`` has a sentence for each fault, by its place."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class NotFoundError(ManyfestError):
    """The thing named is not there."""


class ManifestUnknownError(NotFoundError):
    """The registry or layout has no manifest under ``reference``."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no such manifest: {reference}")
        self.reference = reference


class BlobUnknownError(NotFoundError):
    """The registry or layout has no blob under ``reference``."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no such blob: {reference}")
        self.reference = reference


class DraftUnknownError(NotFoundError):
    """There is no draft of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No such manifest: {name}")
        self.name = name


class EntryUnknownError(NotFoundError):
    """The draft ``name`` has no entry that ``entry`` finds."""

    def __init__(self, entry: str, name: str) -> None:
        super().__init__(f"manifest for image {entry} does not exist in {name}")
        self.entry = entry
        self.name = name


class NoSuchPlatformError(NotFoundError):
    """The list ``subject`` has no entry for ``platform``; ``there`` are the platforms it has."""

    def __init__(self, platform: str, subject: str, there: str) -> None:
        super().__init__(f"{subject} has nothing for {platform}, only for {there or 'no platform'}")
        self.platform = platform
        self.subject = subject
        self.there = there


class NeverSeenError(NotFoundError):
    """Offline, and the store holds nothing under ``reference``."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"no such manifest in the store: {reference} was never seen")
        self.reference = reference


class NoSuchStateError(NotFoundError):
    """A tag was never seen in this ``state``, only in ``count`` others since the time ``since``."""

    def __init__(self, state: str, count: int, since: str) -> None:
        seen = f"{count} {'was' if count == 1 else 'were'} seen"
        super().__init__(f"no such state: {state}: {seen}, since {since}")
        self.state = state
        self.count = count
        self.since = since


class NotCachedError(NotFoundError):
    """Offline, and the store holds none of these ``blobs``: configs or layers."""

    def __init__(self, blobs: tuple[str, ...]) -> None:
        shown, more = ", ".join(blobs[:2]), len(blobs) - 2
        super().__init__(f"not in the store: {shown}{f' and {more} more' if more > 0 else ''}")
        self.blobs = blobs


class IncompleteError(NotFoundError):
    """Of ``what`` ``reference`` names the store lacks ``count``; ``digest`` is the first."""

    def __init__(self, reference: str, digest: str, count: int, what: str) -> None:
        more = f" and {count - 1} more" if count > 1 else ""
        super().__init__(f"the store has not all {what} of {reference}: {digest}{more} missing")
        self.reference = reference
        self.digest = digest
        self.count = count


class PartMissingError(NotFoundError):
    """``reference`` was there once and cannot be again: it names ``part``, which is gone."""

    def __init__(self, reference: str, part: str) -> None:
        super().__init__(f"{reference} cannot be put back: {part}, which it names, is gone")
        self.reference = reference
        self.part = part


class _FromHostError(ManyfestError):
    """What went wrong with ``host``, in a sentence that only who spoke to it can make."""

    def __init__(self, host: str, message: str) -> None:
        super().__init__(message)
        self.host = host


class AccessError(_FromHostError):
    """The registry does not let us do this."""


class UnauthorizedError(AccessError):
    """The registry wants credentials, or refuses those it got (401)."""


class DeniedError(AccessError):
    """The registry knows who asks, and says no (403)."""


class BlockedError(AccessError):
    """The configuration of this machine forbids the registry; it was not asked."""


class UnavailableError(_FromHostError):
    """The other side is away, busy or broken; retries, if any, are used up."""


class UnreachableError(UnavailableError):
    """No usable connection: refused, reset, unknown name, TLS failure, broken transfer."""


class RateLimitedError(UnavailableError):
    """The registry says slow down (429)."""


class ServerError(UnavailableError):
    """The registry failed (5xx)."""

    def __init__(self, host: str, message: str, status: int) -> None:
        super().__init__(host, message)
        self.status = status


class DeadlineError(UnavailableError):
    """The time allowed for the command has run out."""


class ConflictError(ManyfestError):
    """What is there already stands against what was asked."""


class DraftExistsError(ConflictError):
    """A draft of this name exists and was not pushed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"refusing to amend an existing manifest list with no --amend flag: {name}"
        )
        self.name = name


class LockError(ConflictError):
    """``name``, a source or a list, is not what the lock file says, or not in it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"not as locked: {name} {reason}")
        self.name = name
        self.reason = reason


class PlatformConflictError(ConflictError):
    """Two entries of the draft ``name`` are for one ``platform``: ``first`` and ``second``."""

    def __init__(self, name: str, platform: str, first: str, second: str) -> None:
        super().__init__(f"two entries of {name} are for {platform}: {first} and {second}")
        self.name = name
        self.platform = platform
        self.first = first
        self.second = second


class MergeUnsettledError(ConflictError):
    """However often it was put, ``reference`` was not seen to hold what was merged into it."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} does not show what was put: it may lack entries")
        self.reference = reference


class TagMovedError(ConflictError):
    """``reference`` does not point where it was expected to; empty texts mean nowhere."""

    def __init__(self, reference: str, expected: str, actual: str) -> None:
        wanted, found = expected or "nothing", actual or "nothing"
        super().__init__(f"the tag moved: {reference} points to {found}, not to {wanted}")
        self.reference = reference
        self.expected = expected
        self.actual = actual


class IntegrityError(ManyfestError):
    """Bytes are not what they were said to be."""


class DigestMismatchError(IntegrityError):
    """The bytes of ``subject`` hash to ``actual``, not to ``expected``."""

    def __init__(self, subject: str, expected: str, actual: str) -> None:
        super().__init__(
            f"manifest verification failed for digest {expected}: {subject} has digest {actual}"
        )
        self.subject = subject
        self.expected = expected
        self.actual = actual


class SizeMismatchError(IntegrityError):
    """The bytes of ``subject`` are ``actual`` long, not ``expected``."""

    def __init__(self, subject: str, expected: int, actual: int) -> None:
        super().__init__(f"{subject} is {actual} bytes long, {expected} were announced")
        self.subject = subject
        self.expected = expected
        self.actual = actual


class DamagedStoreError(IntegrityError):
    """The store file at ``path`` is damaged; it was left untouched."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the store is damaged: {path}: {reason}")
        self.path = path
        self.reason = reason


class DocumentError(ManyfestError):
    """``subject``'s bytes are no manifest, list or config that may be used."""

    def __init__(self, subject: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason}")
        self.subject = subject
        self.reason = reason


class ListError(ManyfestError):
    """The draft ``name`` cannot become a list."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name = name


class LayoutError(ManyfestError):
    """The OCI layout in ``directory`` cannot be read or written."""

    def __init__(self, directory: str, reason: str) -> None:
        super().__init__(f"OCI layout {directory}: {reason}")
        self.directory = directory
        self.reason = reason


class BundleError(ManyfestError):
    """The bundle at ``path`` cannot be read or written; nothing of it was taken over."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the bundle {path} {shortened(reason, 300)}")
        self.path = path
        self.reason = reason


class SparseBundleError(BundleError):
    """The bundle at ``path`` names ``digest``, which neither it has nor the store."""

    def __init__(self, path: str, digest: str, count: int) -> None:
        more = f" and {count - 1} more" if count > 1 else ""
        super().__init__(path, f"lists {digest}{more} without bringing it, nor is it in the store")
        self.digest = digest
        self.count = count


class StoreError(ManyfestError):
    """The store file at ``path`` cannot be opened or written; it was left untouched."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the store {path} {reason}")
        self.path = path
        self.reason = reason


class CredentialsError(ManyfestError):
    """Credentials that are configured cannot be read, or may not go where they were asked for."""


class ConfigError(ManyfestError):
    """``source``, a configuration file, a certificate or a variable, cannot be read or used."""

    def __init__(self, source: str, reason: str) -> None:
        super().__init__(f"{source}: {reason}")
        self.source = source
        self.reason = reason


class ProtocolError(_FromHostError):
    """``host`` gave an answer that no registry gives."""


class RefusedError(_FromHostError):
    """``host`` refused what was asked, for a reason that trying again does not change."""

    def __init__(self, host: str, message: str, status: int) -> None:
        super().__init__(host, message)
        self.status = status


def shortened(text: str, limit: int = 80) -> str:
    """``text`` cut to ``limit`` characters, so that no input makes an endless message."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
