"""Digests: parsing, computing, and verifying bytes against them."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, Self

from attr import frozen

from manyfest.domain.errors import (
    DigestMismatchError,
    InvalidDigestError,
    SizeMismatchError,
    UnverifiableError,
)

# The two registered algorithms (image-spec, descriptor.md "Digests"), both verified here.
HEX_LENGTHS = {"sha256": 64, "sha512": 128}

# Bytes. Ports pass a blob on in chunks of at most this size, so that no more of it is in memory.
CHUNK_SIZE = 1024 * 1024

# One text for all digests: each would have a copy of its own, of 55 bytes.
_NAMES = {name: name for name in HEX_LENGTHS}

_GRAMMAR = re.compile(r"([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([A-Za-z0-9=_-]+)")

# Characters of an unregistered digest: enough for 1,024 bits in hexadecimal, and a file name.
_UNREGISTERED_LIMIT = 255
_HEX = re.compile(r"[0-9a-f]+")


@frozen(order=True)
class Digest:
    """A digest in the image-spec's grammar (descriptor.md, "Digests").

    ``str()`` is its text form, ``sha256:<hex>``. Registered algorithms have a fixed number of
    lower-case hexadecimal digits. Others pass, but nothing can be verified against them. Raises
    InvalidDigestError.
    """

    algorithm: str
    hex: str

    def __attrs_post_init__(self) -> None:
        length = HEX_LENGTHS.get(self.algorithm)
        if length is None:
            self._check_unregistered()
        elif len(self.hex) != length:
            raise InvalidDigestError(str(self), "invalid checksum digest length")
        elif _HEX.fullmatch(self.hex) is None:
            raise InvalidDigestError(str(self), "invalid checksum digest format")

    def __repr__(self) -> str:
        return f"<Digest {self}>"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Parse the text form of a digest that can be verified.

        Raises InvalidDigestError with go-digest's reason, which docker shows too.
        """
        digest = cls.parse_any(text)
        if not digest.is_verifiable:
            raise InvalidDigestError(text, "unsupported digest algorithm")
        return digest

    @classmethod
    def parse_any(cls, text: str) -> "Digest":
        """Parse the text form; the algorithm may be unregistered. Raises InvalidDigestError."""
        algorithm, _, hexadecimal = text.partition(":")
        if HEX_LENGTHS.get(algorithm) == len(hexadecimal):
            return cls(_NAMES[algorithm], hexadecimal)
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise InvalidDigestError(text, "invalid checksum digest format")
        return cls(*match.groups())

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> "Digest":
        """Compute the digest of ``data``. Raises InvalidDigestError: unregistered algorithm."""
        if algorithm not in HEX_LENGTHS:
            raise InvalidDigestError(algorithm, "unsupported digest algorithm")
        return cls(algorithm, new_hasher(algorithm, data).hexdigest())

    def is_of(self, data: bytes) -> bool:
        """Return whether this is the digest of ``data``. Raises ValueError: unregistered."""
        return new_hasher(self.algorithm, data).hexdigest() == self.hex

    @property
    def is_verifiable(self) -> bool:
        """Whether bytes can be verified against it: the algorithm is registered."""
        return self.algorithm in HEX_LENGTHS

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"

    def _check_unregistered(self) -> None:
        text = str(self)
        if _GRAMMAR.fullmatch(text) is None:
            raise InvalidDigestError(text, "invalid checksum digest format")
        if len(text) > _UNREGISTERED_LIMIT:
            raise InvalidDigestError(text, "invalid checksum digest length")


def require_verifiable(digest: Digest, subject: str) -> None:
    """Raise UnverifiableError if nothing can be verified against ``digest``."""
    if not digest.is_verifiable:
        raise UnverifiableError(subject, digest.algorithm)


