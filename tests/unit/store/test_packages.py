"""Packages of stored SBOMs: found by a query, gone with the SBOM, and never from what is none."""

import json

import pytest

from manyfest.contracts.garbage_collector import DAY, NOW, see
from manyfest.contracts.images import Image, oci_image, oci_index
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.steps.record import record
from manyfest.domain.operations.store.check_store import check_store, set_damage_aside
from manyfest.domain.operations.store.collect_garbage import Retention, collect_garbage
from manyfest.domain.references import Reference
from tests.support.content.attested import attested
from tests.support.content.statements import (
    BUNDLE,
    IN_TOTO,
    PREDICATE_TYPE,
    SLSA_1,
    SPDX,
    attachment,
    attestation,
    bundle,
    cyclonedx,
    slsa_1,
    spdx,
    statement,
)
from tests.support.stores.housekeeping import opened

AMD, ARM = oci_image("linux/amd64", text="amd64"), oci_image("linux/arm64", text="arm64")
SBOM = statement(SPDX, spdx(("openssl", "3.0.13"), ("zlib", "1.3")), AMD.digest)
APP = attested([AMD, ARM], {0: attestation((SPDX, SBOM))})
OPENSSL = "SELECT DISTINCT reference, platform, image FROM packages WHERE name = 'openssl'"
COUNT = "SELECT count(*) FROM packages"


@pytest.fixture
def kept(folder):
    with opened(folder / "store.db", query_timeout=30.0) as kept:
        yield kept


def keep(kept, name: str, image: Image) -> None:
    """Keep an image or a list under a name, with all its blobs, as a fetch does."""
    see(kept.contents, name, image)
    with kept.contents.transaction():
        for child in image.children:
            kept.contents.keep_manifests([child.manifest])
            kept.contents.keep_blobs(child.blobs)
        kept.contents.keep_blobs(image.blobs)


def ask(kept, question: str) -> list[tuple]:
    kept.store.close()
    with kept.queries.run(question) as answer:
        return [*answer.rows]


def test_the_images_that_have_a_package_are_found_with_their_platform(kept) -> None:
    keep(kept, "r.example/app:1", APP)
    keep(kept, "r.example/app:2", APP)
    keep(kept, "r.example/other:1", oci_index(ARM))
    assert ask(kept, f"{OPENSSL} AND version = '3.0.13' ORDER BY 1") == [
        (f"r.example/app:{tag}", "linux/amd64", str(AMD.digest)) for tag in (1, 2)
    ]
    [row] = ask(kept, "SELECT type, licence, purl FROM packages WHERE name = 'zlib' LIMIT 1")
    assert row == ("deb", "MIT", "pkg:deb/debian/zlib@1.3?arch=amd64")


BARE = json.dumps(cyclonedx(("openssl", "3"))).encode()


@pytest.mark.parametrize(
    ("tag", "made"),
    [
        ("sbom", attachment((BUNDLE, bundle(SBOM), {}), subject=AMD, artifact_type=BUNDLE)),
        ("sbom", attachment(("text/x", BARE, {}), subject=AMD, artifact_type="text/x")),
        (f"sha256-{AMD.digest.hex}.sbom", attachment(("text/x", BARE, {}))),
    ],
    ids=["signed", "bare, by its subject", "bare, by its tag"],
)
def test_each_form_tells_its_image(kept, tag, made) -> None:
    keep(kept, "r.example/app:1", oci_index(AMD, ARM))
    keep(kept, f"r.example/app:{tag}", made)
    found = ask(kept, "SELECT DISTINCT reference, image FROM packages WHERE name LIKE '%openssl'")
    assert found == [("r.example/app:1", str(AMD.digest))]


EVIL = statement(SPDX, spdx(("openssl", "evil")), AMD.digest)


