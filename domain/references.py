"""References: a repository, layout or external home, with tag and digest.

The grammar is distribution's (``reference/regexp.go``) and the short forms are docker's
(``reference/normalize.go``): ``alpine`` is ``docker.io/library/alpine:latest``. Other forms are:

- ``oci:DIR[:TAG][@DIGEST]``: an OCI image-layout directory; a registry image that is called ``oci``
  is written ``library/oci:TAG``
- ``oci-archive:FILE[:TAG]`` and ``docker-archive:FILE[:REFERENCE]``, each also ``:@NUMBER`` and
  ``@DIGEST``: a tar file (containers-transports(5))
- ``SCHEME://PLACE[:TAG][@DIGEST]``: served by an installed adapter (ADR 0026)

``tag@digest`` keeps both, and the digest decides.
"""

import re

from attr import evolve

from manyfest.domain.digests import HEX_LENGTHS, Digest
from manyfest.domain.errors import InvalidDigestError, InvalidReferenceError
from manyfest.domain.values import frozen

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"
LAYOUT_SCHEME = "oci:"
ARCHIVE_SCHEMES = ("oci-archive:", "docker-archive:")

_LEGACY_REGISTRY = "index.docker.io"
_OFFICIAL = "library/"
_PATH_LIMIT = 255  # distribution: RepositoryNameTotalLengthMax

_LABEL = r"(?:[A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9])"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[A-Fa-f0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9A-Fa-f]{32,}"
_NAMED = re.compile(rf"({_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?")
_BARE_HEX = re.compile(r"[a-f0-9]{64}")

# The patterns below are compiled on first use, because most commands name registries only.

# image-spec, annotations.md: the grammar of org.opencontainers.image.ref.name. A layout also
# accepts registry tags that this grammar excludes ("_x", "a..b"), to be copied into it.
_REF_NAME = r"[A-Za-z0-9]+(?:(?:[-._:@+/]|--)[A-Za-z0-9]+)*"
_LAYOUT_TAG = rf"{_REF_NAME}|{_TAG}"
_DOCKER_NAME = rf"(?:{_HOST.pattern}/)?{_PATH}(?::{_TAG})?"
_LAYOUT_DIGEST = rf"(?s:{_DIGEST}|(?:{'|'.join(HEX_LENGTHS)}):.*)"

# Prefixes that other tools write before references are refused, as docker refuses them.
_EXTERNAL = r"(?s:(?!(?:https?|docker|oci)://)([a-z][a-z0-9+.-]*)://(.*))"

# Characters of a directory that cannot be printed on one line, or encoded as UTF-8.
_UNUSABLE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"


@frozen
class Repository:
    """A repository: ``registry`` is ``host[:port]``, ``path`` has no tag."""

    registry: str
    path: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}"


@frozen
class Layout:
    """An OCI image-layout directory.

    A relative path stays relative, because the domain knows no working directory.
    """

    directory: str

    def __str__(self) -> str:
        return f"{LAYOUT_SCHEME}{self.directory}"


@frozen
class Archive:
    """A tar file of images, which is only read; ``scheme`` is one of ``ARCHIVE_SCHEMES``."""

    scheme: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}{self.path}"


@frozen
class External:
    """A home that an installed adapter serves; only it interprets ``place``."""

    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


Home = Repository | Layout | Archive | External


@frozen
class Reference:
    """The name of a manifest: a home, and a tag, a digest, or both.

    With both, the digest decides. Only layouts and archives may have neither: then it is the only
    image. The tag of an archive is any name of an image in it, or ``@`` and its number.
    ``str()`` is the full canonical form, and ``parse`` reads it back.
    """

    home: Home
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Parse a reference; short forms are completed as docker does.

        Raises InvalidReferenceError with docker's reason.
        """
        if text.startswith(LAYOUT_SCHEME):
            return _parse_layout(text)
        if text.startswith(ARCHIVE_SCHEMES):
            return _parse_archive(text)
        if "://" in text and (external := re.fullmatch(_EXTERNAL, text)):
            return _parse_external(text, *external.groups())
        return _parse_registry(text)

    def __repr__(self) -> str:
        return f"<Reference {self}>"

    def at(self, digest: Digest) -> "Reference":
        """Return the reference to this digest in the same home."""
        return Reference(self.home, None, digest)

    def tagged(self, tag: str) -> "Reference":
        """Return the reference to this tag in the same home."""
        return evolve(self, tag=tag, digest=None)

    @property
    def name(self) -> str:
        """The digest, else the tag, else an empty text."""
        return str(self.digest or self.tag or "")

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.home}{tag}{digest}"


def is_tag(text: str) -> bool:
    """Return True for a tag of a registry (distribution-spec, "Pulling manifests")."""
    return re.fullmatch(_TAG, text) is not None


def is_path(text: str) -> bool:
    """Return True for the path of a repository (distribution-spec, "Pulling manifests")."""
    return len(text) <= _PATH_LIMIT and re.fullmatch(_PATH, text) is not None


def is_host(text: str) -> bool:
    """Return True for a registry's host, as ``host[:port]``; no scheme of layouts is one."""
    return _HOST.fullmatch(text) is not None and not text.startswith(
        (LAYOUT_SCHEME, *ARCHIVE_SCHEMES)
    )


