"""What Quay and docker-library/repo-info say of the past of a tag."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from manyfest.domain.errors import DocumentError
from manyfest.domain.history.records import (
    Commit,
    commits_of,
    pulled_digest,
    quay_page,
    repo_info_claim,
)
from manyfest.domain.references import Reference

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
TAG = Reference.parse("quay.io/team/app:1")
ONE, TWO = (f"sha256:{digit * 64}" for digit in "12")
START, END = 1_790_000_000, 1_790_086_400


def entry(digest: str = ONE, **members) -> dict:
    return {"name": "1", "manifest_digest": digest, "start_ts": START} | members


def page(*entries: object, **members) -> bytes:
    return json.dumps({"tags": entries, "page": 1, "has_additional": False} | members).encode()


def test_a_page_of_quay_has_the_times_between_which_the_tag_had_a_digest() -> None:
    data = page(entry(TWO, start_ts=END), entry(ONE, end_ts=END), has_additional=True)
    found = quay_page(data, TAG, "quay.io", NOW)
    assert found.has_more
    newer, older = found.claims
    assert (str(newer.digest), newer.seen_at) == (TWO, NOW)
    assert older.first_seen == datetime.fromtimestamp(START, UTC)
    assert older.seen_at == datetime.fromtimestamp(END, UTC) - timedelta(seconds=1)
    assert all(one.is_claimed and one.source == "quay.io" for one in found.claims)


def test_other_tags_in_the_answer_are_left_out() -> None:
    assert quay_page(page(entry(name="2")), TAG, "quay.io", NOW).claims == ()


def test_a_time_in_the_future_counts_as_now() -> None:
    later = int(NOW.timestamp()) + 86_400
    (claim,) = quay_page(page(entry(start_ts=later, end_ts=later + 9)), TAG, "q", NOW).claims
    assert (claim.first_seen, claim.seen_at) == (NOW, NOW)


BAD_PAGES = {
    "not JSON": b"<html>",
    "no tags": b"{}",
    "an entry that is no object": page("1"),
    "no digest": page(entry(manifest_digest=None)),
    "a digest with a path": page(entry("sha256:../../x")),
    "a digest that cannot be verified": page(entry("md5:" + "0" * 32)),
    "no start": page(entry(start_ts=None)),
    "a start that is a text": page(entry(start_ts="yesterday")),
    "a start beyond all calendars": page(entry(start_ts=10**18)),
    "a negative end": page(entry(end_ts=-1)),
    "a huge number": b'{"tags": [' + b"9" * 10_000 + b"]}",
    "deep nesting": b'{"tags": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
}


@pytest.mark.parametrize("data", BAD_PAGES.values(), ids=BAD_PAGES)
def test_a_malformed_page_of_quay_is_refused(data) -> None:
    with pytest.raises(DocumentError):
        quay_page(data, TAG, "quay.io", NOW)


def commit(name: str = "a" * 40, date: object = "2026-05-01T10:00:00Z") -> dict:
    return {"sha": name, "commit": {"committer": {"name": "x", "date": date}}}


def test_commits_of_github_have_a_name_and_a_time() -> None:
    (found,) = commits_of(json.dumps([commit()]).encode(), "x")
    assert found == Commit("a" * 40, datetime(2026, 5, 1, 10, tzinfo=UTC))


BAD_COMMITS = {
    "an object": b'{"message": "Not Found"}',
    "not JSON": b"],",
    "a name that is a path": json.dumps([commit("../../" + "a" * 34)]).encode(),
    "no time": json.dumps([commit(date=None)]).encode(),
    "no commit": b"[{}]",
    "a text": b'["x"]',
}


@pytest.mark.parametrize("data", BAD_COMMITS.values(), ids=BAD_COMMITS)
def test_malformed_commits_are_refused(data) -> None:
    with pytest.raises(DocumentError):
        commits_of(data, "x")


def repo_info_file(name: str = "alpine", digest: str = ONE) -> bytes:
    return f"## `{name}:3`\n\n```console\n$ docker pull {name}@{digest}\n```\n\n".encode()


def test_a_file_of_repo_info_names_the_digest_of_the_list_first() -> None:
    text = repo_info_file() + repo_info_file(digest=TWO)
    assert str(pulled_digest(text, "alpine", "x")) == ONE


@pytest.mark.parametrize(
    "text", [b"", repo_info_file("debian"), repo_info_file(digest="sha256:12"), b"\xff\xfe"]
)
def test_a_file_that_says_no_digest_of_this_image_is_refused(text) -> None:
    with pytest.raises(DocumentError):
        pulled_digest(text, "alpine", "x")


def test_a_commit_claims_one_moment_and_none_in_the_future() -> None:
    digest = pulled_digest(repo_info_file(), "alpine", "x")
    later = repo_info_claim(TAG, Commit("a" * 40, NOW + timedelta(days=1)), digest, NOW)
    assert (later.first_seen, later.seen_at, later.is_claimed) == (NOW, NOW, True)
    assert later.source == "docker-library/repo-info"
