"""Records of tags' pasts over HTTP: Quay's tag API, and docker-library/repo-info on GitHub.

All requests are anonymous: Quay's API takes no logins of registries, and GitHub is another host,
which gets no credentials of any registry (ADR 0012). What a page says is bounded: its bytes, the
number of pages, and that of commits.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.parse import quote, urlencode

from manyfest.adapters.http_registry.auth.scope import AccessRequest
from manyfest.adapters.http_registry.session.requests import RegistryRequest, repository_of
from manyfest.adapters.http_registry.session.session_pool import SessionPool
from manyfest.adapters.http_registry.transport import bodies
from manyfest.adapters.http_registry.transport.slim_httpx import httpx
from manyfest.domain.errors import (
    DocumentError,
    NoRecordError,
    RateLimitedError,
)
from manyfest.domain.history import records
from manyfest.domain.history.observation import Observation
from manyfest.domain.history.records import REPO_INFO, Commit
from manyfest.domain.ports.fan_out import FanOut
from manyfest.domain.ports.registry_access import TagRecords
from manyfest.domain.references import DEFAULT_REGISTRY, Reference, Repository

_GITHUB = Repository("api.github.com", REPO_INFO)
_GITHUB_FILES = Repository("raw.githubusercontent.com", REPO_INFO)
_OFFICIAL = "library/"
_PER_PAGE = 100  # the most that either server gives
_PAGES = 10
_SIZE_LIMIT = 1024 * 1024  # bytes of an answer


class HttpTagRecords(TagRecords):
    """Asks Quay's API of the registry, or GitHub about an official image of Docker Hub.

    ``origin_of`` says where a repository is, as configured; it raises BlockedError.
    """

    def __init__(
        self,
        sessions: SessionPool,
        fan_out: FanOut,
        origin_of: Callable[[Repository], Repository] = lambda repository: repository,
    ) -> None:
        self._sessions = sessions
        self._fan_out = fan_out
        self._origin_of = origin_of

    def claims(self, tag: Reference, now: datetime) -> tuple[Observation, ...]:
        """See the port: a GET a page of Quay's; of GitHub's a page of commits, and a GET each."""
        repository = repository_of(tag)
        if repository.registry != DEFAULT_REGISTRY:
            return self._by_quay(tag, repository, now)
        if not repository.path.startswith(_OFFICIAL):
            reason = f"{DEFAULT_REGISTRY} keeps no history of tags; {REPO_INFO} has official images"
            raise NoRecordError(str(tag), f"{reason} only")
        return self._by_repo_info(tag, repository.path.removeprefix(_OFFICIAL), now)

    def _by_quay(
        self, tag: Reference, repository: Repository, now: datetime
    ) -> tuple[Observation, ...]:
        origin = self._origin_of(repository)
        path = f"/api/v1/repository/{quote(origin.path)}/tag/"
        found: list[Observation] = []
        for number in range(1, _PAGES + 1):
            words = {"specificTag": tag.tag, "onlyActiveTags": "false", "limit": _PER_PAGE}
            url = f"{path}?{urlencode(words | {'page': number})}"
            data = self._get(origin, url, tag)
            page = records.quay_page(data, tag, repository.registry, now)
            found += page.claims
            if not page.has_more:
                break
        return tuple(found)

    def _by_repo_info(self, tag: Reference, name: str, now: datetime) -> tuple[Observation, ...]:
        file = f"repos/{name}/remote/{tag.tag}.md"
        words = urlencode({"path": file, "per_page": _PER_PAGE})
        github, files = (self._origin_of(one) for one in (_GITHUB, _GITHUB_FILES))
        data = self._get(github, f"/repos/{REPO_INFO}/commits?{words}", tag)
        commits = records.commits_of(data, f"{github.registry}: commits of {file}")

        def claim(commit: Commit) -> Observation | None:
            url = f"/{REPO_INFO}/{commit.name}/{quote(file)}"
            try:
                text = self._get(files, url, tag)
            except NoRecordError:  # the commit that removed the file
                return None
            digest = records.pulled_digest(text, name, f"{files.registry}{url}")
            return records.repo_info_claim(tag, commit, digest, now)

        return tuple(one for one in self._fan_out(claim, commits) if one is not None)

    def _get(self, server: Repository, url: str, tag: Reference) -> bytes:
        session, host = self._sessions.session_for(server), server.registry
        request = RegistryRequest("GET", url, AccessRequest(str(tag)), {"Accept": "*/*"})

        def read() -> bytes:
            with session.exchange(request) as response:
                if response.status_code != HTTPStatus.OK or bodies.is_html(response):
                    raise _refusal(response, host, tag, session.error_for)
                subject = f"{tag}: what {host} records of it"
                bodies.require_identity_encoding(response, host, subject)
                try:
                    return bodies.read_limited(response, _SIZE_LIMIT)
                except bodies.TooLargeError as error:
                    raise DocumentError(subject, f"larger than {_SIZE_LIMIT} bytes") from error

        return self._sessions.with_retries(read)


def _refusal(
    response: httpx.Response,
    host: str,
    tag: Reference,
    error_for: Callable[[httpx.Response, str], Exception],
) -> Exception:
    """Return the error of an answer that is no record: there is none, or it may not be read."""
    status = response.status_code
    if status in {HTTPStatus.OK, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        return NoRecordError(str(tag), f"{host} has no history of this tag that can be read")
    if status == HTTPStatus.FORBIDDEN and response.headers.get("x-ratelimit-remaining") == "0":
        return RateLimitedError(host, f"{tag}: {host} takes no more requests in this hour")
    return error_for(response, str(tag))
