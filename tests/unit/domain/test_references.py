"""References: docker's grammar and short names row by row, and the layout form that is ours.

The rows up to ``REFUSED`` are docker's behaviour: they are replayed through the real client, which
needs no network to say how it reads a reference.
"""

import time

import pytest

from manyfest.domain.digests import Digest
from manyfest.domain.errors import InvalidReferenceError
from manyfest.domain.references import Archive, External, Layout, Reference, Repository
from tests.support.programs.docker_client import docker_manifest

HEX = "0123456789abcdef" * 4
SHA256 = f"sha256:{HEX}"
SHA512 = f"sha512:{HEX}{HEX}"

FORMAT = "invalid reference format"
LENGTH = "invalid checksum digest length"
DIGEST_FORMAT = "invalid checksum digest format"
ALGORITHM = "unsupported digest algorithm"


def lowercase(name: str) -> str:
    return f"invalid reference format: repository name ({name}) must be lowercase"


# What the text is read as. Name, text, canonical form.
SHORT_NAMES = {
    "one word": ("alpine", "docker.io/library/alpine:latest"),
    "word and tag": ("alpine:3.19", "docker.io/library/alpine:3.19"),
    "word and digest": (f"alpine@{SHA256}", f"docker.io/library/alpine@{SHA256}"),
    "tag and digest": (f"alpine:3@{SHA256}", f"docker.io/library/alpine:3@{SHA256}"),
    "user and name": ("user/name", "docker.io/user/name:latest"),
    "three parts": ("a/b/c", "docker.io/a/b/c:latest"),
    "library said": ("library/alpine", "docker.io/library/alpine:latest"),
    "hub said": ("docker.io/alpine", "docker.io/library/alpine:latest"),
    "hub and user said": ("docker.io/user/name", "docker.io/user/name:latest"),
    "hub by its old name": ("index.docker.io/alpine", "docker.io/library/alpine:latest"),
    "hub by its old name, user": ("index.docker.io/u/n", "docker.io/u/n:latest"),
    "hub's API host is another": ("registry-1.docker.io/x", "registry-1.docker.io/x:latest"),
    "tag that looks like a port": ("alpine:5000", "docker.io/library/alpine:5000"),
    "63 hex digits": (HEX[:-1], f"docker.io/library/{HEX[:-1]}:latest"),
    "65 hex digits": (HEX + "0", f"docker.io/library/{HEX}0:latest"),
    "64 hex digits with a user": (f"u/{HEX}", f"docker.io/u/{HEX}:latest"),
    "64 hex digits with a tag": (f"{HEX}:t", f"docker.io/library/{HEX}:t"),
    "the word oci with a user": ("library/oci:v1", "docker.io/library/oci:v1"),
    "the word oci alone": ("oci", "docker.io/library/oci:latest"),
}

HOSTS = {
    "dot makes a host": ("quay.io/x", "quay.io/x:latest"),
    "port makes a host": ("reg:5000/x", "reg:5000/x:latest"),
    "localhost is a host": ("localhost/x", "localhost/x:latest"),
    "localhost with a port": ("localhost:5000/x:t", "localhost:5000/x:t"),
    "localhost alone is a name": ("localhost", "docker.io/library/localhost:latest"),
    "localhost within a word is a user": ("localhosts/x", "docker.io/localhosts/x:latest"),
    "upper case makes a host": ("UPPER/case", "UPPER/case:latest"),
    "mixed case host": ("Quay.IO/x", "Quay.IO/x:latest"),
    "hub in upper case is another host": ("Docker.io/x", "Docker.io/x:latest"),
    "host of one letter": ("A/x", "A/x:latest"),
    "digits only": ("127.0.0.1/x", "127.0.0.1/x:latest"),
    "address with a port": ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000/a/b:t"),
    "address out of range": ("999.1.1.1/x", "999.1.1.1/x:latest"),
    "IPv6": ("[::1]/x", "[::1]/x:latest"),
    "IPv6 with a port": ("[::1]:5000/x", "[::1]:5000/x:latest"),
    "IPv6 with a port and a digest": (f"[2001:db8::1]:5/x@{SHA256}", f"[2001:db8::1]:5/x@{SHA256}"),
    "IPv6 in upper case": ("[2001:DB8::A]/x", "[2001:DB8::A]/x:latest"),
    "IPv6 that is no address": ("[:::]/x", "[:::]/x:latest"),
    "port zero": ("r.io:0/x", "r.io:0/x:latest"),
    "port too large": ("r.io:99999/x", "r.io:99999/x:latest"),
    "punycode": ("xn--n3h.com/x", "xn--n3h.com/x:latest"),
    "punycode in a tag, too": ("a.xn--7o8h.com/x:xn--7o8h.com", "a.xn--7o8h.com/x:xn--7o8h.com"),
    "dash within a label": ("my-reg.io/x", "my-reg.io/x:latest"),
}

