"""Error bodies: all errors with code, message and detail, in the shapes that servers have."""

import json

import pytest

from manyfest.adapters.http_registry.session.error_bodies import errors_in, joined

DIGEST = f"sha256:{'a' * 64}"

# The server that is known to send it: the body's errors, the words.
LISTS: dict[str, tuple[list[object], str]] = {
    "distribution 2, a missing child": (
        [
            {
                "code": "MANIFEST_BLOB_UNKNOWN",
                "message": "blob unknown to registry",
                "detail": DIGEST,
            }
        ],
        f"MANIFEST_BLOB_UNKNOWN: blob unknown to registry: {DIGEST}",
    ),
    "distribution 3, a missing child": (
        [{"code": "MANIFEST_BLOB_UNKNOWN", "message": "unknown", "detail": {"digest": DIGEST}}],
        f"MANIFEST_BLOB_UNKNOWN: unknown: digest={DIGEST}",
    ),
    "zot, a media type": (
        [
            {
                "code": "MANIFEST_INVALID",
                "message": "manifest invalid",
                "detail": {"mediaType": "x/y"},
            }
        ],
        "MANIFEST_INVALID: manifest invalid: mediaType=x/y",
    ),
    "distribution, a right": (
        [
            {
                "code": "UNAUTHORIZED",
                "message": "authentication required",
                "detail": [{"Type": "repository", "Class": "", "Name": "a/b", "Action": "pull"}],
            }
        ],
        "UNAUTHORIZED: authentication required: Type=repository, Name=a/b, Action=pull",
    ),
    "several": (
        [{"code": "A", "message": "one"}, {"code": "B", "detail": {"n": 1, "deep": {"x": True}}}],
        "A: one; B: n=1, deep=x=true",
    ),
    "a detail that repeats the message": (
        [{"code": "DENIED", "message": "No right to pull.", "detail": "no right to pull"}],
        "DENIED: No right to pull.",
    ),
    "JFrog": ([{"status": 401, "message": "Bad props auth token"}], "Bad props auth token"),
    "empty members": ([{"code": "A", "message": "", "detail": {}}, {}, None], "A"),
}
OTHERS: dict[str, tuple[object, str]] = {
    "OAuth 2": (
        {"error": "invalid_grant", "error_description": "refresh token is revoked"},
        "invalid_grant: refresh token is revoked",
    ),
    "Docker Hub's token server": (
        {"details": "incorrect username or password"},
        "incorrect username or password",
    ),
    "Quay": ({"error": "Invalid username or password"}, "Invalid username or password"),
    "ACR": ({"code": "X", "message": "the message"}, "X: the message"),
}


@pytest.mark.parametrize(("errors", "words"), LISTS.values(), ids=LISTS)
def test_all_words_of_all_errors_are_shown(errors, words):
    found = errors_in(json.dumps({"errors": errors}))
    assert "; ".join(error.text for error in found) == words


@pytest.mark.parametrize(("body", "words"), OTHERS.values(), ids=OTHERS)
def test_objects_of_other_servers_are_understood(body, words):
    (found,) = errors_in(json.dumps(body))
    assert found.text == words


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "[" * 9999, '{"a": 1}', '{"errors": {}}'])
def test_what_is_no_list_of_errors_has_none(text):
    assert errors_in(text) == ()


EXPIRED = "Tag 3 was deleted or has expired"
NO_REPOSITORY = "the registry has no such repository"
HIDDEN = "OCI index found, but accept header does not support OCI indexes"
NOT_FOUND: dict[str, tuple[str, str, object, str]] = {
    "distribution 2": ("MANIFEST_UNKNOWN", "manifest unknown", {"Tag": "x"}, ""),
    "distribution 3": ("MANIFEST_UNKNOWN", "manifest unknown", "unknown tag=x", ""),
    "a repository": ("NAME_UNKNOWN", "repository name not known", {"name": "a/b"}, NO_REPOSITORY),
    "ECR": ("NAME_UNKNOWN", "The repository with name 'x' does not exist", None, NO_REPOSITORY),
    "GitLab": ("MANIFEST_UNKNOWN", "manifest tagged by 'x' is not found", {}, ""),
    "no message": ("NAME_UNKNOWN", "", None, NO_REPOSITORY),
    "Quay, an expired tag": ("MANIFEST_UNKNOWN", EXPIRED, {}, EXPIRED),
    "distribution, an Accept header": ("MANIFEST_UNKNOWN", HIDDEN, {"Tag": "x"}, HIDDEN),
    "a detail": ("MANIFEST_UNKNOWN", "manifest unknown", {"hint": "ask us"}, "hint=ask us"),
    "a right": ("DENIED", "not found", None, "DENIED: not found"),
}


@pytest.mark.parametrize(("code", "message", "detail", "words"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_a_404_is_told_with_what_it_says_beyond_that(code, message, detail, words):
    body = {"errors": [{"code": code, "message": message, "detail": detail}]}
    (found,) = errors_in(json.dumps(body))
    assert found.beyond_not_found == words


def test_errors_that_do_not_fit_are_counted():
    assert joined(("one", "two", "three"), 8) == "one; two; and 1 more"
    assert joined(("a long one", "two"), 8) == "a long one; and 1 more"
    assert joined((), 8) == ""
