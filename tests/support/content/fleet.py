"""A store with a small fleet: history, gaps, attestations, drafts, and hostile texts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from manyfest.contracts.images import Image, artifact, docker_list, oci_image, oci_index
from manyfest.domain.drafts.draft import Draft
from manyfest.domain.history.observation import Observation
from manyfest.domain.references import Reference
from manyfest.store.store import SqliteStore, open_store
from tests.golden.generate import draft, entry
from tests.support.content.attested import attested, attested_index
from tests.support.content.described import built_image
from tests.support.content.statements import (
    BUNDLE,
    SLSA_02,
    SLSA_1,
    SPDX,
    attachment,
    attestation,
    bundle,
    slsa_02,
    slsa_1,
    spdx,
    statement,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
APP = "ghcr.io/team/app"
SHOP = "registry.example.com:5000/shop/checkout-service"
HOSTILE = "evil.example.com/markup"
# Markup, an escape code, and what turns the order of a line.
NASTY = "<script>alert('x')</script><img src=x onerror=alert(1)>\x1b[31m\u202eevil"
LAYOUT = "oci:/srv/images"


def keep(store: SqliteStore, name: str, image: Image, at: datetime, *, claimed: bool = False):
    """Keep an image or list with its images and configs, and observe its tag."""
    reference = Reference.parse(name)
    everything = (image, *image.children)
    with store.transaction():
        store.contents.keep_manifests([one.manifest for one in everything])
        store.contents.keep_blobs(
            [one.blobs[0] for one in everything if one.manifest.has_image_config]
        )
        store.contents.observe([Observation(reference, image.digest, at, at, is_claimed=claimed)])


def keep_with_statements(store: SqliteStore, name: str, images: list[Image], at: datetime):
    """Keep a list whose first image has an SBOM and provenance, and a signature that refers to it.

    The second image has provenance only.
    """
    first, second = images
    both = attestation(
        (SPDX, statement(SPDX, spdx(("curl", "8.1"), (NASTY, "1.0")), first.digest)),
        (SLSA_1, statement(SLSA_1, slsa_1(), first.digest)),
    )
    one = attestation((SLSA_02, statement(SLSA_02, slsa_02(), second.digest)))
    index = attested(images, {0: both, 1: one})
    keep(store, name, index, at)
    signature = attachment(
        (BUNDLE, bundle(b"{}"), {}), subject=first, artifact_type="application/vnd.dev.sigstore"
    )
    with store.transaction():
        store.contents.keep_manifests([signature.manifest])
        store.contents.keep_blobs([*both.blobs, *one.blobs, *signature.blobs])


def fill(path: Path) -> None:
    """Fill the store at ``path``."""
    store = open_store(path)
    amd, arm = (built_image(platform) for platform in ("linux/amd64", "linux/arm64"))
    newer = built_image("linux/amd64", {"author": "newer"})
    twin = built_image("linux/amd64", {"author": "twin"})
    day = timedelta(days=1)
    keep(store, f"{APP}:1.0", docker_list(amd), NOW - 30 * day)
    keep(store, f"{APP}:1.0", attested_index(amd, arm), NOW - 20 * day)
    keep(store, f"{APP}:1.1", attested_index(newer, arm), NOW - 3 * day)
    keep(store, f"{APP}:latest", attested_index(newer, arm), NOW - day)
    keep_with_statements(store, f"{APP}:stated", [amd, arm], NOW - day)
    keep(store, f"{APP}:amd64", newer, NOW - day)
    keep(store, f"{APP}:chart", artifact("application/vnd.cncf.helm.config.v1+json"), NOW - day)
    keep(store, f"{SHOP}:2", oci_index(amd, arm, annotations={"team": "shop"}), NOW - 5 * day)
    keep(store, f"{SHOP}:twice", docker_list(amd, twin), NOW - 4 * day)
    hostile = oci_image(text=NASTY, annotations={NASTY: NASTY})
    keep(store, f"{HOSTILE}:1", hostile, NOW - 2 * day)
    keep(store, f"{HOSTILE}:2", oci_index(hostile, annotations={"a": NASTY}), NOW - 2 * day)
    keep(store, f"{LAYOUT}:1", amd, NOW - day)
    keep(store, "claimed.example.com/a:1", arm, NOW - day, claimed=True)
    with store.transaction():
        store.contents.keep_manifests([_sparse(amd).manifest])
        gone = Reference.parse(f"{SHOP}:sparse")
        store.contents.observe([Observation(gone, _sparse(amd).digest, NOW, NOW)])
        store.drafts.save(_draft())
    store.close()


def _sparse(image: Image) -> Image:
    """A list of an image, and of another that the store does not have."""
    return oci_index(image, built_image("linux/s390x"))


def _draft() -> Draft:
    return draft(f"{APP}:next", entry(f"{APP}:amd64", "linux/amd64"))
