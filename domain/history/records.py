"""Records that other servers keep of a tag's past, out of their answers.

Two servers keep such records. Quay has the times between which a tag pointed to each digest
(``GET /api/v1/repository/{repository}/tag/``, quay ``endpoints/api/tag.py``: ``name``,
``manifest_digest``, ``start_ts`` and ``end_ts`` in seconds, ``has_additional``). The repository
docker-library/repo-info on GitHub has a file for each tag of Docker's official images,
``repos/NAME/remote/TAG.md``, that begins with ``docker pull NAME@DIGEST`` and is rewritten when
the tag moves: its commits are the past of the tag.

Both are claims: nothing here proves them. A time that is later than now counts as now.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from manyfest.domain.digests import Digest
from manyfest.domain.encoding.strict_json import Json, parse_object
from manyfest.domain.encoding.timestamps import parse_utc
from manyfest.domain.errors import DocumentError, InvalidDigestError
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.domain.values import frozen

REPO_INFO = "docker-library/repo-info"
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_LAST_TIME = 2**33  # seconds: the year 2242
_MOMENT = timedelta(seconds=1)  # the unit of Quay's times


@frozen
class ClaimsPage:
    """A page of claims; ``has_more`` if there are older ones."""

    claims: tuple[Observation, ...]
    has_more: bool


@frozen
class Commit:
    """A commit that changed a tag's file, and when."""

    name: str
    moment: datetime


def quay_page(data: bytes, tag: Reference, source: str, now: datetime) -> ClaimsPage:
    """Read a page of Quay's tag API; entries of other tags are left out.

    Raises DocumentError: not of that form.
    """
    subject = f"{source}: history of {tag}"
    document = parse_object(data, subject)
    listed = document.get("tags")
    if not isinstance(listed, list):
        raise DocumentError(subject, "no list of tags")
    claims = tuple(_quay_claims(listed, tag, source, now))
    return ClaimsPage(claims, document.get("has_additional") is True)


def commits_of(data: bytes, subject: str) -> tuple[Commit, ...]:
    """Read GitHub's list of commits (``GET /repos/{owner}/{repo}/commits``), newest first.

    Raises DocumentError: not of that form.
    """
    listed = parse_object(b'{"commits":' + data + b"}", subject)["commits"]
    if not isinstance(listed, list):
        raise DocumentError(subject, "no list of commits")
    return tuple(_commit(one, subject) for one in listed)


def pulled_digest(text: bytes, name: str, subject: str) -> Digest:
    """Return the digest of ``docker pull NAME@DIGEST`` in a file of repo-info.

    Raises DocumentError: the file does not begin so.
    """
    found = re.search(rb"docker pull ([^\s@]{1,255})@(sha256:[0-9a-f]{64})\s", text)
    if found is None or found[1].decode(errors="replace").removeprefix("library/") != name:
        raise DocumentError(subject, f"does not say how to pull {name}")
    return Digest.parse(found[2].decode())


def repo_info_claim(tag: Reference, commit: Commit, digest: Digest, now: datetime) -> Observation:
    """Return the claim of a commit: at its time the tag pointed to ``digest``."""
    moment = min(commit.moment, now)
    return Observation(tag, digest, moment, moment, is_claimed=True, source=REPO_INFO)


def _quay_claims(
    listed: list[Json], tag: Reference, source: str, now: datetime
) -> Iterator[Observation]:
    for number, entry in enumerate(listed):
        place = f"{source}: tags[{number}]"
        if not isinstance(entry, dict):
            raise DocumentError(place, "not an object")
        if entry.get("name") != tag.tag:
            continue
        began = min(_moment(entry, "start_ts", place), now)
        ended = _moment(entry, "end_ts", place) - _MOMENT if entry.get("end_ts") else now
        last = max(began, min(ended, now))
        yield Observation(tag, _digest(entry, place), last, began, is_claimed=True, source=source)


def _moment(entry: dict[str, Json], member: str, place: str) -> datetime:
    seconds = entry.get(member)
    if not isinstance(seconds, int) or not 0 < seconds < _LAST_TIME:
        raise DocumentError(f"{place}: {member}", "not a time in seconds")
    return datetime.fromtimestamp(seconds, UTC)


def _digest(entry: dict[str, Json], place: str) -> Digest:
    text = entry.get("manifest_digest")
    try:
        digest = Digest.parse(text if isinstance(text, str) else "")
    except InvalidDigestError as error:
        raise DocumentError(f"{place}: manifest_digest", "not a digest") from error
    if not digest.is_verifiable:
        raise DocumentError(f"{place}: manifest_digest", "of an algorithm that is not registered")
    return digest


def _commit(entry: Json, subject: str) -> Commit:
    commit = entry.get("commit") if isinstance(entry, dict) else None
    committer = commit.get("committer") if isinstance(commit, dict) else None
    name = entry.get("sha") if isinstance(entry, dict) else None
    date = committer.get("date") if isinstance(committer, dict) else None
    try:
        if isinstance(name, str) and isinstance(date, str) and _COMMIT.fullmatch(name):
            return Commit(name, parse_utc(date))
    except ValueError:
        pass
    raise DocumentError(subject, "a commit without a name or time")