NAMES = {
    "one underscore": ("a_b", "docker.io/library/a_b:latest"),
    "two underscores": ("a__b", "docker.io/library/a__b:latest"),
    "dashes": ("a---b", "docker.io/library/a---b:latest"),
    "dot": ("a.b", "docker.io/library/a.b:latest"),
    "digits": ("0", "docker.io/library/0:latest"),
    "path of 255": ("r.io/" + "a" * 255, f"r.io/{'a' * 255}:latest"),
    "path of 255 with the library": ("a" * 247, f"docker.io/library/{'a' * 247}:latest"),
    "tag of 128": ("x:" + "t" * 128, f"docker.io/library/x:{'t' * 128}"),
    "tag of every kind": ("x:_A.b-C_9", "docker.io/library/x:_A.b-C_9"),
    "tag in upper case": ("x:LATEST", "docker.io/library/x:LATEST"),
    "tag that ends in a dash": ("x:v-", "docker.io/library/x:v-"),
}

# What is refused. Name, text, docker's reason.
REFUSED_NAMES = {
    "nothing": ("", FORMAT),
    "tag alone": (":tag", FORMAT),
    "digest alone": (f"@{SHA256}", FORMAT),
    "bare 64 hex digits": (
        HEX,
        f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings",
    ),
    "64 hex digits in upper case": (HEX.upper(), lowercase(f"library/{HEX.upper()}")),
    "upper case name": ("Alpine", lowercase("library/Alpine")),
    "upper case name and tag": ("Alpine:T", lowercase("library/Alpine")),
    "upper case name and a bad tag": ("Alpine:a:b", lowercase("library/Alpine")),
    "upper case name and digest": (f"Alpine@{SHA256}", lowercase("library/Alpine@sha256")),
    "upper case after a host": ("r.io/A/b", lowercase("A/b")),
    "upper case after a user": ("user/Name", lowercase("user/Name")),
    "layout scheme in upper case": ("OCI:dir", lowercase("library/OCI")),
    "three underscores": ("a___b", FORMAT),
    "two dots": ("a..b", FORMAT),
    "dot and dash": ("a.-b", FORMAT),
    "underscore first": ("_a", FORMAT),
    "dash first": ("-a", FORMAT),
    "dash last": ("a-", FORMAT),
    "dot first": (".a/b", FORMAT),
    "slash first": ("/a", FORMAT),
    "slash last": ("a/", FORMAT),
    "two slashes": ("a//b", FORMAT),
    "only slashes": ("//", FORMAT),
    "parent folder": ("../x", FORMAT),
    "parent folder within": ("r.io/../x", FORMAT),
    "two tags": ("a:b:c", FORMAT),
    "tag with a slash": ("a:b/c", FORMAT),
    "empty tag": ("a:", FORMAT),
    "empty tag before a digest": (f"a:@{SHA256}", FORMAT),
    "tag of 129": ("x:" + "t" * 129, FORMAT),
    "tag with a dot first": ("x:.a", FORMAT),
    "tag with a dash first": ("x:-a", FORMAT),
    "tag with a plus": ("x:1+2", FORMAT),
    "path of 256": (
        "r.io/" + "a" * 256,
        "repository name must not be more than 255 characters",
    ),
    "path of 256 with a bad digest": (
        "r.io/" + "a" * 256 + "@sha256:" + "a" * 32,
        "repository name must not be more than 255 characters",
    ),
    "path of 256 with the library": (
        "a" * 248,
        "repository name must not be more than 255 characters",
    ),
}