def _parse_registry(text: str) -> Reference:
    if _BARE_HEX.fullmatch(text):
        reason = f"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings"
        raise InvalidReferenceError(text, reason)
    registry, remainder = _split_registry(text)
    remote = remainder.partition(":")[0]  # docker checks the letter case of this part only
    if remote != remote.lower():
        reason = f"invalid reference format: repository name ({remote}) must be lowercase"
        raise InvalidReferenceError(text, reason)
    named = _NAMED.fullmatch(remainder)
    if named is None or _HOST.fullmatch(registry) is None:
        raise InvalidReferenceError(text)
    path, tag, digest = named.groups()
    if len(path) > _PATH_LIMIT:
        reason = f"repository name must not be more than {_PATH_LIMIT} characters"
        raise InvalidReferenceError(text, reason)
    if digest is None:
        return Reference(Repository(registry, path), tag or DEFAULT_TAG)
    return Reference(Repository(registry, path), tag, _digest_in(text, digest))


def _split_registry(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash or not _looks_like_host(first):
        first, rest = DEFAULT_REGISTRY, text
    if first == _LEGACY_REGISTRY:
        first = DEFAULT_REGISTRY
    if first == DEFAULT_REGISTRY and "/" not in rest:
        rest = _OFFICIAL + rest
    return first, rest


def _looks_like_host(component: str) -> bool:
    return (
        any(mark in component for mark in ".:")
        or component == "localhost"
        or component != component.lower()
    )


def _digest_in(text: str, digest: str) -> Digest:
    try:
        return Digest.parse(digest)
    except InvalidDigestError as error:
        raise InvalidReferenceError(text, error.reason) from error


def _parse_layout(text: str) -> Reference:
    """Parse ``oci:DIR[:TAG][@DIGEST]``; as in skopeo, the first colon ends DIR."""
    named, digest = _split_layout_digest(text)
    directory, colon, tag = named.removeprefix(LAYOUT_SCHEME).partition(":")
    if not directory:
        raise InvalidReferenceError(text, "invalid reference format: no layout directory")
    if re.search(_UNUSABLE, directory):
        reason = "invalid reference format: control characters in the layout directory"
        raise InvalidReferenceError(text, reason)
    if colon and re.fullmatch(_LAYOUT_TAG, tag) is None:
        raise InvalidReferenceError(text)
    return Reference(Layout(directory), tag if colon else None, digest)


def _parse_archive(text: str) -> Reference:
    """Parse a reference to an archive; as in skopeo, the first colon behind the scheme ends FILE.

    A digest belongs to what is in the archive, so no name is cut off before it.
    """
    scheme, _, rest = text.partition(":")
    named, digest = _split_layout_digest(rest)
    path, colon, tag = named.partition(":")
    if not path or re.search(_UNUSABLE, path):
        raise InvalidReferenceError(text, "invalid reference format: no file of an archive")
    if colon and re.fullmatch(rf"@[0-9]{{1,9}}|{_LAYOUT_TAG}|{_DOCKER_NAME}", tag) is None:
        raise InvalidReferenceError(text)
    return Reference(Archive(f"{scheme}:", path), tag if colon else None, digest)


def _parse_external(text: str, scheme: str, rest: str) -> Reference:
    """Look for a tag after the last slash only, so that places may have ports."""
    named, digest = _split_layout_digest(rest)
    parents, slash, last = named.rpartition("/")
    name, colon, tag = last.partition(":")
    place = f"{parents}{slash}{name}"
    if not name or re.search(_UNUSABLE, place) or (colon and re.fullmatch(_TAG, tag) is None):
        raise InvalidReferenceError(text)
    if not colon and digest is None:
        tag = DEFAULT_TAG
    return Reference(External(scheme, place), tag or None, digest)


def _split_layout_digest(text: str) -> tuple[str, Digest | None]:
    """Split at the last @ if a digest follows: directories and tags may have @."""
    named, at, digest = text.rpartition("@")
    if at and re.fullmatch(_LAYOUT_DIGEST, digest):
        return named, _digest_in(text, digest)
    return text, None
