"""Requests of the distribution-spec as values: each ``/v2/`` URL, method, header and scope. Pure.

One function for each request that this adapter makes (model: ``internal/ocirequest`` of
cue-labs/oci). Paths are relative to the registry; only the URLs that a registry hands out itself
(``Location`` of an upload, ``Link`` of a page) are absolute. Every function that takes a reference
raises InvalidReferenceError for a layout, those about manifests also for what can be no tag, and
those about blobs raise InvalidDigestError for a reference without a digest.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from urllib.parse import quote

from attr import evolve, field

from manyfest.adapters.http_registry.auth.scope import AccessRequest, delete, pull, push
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidDigestError, InvalidReferenceError
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference, Repository, is_tag
from manyfest.domain.values import frozen

TAGS_PER_PAGE = 1000

# The lines of an Accept header, which mean the same however they are spread (RFC 9110 §5.3).
Accept = tuple[str, ...]

# Manifests of unknown types are carried, too; containerd ends its list in the same way.
_ACCEPTED = (*media_types.ACCEPTED, "*/*")

# A single line, as containerd and crane send it: some proxies keep only the first of several.
ACCEPT: Accept = (", ".join(_ACCEPTED),)

# For servers that compare whole lines, as docker and skopeo send them, or that read one type only.
# Lists come first: asked for an image, a registry may answer with one that a list names.
OTHER_ACCEPTS: tuple[Accept, ...] = (_ACCEPTED, *((each,) for each in media_types.ACCEPTED))

_ACCEPT_INDEX = {"Accept": media_types.OCI_INDEX}

# Bytes, or a function that opens them again for each attempt; the latter needs ``Content-Length``.
Content = bytes | Callable[[], AbstractContextManager[Iterator[bytes]]] | None


@frozen
class RegistryRequest:
    """An HTTP request: ``url`` is a path on the registry, or absolute.

    ``access`` says what it needs permission for; ``more_accept`` are further lines of ``Accept``.
    It may be sent more than once.
    """

    method: str
    url: str = field(repr=False)
    access: AccessRequest
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    content: Content = field(default=None, repr=False)
    more_accept: Accept = field(default=(), repr=False)

    @property
    def subject(self) -> str:
        """The reference or registry that error messages name."""
        return self.access.subject


def ping(registry: str) -> RegistryRequest:
    """GET the API's root, which needs a login but no repository (distribution-spec, end-1)."""
    return RegistryRequest("GET", "/v2/", AccessRequest(registry))


def get_manifest(reference: Reference, accept: Accept = ACCEPT) -> RegistryRequest:
    """GET the manifest under a tag or digest (end-3)."""
    first, *more = accept
    url, headers = _manifest_url(reference), {"Accept": first}
    return RegistryRequest("GET", url, _pull(reference), headers, more_accept=tuple(more))


def head_manifest(reference: Reference, accept: Accept = ACCEPT) -> RegistryRequest:
    """HEAD the manifest under a tag or digest (end-3), which counts as no pull."""
    return evolve(get_manifest(reference, accept), method="HEAD")


def put_manifest(
    reference: Reference, manifest: Manifest, expected: Expectation | None = None
) -> RegistryRequest:
    """PUT a manifest under a tag or digest (end-7), on condition that the tag is as ``expected``.

    The condition is RFC 9110's (§13.1); registries with entity tags use the digest as the tag.
    """
    headers = {"Content-Type": manifest.media_type} | _condition(expected)
    url = _manifest_url(reference)
    return RegistryRequest("PUT", url, _push(reference), headers, manifest.data)


def delete_manifest(reference: Reference, expected: Expectation | None = None) -> RegistryRequest:
    """DELETE a tag, if it is as ``expected``, or a manifest by its digest (end-9)."""
    path = repository_of(reference).path
    access = AccessRequest(str(reference), path, delete(path))
    return RegistryRequest("DELETE", _manifest_url(reference), access, _condition(expected))


def put_with_tags(reference: Reference, manifest: Manifest, tags: Sequence[str]) -> RegistryRequest:
    """PUT a manifest under its digest and several tags (end-7; distribution-spec #600)."""
    request = put_manifest(reference, manifest)
    query = "&".join(f"tag={_quoted(tag)}" for tag in tags)
    return evolve(request, url=f"{request.url}?{query}")


def head_blob(reference: Reference) -> RegistryRequest:
    """HEAD a blob (end-2)."""
    return RegistryRequest("HEAD", _blob_url(reference), _pull(reference))


def get_blob(reference: Reference, start: int = 0) -> RegistryRequest:
    """GET a blob from byte ``start`` on (end-2; RFC 9110 §14.2)."""
    headers = {"Range": f"bytes={start}-"} if start else {}
    return RegistryRequest("GET", _blob_url(reference), _pull(reference), headers)