def verified(data: bytes, digest: Digest, size: int | None, subject: str) -> bytes:
    """Return ``data`` after checking its digest and size (bytes; None: any).

    ``subject`` names the bytes in errors. Raises UnverifiableError, SizeMismatchError,
    DigestMismatchError.
    """
    require_verifiable(digest, subject)
    if size is not None and len(data) != size:
        raise SizeMismatchError(subject, size, len(data))
    actual = Digest.of(data, digest.algorithm)
    if actual != digest:
        raise DigestMismatchError(subject, str(digest), str(actual))
    return data


class VerifiedChunks(Iterator[bytes]):
    """Chunks of ``size`` bytes of ``digest``, which are checked by the iterator inside.

    So that a blob is hashed once on its way, where it is read: ``verified_chunks`` passes on what
    is checked already. Not thread-safe.
    """

    __slots__ = ("_chunks", "_digest", "_is_begun", "_size")

    def __init__(self, chunks: Iterator[bytes], digest: Digest, size: int) -> None:
        self._chunks = chunks
        self._digest = digest
        self._size = size
        self._is_begun = False

    def __next__(self) -> bytes:
        self._is_begun = True
        return next(self._chunks)

    def are(self, digest: Digest, size: int) -> bool:
        """Return whether all that is to come is checked to be ``size`` bytes of ``digest``."""
        return (self._digest, self._size, self._is_begun) == (digest, size, False)

    def passed_by(self, wrap: Callable[[Iterator[bytes]], Iterator[bytes]]) -> "VerifiedChunks":
        """Return these chunks as they come out of ``wrap``, which neither adds nor drops any."""
        passing = VerifiedChunks(wrap(self._chunks), self._digest, self._size)
        passing._is_begun = self._is_begun
        return passing


def verified_chunks(
    chunks: Iterable[bytes], digest: Digest, size: int, subject: str
) -> Iterator[bytes]:
    """Yield the same chunks, and check them while they pass; once is enough.

    Raises UnverifiableError at once, SizeMismatchError as soon as there are more than ``size``
    bytes, and SizeMismatchError or DigestMismatchError after the last chunk: a caller must not use
    the bytes before the end.
    """
    if isinstance(chunks, VerifiedChunks) and chunks.are(digest, size):
        return chunks
    return VerifiedChunks(_checked(chunks, digest, size, subject), digest, size)


def _checked(chunks: Iterable[bytes], digest: Digest, size: int, subject: str) -> Iterator[bytes]:
    require_verifiable(digest, subject)
    hasher, passed = new_hasher(digest.algorithm), 0
    for chunk in chunks:
        passed += len(chunk)
        if passed > size:
            raise SizeMismatchError(subject, size, passed)
        hasher.update(chunk)
        yield chunk
    if passed != size:
        raise SizeMismatchError(subject, size, passed)
    if hasher.hexdigest() != digest.hex:
        actual = f"{digest.algorithm}:{hasher.hexdigest()}"
        raise DigestMismatchError(subject, str(digest), actual, "blob")


def without_first(count: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Leave out the first ``count`` bytes, and cut chunks that are larger than 1 MiB."""
    for chunk in chunks:
        for start in range(count, len(chunk), CHUNK_SIZE):
            is_whole = not start and len(chunk) <= CHUNK_SIZE
            yield chunk if is_whole else chunk[start : start + CHUNK_SIZE]
        count = max(0, count - len(chunk))


class Hasher(Protocol):
    """The state of a hash over the bytes so far, as hashlib has it."""

    def update(self, data: bytes, /) -> None:
        """Hash ``data``, too."""

    def hexdigest(self) -> str:
        """Return the hash of all bytes so far."""
        ...

    def copy(self) -> Self:
        """Return the same state, apart from this one."""
        ...


def new_hasher(algorithm: str, data: bytes = b"") -> Hasher:
    """Return the state of a hash over ``data``. Raises ValueError: unregistered algorithm."""
    import hashlib  # loads OpenSSL: 5 % of the time of a command that hashes nothing

    return hashlib.new(algorithm, data)
