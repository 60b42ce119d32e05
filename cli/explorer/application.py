"""The explorer as an ASGI application: addresses to pages, as HTML or as JSON."""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from urllib.parse import parse_qs

from attr import evolve
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from manyfest.assembly.settings import Settings
from manyfest.cli.explorer.access import Keys, is_form_key
from manyfest.cli.explorer.fetching import fetch_missing, fetchable
from manyfest.cli.explorer.html import STATIC, Pages
from manyfest.cli.explorer.library import QUERY_SECONDS, open_library
from manyfest.cli.explorer.links import HOME, ServedLinks
from manyfest.cli.explorer.page import Page, error_page, refusal
from manyfest.cli.explorer.pages import ALONE, OF_SUBJECTS, PageFunction
from manyfest.cli.explorer.pages.content import document_of
from manyfest.domain.digests import Digest
from manyfest.domain.errors import (
    DamagedStoreError,
    InputError,
    ManyfestError,
    NotFoundError,
    StoreError,
)

_FORM_LIMIT = 8192  # bytes
_BEGIN = "Begin at the first page, or search."
_FOREVER = "private, max-age=31536000, immutable"  # RFC 8246
# The status of an error's page; the first class that fits counts.
_STATUS = (
    (NotFoundError, 404),
    (InputError, 400),
    (StoreError, 500),
    (DamagedStoreError, 500),
    (ManyfestError, 422),
)


class Explorer:
    """Answers requests from the store that ``settings`` name, opened again for each.

    ``named`` are the registries that may be fetched from besides those that the store knows.
    A query of a page may take ``query_seconds``.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        named: frozenset[str] = frozenset(),
        query_seconds: float = QUERY_SECONDS,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._named = named
        self._query_seconds = query_seconds
        self._pages = Pages(ServedLinks())

    def application(self) -> Starlette:
        """Return the application, without the guard that lets requests in."""
        alone = (
            Route("/" if kind == HOME.kind else f"/{kind}", self._endpoint(kind, function))
            for kind, function in ALONE.items()
        )
        of_subjects = (
            Route(f"/{kind}/{{subject:path}}", self._endpoint(kind, function))
            for kind, function in OF_SUBJECTS.items()
        )
        made = Starlette(
            routes=[
                *alone,
                *of_subjects,
                Route("/documents/{digest}", self._document),
                Route("/fetch", self._fetch, methods=["POST"]),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            exception_handlers={404: self._unknown},
        )
        made.router.redirect_slashes = False  # a kind without a subject is no page
        return made

    def _endpoint(self, kind: str, function: PageFunction) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:  # Starlette runs it in a thread
            subject = request.path_params.get("subject", "")
            try:
                with open_library(self._settings, self._query_seconds) as library:
                    page = function(subject, dict(request.query_params), library)
            except ManyfestError as error:
                page = self._error_page(error, subject if kind == "manifests" else "")
            if kind == "attached" and "documents" in page.data:
                fetched = self._fetchable(subject)
                page = evolve(page, data={**page.data, "fetchable": fetched})
            return self._response(page, request)

        return answer

    async def _fetch(self, request: Request) -> Response:
        """Fetch what a form names, and lead to its page."""
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > _FORM_LIMIT:
                return self._response(refusal("the form is too large", 413), request)
        form = {name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()}
        if not is_form_key(form.get("key", ""), self._keys):
            step = "Load the page again, and use its button."
            return self._response(
                refusal("the form is not of a page from here", 403, step), request
            )
        reference = form.get("reference", "")
        shown = "attached" if form.get("shown") == "attached" else "manifests"
        work = partial(
            fetch_missing,
            reference,
            self._settings,
            self._named,
            with_attached=shown == "attached",
        )
        try:
            await run_in_threadpool(work)
        except ManyfestError as error:
            return self._response(self._error_page(error), request)
        return RedirectResponse(ServedLinks().to(shown, reference), 303)

    def _unknown(self, request: Request, _exception: Exception) -> Response:
        return self._response(refusal("there is no such page", 404, _BEGIN), request)

    def _error_page(self, error: ManyfestError, subject: str = "") -> Page:
        """Return the page of an error; ``subject`` is a reference that could be fetched."""
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        return error_page(error, status, self._fetchable(subject))

    def _fetchable(self, subject: str) -> str | None:
        """Return ``subject`` if it is a reference that may be fetched, else None."""
        try:
            found = subject and fetchable(subject, self._settings, self._named)
        except ManyfestError:
            return None
        return subject if found else None

    def _document(self, request: Request) -> Response:
        """Answer with the verbatim bytes under a digest, as a text."""
        try:
            digest = Digest.parse(request.path_params["digest"])
            with open_library(self._settings, self._query_seconds) as library:
                data = document_of(digest, library)
        except ManyfestError as error:
            return self._response(self._error_page(error), request)
        return _forever(Response(data, media_type="text/plain"), str(digest), request)

    def _response(self, page: Page, request: Request) -> Response:
        made: Response
        if _wants_json(request):
            made = JSONResponse(page.data, page.status)
        else:
            link = _json_link(request)
            made = HTMLResponse(self._pages.html(page, link, key=self._keys.form), page.status)
        if not page.is_immutable:
            return made
        return _forever(made, hashlib.sha256(made.body).hexdigest(), request)


def _forever(made: Response, name: str, request: Request) -> Response:
    """Let the browser cache an answer for good; answer 304 if it has the one of this ``name``.

    The content follows from digests, so it never changes. ``Vary`` names the headers that select
    another answer: the cookie gives access, and ``Accept`` chooses HTML or JSON.
    """
    headers = {"ETag": f'"{name}"', "Cache-Control": _FOREVER, "Vary": "Accept, Cookie"}
    known = request.headers.get("if-none-match", "")
    if headers["ETag"] in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    made.headers.update(headers)
    return made


def _json_link(request: Request) -> str:
    """Return the link, from the address of a request, to its answer as JSON."""
    return f"?{request.url.include_query_params(format='json').query}"


def _wants_json(request: Request) -> bool:
    if chosen := request.query_params.get("format"):
        return chosen == "json"
    accepted = request.headers.get("accept", "")
    return "application/json" in accepted and "text/html" not in accepted


def as_json(page: Page) -> str:
    """Return the data of a page as a JSON file has it."""
    return json.dumps(page.data, indent=2)