REFUSED_HOSTS = {
    "scheme": ("https://r.io/x", FORMAT),
    "port without a number": ("host:/x", FORMAT),
    "port of letters": ("host:abc/x", FORMAT),
    "host alone": ("r.io/", FORMAT),
    "host with a tag only": ("r.io/:t", FORMAT),
    "label that starts with a dash": ("-r.io/x", FORMAT),
    "label that ends with a dash": ("r-.io/x", FORMAT),
    "dot last": ("r.io./x", FORMAT),
    "user in the host": ("me@r.io/x", FORMAT),
    "IPv6 without brackets": ("::1/x", FORMAT),
    "IPv6 with a zone": ("[fe80::1%25eth0]/x", FORMAT),
    "IPv6 with a plain zone": ("[fe80::1%eth0]/x", FORMAT),
    "IPv6 without a path": ("[::1]", FORMAT),
    "IPv6 with a port without a path": ("[::1]:5000", FORMAT),
    "IPv6 with a tag without a path": ("[::1]:5000:t", FORMAT),
    "IPv6 with one bracket": ("[::1/x", FORMAT),
    "empty brackets": ("[]/x", FORMAT),
    "brackets without a colon": ("[00]/x", FORMAT),
    "unicode host": ("ёжик.рф/x", FORMAT),
}

REFUSED_DIGESTS = {
    "empty digest": ("a@", FORMAT),
    "digest without an algorithm": (f"a@{HEX}", FORMAT),
    "31 hex digits": (f"a@sha256:{HEX[:31]}", FORMAT),
    "32 hex digits": (f"a@sha256:{HEX[:32]}", LENGTH),
    "63 hex digits": (f"a@sha256:{HEX[:63]}", LENGTH),
    "65 hex digits": (f"a@sha256:{HEX}0", LENGTH),
    "upper case hex": (f"a@sha256:{HEX.upper()}", DIGEST_FORMAT),
    "short sha512": (f"a@sha512:{HEX}", LENGTH),
    "unknown algorithm": (f"a@md5:{HEX[:32]}", ALGORITHM),
    "algorithm in parts": (f"a@sha256+b64:{HEX}", ALGORITHM),
    "algorithm that starts with a digit": (f"a@5sha:{HEX}", FORMAT),
    "algorithm in upper case after a tag": (f"a:t@SHA256:{HEX}", DIGEST_FORMAT),
    "not hex": (f"a@sha256:{HEX[:-1]}g", FORMAT),
    "two digests": (f"a@{SHA256}@{SHA256}", FORMAT),
    "tag after the digest": (f"a@{SHA256}:t", FORMAT),
}

REFUSED_CHARACTERS = {
    "blank first": (" a", FORMAT),
    "blank last": ("a ", FORMAT),
    "blank last in a tag": ("a:t ", FORMAT),
    "blank within": ("a b", FORMAT),
    "tabulator": ("a\t", FORMAT),
    "line end": ("a\n", FORMAT),
    "line end after a tag": ("a:t\n", FORMAT),
    "line end after a digest": (f"a@{SHA256}\n", FORMAT),
    "escape": ("\x1b[31ma", FORMAT),
    "no-break space": ("a\u00a0", FORMAT),
    "full-width letters": ("\uff41\uff42", FORMAT),
    "full-width digits in a port": ("r.io:\uff15\uff10/x", FORMAT),
    "arabic digits in a tag": ("a:\u0661", FORMAT),
    "zero-width space": ("a\u200b", FORMAT),
    "Kelvin sign": ("\u212a", lowercase("library/\u212a")),
    "long s": ("\u017fx", FORMAT),
    "dotless i": ("\u0131x", FORMAT),
    "query": ("a?b", FORMAT),
    "percent": ("a%2fb", FORMAT),
    "backslash": ("a\\b", FORMAT),
    "quote": ("a'b", FORMAT),
    "star": ("a*", FORMAT),
}

