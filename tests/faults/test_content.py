"""Wrong content from a registry: one line, and nothing is stored."""

import json
from itertools import cycle

import pytest
from attrs import evolve

from manyfest.domain.digests import Digest
from tests.support.faults.judged import refused, succeeded
from tests.support.faults.served import (
    IMAGE,
    INDEX,
    OTHER,
    TAG,
    all_refuse,
    document,
    entry,
    listing,
    served_as,
)
from tests.support.http.faults import Fault, redirect, with_header, with_status
from tests.support.http.http_messages import Answer


def test_bytes_of_another_digest_than_asked_for_name_both(server) -> None:  # C1
    server.always("GET", "/v2/app/manifests/sha256:*", served_as(OTHER.manifest.data))
    name = f"{server.host}/app@{IMAGE.digest}"
    all_refuse(server, name, 7, str(IMAGE.digest), str(OTHER.digest))


ANNOUNCED = {  # C3: the digest in the header, our exit code and words
    "none": (None, 0, ""),
    "of another algorithm, right": (str(Digest.of(IMAGE.manifest.data, "sha512")), 0, ""),
    "of another algorithm, wrong": (str(Digest.of(b"x", "sha512")), 7, "sha512:"),
    "of an algorithm nobody knows": (f"sha3-256:{'0' * 64}", 0, ""),
    "malformed": ("sha256:xyz", 1, "invalid digest"),
    "a path": ("../../etc/passwd", 1, "invalid digest"),
    "two": (f"{IMAGE.digest}, {IMAGE.digest}", 1, "invalid digest"),
}


TWICE = {  # C32: what a second line of the header says, and our exit code
    "the same": (str(IMAGE.digest), 0),
    "another": (str(OTHER.digest), 1),
}


@pytest.mark.parametrize(("second", "code"), TWICE.values(), ids=TWICE)
def test_a_digest_that_is_announced_twice_counts_once(server, second, code) -> None:
    def announced_twice(good: Answer) -> Answer:
        return evolve(good, headers=(*good.headers, ("Docker-Content-Digest", second)))

    server.always("*", TAG, announced_twice)
    if code:
        all_refuse(server, f"{server.host}/app:1", code, "invalid digest")
    else:
        succeeded("inspect", f"{server.host}/app:1")


@pytest.mark.parametrize(("header", "code", "words"), ANNOUNCED.values(), ids=ANNOUNCED)
def test_a_digest_that_is_announced_is_believed_only_when_it_holds(
    server, header, code, words
) -> None:  # C3
    server.always("*", TAG, with_header("Docker-Content-Digest", header))
    name = f"{server.host}/app:1"
    if code:
        all_refuse(server, name, code, words)
    else:
        assert succeeded("inspect", "--raw", name).stdout == IMAGE.manifest.data


BYTES = {  # C10 to C13
    "byte-order mark": b"\xef\xbb\xbf" + document(),
    "UTF-16": document().decode().encode("utf-16"),
    "not UTF-8": document(x="@").replace(b"@", b"\xff"),
    "NaN": document(x=float("nan")),
    "1e400": document(x="@").replace(b'"@"', b"1e400"),
    "a number of 5,000 digits": document(x="@").replace(b'"@"', b"1" * 5_000),
    "bytes after the end": document() + b"\0",
    "half a pair of surrogates": document(x="@").replace(b"@", rb"\ud800"),
    "nested 100,000 deep": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "lists nested 100,000 deep": document(x="@").replace(b'"@"', b"[" * 100_000 + b"]" * 100_000),
    "a key twice": document().replace(b"{", b'{"mediaType": "x", ', 1),
    "a key twice, further down": document().replace(b'"size"', b'"size": 1, "size"', 1),
    "a key twice, spelled otherwise": document().replace(b"{", rb'{"media\u0054ype": "x", ', 1),
    "a key in other letters": document(Config={}),
    "a key with a long s": document().replace(b'"layers"', rb'"layer\u017f"'),
    "no version": document(schemaVersion=None),
    "a version that is a text": document(schemaVersion="2"),
    "a version that is a float": document(schemaVersion=2.0),
    "a type that is a number": document(mediaType=5),
    "nothing": b"",
}


@pytest.mark.parametrize("body", BYTES.values(), ids=BYTES)
def test_bytes_that_two_readers_would_read_differently_are_refused(server, body) -> None:
    server.always("*", TAG, served_as(body))
    all_refuse(server, f"{server.host}/app:1", 1)


