"""The answer to each request of a client that pulls (distribution-spec, "Pull")."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from urllib.parse import quote, urlencode

from attr import evolve

from manyfest.cli.server.byte_ranges import UnsatisfiableRangeError, parse_range
from manyfest.cli.server.content import ServedContent
from manyfest.cli.server.messages import Request, Response, refusal
from manyfest.cli.server.names import repositories_named, served_name
from manyfest.cli.server.routes import BadRouteError, Query, Route, parse_target
from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json
from manyfest.domain.errors import InvalidDigestError, ManyfestError
from manyfest.domain.references import Reference, Repository
from manyfest.domain.values import frozen

_READING = ("GET", "HEAD")
_PAGE = 10_000  # tags or repositories in an answer; further ones have a Link
_VERSION = {"Docker-Distribution-Api-Version": "registry/2.0"}
_BLOB_TYPE = "application/octet-stream"
_NUMBER_DIGITS = 9


@frozen
class Pulls:
    """Answers requests from ``content``; for one thread."""

    content: ServedContent

    def answer(self, request: Request) -> Response:
        """Return the answer, also to what fails."""
        try:
            answer = self._answer(request)
        except BadRouteError as error:
            answer = refusal(error.status, error.code, str(error))
        except ManyfestError as error:
            note = f"{request.method} {request.target} failed: {error}"
            answer = refusal(500, "UNKNOWN", "the content cannot be read", note=note)
        return answer.with_headers(_VERSION)

    def _answer(self, request: Request) -> Response:
        if request.method not in _READING:
            message = "this registry is read-only"
            return refusal(405, "UNSUPPORTED", message, {"Allow": ", ".join(_READING)})
        route = parse_target(request.target)
        return _ANSWERS[route.kind](self, route, request)

    def _base(self, _: Route, __: Request) -> Response:
        return Response.of_json({})

    def _manifest(self, route: Route, request: Request) -> Response:
        digest = self._digest_named(route)
        manifest = self.content.manifest(digest) if digest else None
        if digest is None or manifest is None:
            return _unknown("MANIFEST_UNKNOWN", "manifest unknown", route)
        headers = _content_headers(digest)
        # Sent as a header, where a store or a bundle may have anything.
        is_plain = media_types.is_media_type(manifest.media_type)
        media_type = manifest.media_type if is_plain else _BLOB_TYPE
        status, body = (304, b"") if _is_cached(request, digest) else (200, manifest.data)
        answer = Response.of_bytes(status, media_type, body, headers)
        return evolve(answer, note=self._warning(route))

    def _warning(self, route: Route) -> str:
        """Return what the person who serves should know of the tag, if it is one."""
        if ":" in route.item:
            return ""
        tags = (Reference(repository, route.item) for repository in _repositories(route))
        return next(filter(None, map(self.content.warning_of, tags)), "")

    def _digest_named(self, route: Route) -> Digest | None:
        """Return the digest of a reference. A digest belongs to every repository."""
        if ":" in route.item:
            return _parsed_digest(route.item)
        found = {
            repository: digest
            for repository in _repositories(route)
            if (digest := self.content.digest_of(Reference(repository, route.item)))
        }
        return found[_only(tuple(found))] if found else None

    def _repository(self, route: Route) -> Repository | None:
        candidates = _repositories(route)
        known = tuple(each for each in candidates if self.content.has_repository(each))
        return _only(known) if known else None

    def _blob(self, route: Route, request: Request) -> Response:
        digest = _parsed_digest(route.item)
        size = self.content.blob_size(digest)
        if size is None:
            return self._manifest_as_blob(digest) or _unknown("BLOB_UNKNOWN", "blob unknown", route)
        if _is_cached(request, digest):
            return Response.of_bytes(304, _BLOB_TYPE, b"", _content_headers(digest))
        headers = {
            **_content_headers(digest),
            "Content-Type": _BLOB_TYPE,
            "Accept-Ranges": "bytes",
        }
        return self._part(digest, size, headers, _range_of(request, digest))

    def _part(self, digest: Digest, size: int, headers: Mapping[str, str], asked: str) -> Response:
        try:
            part = parse_range(asked, size)
        except UnsatisfiableRangeError:
            headers = {"Content-Range": f"bytes */{size}"}
            return refusal(416, "SIZE_INVALID", f"the blob has {size} bytes", headers)
        if part is None:
            return Response(200, headers, size, lambda: self._opened(digest, size))

        @contextmanager
        def opened() -> Iterator[Iterator[bytes]]:
            with self._opened(digest, size) as chunks:
                yield part.cut(chunks)

        place = f"bytes {part.start}-{part.stop - 1}/{size}"
        return Response(206, {**headers, "Content-Range": place}, part.size, opened)

    @contextmanager
    def _opened(self, digest: Digest, size: int) -> Iterator[Iterator[bytes]]:
        """Open a blob; its last chunk comes only after the digest of all is found right."""
        with self.content.open_blob(digest, size) as chunks:
            yield _one_behind(chunks)

    def _manifest_as_blob(self, digest: Digest) -> Response | None:
        """Serve a manifest at the address of a blob: registries store manifests as blobs, too."""
        manifest = self.content.manifest(digest)
        if manifest is None:
            return None
        return Response.of_bytes(200, _BLOB_TYPE, manifest.data, _content_headers(digest))

    def _referrers(self, route: Route, _: Request) -> Response:
        found = self.content.referrers(_parsed_digest(route.item))
        headers = {}
        if kinds := route.query.all("artifactType"):  # containerd asks for several at once
            found = tuple(each for each in found if each.others.get("artifactType") in kinds)
            headers = {"OCI-Filters-Applied": "artifactType"}
        index: Json = {
            "schemaVersion": 2,
            "mediaType": media_types.OCI_INDEX,
            "manifests": [each.to_json() for each in found],
        }
        return Response.of_json(index, headers, media_types.OCI_INDEX)

    def _tags(self, route: Route, _: Request) -> Response:
        repository = self._repository(route)
        if repository is None:
            return _unknown("NAME_UNKNOWN", "repository name not known to registry", route)
        page = _Page.of(route.query)
        tags, headers = page.cut(
            self.content.tags(repository, page.last), f"{route.name}/tags/list"
        )
        return Response.of_json({"name": route.name, "tags": tags}, headers)

    def _catalog(self, route: Route, _: Request) -> Response:
        page = _Page.of(route.query)
        after = self._full_name(page.last) if page.last else ""
        names = (served_name(each) for each in self.content.repositories(after))
        listed, headers = page.cut((name for name in names if name), "_catalog")
        return Response.of_json({"repositories": listed}, headers)

    def _full_name(self, name: str) -> str:
        """Return the name that orders a repository that is served as ``name``."""
        candidates = repositories_named(name)
        known = (each for each in candidates if self.content.has_repository(each))
        return str(next(known, candidates[0]))


_ANSWERS: dict[str, Callable[[Pulls, Route, Request], Response]] = {
    "base": Pulls._base,  # noqa: SLF001 - its own
    "manifests": Pulls._manifest,  # noqa: SLF001
    "blobs": Pulls._blob,  # noqa: SLF001
    "referrers": Pulls._referrers,  # noqa: SLF001
    "tags": Pulls._tags,  # noqa: SLF001
    "catalog": Pulls._catalog,  # noqa: SLF001
}


@frozen
class _Page:
    """A page of a listing: at most ``number`` names, behind ``last``."""

    number: int
    last: str
    query: Query

    @classmethod
    def of(cls, query: Query) -> "_Page":
        """Read ``n`` and ``last``. Raises BadRouteError."""
        text = query.get("n") or str(_PAGE)
        if not (text.isascii() and text.isdecimal()):
            message = "invalid number of results requested"
            raise BadRouteError(400, "PAGINATION_NUMBER_INVALID", message)
        number = _PAGE if len(text) > _NUMBER_DIGITS else min(int(text), _PAGE)
        return cls(number, query.get("last"), query)

    def cut(self, names: Iterator[str], path: str) -> tuple[list[str], dict[str, str]]:
        """Return the first names, and the Link to those that follow."""
        found = list(islice(names, self.number + 1 if self.number else 0))
        if len(found) <= self.number:
            return found, {}
        shown = found[: self.number]
        further = {"n": str(self.number), "last": shown[-1]}
        if namespace := self.query.get("ns"):
            further["ns"] = namespace
        link = f'</v2/{quote(path)}?{urlencode(further)}>; rel="next"'
        return shown, {"Link": link}


def _repositories(route: Route) -> tuple[Repository, ...]:
    return repositories_named(route.name, route.query.get("ns"))


def _only(known: tuple[Repository, ...]) -> Repository:
    """Return the only one of the repositories that a name means. Raises BadRouteError: two."""
    if len(known) > 1:
        message = f"{known[0]} and {known[1]} have the same name here; ask with ?ns=HOST"
        raise BadRouteError(409, "NAME_INVALID", message)
    return known[0]


def _unknown(code: str, message: str, route: Route) -> Response:
    mark = "@" if ":" in route.item else ":"
    name = route.name if route.kind == "tags" else f"{route.name}{mark}{route.item}"
    namespace = f" (ns={route.query.get('ns')})" if route.query.get("ns") else ""
    return refusal(404, code, message, note=f"not here: {name}{namespace}")


def _parsed_digest(text: str) -> Digest:
    try:
        return Digest.parse(text)
    except InvalidDigestError as error:
        raise BadRouteError(400, "DIGEST_INVALID", error.reason) from None


def _content_headers(digest: Digest) -> dict[str, str]:
    return {"Docker-Content-Digest": str(digest), "Etag": f'"{digest}"'}


def _is_cached(request: Request, digest: Digest) -> bool:
    """Return whether the client says that it has the content already."""
    tags = (tag.strip() for tag in request.headers.get("if-none-match", "").split(","))
    return any(tag.removeprefix("W/") in {f'"{digest}"', "*"} for tag in tags)


def _range_of(request: Request, digest: Digest) -> str:
    """Return the range asked for; empty if it is of other content (``If-Range``), or of HEAD."""
    condition = request.headers.get("if-range")
    is_same = condition is None or condition == f'"{digest}"'
    return request.headers.get("range", "") if is_same and request.method == "GET" else ""


def _one_behind(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield each chunk after the next one is read."""
    previous = next(chunks, b"")
    for chunk in chunks:
        yield previous
        previous = chunk
    yield previous
