"""Digests: parsing, computing, and verifying bytes against them."""

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from attrs import frozen

from manyfest.domain.errors import DigestMismatchError, InvalidDigestError, SizeMismatchError

# The two registered algorithms (image-spec, descriptor.md "Digests"), both verified here.
HEX_LENGTHS = {"sha256": 64, "sha512": 128}

# Bytes. Ports pass a blob on in chunks of at most this size, so that no more of it is in memory.
CHUNK_SIZE = 1024 * 1024

_GRAMMAR = re.compile(r"([a-z0-9]+(?:[.+_-][a-z0-9]+)*):([A-Za-z0-9=_-]+)")
_HEX = re.compile(r"[0-9a-f]+")


@frozen(order=True)
class Digest:
    """A valid digest: an algorithm and lower-case hexadecimal digits.

    ``str()`` is its text form, ``sha256:<hex>``. Raises InvalidDigestError: an algorithm other than
    sha256 and sha512, digits of the wrong number or alphabet (image-spec, descriptor.md).
    """

    algorithm: str
    hex: str

    def __attrs_post_init__(self) -> None:
        if self.algorithm not in HEX_LENGTHS:
            raise InvalidDigestError(str(self), "unsupported digest algorithm")
        if len(self.hex) != HEX_LENGTHS[self.algorithm]:
            raise InvalidDigestError(str(self), "invalid checksum digest length")
        if _HEX.fullmatch(self.hex) is None:
            raise InvalidDigestError(str(self), "invalid checksum digest format")

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Parse the text form.

        Raises InvalidDigestError with go-digest's reason, which docker shows too.
        """
        match = _GRAMMAR.fullmatch(text)
        if match is None:
            raise InvalidDigestError(text, "invalid checksum digest format")
        return cls(*match.groups())

    @classmethod
    def of(cls, data: bytes, algorithm: str = "sha256") -> "Digest":
        """Compute the digest of ``data``."""
        return cls(algorithm, _hasher(algorithm, data).hexdigest())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


def verified(data: bytes, digest: Digest, size: int | None, subject: str) -> bytes:
    """Return ``data`` after checking its digest and size (bytes; None: any).

    ``subject`` names the bytes in errors. Raises SizeMismatchError, DigestMismatchError.
    """
    if size is not None and len(data) != size:
        raise SizeMismatchError(subject, size, len(data))
    actual = Digest.of(data, digest.algorithm)
    if actual != digest:
        raise DigestMismatchError(subject, str(digest), str(actual))
    return data


def verified_chunks(
    chunks: Iterable[bytes], digest: Digest, size: int, subject: str
) -> Iterator[bytes]:
    """Yield the same chunks, and check them while they pass.

    Raises SizeMismatchError as soon as there are more than ``size`` bytes, and SizeMismatchError or
    DigestMismatchError after the last chunk: a caller must not use the bytes before the end.
    """
    hasher, passed = _hasher(digest.algorithm), 0
    for chunk in chunks:
        passed += len(chunk)
        if passed > size:
            raise SizeMismatchError(subject, size, passed)
        hasher.update(chunk)
        yield chunk
    if passed != size:
        raise SizeMismatchError(subject, size, passed)
    if hasher.hexdigest() != digest.hex:
        raise DigestMismatchError(subject, str(digest), f"{digest.algorithm}:{hasher.hexdigest()}")


class _Hasher(Protocol):
    def update(self, data: bytes, /) -> None: ...

    def hexdigest(self) -> str: ...


def _hasher(algorithm: str, data: bytes = b"") -> _Hasher:
    import hashlib  # loads OpenSSL: 5 % of the time of a command that hashes nothing

    return hashlib.new(algorithm, data)