@pytest.mark.parametrize(
    ("tag", "made"),
    [
        ("1", attested([AMD], {0: attestation((SPDX, EVIL))})),
        (f"sha256-{AMD.digest.hex}.att", attachment((IN_TOTO, EVIL, {PREDICATE_TYPE: SPDX}))),
        (f"sha256-{AMD.digest.hex}.sbom", attachment(("text/x", BARE, {}))),
        ("sbom", attachment(("text/x", BARE, {}), subject=AMD, artifact_type="text/x")),
    ],
    ids=["entry of its list", "digest tag", "bare, by its tag", "referrer with a tag"],
)
def test_an_sbom_counts_in_the_repository_in_which_it_was_seen(kept, tag, made) -> None:
    keep(kept, "r.example/lib/base:1", AMD)
    keep(kept, f"evil.example/base:{tag}", made)
    question = "SELECT DISTINCT reference FROM packages WHERE name LIKE '%openssl'"
    own = [] if tag != "1" else [("evil.example/base:1",)]
    assert ask(kept, question) == (own or [(None,)])
    keep(kept, "evil.example/base:latest", AMD)
    assert ask(kept, f"{question} ORDER BY 1") == [*own, ("evil.example/base:latest",)]


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_referrer_counts_in_the_home_it_was_read_from_by_its_digest(kept, is_listed) -> None:
    keep(kept, "r.example/app:1", AMD)
    made = attachment((BUNDLE, bundle(SBOM), {}), subject=AMD, artifact_type=BUNDLE)
    read = oci_index(made) if is_listed else made
    place = Reference.parse("evil.example/base").at(read.digest)
    with kept.contents.transaction():
        kept.contents.keep_blobs(made.blobs)
        record(kept.contents, [Resolved(place, one.manifest) for one in {read, made}], NOW)
    assert ask(kept, OPENSSL) == [(None, None, str(AMD.digest))]
    keep(kept, "evil.example/base:1", AMD)
    assert ask(kept, OPENSSL) == [("evil.example/base:1", "linux/amd64", str(AMD.digest))]


def test_a_referrer_of_which_no_home_is_known_counts_where_its_subject_is(kept) -> None:
    keep(kept, "r.example/app:1", AMD)
    made = attachment((BUNDLE, bundle(SBOM), {}), subject=AMD, artifact_type=BUNDLE)
    with kept.contents.transaction():
        kept.contents.keep_manifests([made.manifest])
        kept.contents.keep_blobs(made.blobs)
    assert ask(kept, OPENSSL) == [("r.example/app:1", "linux/amd64", str(AMD.digest))]


def test_an_sbom_that_is_kept_twice_is_counted_once(kept) -> None:
    for _ in range(2):
        keep(kept, "r.example/app:1", APP)
    assert ask(kept, COUNT) == [(2,)]


@pytest.mark.parametrize(
    "data",
    [
        b'"predicateType" but no JSON',
        b'{"predicateType": ' + b"[" * 200 + b"]" * 200 + b"}",
        statement(SLSA_1, slsa_1(), AMD.digest),
        statement(SPDX, {"spdxVersion": "SPDX-3.0"}, AMD.digest),
        json.dumps({"config": {"Labels": {"bomFormat": "x"}}}).encode(),
    ],
)
def test_what_is_no_sbom_is_kept_without_packages(kept, data) -> None:
    made = attachment((IN_TOTO, data, {PREDICATE_TYPE: SPDX}))
    keep(kept, "r.example/app:1", made)
    assert kept.contents.blob(made.manifest.layers[0].digest) == data
    assert ask(kept, COUNT) == [(0,)]


def test_packages_go_with_their_sbom(kept) -> None:
    keep(kept, "r.example/app:1", APP)
    collect_garbage(kept.garbage, kept.drafts, Retention(DAY, NOW + 2 * DAY))
    assert kept.contents.blob(APP.children[2].manifest.layers[0].digest) is None
    assert ask(kept, COUNT) == [(0,)]


def test_packages_of_a_damaged_sbom_go_to_quarantine_with_it(kept) -> None:
    keep(kept, "r.example/app:1", APP)
    with kept.store.transaction():
        kept.store.database.write("UPDATE blobs SET data = ? WHERE data = ?", [(b"x", SBOM)])
    set_damage_aside(kept.integrity, check_store(kept.integrity), NOW)
    assert ask(kept, COUNT) == [(0,)]
    keep(kept, "r.example/app:1", APP)
    assert ask(kept, COUNT) == [(2,)]


def test_the_table_itself_is_closed_to_queries(kept) -> None:
    keep(kept, "r.example/app:1", APP)
    with pytest.raises(Exception, match="prohibited"):
        ask(kept, "SELECT name FROM main.packages")