def get_foreign_layer(reference: Reference, url: str, start: int = 0) -> RegistryRequest:
    """GET a layer from byte ``start`` on at a URL that its manifest names."""
    return evolve(get_blob(reference, start), url=url)


def mount_blob(reference: Reference, origin: Repository) -> RegistryRequest:
    """POST to mount a blob from another repository of the same registry (end-11)."""
    digest, source = _quoted(str(digest_of(reference))), _quoted(origin.path)
    url = f"{_uploads_url(reference)}?mount={digest}&from={source}"
    access = _push(reference)
    return RegistryRequest("POST", url, evolve(access, scopes=access.scopes | pull(origin.path)))


def start_upload(reference: Reference) -> RegistryRequest:
    """POST to open an upload session (end-4a)."""
    return RegistryRequest("POST", _uploads_url(reference), _push(reference))


def finish_upload(
    reference: Reference, session_url: str, size: int = 0, content: Content = None
) -> RegistryRequest:
    """PUT the whole blob of ``size`` bytes into an upload session (end-6), or end its chunks.

    The session's URL is the registry's own text and may be signed, so that it is only appended to.
    """
    joint = "&" if "?" in session_url else "?"
    url = f"{session_url}{joint}digest={_quoted(str(digest_of(reference)))}"
    return RegistryRequest("PUT", url, _push(reference), _octets(size), content)


def send_chunk(
    reference: Reference, session_url: str, start: int, size: int, content: Content
) -> RegistryRequest:
    """PATCH ``size`` bytes from byte ``start`` on into an upload session (end-5).

    The form of ``Content-Range`` is the distribution-spec's, without a unit.
    """
    headers = _octets(size) | {"Content-Range": f"{start}-{start + size - 1}"}
    return RegistryRequest("PATCH", session_url, _push(reference), headers, content)


def upload_status(reference: Reference, session_url: str) -> RegistryRequest:
    """GET how much of a blob an upload session has (end-13)."""
    return RegistryRequest("GET", session_url, _push(reference))


def list_tags(reference: Reference, number: int = TAGS_PER_PAGE) -> RegistryRequest:
    """GET the first page of a repository's tags, ``number`` at most (end-8b)."""
    url = f"/v2/{repository_of(reference).path}/tags/list?n={number}"
    return RegistryRequest("GET", url, _pull(reference))


def list_referrers(reference: Reference) -> RegistryRequest:
    """GET the first page of the manifests that name this digest as their subject (end-12a)."""
    url = f"/v2/{repository_of(reference).path}/referrers/{reference.digest}"
    return RegistryRequest("GET", url, _pull(reference), _ACCEPT_INDEX)


def next_page(request: RegistryRequest, url: str) -> RegistryRequest:
    """GET a further page of the listing that ``request`` began, at the URL that ``Link`` names."""
    return evolve(request, url=url)


def repository_of(reference: Reference) -> Repository:
    """Return the repository of ``reference``. Raises InvalidReferenceError for a layout."""
    if not isinstance(reference.home, Repository):
        raise InvalidReferenceError(str(reference), "not in a registry")
    return reference.home


def digest_of(reference: Reference) -> Digest:
    """Return the digest that names a blob. Raises InvalidDigestError if there is none."""
    if reference.digest is None:
        raise InvalidDigestError(str(reference), "a blob is named by its digest")
    return reference.digest


def _octets(size: int) -> dict[str, str]:
    return {"Content-Type": "application/octet-stream", "Content-Length": str(size)}


def _manifest_url(reference: Reference) -> str:
    """Return the path; a tag with slashes would lead to another repository."""
    path = repository_of(reference).path
    if reference.digest is None and not is_tag(reference.name):
        raise InvalidReferenceError(str(reference), "a registry can have no tag of this form")
    return f"/v2/{path}/manifests/{reference.name}"


def _blob_url(reference: Reference) -> str:
    return f"/v2/{repository_of(reference).path}/blobs/{digest_of(reference)}"


def _uploads_url(reference: Reference) -> str:
    return f"/v2/{repository_of(reference).path}/blobs/uploads/"


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _pull(reference: Reference) -> AccessRequest:
    path = repository_of(reference).path
    return AccessRequest(str(reference), path, pull(path))


def _push(reference: Reference) -> AccessRequest:
    path = repository_of(reference).path
    return AccessRequest(str(reference), path, push(path))


def _condition(expected: Expectation | None) -> dict[str, str]:
    if expected is None:
        return {}
    digest = expected.digest
    return {"If-None-Match": "*"} if digest is None else {"If-Match": f'"{digest}"'}