READ = SHORT_NAMES | HOSTS | NAMES
REFUSED = REFUSED_NAMES | REFUSED_HOSTS | REFUSED_DIGESTS | REFUSED_CHARACTERS

# Where we differ from docker, or where docker cannot be asked.
READ_BY_US = {
    "sha512": (f"a@{SHA512}", f"docker.io/library/a@{SHA512}"),
}
REFUSED_BY_US = {
    # Docker takes this for a path without a host, and fails when it connects.
    "host with an underscore": ("a_b.c/d", FORMAT),
    # Docker asks for lower case as if that helped.
    "Kelvin sign in the host": ("\u212a.io/x", FORMAT),
    # No program can be given these.
    "NUL": ("a\0b", FORMAT),
    "unpaired surrogate": ("a\udc80", FORMAT),
}


def table(rows: dict[str, tuple[str, ...]], columns: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(columns.split(), rows.values(), ids=rows.keys())


@table(READ | READ_BY_US, "text canonical")
def test_a_reference_is_read_as_docker_reads_it(text: str, canonical: str) -> None:
    assert str(Reference.parse(text)) == canonical


@table(READ | READ_BY_US, "text canonical")
def test_the_canonical_form_reads_as_the_same_reference(text: str, canonical: str) -> None:
    assert Reference.parse(canonical) == Reference.parse(text)


@table(REFUSED | REFUSED_BY_US, "text reason")
def test_what_is_no_reference_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        Reference.parse(text)
    assert caught.value.reason == reason
    assert caught.value.text == text


def test_docker_reads_and_refuses_the_same_references_with_the_same_words(tmp_path) -> None:
    answers = {text: f"No such manifest: {canonical}" for text, canonical in READ.values()}
    answers |= dict(REFUSED.values())
    ended = docker_manifest(tmp_path)("rm", "--", *answers)
    lines = ended.stderr.removesuffix("\n").split("\n")
    assert dict(zip(answers, lines, strict=True)) == answers


def test_a_reference_has_a_home_a_tag_and_a_digest() -> None:
    reference = Reference.parse(f"r.io:5/a/b:t@{SHA256}")
    assert reference == Reference(Repository("r.io:5", "a/b"), "t", Digest.parse(SHA256))
    assert reference.name == SHA256


def test_without_a_digest_the_tag_is_the_name() -> None:
    assert Reference.parse("r.io/a:t").name == "t"


def test_the_same_home_by_digest_or_by_another_tag() -> None:
    reference = Reference.parse(f"r.io/a:t@{SHA256}")
    assert str(reference.at(Digest.parse(SHA512))) == f"r.io/a@{SHA512}"
    assert str(reference.tagged("u")) == "r.io/a:u"


LAYOUTS = {
    "folder": ("oci:dir", ("dir", None, None)),
    "folder that starts with a dot": ("oci:./a", ("./a", None, None)),
    "relative folder and tag": ("oci:./a:b", ("./a", "b", None)),
    "absolute folder": ("oci:/abs/x", ("/abs/x", None, None)),
    "tag and digest": (f"oci:/abs/x:v1@{SHA256}", ("/abs/x", "v1", SHA256)),
    "digest": (f"oci:x@{SHA512}", ("x", None, SHA512)),
    "folder with an at sign": ("oci:/me@host/x", ("/me@host/x", None, None)),
    "folder with an at sign, and a tag": ("oci:/me@host:v1", ("/me@host", "v1", None)),
    "folder with an at sign, and a digest": (f"oci:a@b@{SHA256}", ("a@b", None, SHA256)),
    "folder with blanks": ("oci:My Images", ("My Images", None, None)),
    "folder in Japanese": ("oci:画像　一:v1", ("画像　一", "v1", None)),
    "folder in upper case": ("oci:/Users/X", ("/Users/X", None, None)),
    "folder called oci": ("oci:oci", ("oci", None, None)),
    "the first colon ends the folder": ("oci:a:b:c", ("a", "b:c", None)),
    "whole reference as the tag": ("oci:x:r.io:5/a/b:v1", ("x", "r.io:5/a/b:v1", None)),
    "tag with plus and at sign": ("oci:x:1.0+b@c", ("x", "1.0+b@c", None)),
    "tag with plus, in upper case": ("oci:x:V1.0+RC", ("x", "V1.0+RC", None)),
    "tag with two dashes": ("oci:x:a--b", ("x", "a--b", None)),
    "registry tag with two underscores": ("oci:x:a__b", ("x", "a__b", None)),
    "folder that could be the hexadecimals of a digest": (f"oci:{HEX}", (HEX, None, None)),
    "registry tag that ends in a dot": ("oci:x:_v1.", ("x", "_v1.", None)),
}


@table(LAYOUTS, "text parts")
def test_a_layout_is_read_as_folder_tag_and_digest(text, parts) -> None:
    directory, tag, digest = parts
    expected = Reference(Layout(directory), tag, digest and Digest.parse(digest))
    assert Reference.parse(text) == expected
    assert str(expected) == text


ARCHIVES = {
    "file": ("docker-archive:app.tar", ("docker-archive:", "app.tar", None, None)),
    "absolute file": ("oci-archive:/abs/a.tar.gz", ("oci-archive:", "/abs/a.tar.gz", None, None)),
    "tag": ("oci-archive:a.tar:v1", ("oci-archive:", "a.tar", "v1", None)),
    "number": ("docker-archive:a.tar:@12", ("docker-archive:", "a.tar", "@12", None)),
    "digest": (f"oci-archive:a.tar@{SHA256}", ("oci-archive:", "a.tar", None, SHA256)),
    "tag and digest": (f"oci-archive:a:b@{SHA256}", ("oci-archive:", "a", "b", SHA256)),
    "reference": (
        "docker-archive:a.tar:r.io:5/a__b/c:v1",
        ("docker-archive:", "a.tar", "r.io:5/a__b/c:v1", None),
    ),
    "short reference": ("docker-archive:a:app:1", ("docker-archive:", "a", "app:1", None)),
    "file with an at sign": ("oci-archive:/me@host/x", ("oci-archive:", "/me@host/x", None, None)),
}


@table(ARCHIVES, "text parts")
def test_an_archive_is_read_as_file_name_and_digest(text, parts) -> None:
    scheme, path, tag, digest = parts
    expected = Reference(Archive(scheme, path), tag, digest and Digest.parse(digest))
    assert Reference.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text",
    [
        "oci-archive:",
        "docker-archive::app",
        "oci-archive:a.tar:",
        "oci-archive:a.tar:@x",
        "oci-archive:a.tar:@",
        "docker-archive:a.tar:a b",
        "oci-archive:a\n.tar",
    ],
)
def test_what_is_no_archive_is_refused(text) -> None:
    with pytest.raises(InvalidReferenceError, match="invalid reference format"):
        Reference.parse(text)


