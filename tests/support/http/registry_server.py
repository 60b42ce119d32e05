"""The distribution API over any object with the registry port, as distribution 2.8.2 speaks it.

``RegistryServer(MemoryRegistry())`` is a registry in this process. What the port holds under
``registry.test/PATH`` is served as ``PATH``, whatever name the client knows the server by, so that
it may stand behind proxies. ``Quirks`` turn it into registries that differ. Unlike distribution it
takes sha512 and any tag, makes no schema 1 images, and lists referrers only where it should.
"""

import json
import re
from collections.abc import Callable
from contextlib import nullcontext

from attrs import evolve, frozen

from manyfest.domain import media_types
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    BlobUnknownError,
    DigestMismatchError,
    DocumentError,
    InvalidDigestError,
    ManifestUnknownError,
    ManyfestError,
    RefusedError,
)
from manyfest.domain.expectations import Expectation
from manyfest.domain.manifests import SIZE_LIMIT, Manifest
from manyfest.domain.ports.registry import Registry
from manyfest.domain.references import Reference, Repository
from tests.support.http.certificates import Certificate
from tests.support.http.http_messages import Answer, Request
from tests.support.http.http_server import HttpServer
from tests.support.http.registry_answers import (
    JSON_TYPE,
    blob_answer,
    failure,
    manifest_answer,
    plain,
    referrers_answer,
    success,
)
from tests.support.http.registry_auth import Gate, open_gate
from tests.support.http.registry_uploads import Uploads

REGISTRY = "registry.test"  # the name under which the port knows what is served

_MANIFEST_PATH = re.compile(r"/v2/(.+)/manifests/([^/]+)")
_DIGEST = re.compile(r"sha(?:256|512):[0-9a-f]+")


@frozen
class Quirks:
    """Deviations of real registries from distribution; each field names one that has it."""

    digest_header: bool = True  # False: Amazon ECR (distribution #3792), registry.access.redhat.com
    etags: bool = True  # False: static files behind a web server (distribution #2384)
    head_manifests: bool = True  # False, answers 405: Sonatype Nexus (docker-registry-util #3)
    mounts: bool = True  # False, answers 202: ECR for blobs no manifest names (roadmap #2860)
    relative_locations: bool = False  # True: distribution with ``http.relativeurls``
    referrers: bool = False  # True: zot, Harbor, Docker Hub
    referrers_a_page: int = 1000  # zot's pages are as long as it likes
    tags_a_page: int = 1000  # GitHub's and Quay's pages are 100 at most, whatever is asked for
    tags_in_query: bool = False  # True: zot since 2.1.16 (zot #3885)
    deletes_tags: bool = False  # True: zot, Quay, GitLab, distribution 3
    blobs_elsewhere: str = ""  # an origin to send blob reads to, 307: Docker Hub, Quay, ECR


DISTRIBUTION = Quirks()


class RegistryServer(HttpServer):
    """A registry on loopback for one block; ``app`` is what it serves."""

    def __init__(
        self,
        registry: Registry,
        *,
        quirks: Quirks = DISTRIBUTION,
        gate: Gate = open_gate,
        address: str = "127.0.0.1",
        certificate: Certificate | None = None,
    ) -> None:
        self.app = RegistryApp(registry, quirks=quirks, gate=gate)
        super().__init__(self.app, address=address, certificate=certificate)


