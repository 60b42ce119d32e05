"""The password file: lines of ``USER:HASH``, by scrypt (RFC 7914).

The hash is written as passlib and PHC strings have it, ``$scrypt$ln=14,r=8,p=1$SALT$KEY``, with
base64 without padding. ``htpasswd`` writes bcrypt, for which Python has nothing, or hashes that are
broken or fast to try (ADR 0059).
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from pathlib import Path
from threading import Lock

from manyfest.domain.errors import ConfigError, InputError
from manyfest.domain.values import frozen

_LINE = re.compile(
    r"([^:\s]+):\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})"
    r"\$([A-Za-z0-9+/]{1,172})\$([A-Za-z0-9+/]{1,172})",
    re.ASCII,
)
_LN, _R, _P = 14, 8, 1  # 16 MiB, 50 ms
_MEMORY_LIMIT = 128 * 1024 * 1024  # bytes that a hash in the file may take
_SALT_BYTES = 16
_FILE_LIMIT = 1024 * 1024
_KNOWN_LIMIT = 1000  # passwords that were found right


@frozen
class _Hash:
    """The hash of a password, and how it was made."""

    ln: int
    r: int
    p: int
    salt: bytes
    key: bytes

    def is_of(self, password: str) -> bool:
        """Return whether it is the hash of ``password``."""
        made = _scrypt(password, self.salt, self.ln, self.r, self.p, len(self.key))
        return hmac.compare_digest(made, self.key)


class Passwords:
    """The users of a password file. Thread-safe.

    A password that was found right is known again by its HMAC, under a key of this process: clients
    send it with each request. Others are tried one at a time, so that guessing takes 50 ms each and
    no more memory than one.
    """

    def __init__(self, hashes: dict[str, _Hash]) -> None:
        self._hashes = hashes
        self._key = secrets.token_bytes(32)
        self._known: set[bytes] = set()
        self._lock = Lock()

    @classmethod
    def read(cls, path: Path) -> "Passwords":
        """Read the file at ``path``. Raises ConfigError: it is not of use, or has no user."""
        try:
            with path.open("rb") as file:
                lines = file.read(_FILE_LIMIT).decode().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            raise ConfigError(str(path), f"cannot be read: {reason}") from error
        wanted = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
        hashes = dict(_parsed(line, f"{path}: line {number}") for number, line in wanted)
        for ln, r, p, length in {(one.ln, one.r, one.p, len(one.key)) for one in hashes.values()}:
            _try(ln, r, p, length, str(path))
        if not hashes:
            raise ConfigError(str(path), "has no user; manyfest serve --add-user NAME adds one")
        return cls(hashes)

    def accept(self, authorization: str) -> bool:
        """Return whether this ``Authorization`` header has a user's password (RFC 7617)."""
        mark = hmac.digest(self._key, authorization.encode(errors="replace"), "sha256")
        if mark in self._known:
            return True
        user, colon, password = _decoded(authorization).partition(":")
        if not colon:
            return False
        with self._lock:
            is_right = self._is_right(user, password)
            if is_right and len(self._known) < _KNOWN_LIMIT:
                self._known.add(mark)
        return is_right

    def _is_right(self, user: str, password: str) -> bool:
        """Return whether it is the password; an unknown user takes as long as a wrong one."""
        of_someone = next(iter(self._hashes.values()))
        is_right = self._hashes.get(user, of_someone).is_of(password)
        return is_right and user in self._hashes


def password_line(user: str, password: str) -> str:
    """Return the line of the file for a user. Raises InputError: no name, or no password."""
    if not user or ":" in user or any(char.isspace() for char in user):
        raise InputError(f"--add-user: {user!r} is no name: it has a colon, a space, or nothing")
    if not password:
        raise InputError("--add-user: give the password on standard input")
    salt = secrets.token_bytes(_SALT_BYTES)
    key = _scrypt(password, salt, _LN, _R, _P, 32)
    return f"{user}:$scrypt$ln={_LN},r={_R},p={_P}${_base64(salt)}${_base64(key)}"


def _parsed(line: str, place: str) -> tuple[str, _Hash]:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        reason = "is not USER:$scrypt$…; manyfest serve --add-user NAME writes one"
        raise ConfigError(place, reason)
    user, ln, r, p = found[1], int(found[2]), int(found[3]), int(found[4])
    if not (ln and r and p) or _memory(ln, r, p) > _MEMORY_LIMIT:
        raise ConfigError(place, "has a hash that is not of use: it takes too much memory")
    try:
        return user, _Hash(ln, r, p, _bytes(found[5]), _bytes(found[6]))
    except binascii.Error as error:
        raise ConfigError(place, "has a hash that is not base64") from error


def _scrypt(password: str, salt: bytes, ln: int, r: int, p: int, length: int) -> bytes:
    return hashlib.scrypt(
        password.encode(errors="surrogateescape"),
        salt=salt,
        n=1 << ln,
        r=r,
        p=p,
        maxmem=2 * _MEMORY_LIMIT,
        dklen=length,
    )


def _try(ln: int, r: int, p: int, length: int, place: str) -> None:
    """Make a hash, as a request will. Raises ConfigError: OpenSSL refuses the parameters."""
    try:
        _scrypt("", b"", ln, r, p, length)
    except (ValueError, OverflowError, MemoryError) as error:
        reason = f"has a hash that is not of use: ln={ln},r={r},p={p} cannot be computed"
        raise ConfigError(place, reason) from error


def _memory(ln: int, r: int, p: int) -> int:
    return 128 * r * ((1 << ln) + p)


def _decoded(authorization: str) -> str:
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