def test_a_layout_without_tag_and_digest_asks_for_nothing_by_name() -> None:
    assert Reference.parse("oci:dir").name == ""


REFUSED_LAYOUTS = {
    "no folder": ("oci:", "no layout directory"),
    "no folder but a tag": ("oci::t", "no layout directory"),
    "no folder but a digest": (f"oci:@{SHA256}", "no layout directory"),
    "empty tag": ("oci:x:", FORMAT),
    "empty tag and a digest": (f"oci:x:@{SHA256}", FORMAT),
    "tag with a slash first": ("oci:x:/a", FORMAT),
    "tag with three dashes and a slash": ("oci:x:a---b/c", FORMAT),
    "tag with a blank": ("oci:x:a b", FORMAT),
    "tag with a line end": ("oci:x:a\n", FORMAT),
    "parent folder as the tag": ("oci:x:../y", FORMAT),
    "short digest": ("oci:x@sha256:abc", LENGTH),
    "short digest after a tag": ("oci:x:v1@sha256:abc", LENGTH),
    "no digits after the algorithm": ("oci:x@sha256:", DIGEST_FORMAT),
    "upper case hex": (f"oci:x@sha256:{HEX.upper()}", DIGEST_FORMAT),
    "unknown algorithm": (f"oci:x:v1@md5:{HEX[:32]}", ALGORITHM),
    "digest and a line end": (f"oci:x@{SHA256}\n", DIGEST_FORMAT),
    "NUL in the folder": ("oci:a\0b", "control characters"),
    "line end in the folder": ("oci:a\n", "control characters"),
    "escape in the folder": ("oci:\x1b[31m", "control characters"),
    "folder that is not UTF-8": ("oci:a\udcff", "control characters"),
}