class RegistryApp:
    """Requests to answers. ``planted`` bytes, by path and digest, are served before the port's."""

    def __init__(
        self, registry: Registry, *, quirks: Quirks = DISTRIBUTION, gate: Gate = open_gate
    ) -> None:
        self._registry = registry
        self._quirks = quirks
        self._gate = gate
        self._uploads = Uploads()
        self.planted: dict[tuple[str, str], bytes] = {}

    def __call__(self, request: Request) -> Answer:
        """The answer, for an HttpServer."""
        answer = self._gate(request) or self._routed(request)
        if not self._quirks.digest_header:
            answer = answer.with_header("Docker-Content-Digest", None)
        if not self._quirks.etags:
            answer = answer.with_header("Etag", None)
        return answer.with_header("Docker-Distribution-Api-Version", "registry/2.0")

    def _routed(self, request: Request) -> Answer:
        more = (_DELETIONS if self._quirks.deletes_tags and request.method == "DELETE" else ()) + (
            _REFERRERS_ROUTES if self._quirks.referrers else ()
        )
        for pattern, methods in more + _ROUTES:
            found = pattern.fullmatch(request.path)
            if found is not None:
                handler = methods.get(request.method)
                if handler is None or self._refuses_head(request, pattern):
                    allowed = ", ".join(sorted(methods))
                    return plain(405, "Method not allowed\n", ("Allow", allowed))
                return self._handled(handler, request, *found.groups())
        return plain(404, "404 page not found\n")

    def _refuses_head(self, request: Request, pattern: re.Pattern[str]) -> bool:
        heads = request.method == "HEAD" and pattern is _MANIFEST_PATH
        return heads and not self._quirks.head_manifests

    def _handled(self, handler: "Handler", request: Request, *names: str) -> Answer:
        try:
            return handler(self, request, *names)
        except tuple(_FAILURES) as error:
            return _FAILURES[type(error)](error, *names)

    def _base(self, _request: Request) -> Answer:
        return Answer(200, b"{}", (JSON_TYPE,))

    # Manifests

    def _get_manifest(self, request: Request, path: str, name: str) -> Answer:
        planted = self.planted.get((path, name))
        if planted is not None:
            return manifest_answer(planted, json.loads(planted).get("mediaType", ""), name)
        manifest = self._registry.get_manifest(_reference(path, name))
        digest = str(manifest.digest)
        if self._quirks.etags and request.header("If-None-Match") == f'"{digest}"':
            return Answer(304)
        accepted = map(media_types.without_parameters, request.header("Accept").split(","))
        if manifest.media_type not in accepted:
            return self._unaccepted(request, path, name, manifest)
        return manifest_answer(manifest.data, manifest.media_type, digest)

    def _unaccepted(self, request: Request, path: str, name: str, manifest: Manifest) -> Answer:
        """OCI documents are hidden; of a Docker list that was asked by tag, one child is given."""
        if manifest.media_type in media_types.OCI_FAMILY:
            one, many = ("index", "indexes") if manifest.is_list else ("manifest", "manifests")
            reason = f"OCI {one} found, but accept header does not support OCI {many}"
            return failure("MANIFEST_UNKNOWN", reason)
        if ":" in name:
            return manifest_answer(manifest.data, manifest.media_type, str(manifest.digest))
        for entry in manifest.entries:
            platform = entry.platform
            if platform and (platform.os, platform.architecture) == ("linux", "amd64"):
                return self._get_manifest(request, path, str(entry.digest))
        return failure("MANIFEST_INVALID", detail={})

    def _put_manifest(self, request: Request, path: str, name: str) -> Answer:
        if len(request.body) > SIZE_LIMIT:
            return failure("MANIFEST_INVALID", detail="http: request body too large")
        reference, sent = _reference(path, name), request.header("Content-Type")
        algorithm = reference.digest.algorithm if reference.digest else "sha256"
        manifest = Manifest.received(request.body, sent, str(reference), algorithm)
        if sent != manifest.media_type:
            return failure("MANIFEST_INVALID", detail={})
        self._registry.put_manifest(reference, manifest)
        answer = self._created(request, f"/v2/{path}/manifests/", manifest.digest)
        for tag in request.query.get("tag", ()) if self._quirks.tags_in_query else ():
            self._registry.put_manifest(_reference(path, tag), manifest)
            answer = evolve(answer, headers=(*answer.headers, ("OCI-Tag", tag)))
        if manifest.subject is None or not self._quirks.referrers:
            return answer
        return answer.with_header("OCI-Subject", str(manifest.subject.digest))

    def _get_referrers(self, request: Request, path: str, name: str) -> Answer:
        listed = self._registry.referrers(_reference(path, str(Digest.parse(name))))
        start = int(request.query.get("start", ["0"])[0])
        end = start + self._quirks.referrers_a_page
        answer = referrers_answer(listed[start:end])
        if end >= len(listed):
            return answer
        return answer.with_header("Link", f'<{request.path}?start={end}>; rel="next"')

    def _delete_tag(self, _request: Request, path: str, tag: str) -> Answer:
        reference = _reference(path, tag)
        digest = self._registry.head_manifest(reference).digest
        self._registry.delete_tag(reference, Expectation(digest))
        return Answer(202)

    def _get_tags(self, request: Request, path: str) -> Answer:
        tags = sorted(self._registry.tags(Repository(REGISTRY, path)))
        if not tags:
            return failure("NAME_UNKNOWN", detail={"name": path})
        last = request.query.get("last", [""])[0]
        left = [tag for tag in tags if tag > last]
        shown = left[: min(int(request.query.get("n", ["1000"])[0]), self._quirks.tags_a_page)]
        answer = success({"name": path, "tags": shown})
        if len(shown) == len(left):
            return answer
        query = f"n={len(shown)}&last={shown[-1]}"
        return answer.with_header("Link", f'<{request.path}?{query}>; rel="next"')

    # Blobs

    def _get_blob(self, request: Request, path: str, name: str) -> Answer:
        reference, data = _reference(path, str(Digest.parse(name))), self.planted.get((path, name))
        if data is None:
            size = self._registry.head_blob(reference)
            with self._registry.open_blob(reference, size) as chunks:
                data = b"".join(chunks)
        if self._quirks.blobs_elsewhere:
            elsewhere = self._quirks.blobs_elsewhere + request.target
            return Answer(307, headers=(("Location", elsewhere),))
        return blob_answer(request, data, name)

    def _start_upload(self, request: Request, path: str) -> Answer:
        wanted = request.query.get("mount", [""])[0]
        for origin in request.query.get("from", ()):
            if self._quirks.mounts and _DIGEST.fullmatch(wanted):
                reference = _reference(path, wanted)
                if self._registry.mount_blob(reference, Repository(REGISTRY, origin)):
                    return self._created(request, f"/v2/{path}/blobs/", Digest.parse(wanted))
        return self._progress(request, self._uploads.start(path), 202)

    def _tell_upload(self, request: Request, path: str, identity: str) -> Answer:
        refusal = self._uploads.refusal(request, path, identity)
        return refusal or self._progress(request, identity, 204)

    def _patch_upload(self, request: Request, path: str, identity: str) -> Answer:
        if refusal := self._uploads.refusal(request, path, identity):
            return refusal
        self._uploads.add(identity, request.body)
        return self._progress(request, identity, 202)

    def _finish_upload(self, request: Request, path: str, identity: str) -> Answer:
        if refusal := self._uploads.refusal(request, path, identity):
            return refusal
        stated = request.query.get("digest", [""])[0]
        if _DIGEST.fullmatch(stated) is None:
            reason = "digest parsing failed" if stated else "digest missing"
            return failure("DIGEST_INVALID", detail=reason)
        digest, data = Digest.parse(stated), self._uploads.end(identity) + request.body
        if Digest.of(data, digest.algorithm) != digest:
            return failure("DIGEST_INVALID", detail={"Digest": stated, "Reason": {}})
        self._registry.write_blob(
            _reference(path, stated), len(data), lambda: nullcontext(iter((data,)))
        )
        return self._created(request, f"/v2/{path}/blobs/", digest)

    def _cancel_upload(self, request: Request, path: str, identity: str) -> Answer:
        if refusal := self._uploads.refusal(request, path, identity):
            return refusal
        self._uploads.end(identity)
        return Answer(204, headers=(("Docker-Upload-Uuid", identity),))

    def _progress(self, request: Request, identity: str, status: int) -> Answer:
        headers = (
            ("Docker-Upload-Uuid", identity),
            ("Location", self._linked(request, self._uploads.location(identity))),
            ("Range", self._uploads.received(identity)),
        )
        return Answer(status, headers=headers)

    def _created(self, request: Request, folder: str, digest: Digest) -> Answer:
        location = ("Location", self._linked(request, f"{folder}{digest}"))
        return Answer(201, headers=(("Docker-Content-Digest", str(digest)), location))

    def _linked(self, request: Request, path: str) -> str:
        return path if self._quirks.relative_locations else request.origin + path