ENTRIES = {  # C13, C14: members of the only entry of an index
    "negative size": {"size": -1},
    "size of 2^63": {"size": 2**63},
    "size of 2^70": {"size": 2**70},
    "size as a float": {"size": 1.0},
    "size as a text": {"size": "1"},
    "size as a truth": {"size": True},
    "digest as a path": {"digest": "sha256:../../../../etc/passwd"},
    "digest in capitals": {"digest": str(IMAGE.digest).upper()},
    "short digest": {"digest": "sha256:abc"},
    "algorithm alone": {"digest": "sha256:"},
    "NUL in the digest": {"digest": f"{str(IMAGE.digest)[:-1]}\0"},
    "digest of 1 MiB": {"digest": "sha256:" + "a" * 2**20},
    "key in other letters": {"Digest": str(OTHER.digest)},
    "platform in other letters": {"platform": {"OS": "linux"}},
}


@pytest.mark.parametrize("members", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_is_no_descriptor_is_refused_wherever_it_is_used(server, members) -> None:
    server.always("*", TAG, served_as(listing(entry(**members)), INDEX))
    name = f"{server.host}/app:1"
    for command in (["create", f"{server.host}/new:1", name], ["inspect", "-v", name]):
        refused(*command, code=1, words=(server.host,))
    refused("copy", name, "oci:copied:1", code=1)
    assert server.count() == server.count(path=TAG)


def test_sha512_is_verified_and_carried(server, memory) -> None:  # C19
    data, digest = IMAGE.manifest.data, Digest.of(IMAGE.manifest.data, "sha512")
    server.on("GET", f"/v2/app/manifests/{digest}", served_as(document(x=1)), served_as(data))
    name = f"{server.host}/app@{digest}"
    refused("inspect", "--raw", name, code=7, words=(str(digest),))
    assert succeeded("inspect", "--raw", name).stdout == data
    refused("create", f"{server.host}/new:1", f"{server.host}/app@sha3-256:{'0' * 64}", code=2)


HEADS: dict[str, Fault] = {  # C22
    "405": with_status(405),
    "no size": with_header("Content-Length", None),
    "another size": with_header("Content-Length", "7"),
    "no digest": with_header("Docker-Content-Digest", None),
}


@pytest.mark.parametrize("fault", HEADS.values(), ids=HEADS)
def test_what_a_head_does_not_tell_a_get_does(server, fault) -> None:  # C22
    server.always("HEAD", "*", fault)
    succeeded("copy", f"{server.host}/app:1", f"{server.host}/app:2")
    again = succeeded("copy", f"{server.host}/app:1", f"{server.host}/app:2")
    assert "unchanged" in again.stderr


LATER_HEADS: dict[str, Fault] = {  # C22, C23
    "401": with_status(401),
    "403": with_status(403),
    "404": with_status(404),
    "405": with_status(405),
    "501": with_status(501),
    "a digest of nothing": with_header("Docker-Content-Digest", f"sha256:{'0' * 64}"),
    "a digest that is none": with_header("Docker-Content-Digest", "sha256:xyz"),
}


@pytest.mark.parametrize("fault", LATER_HEADS.values(), ids=LATER_HEADS)
def test_a_tag_that_was_seen_before_is_read_whatever_its_head_says(server, fault) -> None:  # C22
    name = f"{server.host}/app:1"
    succeeded("inspect", name)
    server.always("HEAD", TAG, fault)
    server.always("GET", TAG, served_as(OTHER.manifest.data))
    assert succeeded("inspect", "--raw", name).stdout == OTHER.manifest.data


def test_a_tag_that_moves_all_the_time_is_read_once(server) -> None:  # C23
    turns = cycle([IMAGE, OTHER])
    server.always("*", TAG, lambda _: served_as(next(turns).manifest.data))
    name = f"{server.host}/app:1"
    succeeded("create", f"{server.host}/new:1", name)
    assert server.count(path=TAG) == 1
    shown = json.loads(succeeded("inspect", f"{server.host}/new:1").stdout)
    assert [each["digest"] for each in shown["manifests"]] == [str(IMAGE.digest)]


def test_beside_a_digest_no_tag_is_asked_for(server) -> None:  # C24
    name = f"{server.host}/list:1@{OTHER.digest}"
    assert succeeded("inspect", "--raw", name).stdout == OTHER.manifest.data
    succeeded("create", f"{server.host}/new:1", name)
    assert server.count(path="*/manifests/1") == 0


@pytest.mark.parametrize("location", ["", "http://[", ":A://[", "//:x", "http://xn--a/"])
def test_a_redirect_to_no_address_is_refused(server, location) -> None:
    server.always("*", TAG, redirect(location))
    all_refuse(server, f"{server.host}/app:1", 1)
    assert server.count(path=TAG) == server.count()


def test_warnings_by_the_hundred_are_not_repeated(server) -> None:  # C26
    warning = ("Warning", '299 - "' + "\x1b[31m" + "w" * 500 + '"')

    def warned(good: Answer) -> Answer:
        return Answer(good.status, good.body, (*good.headers, *[warning] * 100))

    server.always("*", TAG, warned)
    result = succeeded("inspect", "--raw", f"{server.host}/app:1")
    assert result.stdout == IMAGE.manifest.data
    assert "\x1b" not in result.stderr
    assert len(result.stderr) < 1_000
