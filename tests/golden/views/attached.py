"""The views of ``attached``, ``sbom``, ``provenance`` and ``outdated``."""

import json
from collections.abc import Callable, Iterator
from functools import cache

from attrs import evolve

from manyfest.cli.output import Screen
from manyfest.cli.rendering.attached.documents_table import document_columns, documents_tree
from manyfest.cli.rendering.attached.provenance_text import provenance_lines
from manyfest.cli.rendering.attached.sbom_table import package_columns
from manyfest.cli.rendering.outdated.outdated_table import Row, outdated_columns
from manyfest.cli.rendering.table import View
from manyfest.contracts.images import oci_image, push_image
from manyfest.domain.comparison.status import Status
from manyfest.domain.digests import Digest
from manyfest.domain.errors import InputError
from manyfest.domain.operations.resolve import Resolved
from manyfest.domain.operations.views.documents import Document, documents_attached
from manyfest.domain.operations.views.history import PlatformChange
from manyfest.domain.operations.views.outdated import Checked, Verdict
from manyfest.domain.platforms import Platform
from manyfest.domain.references import Reference
from manyfest.domain.statements.envelopes import read_statement
from manyfest.domain.statements.provenance import read_provenance
from manyfest.domain.statements.sboms import read_sbom
from manyfest.domain.statements.signers import Signer
from tests.support.content.attested import attested
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
from tests.support.ports import PlainPorts

NAME = Reference.parse("registry.example/platform-engineering/checkout-service-frontend:1.4.2")
AMD, ARM = oci_image("linux/amd64", text="amd64"), oci_image("linux/arm64", text="arm64")
PACKAGES = (
    ("openssl", "3.0.13-1~deb12u1"),
    ("libstdc++6", "12.2.0-14"),
    ("golang.org/x/exp/very/long/module/path/of/a/package", "v0.0.0-20240103183307-be819d1f06fc"),
)
SIGNER = Signer("https://github.com/team/app/.github/workflows/release.yml@refs/heads/main", "x")


@cache
def _documents() -> tuple[Reference, tuple[Document, ...]]:
    """An index with BuildKit's attestations, a signed SBOM, a bundle and cosign's signature."""
    ports = PlainPorts()
    made = {
        0: attestation(
            (SPDX, statement(SPDX, spdx(*PACKAGES), AMD.digest)),
            (SLSA_02, statement(SLSA_02, slsa_02(), AMD.digest)),
        )
    }
    app = attested([AMD, ARM], made)
    sbom = attachment(
        ("application/spdx+json", json.dumps(spdx(*PACKAGES)).encode(), {}),
        subject=ARM,
        artifact_type="application/spdx+json",
    )
    planted = {
        "1.4.2": app,
        "bundle": attachment(
            (BUNDLE, bundle(statement(SLSA_1, slsa_1(), app.digest)), {}),
            subject=app,
            artifact_type=BUNDLE,
            annotations={"dev.sigstore.bundle.predicateType": SLSA_1},
        ),
        "sbom": sbom,
        "notation": attachment(
            ("application/jose+json", b"{}", {}),
            subject=sbom,
            artifact_type="application/vnd.cncf.notary.signature",
        ),
        f"sha256-{AMD.digest.hex}.sig": attachment(
            ("application/vnd.dev.cosign.simplesigning.v1+json", b"{}", {})
        ),
    }
    for tag, image in planted.items():
        push_image(ports.registry, NAME.tagged(tag), image)
    found = documents_attached(Resolved(NAME, app.manifest), ports=ports).found
    signed = (evolve(each, signer=SIGNER) if "cosign" in each.kind else each for each in found)
    return NAME.at(app.digest), tuple(signed)


def _table(screen: Screen) -> Iterator[str]:
    return View(document_columns(screen), _documents()[1], screen).lines()


def _tree(screen: Screen) -> Iterator[str]:
    subject, documents = _documents()
    return documents_tree(NAME, subject, documents, screen)


def _sbom(screen: Screen) -> Iterator[str]:
    found = read_statement(json.dumps(spdx(*PACKAGES)).encode(), "x")
    return View(package_columns(screen), read_sbom(found, "x").packages, screen).lines()


def _provenance(screen: Screen) -> Iterator[str]:
    found = read_statement(statement(SLSA_02, slsa_02(), AMD.digest), "x")
    return provenance_lines(NAME.at(AMD.digest), read_provenance(found), screen)


PLATFORM = Platform("linux", "amd64")
RISCV = PlatformChange(Platform("linux", "riscv64"), Status.ADDED)
AMD_CHANGED = PlatformChange(PLATFORM, Status.CHANGED)
BEFORE, AFTER = Digest.of(b"before"), Digest.of(b"after")
VERDICTS = [
    Row("alpine:3.20", "Dockerfile:1", Checked(NAME, None, Verdict.CURRENT, AFTER, AFTER, ())),
    Row(
        f"golang:1.23@{BEFORE}",
        "Dockerfile:4",
        Checked(NAME, PLATFORM, Verdict.REPUBLISHED, BEFORE, AFTER, (RISCV,)),
    ),
    Row(
        str(NAME),
        "",
        Checked(NAME, PLATFORM, Verdict.OUTDATED, BEFORE, AFTER, (AMD_CHANGED, RISCV)),
    ),
    Row("nginx:1.27", "deploy/compose.yaml:12", Checked(NAME, None, Verdict.NEW, None, AFTER, ())),
    Row(
        "$BASE",
        "Dockerfile:9",
        Checked(NAME, None, Verdict.UNKNOWN, error=InputError("the variable BASE has no default")),
    ),
]


def _outdated(screen: Screen) -> Iterator[str]:
    return View(outdated_columns(screen), VERDICTS, screen).lines()


ATTACHED: dict[str, Callable[[Screen], Iterator[str]]] = {
    "attached": _table,
    "attached-tree": _tree,
    "sbom": _sbom,
    "provenance": _provenance,
    "outdated": _outdated,
}