@table(REFUSED_LAYOUTS, "text reason")
def test_what_is_no_layout_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidReferenceError, match=reason) as caught:
        Reference.parse(text)
    assert caught.value.text == text


LONG = {
    "name in an archive": "docker-archive:x:" + "a_b" * 300_000 + "!",
    "dashes in a name in an archive": "docker-archive:x:a" + "-" * 300_000 + "!",
    "tag of a layout": "oci:x:" + "a_b" * 300_000 + "!",
    "dashes in a tag of a layout": "oci:x:a" + "-" * 300_000,
    "digest of a layout": "oci:x@sha256:" + "a" * 300_000,
    "path": "a_b" * 300_000 + "!",
    "dashes in a path": "a" + "-" * 300_000,
    "labels of a host": "a-" * 300_000 + ".io/x",
    "parts of an algorithm": "a@" + "a+" * 300_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_long_text_is_refused_in_no_time(text: str) -> None:
    before = time.process_time()
    with pytest.raises(InvalidReferenceError):
        Reference.parse(text)
    assert time.process_time() - before < 1


EXTERNAL = {
    "shelf:///srv/app": "shelf:///srv/app:latest",
    "shelf:///srv/app:1": "shelf:///srv/app:1",
    "s3://bucket/team/app:v1": "s3://bucket/team/app:v1",
    "git+ssh://host:22/app": "git+ssh://host:22/app:latest",
    f"s3://b/app:1@sha256:{HEX}": f"s3://b/app:1@sha256:{HEX}",
    f"s3://b/app@sha256:{HEX}": f"s3://b/app@sha256:{HEX}",
}


@pytest.mark.parametrize(("text", "full"), EXTERNAL.items(), ids=EXTERNAL)
def test_other_schemes_are_for_adapters_from_outside(text, full):
    parsed = Reference.parse(text)
    assert isinstance(parsed.home, External)
    assert str(parsed) == full
    assert Reference.parse(full) == parsed
    assert parsed.tag != ""


@pytest.mark.parametrize(
    "text",
    [
        *("http://r.example/app", "https://r.example/app", "docker://alpine"),
        *("s3://", "s3://b/", "s3://b/app:", "s3://b/app:a b", "S3://b/app", "s3:/b/app", "3s://b"),
        *("s3://b/a\tpp:1", "s3://:1", f"s3://@sha256:{HEX}"),
    ],
)
def test_what_is_no_reference_of_another_scheme_is_refused(text):
    with pytest.raises(InvalidReferenceError):
        Reference.parse(text)