Handler = Callable[..., Answer]

_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Handler]], ...] = (
    (re.compile(r"/v2/"), dict.fromkeys(("GET", "HEAD", "POST", "PUT"), RegistryApp._base)),
    (
        _MANIFEST_PATH,
        {
            "GET": RegistryApp._get_manifest,
            "HEAD": RegistryApp._get_manifest,
            "PUT": RegistryApp._put_manifest,
        },
    ),
    (re.compile(r"/v2/(.+)/tags/list"), {"GET": RegistryApp._get_tags}),
    (re.compile(r"/v2/(.+)/blobs/uploads/"), {"POST": RegistryApp._start_upload}),
    (
        re.compile(r"/v2/(.+)/blobs/uploads/([^/]+)"),
        {
            "GET": RegistryApp._tell_upload,
            "PATCH": RegistryApp._patch_upload,
            "PUT": RegistryApp._finish_upload,
            "DELETE": RegistryApp._cancel_upload,
        },
    ),
    (
        re.compile(r"/v2/(.+)/blobs/([^/]+)"),
        {"GET": RegistryApp._get_blob, "HEAD": RegistryApp._get_blob},
    ),
)


_REFERRERS_ROUTES: tuple[tuple[re.Pattern[str], dict[str, Handler]], ...] = (
    (re.compile(r"/v2/(.+)/referrers/([^/]+)"), {"GET": RegistryApp._get_referrers}),
)


_DELETIONS: tuple[tuple[re.Pattern[str], dict[str, Handler]], ...] = (
    (re.compile(r"/v2/(.+)/manifests/([^/:]+)"), {"DELETE": RegistryApp._delete_tag}),
)


_FAILURES: dict[type[ManyfestError], Handler] = {
    ManifestUnknownError: lambda _, path, name: failure(
        "MANIFEST_UNKNOWN",
        detail={"Name": path, "Revision": name} if ":" in name else {"Tag": name},
    ),
    BlobUnknownError: lambda _, _path, name: failure("BLOB_UNKNOWN", detail=name),
    DigestMismatchError: lambda *_: failure("DIGEST_INVALID"),
    InvalidDigestError: lambda *_: failure("DIGEST_INVALID", detail={}),
    DocumentError: lambda *_: failure("MANIFEST_INVALID", detail={}),
    RefusedError: lambda error, *_: failure(
        "MANIFEST_BLOB_UNKNOWN", detail=_DIGEST.findall(str(error))[0]
    ),
}


def _reference(path: str, name: str) -> Reference:
    home = Repository(REGISTRY, path)
    return Reference(home, None, Digest.parse(name)) if ":" in name else Reference(home, name)
